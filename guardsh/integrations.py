"""Where the shell files lie: beside the modules where guardsh is installed, at the root of a checkout."""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (os.path.join(_PACKAGE, "shell-integrations"), os.path.join(os.path.dirname(_PACKAGE), "shell-integrations"))


def path(name: str) -> str:
    """The shell file ``name``, such as ``bash/line.bash``. Raises FileNotFoundError."""
    for place in _PLACES:
        found = os.path.join(place, name)
        if os.path.isfile(found):
            return found
    raise FileNotFoundError(f"could not find {name} in {' or '.join(_PLACES)}")


def text(name: str) -> str:
    """What the shell file says."""
    with open(path(name), encoding="utf-8") as file:
        return file.read()
