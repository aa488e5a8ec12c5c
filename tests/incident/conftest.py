"""The night of the incident: the demo's node with an operator on it."""

from tests.faults.conftest import breaker, operator, stage
from tests.salvage.conftest import rescue

__all__ = ["breaker", "operator", "rescue", "stage"]
