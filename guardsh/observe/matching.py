"""Which entries a pattern of the shell matches, as they are now."""

from __future__ import annotations

import glob
import os


def matching(pattern: str, cwd: str) -> tuple[str, ...]:
    """Paths as the shell would write them, sorted; none where nothing matches.

    Without wildcards: the path itself, where it exists. Names that begin with a dot are matched only by a dot, as in
    shells without dotglob; ``~account`` is its home.
    """
    return tuple(sorted(glob.glob(os.path.expanduser(pattern), root_dir=cwd)))
