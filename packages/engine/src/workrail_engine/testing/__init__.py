"""Fakes and builders for everyone's tests: `world`, `memory_store`, `session_script`, `agent`."""
