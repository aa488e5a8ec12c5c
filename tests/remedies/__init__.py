"""What lets one go back, on real file systems."""
