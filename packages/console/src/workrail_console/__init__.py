"""The browser console: every session, read-only."""
