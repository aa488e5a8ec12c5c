"""What `guardsh install --login-shield GROUP` puts in place: files that a login shell reads before all others."""

from __future__ import annotations

import grp
import os
import re
import shlex
from dataclasses import dataclass

from guardsh import integrations
from guardsh.operations.install_changes import Block, Change, File
from guardsh.operations.install_tree import Tree

# By their names they come first: what the others there set is set once, by the shell that stays.
_PROFILE, _FISH = "/etc/profile.d/00-guardsh-login.sh", "/etc/fish/conf.d/00-guardsh-login.fish"
_ZSH = ("/etc/zsh/zprofile", "/etc/zprofile")
_NAMED = re.compile(r"# of the group (.+)$", re.MULTILINE)


class NoGroup(Exception):  # noqa: N818 (an answer for the operator)
    """The node has no group of this name."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of accounts, by the number that the kernel knows."""

    name: str
    gid: int


def group(tree: Tree, name: str) -> Group:
    """The group of this name on the node. Raises NoGroup."""
    gids = _of_machine(name) if tree.root == "/" else _of_image(tree, name)
    if not gids:
        raise NoGroup(f"there is no group {name!r}")
    return Group(name, gids[0])


def named(tree: Tree, lib: str) -> str:
    """The group of an earlier installation; nothing where there is none."""
    path = f"{lib}/login.sh"
    found = _NAMED.search(tree.read(path).decode(errors="replace")) if tree.exists(path) else None
    return found[1] if found else ""


def outdated(tree: Tree, lib: str) -> str:
    """Why an earlier installation is for nobody any more, or for others; nothing where it is in order."""
    name = named(tree, lib)
    try:
        gid = group(tree, name).gid
    except NoGroup as error:
        return str(error)
    right = f"__guardsh_gid={gid}\n" in tree.read(f"{lib}/login.sh").decode(errors="replace")
    return "" if right else f"the group {name!r} has another number now: {gid}"


def changes(tree: Tree, lib: str, guardsh: str, shielded: Group) -> list[Change]:
    """profile.d is read by bash, dash and ksh, and where /etc/zprofile says so by zsh, too."""
    posix, fish = f"{lib}/login.sh", f"{lib}/login.fish"
    about = f"# of the group {shielded.name}\n"
    program = guardsh.replace("\\", "\\\\").replace("'", "\\'")
    mine = f"{about}__guardsh_program={shlex.quote(guardsh)} __guardsh_gid={shielded.gid}\n"
    theirs = f"{about}set -g __guardsh_program '{program}'\nset -g __guardsh_gid {shielded.gid}\n"
    run = f"if [ -r {posix} ]; then . {posix}; fi\n"
    return [
        File(posix, mine + integrations.text("login.sh")),
        File(fish, theirs + integrations.text("login.fish")),
        File(_PROFILE, f"# guardsh: the login shells of a group are shielded\n{run}"),
        File(_FISH, f"# guardsh: the login shells of a group are shielded\ntest -r {fish}; and source {fish}\n"),
        *(
            Block(path, f"\n# guardsh (guardsh uninstall takes these lines out)\n{run}")
            for path in _ZSH
            if os.path.isfile(tree.real(path))
        ),
    ]


def _of_machine(name: str) -> list[int]:
    try:
        return [grp.getgrnam(name).gr_gid]
    except KeyError:
        return []


def _of_image(tree: Tree, name: str) -> list[int]:
    lines = tree.read("/etc/group").decode(errors="replace").splitlines() if tree.exists("/etc/group") else []
    fields = [line.split(":") for line in lines]
    return [int(each[2]) for each in fields if len(each) > 2 and each[0] == name and each[2].isdigit()]
