"""A session as a file: for people, for other programs, for tools that show traces."""
