"""A text that tells an agent what to do becomes a proposal of a workflow, without a model."""
