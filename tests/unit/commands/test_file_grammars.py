"""The grammars of file tools against the installed tools' own lists of options."""

from __future__ import annotations

import re
import subprocess

import pytest

from guardsh.commands import chmod, cp, git, mv, rename, rmdir, rsync, sed, tar, tee, truncate, unpack
from guardsh.commands.grammar import Grammar, Value
from tests.unit.commands import manual

# What the other implementation, or another version, of the tool has otherwise.
_OTHERWISE = {
    "cp": {"--update"},  # takes a value since coreutils 9.3
    "mv": {"--update"},
    "cpio": {"-I", "-O"},  # written without a separator
    "rename": {"-u", "--unicode", "-e", "-E"},  # written without a separator
}
_GRAMMARS: dict[str, Grammar] = {
    "cp": cp.GRAMMAR,
    "install": cp.INSTALL,
    "mv": mv.GRAMMAR,
    "ln": mv.LN,
    "rmdir": rmdir.GRAMMAR,
    **truncate.GRAMMARS,
    "tee": tee.GRAMMAR,
    "sed": sed.GRAMMAR,
    **{name: grammar for name, grammar in chmod.GRAMMARS.items() if name != "restorecon"},
    "tar": tar.GRAMMAR,
    "cpio": unpack.CPIO,
    "rename.ul": rename.GRAMMAR,
    "rename": rename.GRAMMAR,
}


@pytest.mark.parametrize("name", sorted(_GRAMMARS))
def test_every_option_of_the_real_tool_is_known(name: str) -> None:
    listed = manual.options(manual.installed(name))
    assert len(listed) >= 7
    assert manual.unknown(_GRAMMARS[name], listed).keys() <= _OTHERWISE.get(name, set())


def test_every_option_of_the_real_rsync_is_known() -> None:
    """Its help has one option on a line, the long spelling first."""
    shown = subprocess.run([manual.installed("rsync"), "--help"], capture_output=True, text=True, check=True).stdout
    listed = re.findall(r"^(--[\w-]+)(=\S+)?(?:,? (-[\w@])(?:[ =,]|$))?", shown, re.MULTILINE)
    assert len(listed) > 100
    unknown = [
        spelling
        for long, value, short in listed
        for spelling in (long, short)
        if spelling and not _is_declared(rsync.GRAMMAR, spelling, Value.REQUIRED if value else Value.NONE)
    ]
    assert set(unknown) <= {"--no-OPTION", "-h"}


def _is_declared(grammar: Grammar, spelling: str, value: Value) -> bool:
    return spelling in grammar and grammar[spelling].value is value


def test_every_option_of_the_real_git_clean_is_known() -> None:
    shown = subprocess.run([manual.installed("git"), "clean", "-h"], capture_output=True, text=True, check=False)
    listed = re.findall(r"^\s+(-\w)(?:, (--[\w-]+))?( <)?", shown.stdout + shown.stderr, re.MULTILINE)
    assert len(listed) >= 7
    for short, long, value in listed:
        for spelling in filter(None, (short, re.sub(r"^--\[no-\]", "--", long))):
            assert _is_declared(git.CLEAN, spelling, Value.REQUIRED if value else Value.NONE)


def test_the_real_perl_takes_these_letters_as_they_are_declared() -> None:
    """``perl -h`` has brackets where a value is optional, and a word where one must follow."""
    shown = subprocess.run([manual.installed("perl"), "-h"], capture_output=True, text=True, check=True).stdout
    letters = set(re.findall(r"^\s+-(\w)", shown, re.MULTILINE))
    assert len(letters) > 20
    assert {f"-{letter}" for letter in letters} - sed.PERL.keys() == set()
    assert sed.PERL["-i"].value is Value.OPTIONAL


def test_the_real_unzip_lists_no_letter_that_takes_a_value_but_d() -> None:
    shown = subprocess.run([manual.installed("unzip"), "-h"], capture_output=True, text=True, check=False).stdout
    letters = set(re.findall(r"(?:^|\s)\s-([A-Za-z:^])\s", shown))
    assert {"d", "o", "j", "l", "p", "t", "v", "z"} <= letters
