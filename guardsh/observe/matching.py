"""Which entries a pattern of the shell matches, as they are now."""

from __future__ import annotations

import glob
import os
import re

_LONGEST = 1.0  # seconds
_AT_ONCE = 2  # directory levels with wildcards that are looked through without a time limit


def matching(pattern: str, cwd: str) -> tuple[str, ...] | None:
    """Paths as the shell would write them, sorted; none where nothing matches; None where looking takes too long.

    Without wildcards: the path itself, where it exists. Names that begin with a dot are matched only by a dot, as in
    shells without dotglob; ``~account`` is its home.
    """
    if sum(bool(re.search(r"[*?[]", part)) for part in pattern.split("/")) <= _AT_ONCE:
        return _matching(pattern, cwd)
    from functools import partial

    from guardsh.model.observed import Known
    from guardsh.system.apart import Deadline, apart

    found = apart(partial(_matching, pattern, cwd), Deadline(_LONGEST))
    return found.value if isinstance(found, Known) else None


def _matching(pattern: str, cwd: str) -> tuple[str, ...]:
    return tuple(sorted(glob.glob(os.path.expanduser(pattern), root_dir=cwd)))
