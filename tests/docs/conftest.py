"""The node of the examples, for what the documents say of real output."""

from tests.examples.conftest import node

__all__ = ["node"]
