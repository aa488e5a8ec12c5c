"""What is decided, and why: pure functions over what was observed."""
