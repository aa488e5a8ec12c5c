"""The kernel and the tools of the lab: Debian's packages, downloaded once, unpacked into a cache, never installed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.storage.lab import unstable

_KERNEL = "usr/bin/linux.uml"
_APART = "kernel"  # what no other program may find
_KERNEL_LIBRARIES = f"{_APART}/usr/lib/x86_64-linux-gnu"
_TOOLS = (
    *("mdadm", "kmod", "libkmod2", "lvm2", "dmsetup", "libdevmapper1.02.1"),
    *("libdevmapper-event1.02.1", "liblvm2cmd2.03", "libaio1", "fdisk", "libfdisk1"),
)
_PATIENCE = 120.0  # seconds for the download of 45 MB


class NotHereError(Exception):
    """Why the lab cannot be had on this machine; its text is the reason for a skip."""


@dataclass(frozen=True, slots=True)
class Packages:
    """The unpacked packages, below one directory."""

    root: Path

    @property
    def kernel(self) -> Path:
        return self.root / _KERNEL

    @property
    def modules(self) -> Path:
        return self.root / "usr/lib/uml/modules"

    @property
    def path(self) -> str:
        return ":".join(str(self.root / name) for name in ("sbin", "bin", "usr/sbin", "usr/bin"))

    @property
    def libraries(self) -> str:
        return ":".join(str(self.root / name) for name in ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"))

    @property
    def kernel_libraries(self) -> Path:
        """Where the kernel is started: with the C library that it needs, if it is not this machine's."""
        return self.root / _KERNEL_LIBRARIES


def packages() -> Packages:
    """The packages from the cache, or from Debian.

    Raises:
        NotHereError: another architecture or distribution, or no network.
    """
    if platform.machine() != "x86_64":
        raise NotHereError("user-mode-linux is for x86-64 only")
    name = "user-mode-linux-unstable" if unstable.is_needed() else "user-mode-linux"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "guardsh-tests" / name
    if not (home / _KERNEL).exists():
        _unpack_into(home)
    return Packages(home)


def _unpack_into(home: Path) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NotHereError("user-mode-linux comes from Debian's packages, and there is no apt-get here")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as work:
        downloaded, unpacked = Path(work, "downloaded"), Path(work, "unpacked")
        downloaded.mkdir()
        _download(downloaded, _TOOLS)
        _download_kernel(Path(work), downloaded)
        for package in downloaded.glob("*.deb"):
            below = unpacked / _APART if package.name.startswith("libc6_") else unpacked
            below.mkdir(parents=True, exist_ok=True)
            subprocess.run(["dpkg-deb", "-x", package, below], check=True)
        modprobe = unpacked / "sbin/modprobe"  # a link to /bin/kmod, which is not here
        modprobe.unlink(missing_ok=True)
        modprobe.symlink_to("../bin/kmod")
        (unpacked / _KERNEL_LIBRARIES).mkdir(parents=True, exist_ok=True)
        if unstable.is_needed():
            unstable.prepare(unpacked / _KERNEL)
        unpacked.rename(home)


def _download_kernel(work: Path, directory: Path) -> None:
    if not unstable.is_needed():
        _download(directory, ["user-mode-linux"])
        return
    try:
        options = unstable.options(work)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotHereError(f"this processor needs the user-mode-linux of Debian unstable: {error}") from None
    _download(directory, unstable.PACKAGES, options)


def _download(directory: Path, packages: Sequence[str], options: Sequence[str] = ()) -> None:
    command = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *options, *packages]
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, check=False, timeout=_PATIENCE, env=os.environ
        )
    except subprocess.TimeoutExpired:
        raise NotHereError(f"could not download user-mode-linux: no answer in {_PATIENCE:.0f} s") from None
    if done.returncode:
        raise NotHereError(f"could not download user-mode-linux: {(done.stderr.strip().splitlines() or [''])[-1]}")
