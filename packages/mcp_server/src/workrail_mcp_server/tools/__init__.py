"""The tools: what they take (`listing`), what came (`arguments`) and what they do (the rest)."""
