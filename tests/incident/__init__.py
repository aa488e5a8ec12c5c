"""The matrix.org day, 2 September 2025, row by row, on real servers."""
