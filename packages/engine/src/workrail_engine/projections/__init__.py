"""Questions asked of the log and its rows: pure values, one module a question."""
