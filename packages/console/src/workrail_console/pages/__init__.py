"""One module a kind of page: what it asks of the reader, and its HTML and JSON."""
