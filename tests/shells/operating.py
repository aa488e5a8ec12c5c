"""An interactive shell with guardsh in it, on a terminal of its own, and somebody who types at it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect

from guardsh import integrations
from guardsh.cli.init import script
from tests.quiet_fish import QUIET_FISH

# /run, /var/log and /var/lib/guardsh are the test's own where that can be had: root's grants, audit trail and list of
# stores lie there.
_MOUNTS = """
mount --bind "$0/run" /run
mount --bind "$0/log" /var/log
mount -t overlay overlay -o lowerdir="$0/lib:/var/lib" /var/lib
mount --bind "$0/lib/guardsh" /var/lib/guardsh
exec "$@"
"""
_PRIVATE = ("unshare", "--mount", "sh", "-ec", _MOUNTS)
_NAMESPACES = os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], check=False).returncode == 0

BIN = Path(sys.executable).parent
WORK = "work"  # the working directory, below the home directory
QUESTION = "host and role> "
READY = "READY"  # every shell's prompt here
HOST = os.uname().nodename.partition(".")[0]

_START = {
    "bash": ["--noprofile", "--rcfile", "{rc}", "-i"],
    "zsh": ["-d", "-i"],
    "fish": ["-i"],  # without its configuration it has no key bindings of its own either
}
_RC = {"bash": "rc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
# The number tells a new prompt from one that is drawn again.
_PROMPT = {
    "bash": f"PS1='{READY}$((ready+=1))>' PS2='MORE>' ready=0\n",
    "zsh": f"setopt prompt_subst; PROMPT='{READY}$((ready+=1))>' PROMPT2='MORE>' ready=0; unsetopt prompt_sp\n",
    "fish": "set -g ready 0; function __ready --on-event fish_prompt; set ready (math $ready + 1); end\n"
    f"function fish_prompt; echo -n {READY}$ready'>'; end; function fish_greeting; end\n",
}
_OFF = {"bash": "GUARDSH_PROMPT=off\n", "zsh": "GUARDSH_PROMPT=off\n", "fish": "set -g GUARDSH_PROMPT off\n"}


class Operating:
    """``before`` and ``after`` are what the rc file says around guardsh's part, of which ``names`` tells whether the
    functions under the guarded names, the second net, belong to it. Everything lies below ``place``."""

    def __init__(
        self,
        shell: str,
        place: Path,
        before: str = "",
        after: str = "",
        environment: Mapping[str, str] | None = None,
        around: Sequence[str] = (),
        guardsh: str = str(BIN / "guardsh"),
        names: bool = True,
    ) -> None:
        self.shell = shell
        self.place = place
        self.work = place / WORK
        self.work.mkdir(exist_ok=True)
        rc = place / _RC[shell]
        rc.parent.mkdir(parents=True, exist_ok=True)
        own = script(shell, guardsh)
        if not names:
            own = own.replace(integrations.text(f"{shell}/names.{shell}"), "")
        rc.write_text(_PROMPT[shell] + _OFF[shell] + before + "\n" + own + after + "\n")
        for name in ("run", "log", "bin", "runtime", "lib", "lib/guardsh"):
            (place / name).mkdir(exist_ok=True, mode=0o700)
        private = (*_PRIVATE, str(place)) if _NAMESPACES else ()
        words = [*private, *around, shell, *(word.format(rc=rc) for word in _START[shell])]
        self.number = 0
        self.seen = b""
        self.master = pexpect.spawn(
            words[0],
            words[1:],
            env={
                "PATH": f"{place}/bin:{BIN}:{os.environ['PATH']}",
                "HOME": str(place),
                **QUIET_FISH,
                "ZDOTDIR": str(place),
                "XDG_RUNTIME_DIR": str(place / "runtime"),
                "TERM": "xterm",
                "NO_COLOR": "1",
                "GUARDSH_WATCH": "off",
                "LANG": "C.UTF-8",
                **(environment or {}),
            },
            cwd=self.work,
            timeout=15,
            dimensions=(40, 200),
        )
        self.ready()

    def ready(self) -> str:
        """Wait for the next prompt; what was shown before it."""
        shown = ""
        while True:
            shown += self.wait_for(READY)
            self.master.expect(rb"(\d+)>")
            if int(self.master.match[1]) > self.number:
                self.number = int(self.master.match[1])
                return shown

    def wait_for(self, text: str) -> str:
        try:
            self.master.expect_exact(text.encode())
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"{text!r} was never shown: {self.master.before!r}") from None
        shown = plain(self.master.before)
        self.seen += self.master.before + self.master.after
        return shown

    def type(self, text: str) -> None:
        self.master.send(text.encode())

    def line(self, text: str) -> str:
        """Type a line and Enter; what was shown until the next prompt."""
        self.type(text + "\r")
        return self.ready()

    def asked(self, text: str) -> str:
        """Type a line that must be asked about; what was shown up to the question."""
        self.type(text + "\r")
        return self.wait_for(QUESTION)

    def answer(self, text: str) -> str:
        time.sleep(0.05)  # what is typed ahead of the question is discarded
        return self.line(text)

    def works(self) -> bool:
        """Whether the shell does the next thing that it is told."""
        self.type("echo alive(math 6 x 7)\r" if self.shell == "fish" else "echo alive$((6*7))\r")
        self.wait_for("alive42")
        self.ready()
        return True

    def clear(self) -> None:
        """Empty the editing buffer, in which zsh and fish leave a line that did not run."""
        self.type("\x03" if self.shell == "fish" else "\x15")

    def close(self) -> None:
        self.master.close(force=True)


_SEQUENCE = re.compile(rb"\x1b(?:\[[0-9;?>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|[=>78cM])")


def plain(shown: bytes) -> str:
    return _SEQUENCE.sub(b"", shown).replace(b"\r", b"").decode(errors="replace")


def data_directory(place: Path, name: str = "data") -> Path:
    """What a killed base backup leaves: data, and no pg_control. Asked about without any server."""
    data = place / WORK / name
    (data / "base" / "5").mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    (data / "base" / "5" / "16384").write_bytes(b"x" * 8192)
    return data
