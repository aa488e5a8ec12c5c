"""What an installation has changed, or was about to change: written down before the first change is made."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from guardsh.operations.install_tree import Tree

SCHEMA = 1


class ManifestError(Exception):
    """It is there and cannot be used."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change. ``ours`` says how the path may look when it is as we left it: fingerprints of a file or link; the
    texts that stand in somebody else's file. ``directories`` are those that were made for it, the lowest first."""

    kind: str  # file, link, block, diversion; manifest for itself
    path: str
    ours: tuple[str, ...]
    directories: tuple[str, ...] = ()
    created: bool = False  # of a block: the file was not there before
    package: str = ""  # of a diversion: whose file it is, where dpkg knows
    diverted: str = ""  # of a diversion: the path as dpkg knows it

    def after(self, before: Record | None) -> Record:
        """This change made where an earlier one may stand, finished or not."""
        if before is None:
            return self
        return replace(
            self,
            ours=tuple(dict.fromkeys((*self.ours, *before.ours))),
            directories=tuple(dict.fromkeys((*self.directories, *before.directories))),
            created=self.created or before.created,
            package=self.package or before.package,
            diverted=self.diverted or before.diverted,
        )


def read(tree: Tree, path: str) -> dict[str, Record]:
    """The records by path; none where nothing is installed. Raises ManifestError."""
    if not tree.exists(path):
        return {}
    try:
        found = json.loads(tree.read(path))
        if found["schema"] != SCHEMA:
            raise ManifestError(f"{path} was written by another version of guardsh: schema {found['schema']}")
        return {each["path"]: _record(each) for each in found["changes"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"could not read {path}: {error}") from error


def write(tree: Tree, path: str, records: dict[str, Record]) -> None:
    """Durably, in place of what was there."""
    listed = {"schema": SCHEMA, "changes": [asdict(each) for each in records.values()]}
    tree.write(path, json.dumps(listed, indent=1).encode() + b"\n", 0o644)


def _record(found: dict[str, Any]) -> Record:
    return Record(**{**found, "ours": tuple(found["ours"]), "directories": tuple(found["directories"])})
