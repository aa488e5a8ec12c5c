"""Files from which a command reads what it shall do (psql -f), read before the command is understood."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from functools import partial

from guardsh.model.intent import TextOf
from guardsh.model.observed import Observed
from guardsh.system.apart import Deadline, apart

_MOST = 1 << 20  # characters; what comes later in a file is the data of a dump, or is not seen


def read(questions: Iterable[TextOf], cwd: str, deadline: Deadline) -> dict[TextOf, Observed[str]]:
    """The text of each file; "" of what is missing (the command itself fails) and of pipes, which cannot be read
    without taking their content away."""
    return {
        question: apart(partial(_text, os.path.join(cwd, os.path.expanduser(question.path))), deadline)
        for question in questions
    }


def _text(path: str) -> str:
    try:
        # O_NONBLOCK: a fifo must not hang us.
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    with open(opened, encoding="utf-8", errors="replace") as file:
        return file.read(_MOST) if stat.S_ISREG(os.fstat(opened).st_mode) else ""
