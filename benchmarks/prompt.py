"""What a prompt costs: from Enter to the next one, with guardsh and with its peers, and the processes that each starts.

Peers that are no package of the distribution (kube-ps1, pure, powerlevel10k, bash-preexec) are taken from checkouts in
the directory that GUARDSH_BENCH_PEERS names; what is not there is left out.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from guardsh.cli import init
from guardsh.model import node_state
from guardsh.model.node_state import ArrayState, NodeState

ROUNDS = 60
IN_A_ROW = 6
TRACED = 50
AT = b"@>"
INTEGRATIONS = Path(__file__).parents[1] / "shell-integrations"
GUARDSH = os.path.join(os.path.dirname(sys.executable), "guardsh")
PEERS = Path(os.environ.get("GUARDSH_BENCH_PEERS", "/nonexistent"))

WORDS = {"bash": "bash --noprofile --rcfile {rc}", "zsh": "zsh -d", "fish": "fish --no-config -C 'source {rc}'"}
# Ours is to be the last word of every prompt, for it is what we wait for.
MARK = {
    "bash": 'PROMPT_COMMAND+=$\'\\n[[ $PS1 == *"@> " ]] || PS1+="@> "\'',
    "zsh": "mark() { [[ -n $mark_is_there || $PROMPT == *'@> ' ]] || PROMPT+='@> ' }; precmd_functions+=(mark)"
    "; unsetopt prompt_sp",
    "fish": "function fish_prompt; echo -n '@> '; end",
}
PLAIN = {"bash": "PS1='$ '", "zsh": "PROMPT='$ '", "fish": ""}


@dataclass
class Contender:
    """A shell with a prompt: ``lines`` of its rc file; ``program`` and ``file`` must be there."""

    name: str
    shell: str
    lines: str = ""
    program: str = "sh"
    file: Path = field(default_factory=lambda: Path("/"))

    def available(self) -> bool:
        return all((shutil.which(self.shell), shutil.which(self.program), self.file.exists()))


def ours(shell: str, *concerns: str) -> str:
    """What `guardsh init` prints, but for the other concerns."""
    files = (f"source {INTEGRATIONS / shell / f'{concern}.{shell}'}" for concern in concerns)
    return init.settings(shell, GUARDSH) + "\n".join(files)


POWERLEVEL10K = f"""
POWERLEVEL9K_DISABLE_CONFIGURATION_WIZARD=true POWERLEVEL9K_DISABLE_GITSTATUS=true
POWERLEVEL9K_LEFT_PROMPT_ELEMENTS=(dir vcs mark)
prompt_mark() {{ p10k segment -t "@>" }}
source {PEERS}/powerlevel10k/powerlevel10k.zsh-theme
mark_is_there=yes
"""

CONTENDERS = [
    Contender("bash", "bash"),
    Contender("bash + guardsh", "bash", ours("bash", "prompt")),
    Contender(
        "bash + guardsh with line hook", "bash", ours("bash", "prompt", "line"), file=INTEGRATIONS / "bash/line.bash"
    ),
    Contender(
        "bash + bash-preexec",
        "bash",
        f"source {PEERS}/bash-preexec/bash-preexec.sh; precmd() {{ :; }}",
        file=PEERS / "bash-preexec",
    ),
    Contender("bash + direnv", "bash", 'eval "$(direnv hook bash)"', program="direnv"),
    Contender("bash + starship", "bash", 'eval "$(starship init bash)"', program="starship"),
    Contender(
        "bash + liquidprompt",
        "bash",
        "source /usr/share/liquidprompt/liquidprompt",
        file=Path("/usr/share/liquidprompt"),
    ),
    Contender(
        "bash + kube-ps1", "bash", f"source {PEERS}/kube-ps1/kube-ps1.sh; PS1='$(kube_ps1) '", file=PEERS / "kube-ps1"
    ),
    Contender("zsh", "zsh"),
    Contender("zsh + guardsh", "zsh", ours("zsh", "prompt")),
    Contender("zsh + guardsh with line hook", "zsh", ours("zsh", "prompt", "line"), file=INTEGRATIONS / "zsh/line.zsh"),
    Contender(
        "zsh + pure",
        "zsh",
        f"fpath+=({PEERS}/pure); autoload -U promptinit; promptinit; prompt pure",
        file=PEERS / "pure",
    ),
    Contender("zsh + powerlevel10k", "zsh", POWERLEVEL10K, file=PEERS / "powerlevel10k"),
    Contender("fish", "fish"),
    Contender("fish + guardsh", "fish", ours("fish", "prompt")),
    Contender(
        "fish + guardsh with line hook", "fish", ours("fish", "prompt", "line"), file=INTEGRATIONS / "fish/line.fish"
    ),
]


class Running:
    """A contender on a terminal of its own."""

    def __init__(self, contender: Contender, home: Path, state: Path, trace: Path | None = None) -> None:
        self.contender = contender
        rc = home / ".zshrc"  # zsh takes no other name
        rc.write_text("\n".join([PLAIN[contender.shell], contender.lines, MARK[contender.shell], ""]))
        words = WORDS[contender.shell].format(rc=rc)
        traced = f"exec strace -f -qq -o {trace} -e trace=clone,clone3,fork,vfork " if trace else "exec "
        environment = {
            "TERM": "xterm-256color",
            "PATH": f"{home.parent / 'stubs'}:{os.environ['PATH']}",
            "HOME": str(home),
            "ZDOTDIR": str(home),
            "LANG": "C.UTF-8",
            "GUARDSH_STATE": str(state),
            "GUARDSH_THEME": "dark",
        }
        self.pty = pexpect.spawn("/bin/sh", ["-c", traced + words], env=environment, timeout=20, dimensions=(40, 100))
        self.pty.delaybeforesend = None
        self.pty.expect_exact(AT)
        for _ in range(5):  # what is done only once, at the first prompts
            self.prompt()

    def prompt(self) -> float:
        """Seconds from a line to the prompt after it."""
        return self.line(":")

    def line(self, text: str) -> float:
        """The same of any line."""
        start = time.perf_counter()
        self.pty.send(f"{text}\r".encode())
        self.pty.expect_exact(b"\n")  # before that, a line editor may draw the old prompt again
        self.pty.expect_exact(AT)
        return time.perf_counter() - start

    def prompts(self) -> list[float]:
        """A few in a row; the first, after a pause, is not counted: it finds the processor's caches cold."""
        self.quiet()
        return [self.prompt() for _ in range(IN_A_ROW)][1:]

    def quiet(self) -> None:
        """Whatever a shell draws behind its prompt, or again, is no part of the next."""
        try:
            while True:
                self.pty.read_nonblocking(1 << 16, 0.01)
        except pexpect.TIMEOUT:
            pass


def prompt(scratch: Path) -> list[str]:
    """The aim: no process, and at most 0.15 ms."""
    stub = scratch / "stubs" / "kubectl"
    stub.parent.mkdir()
    stub.write_text("#!/bin/sh\necho production\n")
    stub.chmod(0o755)
    state = scratch / "state"
    running = [Running(each, home(scratch), state) for each in CONTENDERS if each.available()]
    times: dict[str, list[float]] = {each.contender.name: [] for each in running}
    for _ in range(ROUNDS):
        _say(state)
        for each in random.sample(running, len(running)):
            times[each.contender.name] += [seconds * 1000 for seconds in each.prompts()]
    for each in running:
        each.pty.close(force=True)
    return list(_table(times, {each.contender.name: _processes(each.contender, scratch, state) for each in running}))


def home(scratch: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=scratch))


def _say(state: Path) -> None:
    said = NodeState(int(time.time()), "primary", "running", ("only-copy",), (ArrayState("md0", "degraded", 7, 8),))
    new = state.with_name("new")
    new.write_text(node_state.line(said) + "\n")
    new.rename(state)


def _processes(contender: Contender, scratch: Path, state: Path) -> float | None:
    """Processes that are started for one prompt (threads of fish are none); None without strace."""
    if shutil.which("strace") is None:
        return None
    trace = home(scratch) / "trace"
    running = Running(contender, home(scratch), state, trace)
    before = _clones(trace)
    for _ in range(TRACED):
        running.prompt()
    started = _clones(trace) - before
    running.pty.close(force=True)
    return started / TRACED


def _clones(trace: Path) -> int:
    lines = trace.read_text().splitlines()
    return sum("(" in line and "resumed" not in line and "CLONE_THREAD" not in line for line in lines)


def _table(times: dict[str, list[float]], processes: dict[str, float | None]) -> Iterator[str]:
    yield f"  {'Enter to next prompt, ms':<32} {'median':>8} {'quartiles':>16} {'least':>8} {'added':>8}  processes"
    bare = 0.0
    for name, values in times.items():
        low, median, high = statistics.quantiles(values, n=4)
        if " " not in name:
            bare = median
        started = "?" if processes[name] is None else f"{processes[name]:.1f}"
        spread = f"{low:.3f} to {high:.3f}"
        yield f"  {name:<32} {median:8.3f} {spread:>16} {min(values):8.3f} {median - bare:8.3f}  {started:>9}"
