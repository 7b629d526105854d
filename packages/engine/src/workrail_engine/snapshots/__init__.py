"""Keeping the files of a workspace as they were when a step began, and restoring them elsewhere."""
