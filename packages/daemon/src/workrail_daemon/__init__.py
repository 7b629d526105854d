"""The `worktrain` program: run and operate workflow sessions."""
