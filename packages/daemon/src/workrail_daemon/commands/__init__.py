"""One file a command of `worktrain`."""
