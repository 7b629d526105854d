"""Workflows are tried out here without a model: test cases, scripted agents, simulated paths."""
