"""The guarded commands of a line, as the shell that read it would run them."""

from __future__ import annotations

import os
import re

from guardsh import fastpath
from guardsh.commands import shell_line
from guardsh.line.handed import Handed
from guardsh.observe.matching import matching

# Of fish: what stands in double quotes or is quoted by itself; what stands in single quotes; {$NAME}.
_FISH = re.compile(r"""("(?:[^"\\]|\\.)*"|\\.)|'((?:[^'\\]|\\.)*)'|\{\$(\w+)\}""", re.DOTALL)


def commands(handed: Handed, shell_name: str) -> list[shell_line.Found]:
    """The guarded commands of a line that may touch something, and that nothing later will see better than we do."""
    line = _FISH.sub(_as_in_sh, handed.line) if shell_name == "fish" else handed.line
    variables: dict[str, tuple[str, ...] | None] = {
        name: None if value is None else (value,) for name, value in handed.variables.items()
    }
    shell = shell_line.Shell(_here(), dict(os.environ), variables, handed.aliases, matching)
    return [
        found
        for found in shell_line.read(line, shell)
        if not (found.doubts and _is_seen_later(found, handed)) and not _is_harmless(found)
    ]


def _as_in_sh(match: re.Match[str]) -> str:
    """fish: a backslash in single quotes quotes another and a single quote, and {$NAME} has no braces."""
    itself, quoted, name = match.groups()
    if quoted is not None:
        return "'" + re.sub(r"\\([\\'])", lambda escaped: escaped[1].replace("'", "'\\''"), quoted) + "'"
    return f"${{{name}}}" if name else str(itself)


def _here() -> str:
    """As the shell calls it, where that is true: ``cd ..`` goes by names."""
    named = os.environ.get("PWD", "")
    try:
        return named if os.path.isabs(named) and os.path.samefile(named, ".") else os.getcwd()
    except OSError:
        return "/proc/self/cwd"


def _is_harmless(found: shell_line.Found) -> bool:
    invocation = found.invocation
    if found.doubts:
        return False
    here = os.open(".", os.O_PATH | os.O_CLOEXEC)
    try:
        os.chdir(os.path.expanduser(invocation.cwd))
        return fastpath.certainly_unrelated(invocation.name, invocation.arguments)
    except OSError:
        return False
    finally:
        os.fchdir(here)
        os.close(here)


def _is_seen_later(found: shell_line.Found, handed: Handed) -> bool:
    """Whether the second net gets the command with the words that are not known yet: by a function of the shell, or
    by a shim where the program will be looked up."""
    name = found.invocation.words[0]
    if found.by_name and name in handed.functions:
        return True
    return "/" not in name and _is_shimmed(name, _search_path(found))


def _search_path(found: shell_line.Found) -> list[str]:
    """sudo looks where its own configuration says; /usr/local comes first in what distributions ship."""
    if "sudo" in found.invocation.prefixes:
        return ["/usr/local/sbin", "/usr/local/bin"]
    return found.invocation.environment.get("PATH", os.defpath).split(":")


def _is_shimmed(name: str, directories: list[str]) -> bool:
    for directory in directories:
        try:
            with open(os.path.join(directory, name), "rb") as file:
                return file.read(2) == b"#!" and b"guardsh" in file.read(4096)
        except OSError:
            continue
    return False
