"""An ordinary operator's shell on a machine of its own: accounts, sudo, su, sshd and the shims are real."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from guardsh.commands import SHIMMED
from guardsh.operations.install_plan import shim_text
from tests.shells.operating import BIN, Operating

DBA = 4711

# In a mount namespace; $1 is the test's directory, $2 sudoers' line about terminals. The interpreter may lie in root's
# home, which others cannot enter: here they can.
_MACHINE = """
place=$1 defaults=$2
mkdir -p "$place/machine"
mount -t tmpfs -o mode=755 tmpfs "$place/machine"
for directory in etc root usr/local; do
    mkdir -p "$place/machine/$directory/upper" "$place/machine/$directory/work"
    mount -t overlay overlay /"$directory" \\
        -o "lowerdir=/$directory,upperdir=$place/machine/$directory/upper,workdir=$place/machine/$directory/work"
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
echo "dba:x:{uid}:{uid}::$place:$(command -v {shell})" >>/etc/passwd
echo "dba:x:{uid}:" >>/etc/group
echo "dba:*:19000:0:99999:7:::" >>/etc/shadow
sed -i 's/^root:[^:]*:/root::/' /etc/shadow # su asks for no password
printf '%s\\n' "Defaults $defaults" 'dba ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/dba
for name in {names}; do install -m 755 "$place/shim" "/usr/local/bin/$name"; done
echo ". '$place/rc'" >/root/.bash_profile
mkdir -m 755 /run/sshd
chown -R {uid}:{uid} "$place/work" "$place/.zshrc" "$place/rc" 2>/dev/null || :
shift 2
"""
BY_SETPRIV = 'exec setpriv --reuid=dba --regid=dba --init-groups "$@"'

CAN_BE_HAD = (
    os.geteuid() == 0
    and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
)
needs_accounts = pytest.mark.skipif(not CAN_BE_HAD, reason="needs root, and a mount namespace of its own")


def needs(*programs: str) -> pytest.MarkDecorator:
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


def operating(
    shell: str, place: Path, login: str = BY_SETPRIV, defaults: str = "use_pty", before: Sequence[str] = ()
) -> Operating:
    """A shell of the account ``dba``. ``login`` is what becomes it, as a line of sh; ``before`` what root does
    on the machine first."""
    (place / "shim").write_text(shim_text(str(BIN / "guardsh")))
    (place / ".bash_profile").write_text(". ~/rc\n")
    machine = _MACHINE.format(uid=DBA, shell=shell, names=" ".join(sorted(SHIMMED)))
    script = "\n".join([machine, *before, login])
    # what sudo and su must not find by chance
    environment = {"XDG_RUNTIME_DIR": f"/run/user/{DBA}", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    around = ("sh", "-ec", script, "sh", str(place), defaults)
    return Operating(shell, place, "HISTFILE=/dev/null GUARDSH_WATCH=off", around=around, environment=environment)


def sshd(place: Path) -> tuple[list[str], str]:
    """What root does to have one on loopback for this test, and how the operator comes in by it."""
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [
        f"Port {port}", "ListenAddress 127.0.0.1", f"HostKey {place}/host", "UsePAM no", "StrictModes no",
        f"AuthorizedKeysFile {place}/key.pub", f"PidFile {place}/sshd.pid",
        "PasswordAuthentication no",
    ]  # fmt: skip
    (place / "sshd_config").write_text("\n".join(options) + "\n")
    known = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectionAttempts=30"]
    words = ["ssh", "-F", "/dev/null", *(f"-o{option}" for option in known), "-tt", "-i", str(place / "key")]
    login = shlex.join([*words, "-p", str(port), "dba@127.0.0.1"])
    return [f"{shutil.which('sshd')} -f {place}/sshd_config"], f"exec {login}"
