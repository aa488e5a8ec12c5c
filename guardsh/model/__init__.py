"""The nouns: frozen values with no effects, shared by every floor above."""
