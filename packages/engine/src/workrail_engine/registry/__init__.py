"""Workflows on disk: where definitions are found, and who wins."""
