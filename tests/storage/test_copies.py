"""Copies of single files by reflink, on a real XFS: byte for byte as they were, owner, mode, times, xattrs and ACL."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from guardsh.model.saved import Saved, Way
from guardsh.operations.lab import Lab
from guardsh.remedies import copies
from guardsh.remedies.record import Kept, NotDoneError, Occasion
from tests.storage.loops import attach, detach, plant, run, with_mounts

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mkfs.xfs") is None, reason="needs root, loop devices and xfsprogs"
)
WRITE = Occasion(("truncate", "-s", "0", "FILE"), "anna")
SECONDS = 20.0


@pytest.fixture
def device(tmp_path: Path) -> Iterator[str]:
    made = attach(tmp_path / "image", 320 << 20)  # mkfs.xfs makes none below 300 MB
    try:
        yield made
    finally:
        detach(made)


def mount(kind: str, device: str, point: Path, *options: str) -> Path:
    """For the life of the mount namespace."""
    point.mkdir()
    run(f"mkfs.{kind}", *options, device)
    run("mount", "-t", kind, device, str(point))
    return point


def cluster(point: Path) -> Path:
    """A stopped one; in it a file with everything that a file can have."""
    plant(point / "main")
    file = point / "main/base/5/1259"
    file.write_bytes(os.urandom(300_000))
    with file.open("r+b") as opened:
        opened.truncate(1 << 20)  # a hole at its end
    os.chown(file, 65534, 12)
    file.chmod(0o640)
    os.setxattr(file, "user.note", b"mine")
    run("setfacl", "-m", "u:7:r", str(file))
    os.utime(file, ns=(10**18 + 1, 10**18 + 2))
    return file


def attributes(file: Path) -> tuple[object, ...]:
    status = file.stat()
    xattrs = {name: os.getxattr(file, name) for name in os.listxattr(file)}
    return file.read_bytes(), status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns, xattrs


def kept(*files: Path) -> Saved:
    (saved,) = copies.before(map(str, files), WRITE, SECONDS).saved
    return saved


@pytest.mark.parametrize(
    "line",
    ["truncate -s 0 {}", "dd if=/dev/zero of={} bs=4k count=3 status=none", "cp /proc/version {}", "> {}", "rm {}",
     "date | tee {} >/dev/null", "sed -i s/a/b/ {}", "mv {}.other {}"],
)  # fmt: skip
def test_what_a_command_overwrites_or_deletes_comes_back_as_it_was(line: str, device: str, tmp_path: Path) -> None:
    def work() -> None:
        file = cluster(mount("xfs", device, tmp_path / "mnt", "-q", "-m", "reflink=1"))
        Path(f"{file}.other").write_text("other")
        before = attributes(file)
        saved = kept(file)
        assert (saved.way, saved.origins, saved.operator) == (Way.COPY, (str(file),), "anna")
        subprocess.run(line.replace("{}", str(file)), shell=True, check=True)
        assert not file.exists() or attributes(file) != before
        copies.put_back(saved)
        assert attributes(file) == before
        since = [each for each in copies.saved() if each.command == ("guardsh", "undo", saved.id)]
        assert len(since) == (0 if line.startswith(("rm", "truncate", ">")) else 1), "what was there now is kept, too"
        copies.purge(saved)
        assert saved not in copies.saved()

    with_mounts(work)


def test_several_files_are_one_and_the_copy_takes_no_space(device: str, tmp_path: Path) -> None:
    def work() -> None:
        point = mount("xfs", device, tmp_path / "mnt", "-q", "-m", "reflink=1")
        file = cluster(point)
        other = point / "main/base/5/1260"
        other.write_bytes(os.urandom(50 << 20))
        other.chmod(0o604)
        os.sync()
        free = os.statvfs(point).f_bavail
        saved = kept(file, other, point / "main/PG_VERSION", point / "main/absent", point / "main/base")
        assert saved.origins == (str(file), str(other), str(point / "main/PG_VERSION"))
        assert (free - os.statvfs(point).f_bavail) * 4096 < 4 << 20
        for each in saved.origins:
            os.unlink(each)
        copies.put_back(saved)
        assert all(os.path.getsize(each) for each in saved.origins)
        assert other.stat().st_mode & 0o7777 == 0o604
        assert sorted(os.listdir(point / "main/base/5")) == ["1259", "1260", "PG_VERSION"], "nothing of ours is left"

    with_mounts(work)


def test_nobody_else_can_read_or_plant_anything(device: str, tmp_path: Path) -> None:
    def work() -> None:
        point = mount("xfs", device, tmp_path / "mnt", "-q", "-m", "reflink=1")
        file = cluster(point)
        file.chmod(0o644)
        saved = kept(file)
        assert [os.stat(each).st_mode & 0o777 for each in (point / copies.STORE, saved.place)] == [0o700, 0o700]
        assert os.stat(point / copies.STORE).st_uid == 0
        # A store of another account's is neither written to nor believed: its record could name any file.
        os.chown(point / copies.STORE, 65534, 65534)
        assert saved not in copies.saved()
        assert "belongs to another account" in copies.before([str(file)], WRITE, SECONDS).failed
        os.chown(point / copies.STORE, 0, 0)
        # Whoever owns a directory on the way cannot lead us elsewhere.
        (point / "elsewhere").mkdir()
        os.rename(file.parent, point / "moved")
        file.parent.symlink_to(point / "elsewhere")
        with pytest.raises(NotADirectoryError):
            copies.put_back(saved)
        assert os.listdir(point / "elsewhere") == []

    with_mounts(work)


def test_where_a_server_runs_only_configuration_is_put_back(device: str, lab: Lab) -> None:
    def work() -> None:
        point = mount("xfs", device, Path(lab.directory, "mnt"), "-q", "-m", "reflink=1")
        with lab:
            server = lab.add("main")
            server.directory = str(point / "main")
            os.makedirs(server.directory, 0o700)
            lab.give(server.directory)
            lab.initialise(server.directory)
            server.configure({"listen_addresses": "", "unix_socket_directories": lab.sockets, "port": str(server.port)})
            server.start()
            hba, version = server.path("pg_hba.conf"), server.path("PG_VERSION")
            before = Path(hba).read_text()
            configuration, data = kept(Path(hba)), kept(Path(version))
            Path(hba).write_text("")
            copies.put_back(configuration)
            assert Path(hba).read_text() == before
            with pytest.raises(NotDoneError, match="a server runs in"):
                copies.put_back(data)
            server.kill()

    with_mounts(work)


def test_without_reflinks_nothing_is_said_and_nothing_is_made(device: str, tmp_path: Path) -> None:
    def work() -> None:
        point = mount("ext4", device, tmp_path / "mnt", "-q")
        file = cluster(point)
        assert copies.before([str(file)], WRITE, SECONDS) == Kept()
        assert sorted(os.listdir(point)) == ["lost+found", "main"]

    with_mounts(work)


def test_a_full_file_system_is_said(device: str, tmp_path: Path) -> None:
    def work() -> None:
        point = mount("xfs", device, tmp_path / "mnt", "-q", "-m", "reflink=1")
        file = cluster(point)
        full = f"dd if=/dev/zero of={point}/ballast bs=1M; cat /dev/zero > {point}/more"
        subprocess.run(full, shell=True, check=False, stderr=subprocess.DEVNULL)
        for number in range(10_000):
            try:
                (point / f"fill{number}").write_bytes(b"x" * 4096)
            except OSError:
                break
        made = copies.before([str(file)], WRITE, SECONDS)
        assert made.saved or ("no copy of" in made.failed and "o space" in made.failed), made

    with_mounts(work)
