"""The wheel, as somebody else would install it."""
