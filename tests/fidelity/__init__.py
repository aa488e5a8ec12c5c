"""What reaches the real program: everything, as it was."""
