"""A run that anybody can watch."""
