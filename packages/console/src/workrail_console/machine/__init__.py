"""What other programs read of the console: figures, a feed, and what can be asked for."""
