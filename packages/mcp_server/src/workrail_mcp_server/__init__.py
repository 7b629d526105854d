"""The `workrail` program: workflows over MCP, one step at a time."""
