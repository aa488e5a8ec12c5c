"""Whatever stands in the state file: fixed words and fixed colours reach the terminal, nothing runs, nothing hangs."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.operator import may_reach
from tests.shells.prompting import COLOURS, SHELLS, START, Node, Shell, colours, host

UNKNOWN = b"\x1b]11;#3b3b3e\x1b\\"
PRIMARY = b"\x1b]11;#480e0e\x1b\\"


def line(
    role: bytes = b"primary", state: bytes = b"running", flags: bytes = b"-", arrays: bytes = b"-", ago: int = 0
) -> bytes:
    return b"1 %d %s %s %s %s\n" % (time.time() - ago, role, state, flags, arrays)


# Called when they are used: a state is one of its second.
CONTENTS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a newline": lambda: b"\n",
    "escape sequence as role": lambda: line(b"\x1b]0;PWNED\x07"),
    "escape sequence after it": lambda: line() + b"\x1b]0;PWNED\x07",
    "escape sequence in an array": lambda: line(arrays=b"md0\x1b[31m:degraded:7:8"),
    "a C1 introducer": lambda: line(b"\x9d0;PWNED\x9c"),
    "C1 in UTF-8": lambda: line("\u009d0;PWNED\u009c".encode()),
    "command substitution": lambda: line(b"$(touch${IFS}PWNED)"),
    "backticks": lambda: line(b"primary", b"`touch${IFS}PWNED`"),
    "substitution in flags": lambda: line(flags=b"$(>PWNED)"),
    "substitution in an array": lambda: line(arrays=b"md0:degraded:$(>PWNED):8"),
    "arithmetic that runs": lambda: b"1 a[$(>PWNED)] primary running - -\n",
    "arithmetic in an array": lambda: line(arrays=b"md0:degraded:a[$(>PWNED)]:8"),
    "a prompt's own escapes": lambda: line(b"\\u\\h\\w"),
    "percent escapes": lambda: line(b"%n%m%d"),
    "a file pattern": lambda: b"* * * * * *\n",
    "a pattern among fields": lambda: line(flags=b"*"),
    "braces": lambda: line(flags=b"{only-copy,several}"),
    "a tilde": lambda: line(b"~root"),
    "NUL inside": lambda: line(b"prim\0ary"),
    "NUL after it": lambda: line() + b"\0",
    "only NUL": lambda: b"\0" * 100,
    "one megabyte": lambda: line()[:-1] + b"x" * (1 << 20),
    "one megabyte of lines": lambda: line() * 20_000,
    "one megabyte of spaces": lambda: b" " * (1 << 20),
    "401 characters": lambda: line(arrays=b",".join([b"md111111:degraded:1111:2222"] * 14))[:401] + b"\n",
    "CRLF": lambda: line().replace(b"\n", b"\r\n"),
    "two lines": lambda: line() * 2,
    "a newline too many": lambda: line() + b"\n",
    "two spaces": lambda: line().replace(b" running", b"  running"),
    "a space before": lambda: b" " + line(),
    "a space after": lambda: line().replace(b"\n", b" \n"),
    "tabs": lambda: line().replace(b" ", b"\t"),
    "a field too many": lambda: line().replace(b"\n", b" -\n"),
    "a field too few": lambda: line().replace(b" -\n", b"\n"),
    "another version": lambda: line().replace(b"1 ", b"2 ", 1),
    "a version like it": lambda: b"0" + line(),
    "stale": lambda: line(ago=17),
    "from the future": lambda: line(ago=-60),
    "from a far future": lambda: b"1 99999999999 primary running - -\n",
    "a time too long": lambda: b"1 %s primary running - -\n" % (b"9" * 30),
    "a time below zero": lambda: b"1 -%s primary running - -\n" % (b"%d" % time.time()),
    "a time in hexadecimal": lambda: b"1 0x%x primary running - -\n" % int(time.time()),
    "an octal time": lambda: b"1 0%o primary running - -\n" % int(time.time()),
    "a name as time": lambda: b"1 EPOCHSECONDS primary running - -\n",
    "role in capitals": lambda: line(b"PRIMARY"),
    "role unknown to us": lambda: line(b"master"),
    "state unknown to us": lambda: line(state=b"fine"),
    "flag unknown to us": lambda: line(flags=b"only-copy,PWNED"),
    "a comma too many": lambda: line(flags=b"only-copy,"),
    "nothing between commas": lambda: line(flags=b"only-copy,,several"),
    "array without a name": lambda: line(arrays=b":degraded:7:8"),
    "array with a long name": lambda: line(arrays=b"%s:degraded:7:8" % (b"x" * 25)),
    "array whose name is an option": lambda: line(arrays=b"-x:degraded:7:8"),
    "substitution in a name": lambda: line(arrays=b"vg0/$(>PWNED):degraded:7:8"),
    "a pattern in a name": lambda: line(arrays=b"/*:degraded:7:8"),
    "history in a name": lambda: line(arrays=b"vg0/!!:degraded:7:8"),
    "percent escapes in a name": lambda: line(arrays=b"vg0/%n:degraded:7:8"),
    "letters with accents in a name": lambda: line(arrays="tänk:degraded:7:8".encode()),
    "array of another health": lambda: line(arrays=b"md0:PWNED:7:8"),
    "array with a long number": lambda: line(arrays=b"md0:degraded:77777:8"),
    "array without a number": lambda: line(arrays=b"md0:degraded::8"),
    "array with a field too many": lambda: line(arrays=b"md0:degraded:7:8:9"),
    "array with three fields too many": lambda: line(arrays=b"md0:recovery:7:8:42:3h:1"),
    "substitution in a percentage": lambda: line(arrays=b"md0:recovery:7:8:$(>PWNED):3h"),
    "arithmetic in a percentage": lambda: line(arrays=b"md0:recovery:7:8:a[$(>PWNED)]:3h"),
    "a name as percentage": lambda: line(arrays=b"md0:recovery:7:8:path:3h"),
    "a percentage too long": lambda: line(arrays=b"md0:recovery:7:8:1000:3h"),
    "no percentage": lambda: line(arrays=b"md0:recovery:7:8::3h"),
    "no time left": lambda: line(arrays=b"md0:recovery:7:8:42:"),
    "a time without a number": lambda: line(arrays=b"md0:recovery:7:8:42:h"),
    "a time without a unit": lambda: line(arrays=b"md0:recovery:7:8:42:3"),
    "a time in years": lambda: line(arrays=b"md0:recovery:7:8:42:3y"),
    "a time of two units": lambda: line(arrays=b"md0:recovery:7:8:42:3hmin"),
    "a time left that is too long": lambda: line(arrays=b"md0:recovery:7:8:42:10000h"),
    "a time that is a pattern": lambda: line(arrays=b"md0:recovery:7:8:42:*"),
    "a time left below zero": lambda: line(arrays=b"md0:recovery:7:8:42:-3h"),
    "array with a colon too many": lambda: line(arrays=b"md0:degraded:7:8:"),
    "not UTF-8": lambda: b"\xff\xfe" + line(),
    "a byte order mark": lambda: b"\xef\xbb\xbf" + line(),
    "wide digits": lambda: line(arrays="md０:degraded:7:8".encode()),
}

# fish's own read ends at a NUL and leaves out what is no character: a line that is right but for that is taken for
# right.
DROPPED = {("fish", "not UTF-8"), ("fish", "NUL after it")}


# What no line editor writes while it draws a prompt: an escape that is no cursor movement, attribute or mode, and any
# control character or byte that stands for one. fish marks a missing end of line.
UNEXPECTED = re.compile(
    rb"\x1b(?!\[[0-9;?]*[ABCDHJKmhl]|\(B)"
    rb"|[\x00-\x07\x0b\x0c\x0e\x10-\x1a\x1c-\x1f\x7f]"
    rb"|\xc2[\x80-\x9f]|(?<!\xe2)(?<!\xe2\x8f)[\x80-\x9f]"
)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture(params=SHELLS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.slow
def test_hostile_contents(name: str, node: Node, tmp_path: Path) -> None:
    shell = Shell(name, node)
    try:
        missing = shell.ready()
        assert colours(missing) == [UNKNOWN]
        for what, content in CONTENTS.items():
            if (name, what) in DROPPED:
                continue
            node.contains(content())
            began = time.monotonic()
            shown = shell.run("")
            assert colours(shown) == [UNKNOWN], what
            assert f"{host()} UNKNOWN @> ".encode() in shown, what
            assert b"PWNED" not in shown and b"PRIMARY" not in shown, what
            assert not UNEXPECTED.search(COLOURS.sub(b"", shown)), (what, shown)
            assert time.monotonic() - began < 3, what
            node.says("primary")
            assert colours(shell.run("")) == [PRIMARY], what
    finally:
        shell.close()
    assert not list(tmp_path.rglob("PWNED")) and not Path("PWNED").exists()


def fifo(file: Path) -> None:
    os.mkfifo(file)


def link_to_zeros(file: Path) -> None:
    file.symlink_to("/dev/zero")


def link_to_a_true_state(file: Path) -> None:
    (file.parent / "true").write_bytes(line())
    file.symlink_to("true")


def dangling(file: Path) -> None:
    file.symlink_to("nothing")


def directory(file: Path) -> None:
    file.mkdir()


def listening(file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(file))


def device(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a device")
    os.mknod(file, 0o20666, os.makedev(1, 5))


def of_another_owner(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    file.write_bytes(line())
    os.chown(file, 65534, 65534)


@pytest.mark.parametrize(
    "make", [fifo, link_to_zeros, link_to_a_true_state, dangling, directory, listening, device, of_another_owner]
)
def test_no_file_of_ours(name: str, tmp_path: Path, make: Callable[[Path], None]) -> None:
    # a short path: that of a socket has at most 107 bytes (unix(7))
    node = Node(tmp_path)
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        make(Path("state") if make is listening else node.file)
    finally:
        os.chdir(here)
    shell = Shell(name, node)
    try:
        shown = shell.ready() + shell.run("")
    finally:
        shell.close()
    assert colours(shown) == [UNKNOWN, UNKNOWN]
    assert b"PRIMARY" not in shown
    assert b"state:" not in shown  # no message of the shell


ORDINARY = {
    # whose directory, whose file, its mode, what is shown
    "root's": (0, 0, 0o644, PRIMARY),
    "one's own": (65534, 65534, 0o644, PRIMARY),
    "unreadable": (0, 0, 0o600, UNKNOWN),
    "writable by all": (0, 0, 0o666, UNKNOWN),
    "root's, in a directory of one's own": (65534, 0, 0o644, UNKNOWN),
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
@pytest.mark.parametrize("case", ORDINARY)
def test_what_an_ordinary_account_believes(name: str, node: Node, case: str) -> None:
    of_directory, of_file, mode, shown = ORDINARY[case]
    node.contains(line())
    os.chown(node.file, of_file, of_file)
    node.file.chmod(mode)
    os.chown(node.file.parent, of_directory, of_directory)
    may_reach(node.file.parent)
    shell = Shell(name, node, words=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *START[name]])
    try:
        assert colours(shell.ready()) == [shown]
    finally:
        shell.close()


def test_a_leading_zero_makes_no_octal_number(name: str, node: Node) -> None:
    node.contains(line().replace(b"1 ", b"1 0", 1))
    shell = Shell(name, node)
    try:
        shown = shell.ready()
    finally:
        shell.close()
    assert colours(shown) == [PRIMARY]
    assert b"base" not in shown


def test_it_becomes_unknown_by_itself(name: str, node: Node) -> None:
    """A watcher that hangs or is gone: from 15 seconds on, its last word is not shown."""
    shell = Shell(name, node)
    try:
        shell.ready()
        for ago, colour in ((13, PRIMARY), (16, UNKNOWN), (-1, PRIMARY), (-4, UNKNOWN)):
            node.contains(line(ago=ago))
            assert colours(shell.run("")) == [colour], ago
    finally:
        shell.close()
