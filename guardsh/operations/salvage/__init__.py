"""Salvage: after an accident, hold the server still and bring every file home that it still has open."""
