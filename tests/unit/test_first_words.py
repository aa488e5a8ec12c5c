"""What the fast path passes by its first word, the grammar reads as nothing, whatever follows."""

from __future__ import annotations

import pytest

from guardsh import fastpath
from guardsh.commands import understand
from guardsh.fastpath.first_word import LOOKS
from guardsh.model.intent import Invocation

_PAIRS = [(name, word) for name, words in LOOKS.items() for word in sorted(words)]
_BEHIND = [(), ("/dev/sdb",), ("-f", "destroy", "tank"), ("delete", "/srv"), ("--stop", "/dev/md0", "-F")]


@pytest.mark.parametrize(("name", "word"), _PAIRS)
def test_nothing(name: str, word: str) -> None:
    for behind in _BEHIND:
        assert fastpath.certainly_unrelated(name, (word, *behind))
        assert understand(Invocation((name, word, *behind), "/", {})) == ()


def test_anything_else_is_a_doubt() -> None:
    assert not fastpath.certainly_unrelated("zpool", ("destroy", "status"))
    assert not fastpath.certainly_unrelated("mdadm", ("/dev/md0", "--detail"))
    assert not fastpath.certainly_unrelated("nvme", ())
