"""What should happen: the definition language, from an authored document to a pinned workflow.

Read in the order of work: `definition` (the document, parsed), `structure` (what a schema cannot
check), `expand` (templates, bindings, features, refs, prompt blocks), `pin` (the frozen form and
its hash), `compile` (pinned form to `compiled`, which sessions run on).
"""
