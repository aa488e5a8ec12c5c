"""Arrays: captured md trees, read by the same code under another root."""
