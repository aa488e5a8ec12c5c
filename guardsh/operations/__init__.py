"""The long jobs; each asks through guard."""
