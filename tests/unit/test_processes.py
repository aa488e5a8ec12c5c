"""Postmasters and open files in /proc: odd cases as a tree of our own, and real processes where the kernel matters."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from guardsh.model.instance import Server
from guardsh.model.place import Identity, Place
from guardsh.system import proc
from guardsh.system.processes import open_files_below, servers

BOOTED = 1_700_000_000


class Proc:
    """A /proc with what we read of it, as the kernel writes it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        (root / "stat").write_text(f"cpu  1 2 3\nbtime {BOOTED}\nprocesses 99\n")
        (root / "sys").mkdir()

    def add(
        self,
        pid: int,
        *words: str,
        name: str = "postgres",
        parent: int = 1,
        state: str = "S",
        exe: str | None = "/usr/lib/postgresql/15/bin/postgres",
        cwd: Path | None = None,
        wchan: str = "do_epoll_wait",
    ) -> None:
        here = self.root / str(pid)
        here.mkdir()
        zeros = " ".join(["0"] * 15)
        (here / "stat").write_text(f"{pid} ({name}) {state} {parent} {pid} {pid} {zeros} 250 1000 2000\n")
        (here / "status").write_text(f"Name:\t{name}\nUid:\t1\t117\t1\t1\n")
        (here / "cmdline").write_bytes(b"".join(os.fsencode(word) + b"\0" for word in words))
        (here / "wchan").write_text(wchan)
        if exe is not None:
            (here / "exe").symlink_to(exe)
        if cwd is not None:
            (here / "cwd").symlink_to(cwd)

    def servers(self) -> tuple[Server, ...]:
        return servers(str(self.root))

    def server(self) -> Server:
        (only,) = self.servers()
        return only


@pytest.fixture
def tree(tmp_path: Path) -> Proc:
    return Proc(tmp_path / "proc")


def test_a_postmaster_and_its_children(tree: Proc, tmp_path: Path) -> None:
    (tmp_path / "main").mkdir()
    (tmp_path / "main/postmaster.pid").write_text(f"700\n/x\n{BOOTED}\n5433\n/run/postgresql\n\n1 2\nready   \n")
    tree.add(700, "/bin/postgres", "-D", "/x", "-c", "config_file=/etc/x.conf", cwd=tmp_path / "main")
    tree.add(701, "postgres: 15/main: checkpointer ", "", "", parent=700)
    tree.add(702, "postgres: 15/main: walwriter", parent=700)
    tree.add(703, "postgres: 15/main: alice a: b [local] idle", parent=700)
    status = (tmp_path / "main").stat()

    assert tree.server() == Server(
        pid=700,
        owner=117,
        started=BOOTED + 250 / os.sysconf("SC_CLK_TCK"),
        directory=Place(str(tmp_path / "main"), Identity(status.st_dev, status.st_ino)),
        executable="/usr/lib/postgresql/15/bin/postgres",
        directory_argument="/x",
        configuration_file="/etc/x.conf",
        socket_directory="/run/postgresql",
        port=5433,
        titles=("checkpointer", "walwriter", "alice a: b [local] idle"),
        suspended=False,
    )


def test_titles_without_a_cluster_name(tree: Proc) -> None:
    tree.add(700, "postgres")
    tree.add(701, "postgres: startup recovering 000000010000000000000003", parent=700)

    assert tree.server().titles == ("startup recovering 000000010000000000000003",)


@pytest.mark.parametrize(
    "words",
    [
        ("postgres", "-D", "/data", "-p", "5555", "-k", "/run/a,/run/b", "-c", "config_file=/c"),
        ("postgres", "-D/data", "-p5555", "-k/run/a", "-cconfig_file=/c"),
        ("postgres", "-iD", "/data", "--port=5555", "--unix-socket-directories=/run/a", "--config-file=/c"),
        ("postgres", "--data_directory=/data", "-Fp", "5555", "-k", "/run/a", "-c", "Config-File=/c"),
    ],
)
def test_every_spelling_of_its_options(tree: Proc, words: tuple[str, ...]) -> None:
    tree.add(700, *words)

    server = tree.server()

    assert server.directory_argument == "/data"
    assert (server.socket_directory, server.port, server.configuration_file) == ("/run/a", 5555, "/c")


def test_what_is_no_live_postmaster(tree: Proc) -> None:
    tree.add(700, "postgres", state="Z")
    tree.add(701, "postgres: walwriter ")  # its postmaster died
    tree.add(702, "/bin/sh", "/usr/local/bin/postgres", exe="/usr/bin/dash")
    tree.add(703, "postgres", "-D", "/data", "-C", "data_directory")
    tree.add(704, "postgres", "--version")
    tree.add(705, "postgres_exporter", name="postgres_export", exe="/opt/postgres_exporter")
    tree.add(706, "x", name="a) R 1 (postgres", exe="/bin/x")
    (tree.root / "707").mkdir()  # vanished between two reads
    (tree.root / "708").mkdir()
    (tree.root / "708/stat").write_text("708 (postgres)")

    assert tree.servers() == ()


def test_a_real_postmaster_below_a_script_of_that_name(tree: Proc) -> None:
    tree.add(700, "/bin/sh", "/usr/local/bin/postgres", exe="/usr/bin/dash")
    tree.add(701, "postgres", "-D", "/data", parent=700)

    assert tree.server().pid == 701


def test_one_that_this_account_may_not_look_into(tree: Proc) -> None:
    tree.add(700, "/bin/postgres", "-D", "/data", exe=None)

    server = tree.server()

    assert (server.directory, server.executable, server.directory_argument) == (None, None, "/data")


def test_an_upgraded_package_and_other_names(tree: Proc) -> None:
    tree.add(700, "postgres", exe="/usr/lib/postgresql/15/bin/postgres (deleted)")
    tree.add(701, "postmaster", name="postmaster")
    tree.add(702, "edb-postgres", name="edb-postgres", exe="/usr/edb/as15/bin/edb-postgres")
    tree.add(703, "postgres", "--single", "-D", "/data")

    assert [server.pid for server in tree.servers()] == [700, 701, 702, 703]
    assert tree.servers()[0].executable == "/usr/lib/postgresql/15/bin/postgres"


@pytest.mark.parametrize(
    ("state", "wchan", "suspended"),
    [("T", "do_signal_stop", True), ("t", "0", True), ("D", "__refrigerator", True), ("S", "do_freezer_trap", True),
     ("S", "do_epoll_wait", False), ("R", "0", False), ("D", "io_schedule", False)],
)  # fmt: skip
def test_suspended(tree: Proc, state: str, wchan: str, suspended: bool) -> None:
    tree.add(700, "postgres", state=state, wchan=wchan)

    assert tree.server().suspended is suspended


@pytest.mark.parametrize("lock", ["", "garbage", "1\n", "4711\n/x\n1\n5433\n/run/postgresql\n", "-\n-\n-\n-\n-\n"])
def test_the_lock_file_of_another_or_of_nobody_says_nothing(tree: Proc, tmp_path: Path, lock: str) -> None:
    (tmp_path / "postmaster.pid").write_text(lock)
    tree.add(700, "postgres", "-k", "/run/own", cwd=tmp_path)

    assert (tree.server().socket_directory, tree.server().port) == ("/run/own", None)


def test_in_a_container_the_start_time_tells_that_the_lock_file_is_its_own(tree: Proc, tmp_path: Path) -> None:
    (tmp_path / "postmaster.pid").write_text(f"1\n/x\n{BOOTED + 3}\n5433\n/run/postgresql\n")
    tree.add(700, "postgres", cwd=tmp_path)

    assert tree.server().port == 5433


def test_one_that_has_not_gone_into_its_directory_yet(tree: Proc, tmp_path: Path) -> None:
    for name in ("data", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "data/PG_VERSION").touch()
    tree.add(700, "postgres", "-D", str(tmp_path / "data"), cwd=tmp_path / "home")

    assert tree.server().directory == Place(f"{tmp_path}/data", proc.identity(f"{tmp_path}/data"))


def test_one_whose_directory_was_emptied_is_still_in_it(tree: Proc, tmp_path: Path) -> None:
    for name in ("data", "etc"):
        (tmp_path / name).mkdir()
    tree.add(700, "postgres", "-D", str(tmp_path / "etc"), cwd=tmp_path / "data")
    tree.add(701, "postgres", "-D", str(tmp_path / "data"), cwd=tmp_path / "data")

    here = Place(f"{tmp_path}/data", proc.identity(f"{tmp_path}/data"))
    assert [server.directory for server in tree.servers()] == [here, here]


def test_a_real_one_that_is_stopped_moved_and_removed(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    with _posing_as_postgres(tmp_path, directory) as process:
        first = _server(process.pid)
        assert first.directory == Place(str(directory), proc.identity(str(directory)))
        assert first.owner == os.geteuid()
        assert abs(first.started - time.time()) < 30
        assert not first.suspended

        os.kill(process.pid, signal.SIGSTOP)
        _until(lambda: _server(process.pid).suspended)
        directory.rename(tmp_path / "moved")
        moved = _server(process.pid)
        assert moved.directory == Place(str(tmp_path / "moved"), first.directory.identity)
        assert not moved.directory_deleted

        (tmp_path / "moved").rmdir()
        (tmp_path / "moved").mkdir()  # a new directory of the same name is not the one it works in
        removed = _server(process.pid)
        assert removed.directory == Place(str(tmp_path / "moved"), first.directory.identity)
        assert removed.directory_deleted


def test_a_directory_whose_name_only_says_that_it_was_deleted(tmp_path: Path) -> None:
    directory = tmp_path / "data (deleted)"
    directory.mkdir()
    with _posing_as_postgres(tmp_path, directory) as process:
        server = _server(process.pid)

    assert server.directory == Place(str(directory), proc.identity(str(directory)))
    assert not server.directory_deleted


def test_in_another_mount_namespace_the_path_leads_through_its_root(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    private = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$1" && cd "$1" && shift && exec "$@"', "sh"]
    if subprocess.run([*private, directory, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not make a mount namespace here")
    with _posing_as_postgres(tmp_path, tmp_path, [*private, str(directory)]) as process:
        _until(lambda: any(server.pid == process.pid for server in servers()))
        server = _server(process.pid)
        assert server.directory is not None
        assert server.directory.path == f"/proc/{process.pid}/root{directory}"
        assert server.directory.identity == proc.identity(server.directory.path) != proc.identity(str(directory))


def test_who_has_files_open_below(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    (directory / "base").mkdir(parents=True)
    place = Place(str(directory), None)
    with (
        (directory / "base/1").open("w") as open_file,
        _running("sleep", "60", stdout=open_file, process_group=0) as writer,
        _running("sleep", "60", cwd=directory / "base", process_group=0) as worker,
        _running("sleep", "60", cwd=directory, start_new_session=True),  # as a shell that stands in it
        _running("sleep", "60", stdout=open_file),  # of our own process group
        _running("sleep", "60", cwd=tmp_path, process_group=0),
    ):
        assert sorted(open_files_below(place)) == sorted([writer.pid, worker.pid])
        assert open_files_below(Place(str(tmp_path / "dat"), None)) == ()


def test_an_orphan_of_a_dead_postmaster_works_in_its_directory(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with _posing_as_postgres(tmp_path, tmp_path / "data") as process:
        assert open_files_below(Place(str(tmp_path / "data"), None)) == (process.pid,)


def _server(pid: int) -> Server:
    return next(server for server in servers() if server.pid == pid)


@contextmanager
def _posing_as_postgres(tmp_path: Path, cwd: Path, through: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """A process of that name that does nothing: real servers are in tests/postgres."""
    shutil.copy("/bin/sleep", tmp_path / "postgres")
    command = [*through, str(tmp_path / "postgres"), "60"]
    with _running(*command, cwd=cwd, start_new_session=True) as process:
        yield process


@contextmanager
def _running(*command: str, **options: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **options)  # type: ignore[call-overload] # options are Popen's own
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
