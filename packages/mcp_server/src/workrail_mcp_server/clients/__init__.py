"""The programs that start `workrail start`: where their settings lie, and how ours get into them."""
