"""The views of a session: which value each is made of. Serving them is the pages' business."""
