"""What belongs to an installation: which files, where, and what they say."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardsh import integrations
from guardsh.commands import SHIMMED
from guardsh.operations import install_login
from guardsh.operations.diversion import Diversion
from guardsh.operations.install_changes import Block, Change, File, Link
from guardsh.operations.install_login import Group
from guardsh.operations.install_manifest import Record
from guardsh.operations.install_tree import Tree
from guardsh.system.state_place import ENABLED, INSURANCE, INSURANCE_ENABLED, UNIT

_RC = ("/etc/bash.bashrc", "/etc/zsh/zshrc", "/etc/zshrc")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts go. ``home`` is empty for a node's installation."""

    bin: str
    lib: str
    manifest: str
    home: str = ""


NODE = Places("/usr/local/bin", "/usr/local/lib/guardsh", "/var/lib/guardsh/manifest.json")


def of_account(home: str) -> Places:
    """Everything below the home directory of an ordinary account."""
    below = os.path.join(home, ".local")
    return Places(f"{below}/bin", f"{below}/lib/guardsh", f"{below}/state/guardsh/manifest.json", home)


def changes(
    tree: Tree,
    places: Places,
    guardsh: str,
    scripts: Mapping[str, str],
    diverted: Sequence[str],
    *,
    shielded: Group | None = None,
) -> list[Change]:
    """Everything that shall be so. ``guardsh`` is the program's path on the node, ``scripts`` what `guardsh init`
    prints by shell, ``diverted`` the programs that get a shim in their own place, ``shielded`` whose login shells
    become shielded ones."""
    shim = shim_text(guardsh)
    shims = [f"{places.bin}/{name}" for name in sorted(SHIMMED)]
    return [
        *([] if places.home else [Link(f"{places.bin}/guardsh", guardsh)]),
        *(File(f"{places.lib}/init.{shell}", text) for shell, text in scripts.items()),
        *(_of_home(places) if places.home else _of_node(tree, places, guardsh)),
        # Files of their own, no links: who copies a program to one of these paths must not write into all of them.
        *(File(path, shim, 0o755) for path in shims if path not in diverted),
        *(Diversion(path, shim) for path in diverted),
        *(install_login.changes(tree, places.lib, guardsh, shielded) if shielded else []),
    ]


def shim_text(guardsh: str) -> str:
    """The shim as it is installed, for every name."""
    return f"#!/bin/sh\n__guardsh_program={shlex.quote(guardsh)}\n{integrations.text('prefilter.sh')}"


def already_diverted(records: Mapping[str, Record]) -> list[str]:
    """The diversions of an earlier installation: they stay until uninstall."""
    return [record.path for record in records.values() if record.kind == "diversion"]


def unit_text(guardsh: str, unit: str = UNIT) -> str:
    """The unit that starts this very guardsh. A % would be a specifier (systemd.unit(5))."""
    program = guardsh.replace("%", "%%")
    return integrations.text(unit).replace("ExecStart=/usr/local/bin/guardsh", f'ExecStart="{program}"')


def has_systemd(tree: Tree) -> bool:
    """Whether it is installed. Without it the first shell of an account starts the watcher."""
    return any(tree.executable(f"{lib}/systemd/systemd") for lib in ("/usr/lib", "/lib"))


def _of_node(tree: Tree, places: Places, guardsh: str) -> list[Change]:
    """profile.d is for login shells (and, on Red Hat's, all interactive ones); Debian's bash.bashrc for the others.

    zshrc, not zshenv: scripts should not pay for it.
    """
    unit: list[Change] = [
        File(f"/etc/systemd/system/{UNIT}", unit_text(guardsh)),
        Link(ENABLED, f"../{UNIT}"),
        File(f"/etc/systemd/system/{INSURANCE}", unit_text(guardsh, INSURANCE)),
        Link(INSURANCE_ENABLED, f"../{INSURANCE}"),
    ]
    return [
        File("/etc/profile.d/guardsh.sh", _profile(places.lib)),
        File("/etc/fish/conf.d/guardsh.fish", _fish(places.lib)),
        *(Block(path, _lines(places.lib, path)) for path in _RC if os.path.isfile(tree.real(path))),
        *(unit if has_systemd(tree) else []),
    ]


def _of_home(places: Places) -> list[Change]:
    return [
        File(f"{places.home}/.config/fish/conf.d/guardsh.fish", _fish(places.lib)),
        *(Block(f"{places.home}/.{shell}rc", _lines(places.lib, f"{shell}rc")) for shell in ("bash", "zsh")),
    ]


def _lines(lib: str, path: str) -> str:
    """For the end of an rc file: what stands there must work where everything else is gone already."""
    file = shlex.quote(f"{lib}/init.{'zsh' if path.endswith('zshrc') else 'bash'}")
    return f"\n# guardsh (guardsh uninstall takes these lines out)\nif [ -r {file} ]; then . {file}; fi\n"


def _profile(lib: str) -> str:
    file = shlex.quote(f"{lib}/init.bash")
    return (
        "# guardsh in login shells; /etc/bash.bashrc may have been read before\n"
        f'if [ -n "${{BASH_VERSION-}}" ] && [ -z "${{__guardsh-}}" ] && [ -r {file} ]; then . {file}; fi\n'
    )


def _fish(lib: str) -> str:
    file = f"{lib}/init.fish".replace("\\", "\\\\").replace("'", "\\'")
    return (
        f"# guardsh in interactive shells\nif status is-interactive; and test -r '{file}'\n    source '{file}'\nend\n"
    )
