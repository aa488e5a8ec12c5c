"""What keeps an interactive fish in a new home from reading every manual page of the machine in the background."""

from __future__ import annotations

QUIET_FISH = {"FISH_UNIT_TESTS_RUNNING": "1"}  # asked about in fish's __fish_config_interactive.fish
