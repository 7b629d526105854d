"""What is wrong with this installation: one module a question, each answering with findings."""
