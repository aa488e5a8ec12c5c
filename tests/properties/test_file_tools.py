"""The real tools on a real tree: whatever they change lies where an intent reached before, as observation resolves it.

The trees have what makes paths difficult: links to files and directories, trailing slashes, a link below a directory.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from guardsh.commands import understand
from guardsh.model.intent import Effect, Extent, Intent, Invocation
from guardsh.observe import members, paths
from guardsh.observe.paths import Reached

# What stands in the directory where the tools run. Links lead to a file, to directories, below a directory, nowhere.
_FILES = ("f", "g", "d/f", "d/e/f", "d/e/x.log", "d/link/f", "b/f", "b/d/f", "b/d/e/h", "away/f", "away/deep/f")
_LINKS = {"link": "away", "lf": "f", "d/out": "../away/deep", "b/lf": "../g", "d/b": "../away", "broken": "nowhere"}
_NAMES = ("f", "g", "d", "d/e", "d/f", "b", "b/d", "link", "link/f", "lf", "d/out", "broken", "away", "new", "b/new")

OPERANDS = st.one_of(
    st.sampled_from(_NAMES), st.tuples(st.sampled_from(_NAMES), st.sampled_from(["/", "/.", "//", "/*"])).map("".join)
)

# The words between which operands are strewn. Nothing here may wait for an answer.
TOOLS = {
    name: words.split()
    for name, words in {
        "cp": "-r -R -a -f -n -u -v -T -L -P -l -s --parents --remove-destination -b -t --target-directory=b -tb",
        "mv": "-f -n -u -v -T -b -t --target-directory=b --strip-trailing-slashes",
        "ln": "-s -f -n -T -v -b -t --target-directory=b -sfn -sf",
        "install": "-D -T -v -b -t --target-directory=b -d -m700 -C",
        "rmdir": "-p -v --ignore-fail-on-non-empty",
        "unlink": "",
        "truncate": "-s0 -c --size=7 -s+3 -rf",
        "shred": "-u -n1 -z -x -s9",
        "dd": "of=f of=d/f of=lf of=d/out/f of=new of=b if=g conv=notrunc count=1 status=none",
        "tee": "-a -i -p",
        "sponge": "-a",
        "sed": "-i -i.bak -n -e s/./X/ --in-place -s --follow-symlinks -E",
        "perl": "-pi -i -pe s/./X/ -e -i.bak -lpi -0777",
        "find": "-delete -name f *.log -type d -depth -L -H -P -o ! -fprint -maxdepth 1 -mindepth",
        "rsync": "-a -r -R --delete --remove-source-files --inplace -n -L -K -l --del --ignore-existing -aR ./d/./e",
        "chmod": "-R 700 0750 u-w a+x -v -w --reference=f",
        "chown": "-R -h -H -L -P 1 :2 3:4 --from=0 --reference=f",
        "chgrp": "-R -h -H -L -P 5",
        "setfacl": "-R -m u:7:r -b -k -P -L -x --test",
        "tar": "-x -xf a.tar xf -C --strip-components=1 -k "
        "--one-top-level -cf new.tar --remove-files -t -O --overwrite",
        "bsdtar": "-xf a.tar -C -k -U -tf xf",
        "unzip": "-o -q -n a.zip a -d -j -l x.zip -db",
        "cpio": "-i -d -u --quiet -F a.cpio -D",
        "7z": "x e l a.zip -ob -y -aoa -od",
        "rename.ul": "f k -v -o -s -n",
        "rename": "s/f/k/ -v -n -f",
        "touch": "-c standby.signal d/standby.signal link/standby.signal",
    }.items()
}
# How an ordinary line of each begins, so that enough of them do something.
USUAL: dict[str, list[list[str]]] = {
    "dd": [["if=g"]],
    "sed": [["-i", "s/./X/"]],
    "perl": [["-pi", "-e", "s/./X/"]],
    "chmod": [["700"], ["-R", "a+x"], ["-R", "700"]],
    "chown": [["1"], ["-R", "1"], ["-hR", "2"]],
    "chgrp": [["-R", "5"]],
    "setfacl": [["-R", "-m", "u:7:r"], ["-m", "u:7:r"]],
    "tar": [["xf", "a.tar"], ["-xf", "a.tar", "-C"], ["xfC", "a.tar"], ["--extract", "--file=a.tar"]],
    "bsdtar": [["-xf", "a.tar"], ["-xf", "a.tar", "-C"]],
    "unzip": [["-oq", "a.zip"], ["-oq", "a.zip", "-d"]],
    "cpio": [["-idu", "--quiet", "-F", "a.cpio"], ["-idu", "-Fa.cpio", "-D"]],
    "7z": [["x", "-y", "a.zip"], ["x", "-y", "-ob", "a.zip"]],
    "rename": [["s/f/k/"]],
    "rename.ul": [["f", "k"]],
    "rsync": [["-a"], ["-a", "--delete"], ["-a", "--remove-source-files"]],
    "cp": [["-r"], ["-a"], []],
    "truncate": [["-s0"]],
    "shred": [["-n1"]],
}
_TELL_BY_EXISTING = ("standby.signal", "recovery.signal", "recovery.conf")


def lines(name: str) -> st.SearchStrategy[list[str]]:
    words = st.one_of(OPERANDS, OPERANDS, st.sampled_from(TOOLS[name])) if TOOLS[name] else OPERANDS
    return st.builds(
        lambda before, among, end: [*before, *among, *end],
        st.sampled_from([*USUAL.get(name, [[]]), []]),
        st.lists(words, min_size=1, max_size=4),
        st.sampled_from([["-delete"], []] if name == "find" else [[]]),
    )


@pytest.mark.parametrize("name", sorted(TOOLS))
@given(st.data())
@settings(
    max_examples=int(os.environ.get("EXAMPLES", "30")), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_a_tool_changes_nothing_that_was_not_understood(name: str, data: st.DataObject) -> None:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    words = data.draw(lines(name))
    assume(not (name.startswith("7z") and words[:1] == ["b"]))  # a benchmark, of minutes
    if name in ("chown", "chgrp") and os.geteuid() != 0:
        pytest.skip("needs root, to give files away")
    place = os.path.realpath(tempfile.mkdtemp(prefix="tools-"))
    try:
        _plant(place)
        expanded = [each for word in words for each in _globbed(place, word)]
        explained = _Explained(name, expanded, place)
        before = _state(place)
        done = subprocess.run(
            [program, *expanded], cwd=place, input=b"typed", capture_output=True, check=False, timeout=20
        )
        changed = _changed(name, before, _state(place))
        event(f"{name}: {'changed something' if changed else 'changed nothing'}")
        assert {path for path in changed if not explained(path)} == set(), (name, expanded, done.stderr)
    finally:
        shutil.rmtree(place)


def _plant(place: str) -> None:
    for number, file in enumerate(_FILES):
        path = Path(place, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {number}\n")
    for link, target in _LINKS.items():
        Path(place, link).symlink_to(target)
    made = os.path.join(place, "made")
    shutil.copytree(os.path.join(place, "d"), made, symlinks=True)
    for file in ("f", "e/f", "lf"):
        Path(made, file).write_text("from an archive")
    for packing in (
        "tar -cf ../a.tar f e lf link",
        "zip -qr ../a.zip f e lf link",
        "find f e lf link/f -depth -print | cpio --quiet -o > ../a.cpio",
    ):
        subprocess.run(["sh", "-c", f"{packing}; exit 0"], cwd=made, capture_output=True, check=True)
    shutil.rmtree(made)


def _globbed(place: str, word: str) -> list[str]:
    if not word.endswith("/*"):
        return [word]
    directory = os.path.join(place, word[:-2])
    return [word[:-1] + name for name in sorted(os.listdir(directory))] if os.path.isdir(directory) else [word]


def _state(place: str) -> dict[str, object]:
    """What is there: kind, permissions, owner, access control list, content; of a directory not its times."""
    found: dict[str, object] = {}
    for here, directories, files in os.walk(place):
        for name in (*directories, *files):
            path = os.path.join(here, name)
            about = os.lstat(path)
            what = os.readlink(path) if stat.S_ISLNK(about.st_mode) else ""
            if stat.S_ISREG(about.st_mode):
                what = f"{about.st_ino} {Path(path).read_bytes()!r}"
            found[path] = (about.st_mode, about.st_uid, about.st_gid, what, *_acl(path, about.st_mode))
    return found


def _acl(path: str, mode: int) -> tuple[bytes, ...]:
    try:
        return () if stat.S_ISLNK(mode) else (os.getxattr(path, "system.posix_acl_access"),)
    except OSError:
        return ()


def _changed(name: str, before: dict[str, object], after: dict[str, object]) -> set[str]:
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    if name == "touch":  # of what it makes, only these say something
        return {path for path in changed if path.endswith(_TELL_BY_EXISTING)}
    if name.startswith("rename"):  # under which names is not read
        return before.keys() - after.keys()
    return {path for path in changed if not path.endswith(("~", ".bak"))}  # a backup


class _Explained:
    """Whether a path lies where the intents reach, as it is before the tool runs."""

    def __init__(self, name: str, words: list[str], place: str) -> None:
        paths.lineage.cache_clear()
        invocation = Invocation((name, *words), place, {})
        self.reached = [each for intent in understand(invocation) for each in _reached(intent, place)]
        self.there = frozenset(_state(place))

    def __call__(self, path: str) -> bool:
        return any(self._covers(reached, path) for reached in self.reached)

    def _covers(self, reached: Reached, path: str) -> bool:
        if path == reached.place.path or (path not in self.there and reached.place.path.startswith(f"{path}/")):
            return True
        below = path.startswith(reached.place.path.rstrip("/") + "/")
        new = reached.place.path not in self.there or path not in self.there
        return below and (reached.target.extent is Extent.TREE or new)


def _reached(intent: Intent, place: str) -> Iterator[Reached]:
    assert intent.effect is not Effect.READ
    for target in intent.targets:
        for each in members.arriving(target, place):  # type: ignore[arg-type]  # none of these is Configured
            found = paths.reach(each, intent.effect, place)
            if found is not None:
                yield found
