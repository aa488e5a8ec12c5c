"""The record of what was asked, answered and run."""
