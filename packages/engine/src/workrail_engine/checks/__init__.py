"""The room that looks for itself, so that nobody has to be believed."""
