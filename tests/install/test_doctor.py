"""guardsh doctor on a machine with everything installed: what it proves, and the faults that it finds."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.install.machine import Machine, needs_namespaces

pytestmark = [needs_namespaces, pytest.mark.slow]
WATCHER = "mkdir -p /run/guardsh; echo 1 $(date +%s) none none - - > /run/guardsh/state\n"
# What this machine's own configuration may put in front of PATH in login shells (safe-rm does).
DIVERTED = (
    "mkdir -p /opt/wal-g; printf '#!/bin/sh\\nexit 3\\n' > /opt/wal-g/wal-g; chmod 755 /opt/wal-g/wal-g;"
    " guardsh install --divert /opt/wal-g/wal-g >/dev/null"
)
ASIDE = "/opt/wal-g/wal-g.guardsh-diverted"
CLEAN = "/bin/rm -f /etc/profile.d/safe-rm.sh\n"


def checks(place: Path, fault: str, before: str = "") -> tuple[int, dict[str, Any]]:
    """Exit status, and the checks by what they are about."""
    done = Machine(place, CLEAN + before).runs(f"{WATCHER}{fault}\nguardsh doctor --json; s=$?; echo; echo $s")
    said, _, status = done.stdout.rstrip().rpartition("\n")
    try:
        found = json.loads(said[said.index("{") :])["checks"]
    except ValueError:
        pytest.fail(done.stdout + done.stderr)
    return int(status), {check["what"]: check for check in found}


def test_what_is_caught_and_by_what(tmp_path: Path) -> None:
    status, found = checks(tmp_path, "")
    caught = {what for what, check in found.items() if check["outcome"] == "well"}
    assert {"rm in bash", "\\rm in bash", '"rm" in bash', "command rm in bash", "eval rm in bash"} <= caught
    assert {"time rm in bash", "echo | rm in bash", "rm & in bash"} <= caught
    assert {"env rm", "nohup rm", "timeout nice rm", "setsid rm", "xargs rm", "find -exec rm", "sh -c rm"} <= caught
    assert {"script -c rm", "bash -lc rm", "su -c rm", "su - -c rm"} <= caught
    if shutil.which("sudo"):
        assert {"sudo rm", "sudo -E rm", "sudo -i rm", "sudo sh -c rm"} <= caught
    typed = ("/usr/bin/rm", "env -i rm", "sudo /usr/bin/rm", "sudo time /usr/bin/rm | tee")
    shells = [shell for shell in ("bash", "zsh", "fish") if shutil.which(shell)]
    assert {found[f"{what} typed in {shell}"]["net"] for what in typed for shell in shells} == {"line hook"}
    assert found["env rm"]["net"] == "shim"
    past = {what for what, check in found.items() if check["outcome"] == "open"}
    assert past >= {"env -i rm", "script with /usr/bin/rm"}
    wrong = {what: check["found"] for what, check in found.items() if check["outcome"] == "wrong"}
    assert (status, wrong) == (0, {})


def test_a_diversion_catches_the_absolute_path_too(tmp_path: Path) -> None:
    _, found = checks(tmp_path, f"{DIVERTED}; export PATH=$PATH:/opt/wal-g")
    for what in ("/opt/wal-g/wal-g", "script with /opt/wal-g/wal-g"):
        assert (found[what]["outcome"], found[what]["net"]) == ("well", "diversion")


QUICK = """
from guardsh.operations import doctor
for check in doctor.condition(): print(check.outcome.value, check.what, check.found)
"""


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("", "well watcher its state is "),
        ("cp /bin/true /usr/local/sbin/rm", "wrong rm is /usr/local/sbin/rm: no shim, or shadowed"),
        ("echo '#' >> /usr/local/bin/rm", "wrong /usr/local/bin/rm was changed since"),
        ("chmod 777 /usr/local/bin/rm", "wrong /usr/local/bin/rm may be written by others"),
        ("chmod 777 /usr/local/bin", "wrong /usr/local/bin/rm may be written by others"),
        ("chown nobody /usr/local/bin/rm", "wrong /usr/local/bin/rm may be written by others"),
        ("chown nobody /usr/local/lib/guardsh", "wrong /usr/local/lib/guardsh/init.bash may be written by others"),
        (f"{DIVERTED}; /bin/rm {ASIDE}", "wrong /opt/wal-g/wal-g stands before a program that is gone"),
        (f"{DIVERTED}; cp /bin/true /opt/wal-g/wal-g", "wrong /opt/wal-g/wal-g was changed since"),
        ("/bin/rm /usr/local/lib/guardsh/init.bash", "wrong /usr/local/lib/guardsh/init.bash is gone"),
        ("sed -i /guardsh/d /etc/bash.bashrc", "wrong /etc/bash.bashrc has lost its lines"),
        ("echo 1 $(($(date +%s) - 60)) none none - - > /run/guardsh/state", "wrong watcher dead for 6"),
        ("/bin/rm /run/guardsh/state", "wrong watcher no state: "),
        ("chown nobody /run/guardsh/state", "wrong watcher /run/guardsh/state belongs to another account"),
        ("echo hostile > /run/guardsh/state", "wrong watcher /run/guardsh/state is not a state"),
        ("sed -i '2s|=.*|=/gone/guardsh|' /usr/local/bin/rm", "wrong guardsh does not start: "),
        ("guardsh uninstall", "wrong installation nothing is installed"),
    ],
)
def test_faults_are_found(tmp_path: Path, fault: str, said: str) -> None:
    done = Machine(tmp_path).runs(f"{WATCHER}{fault}\n'{sys.executable}' -c '{QUICK}'")
    assert any(line.startswith(said) for line in done.stdout.splitlines()), done.stdout


@pytest.mark.parametrize(
    ("shell", "file", "lost"),
    [
        ("bash", ".bashrc", r"""PROMPT_COMMAND=; PS0=; bind -r '\C-m'; bind '"\C-m": accept-line'"""),
        ("zsh", ".zshrc", "preexec_functions=()"),
        ("fish", ".config/fish/config.fish", r"bind \r execute; bind \n execute"),
    ],
)
def test_a_lost_line_hook_is_found(tmp_path: Path, shell: str, file: str, lost: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    script = "from guardsh.operations import doctor; print([c.what for c in doctor.hooks('/usr/bin/rm') if c.remedy])"
    home = f"export HOME=/opt/home; cat > /opt/home/{file} <<'END'\n{lost}\nEND"
    done = Machine(tmp_path, "mkdir -p /opt/home/.config/fish").runs(f"{home}\n'{sys.executable}' -c \"{script}\"")
    assert done.stdout.splitlines()[-1] == f"['{shell}']", done.stdout
