"""Package managers, make, logrotate, rsync: with guardsh installed they do, and say, what they did without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.install.machine import Machine

PACKAGE = r"""
mkdir -p package/DEBIAN package/usr/lib/tiny
echo x > package/usr/lib/tiny/file
cat > package/DEBIAN/control <<END
Package: tiny-server
Version: $1
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: a server with maintainer scripts
END
cat > package/DEBIAN/postinst <<'END'
#!/bin/sh
set -e
mkdir -p /var/lib/tiny/cache/deep
touch /var/lib/tiny/cache/deep/file
rm -rf /var/lib/tiny/cache
rm -f /var/lib/tiny/absent /etc/tiny.old
rm -v /usr/lib/tiny/nothing || true
END
cat > package/DEBIAN/postrm <<'END'
#!/bin/sh
set -e
rm -rf /var/lib/tiny
[ "$1" != purge ] || rm -rf /etc/tiny
END
chmod 755 package/DEBIAN/post*
dpkg-deb --build --root-owner-group package tiny.deb >/dev/null
"""


def same(machine: Machine, script: str) -> str:
    """What the script says, with guardsh and without."""
    bare, guarded = machine.bare(script), machine.runs(script)
    assert (guarded.returncode, guarded.stdout) == (bare.returncode, bare.stdout)
    assert bare.returncode == 0, bare.stdout
    return guarded.stdout


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg")
def test_a_package_with_maintainer_scripts_comes_and_goes(machine: Machine) -> None:
    script = f"""
    cd /opt
    build() {{ {PACKAGE} }}
    build 1 && dpkg -i tiny.deb && build 2 && dpkg -i tiny.deb
    dpkg -r tiny-server && dpkg -P tiny-server; ls -A /var/lib/tiny 2>&1
    true
    """
    assert "rm: cannot remove '/usr/lib/tiny/nothing'" in same(machine, script)


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_with_hundreds_of_rm(machine: Machine) -> None:
    script = r"""
    mkdir /opt/build && cd /opt/build
    printf 'OBJECTS := $(shell seq 300)\nall: $(OBJECTS)\n%%: ; touch $@.o; rm -f $@.o $@.d; rm -rf tmp.$@\n' > Makefile
    printf 'clean: ; rm -rf *.o\n' >> Makefile
    make -j2 -s all && ls && make clean
    """
    same(machine, script)


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="no logrotate")
def test_logrotate_of_a_servers_log(machine: Machine) -> None:
    script = r"""
    mkdir -p /var/log/tinypg && for n in 1 2 3; do echo $n > /var/log/tinypg/postgresql-15-main.log.$n; done
    echo now > /var/log/tinypg/postgresql-15-main.log
    cat > /opt/rotate.conf <<'END'
/var/log/tinypg/*.log {
    rotate 2
    create 640 root root
    prerotate
        rm -f /var/log/tinypg/old.log
    endscript
    postrotate
        rm -f /var/log/tinypg/*.log.3
    endscript
}
END
    chmod 644 /opt/rotate.conf
    logrotate -f -s /opt/state /opt/rotate.conf && ls /var/log/tinypg
    """
    assert "postgresql-15-main.log.1" in same(machine, script)


@pytest.mark.skipif(shutil.which("rsync") is None, reason="no rsync")
@pytest.mark.parametrize("shell", ["sh -c", "bash -c", "bash -lc", "zsh -lc"])
def test_rsync_over_a_remote_shell(machine: Machine, shell: str) -> None:
    script = f"""
    cd /opt && mkdir from to && echo 1 > from/file && echo 2 > to/old
    printf '#!/bin/sh\\nshift\\nexec {shell} "$*"\\n' > ssh && chmod +x ssh
    rsync -a --delete -e ./ssh from/ host:/opt/to/ && ls to
    ./ssh host 'rm -rf /opt/from && echo gone'
    """
    if shutil.which(shell.split(maxsplit=1)[0]) is None:
        pytest.skip(f"no {shell}")
    assert same(machine, script) == "file\ngone\n"


def test_deliberate_deletion_in_a_script_names_host_and_role(machine: Machine) -> None:
    script = """
    mkdir -p /opt/old/base/1 /opt/old/global && echo 15 > /opt/old/PG_VERSION && echo x > /opt/old/base/1/1
    rm -rf /opt/old; echo $?
    guardsh run --confirm "$(hostname -s) replica" -- rm -rf /opt/old 2>/dev/null; echo $?
    guardsh run --confirm "$(hostname -s) incomplete" -- rm -rf /opt/old; echo $?
    ls -d /opt/old 2>/dev/null
    """
    said = machine.runs(script).stdout.splitlines()
    assert [line for line in said if line.isdigit()] == ["77", "77", "0"]
    assert "/opt/old" not in said


def test_with_the_interpreter_renamed_unrelated_commands_run(machine: Machine, tmp_path: Path) -> None:
    script = """
    mkdir -p /opt/build/deep /opt/old/global && echo 15 > /opt/old/PG_VERSION && touch /opt/note
    sed -i '2s|=.*|=/opt/gone/guardsh|' /usr/local/bin/rm
    rm /opt/note && rm -rf /opt/build; echo $?
    rm -rf /opt/old; echo $?
    GUARDSH_BREAK_GLASS=INC-1 rm -rf /opt/old; echo $?
    ls /opt
    """
    said = machine.runs(script).stdout
    assert "no sign of an instance in what is named, running\n0\n" in said
    assert "GUARDSH_BREAK_GLASS='REASON' before the command\n125\n" in said
    assert "old" not in said.splitlines()[-1]


@pytest.mark.skipif(shutil.which("dpkg-divert") is None, reason="no dpkg")
def test_a_diverted_program_of_a_package_is_upgraded_behind_its_shim(machine: Machine) -> None:
    script = r"""
    cd /opt
    build() {
        mkdir -p package/DEBIAN package/opt/wal-g
        printf 'Package: tiny-wal-g\nVersion: %s\nArchitecture: all\n' "$1" > package/DEBIAN/control
        printf 'Maintainer: nobody <n@localhost>\nDescription: x\n' >> package/DEBIAN/control
        printf '#!/bin/sh\necho version %s as $0\n' "$1" > package/opt/wal-g/wal-g; chmod 755 package/opt/wal-g/wal-g
        dpkg-deb --build --root-owner-group package tiny.deb >/dev/null
        dpkg -i tiny.deb >/dev/null
    }
    build 1
    guardsh install --divert /opt/wal-g/wal-g | grep wal-g/
    mkdir -p old/base/1 && echo 15 > old/PG_VERSION && echo x > old/base/1/1
    /opt/wal-g/wal-g backup-list; env -i /opt/wal-g/wal-g backup-fetch old LATEST; echo $?
    build 2
    /opt/wal-g/wal-g backup-list
    guardsh install >/dev/null; guardsh uninstall | grep wal-g/
    /opt/wal-g/wal-g backup-list; ls /opt/wal-g; dpkg-divert --list '/opt/*'; dpkg -V tiny-wal-g; dpkg -r tiny-wal-g
    ls -d /opt/wal-g
    """
    said = machine.runs(script).stdout.splitlines()
    assert said[0] == "divert /opt/wal-g/wal-g"
    assert said[1] == "version 1 as /opt/wal-g/wal-g.guardsh-diverted"
    assert "77" in said[2:4]
    rest = said[said.index("77") + 1 :]
    assert rest[0] == "version 2 as /opt/wal-g/wal-g.guardsh-diverted"
    assert rest[1:4] == ["put back /opt/wal-g/wal-g", "version 2 as /opt/wal-g/wal-g", "wal-g"]
    assert not any("diversion" in line for line in rest)
    assert rest[-1].startswith("ls: ")
