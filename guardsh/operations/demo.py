"""The night of the incident on a throwaway primary and replica: a shell to try it in, or played by itself."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import tempfile
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guardsh.operations.lab import Lab
from guardsh.operations.stage import Stage, lay_out_restore, set_stage
from guardsh.screen.escape import without_sequences

_PROMPT = b"host and role> "


@dataclass(frozen=True, slots=True)
class Scene:
    """One command as typed, the answer if one is asked for, and how it must end.

    ``said`` must stand in what the operator saw, nothing more than the command's own output where it is None.
    """

    title: str
    words: list[str]
    answer: bytes
    status: int
    said: str | None
    left: Callable[[], bool]  # whether the disk is as it must be afterwards


def demo(interactive: bool) -> int:
    """Set the stage, open a shell or play, clean up. 0 where every verdict was the expected one."""
    directory = os.path.realpath(tempfile.mkdtemp(prefix="guardsh-demo-"))
    os.chmod(directory, 0o755)  # noqa: S103 (the servers' account must pass)
    try:
        with Lab(directory) as lab:
            print("starting a primary and a replica …", flush=True)
            stage = set_stage(lab)
            return _shell(stage) if interactive else _play(lab, stage)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _shell(stage: Stage) -> int:
    print(
        "rm, wal-g and pg_ctl are guarded in this shell; here is a live primary, its replica and an aborted restore.\n"
        "try: rm -rf primary/*    rm -rf restore/*    rm -rf build    wal-g backup-fetch $PWD/primary LATEST\n"
        "     guardsh status      guardsh check -- pg_ctl stop -D replica     exit (cleans everything up)"
    )
    environment = {**stage.environment, "PS1": "demo\\$ "}
    return subprocess.run(["bash", "--norc", "-i"], cwd=stage.directory, env=environment, check=False).returncode


def _play(lab: Lab, stage: Stage) -> int:
    unexpected = 0
    for scene in _scenes(lab, stage):
        print(f"\n── {scene.title}\n\n$ {_typed(scene, stage)}", flush=True)
        status, seen = _perform(scene, stage)
        print(seen, flush=True)
        if not _as_expected(scene, status, seen):
            unexpected += 1
            print(f"!! unexpected: exit status {status}, expected {scene.status}", flush=True)
    print("\nevery verdict was the expected one" if not unexpected else f"\n{unexpected} unexpected verdicts")
    return 1 if unexpected else 0


def _scenes(lab: Lab, stage: Stage) -> Iterator[Scene]:
    """Each is built when the one before has been played."""
    host = os.uname().nodename.partition(".")[0]
    primary, restore = stage.primary, stage.restore
    wrong = f"{host} replica\n".encode()

    def unharmed() -> bool:
        return primary.sql("select 1") == "1" and os.path.exists(primary.path("PG_VERSION"))

    yield Scene(
        "unrelated: nothing is said",
        ["rm", "-rf", stage.build],
        b"", 0, None, lambda: not os.path.exists(stage.build),
    )  # fmt: skip
    yield Scene(
        "the wrong host: the operator believes that this is the replica",
        ["rm", "-rf", *_entries(primary.directory)],
        wrong, 77, "it is the primary", unharmed,
    )  # fmt: skip
    yield Scene(
        "the right host: the remains of the aborted restore",
        ["rm", "-rf", *_entries(restore)],
        b"", 0, "aborted restore", lambda: os.listdir(restore) == [],
    )  # fmt: skip
    yield Scene(
        "the restore, into the directory that is empty now",
        ["wal-g", "backup-fetch", restore, "LATEST"],
        b"", 0, None, unharmed,
    )  # fmt: skip
    lay_out_restore(lab, restore)
    yield Scene(
        "the restore, aimed at the primary; the operator reads it, and presses Ctrl-C",
        ["wal-g", "backup-fetch", primary.directory, "LATEST"],
        b"\x03", 77, "Nothing was run", unharmed,
    )  # fmt: skip
    stage.replica.stop()
    yield Scene(
        "the wrong host again, and the replica is gone: this is the only live copy",
        ["rm", "-rf", *_entries(primary.directory)],
        b"", 77, "Refused", unharmed,
    )  # fmt: skip


def _entries(directory: str) -> list[str]:
    """``directory/*`` as a shell expands it."""
    return sorted(os.path.join(directory, name) for name in os.listdir(directory) if not name.startswith("."))


def _typed(scene: Scene, stage: Stage) -> str:
    """The words as an operator typed them, a glob for what the shell expanded."""
    words = scene.words if len(scene.words) < 6 else [*scene.words[:2], os.path.dirname(scene.words[2]) + "/*"]
    return " ".join(words).replace(stage.directory + "/", "")


def _perform(scene: Scene, stage: Stage) -> tuple[int, str]:
    """Run the command on a terminal of its own and answer its question; exit status, and what stood on the screen."""
    pid, screen = pty.fork()
    if pid == 0:
        environment = {**stage.environment, "TERM": "dumb"}
        termios.tcsetwinsize(0, (40, 110))
        os.chdir(stage.directory)
        os.execvpe(scene.words[0], scene.words, environment)
    seen = b""
    answer = scene.answer
    while chunk := _read(screen):
        seen += chunk
        if answer and _PROMPT in seen:
            os.write(screen, answer)
            answer = b""
    _, status = os.waitpid(pid, 0)
    os.close(screen)  # not before: rm closes its streams first, and would be hung up in the middle of its exit
    return os.waitstatus_to_exitcode(status), _as_shown(seen)


def _as_shown(seen: bytes) -> str:
    """What stood on the screen, without what steers it."""
    lines = seen.decode(errors="replace").replace("\r", "").splitlines()
    return "\n".join(map(without_sequences, lines))


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 1 << 16)
    except OSError:  # EIO: the other side is closed
        return b""


def _as_expected(scene: Scene, status: int, seen: str) -> bool:
    heard = scene.said in seen if scene.said is not None else "guardsh" not in seen.replace("guardsh-demo", "")
    return status == scene.status and heard and scene.left()
