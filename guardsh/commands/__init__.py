"""The guarded commands: a name, and the module that reads its words. Light: the fast path looks names up here."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from guardsh.model.intent import Intent, Invocation

# By name, so that a look-up imports nothing. Each module has ``understand(invocation) -> tuple[Intent, ...]``.
COMMANDS = {
    "&>": "guardsh.commands.redirection",
    "&>>": "guardsh.commands.redirection",
    "<>": "guardsh.commands.redirection",
    ">": "guardsh.commands.redirection",
    ">>": "guardsh.commands.redirection",
    ">|": "guardsh.commands.redirection",
    "7z": "guardsh.commands.unpack",
    "7za": "guardsh.commands.unpack",
    "7zr": "guardsh.commands.unpack",
    "barman": "guardsh.commands.barman",
    "barman-cloud-backup-delete": "guardsh.commands.barman",
    "barman-cloud-restore": "guardsh.commands.barman",
    "bsdtar": "guardsh.commands.tar",
    "chcon": "guardsh.commands.chmod",
    "chgrp": "guardsh.commands.chmod",
    "chmod": "guardsh.commands.chmod",
    "chown": "guardsh.commands.chmod",
    "cp": "guardsh.commands.cp",
    "cpio": "guardsh.commands.unpack",
    "dd": "guardsh.commands.dd",
    "dropdb": "guardsh.commands.dropdb",
    "dropuser": "guardsh.commands.dropuser",
    "file-rename": "guardsh.commands.rename",
    "find": "guardsh.commands.find",
    "git": "guardsh.commands.git",
    "initdb": "guardsh.commands.initdb",
    "install": "guardsh.commands.cp",
    "invoke-rc.d": "guardsh.commands.service",
    "ln": "guardsh.commands.mv",
    "mv": "guardsh.commands.mv",
    "patroni": "guardsh.commands.service",
    "patronictl": "guardsh.commands.patronictl",
    "perl": "guardsh.commands.sed",
    "pg_archivecleanup": "guardsh.commands.pg_archivecleanup",
    "pg_autoctl": "guardsh.commands.pg_autoctl",
    "pg_backupcluster": "guardsh.commands.debian",
    "pg_basebackup": "guardsh.commands.pg_basebackup",
    "pg_checksums": "guardsh.commands.pg_checksums",
    "pg_combinebackup": "guardsh.commands.pg_combinebackup",
    "pg_createcluster": "guardsh.commands.debian",
    "pg_createsubscriber": "guardsh.commands.pg_createsubscriber",
    "pg_ctl": "guardsh.commands.pg_ctl",
    "pg_ctlcluster": "guardsh.commands.debian",
    "pg_dropcluster": "guardsh.commands.debian",
    "pg_renamecluster": "guardsh.commands.debian",
    "pg_resetwal": "guardsh.commands.pg_resetwal",
    "pg_restore": "guardsh.commands.pg_restore",
    "pg_restorecluster": "guardsh.commands.debian",
    "pg_rewind": "guardsh.commands.pg_rewind",
    "pg_upgrade": "guardsh.commands.pg_upgrade",
    "pg_upgradecluster": "guardsh.commands.debian",
    "pgbackrest": "guardsh.commands.pgbackrest",
    "pgbench": "guardsh.commands.pgbench",
    "pgcli": "guardsh.commands.pgcli",
    "postgres": "guardsh.commands.postgres",
    "postgresql": "guardsh.commands.service",
    "postmaster": "guardsh.commands.postgres",
    "prename": "guardsh.commands.rename",
    "psql": "guardsh.commands.psql",
    "rename": "guardsh.commands.rename",
    "rename.ul": "guardsh.commands.rename",
    "repmgr": "guardsh.commands.repmgr",
    "restorecon": "guardsh.commands.chmod",
    "rm": "guardsh.commands.rm",
    "rmdir": "guardsh.commands.rmdir",
    "rsync": "guardsh.commands.rsync",
    "sed": "guardsh.commands.sed",
    "service": "guardsh.commands.service",
    "setfacl": "guardsh.commands.chmod",
    "shred": "guardsh.commands.truncate",
    "sponge": "guardsh.commands.tee",
    "systemctl": "guardsh.commands.systemctl",
    "tar": "guardsh.commands.tar",
    "tee": "guardsh.commands.tee",
    "touch": "guardsh.commands.truncate",
    "truncate": "guardsh.commands.truncate",
    "unlink": "guardsh.commands.rmdir",
    "unzip": "guardsh.commands.unpack",
    "wal-g": "guardsh.commands.wal_g",
    # disks, arrays, volumes, pools and mounts; power; signals
    "btrfs": "guardsh.commands.btrfs",
    "cryptsetup": "guardsh.commands.cryptsetup",
    **dict.fromkeys(("dmsetup", "losetup"), "guardsh.commands.dmsetup"),
    "hdparm": "guardsh.commands.hdparm",
    **dict.fromkeys(("kill", "killall5", "skill"), "guardsh.commands.kill"),
    **dict.fromkeys(
        (
            *("lvchange", "lvconvert", "lvm", "lvreduce", "lvremove", "lvresize", "pvcreate", "pvremove"),
            *("vgcfgrestore", "vgchange", "vgreduce", "vgremove"),
        ),
        "guardsh.commands.lvm",
    ),
    "mdadm": "guardsh.commands.mdadm",
    **dict.fromkeys(
        (
            *("blkdiscard", "mke2fs", "mkfs", "mkfs.bfs", "mkfs.btrfs", "mkfs.cramfs", "mkfs.exfat", "mkfs.ext2"),
            *("mkfs.ext3", "mkfs.ext4", "mkfs.f2fs", "mkfs.fat", "mkfs.gfs2", "mkfs.jfs", "mkfs.minix", "mkfs.msdos"),
            *("mkfs.nilfs2", "mkfs.ntfs", "mkfs.ocfs2", "mkfs.reiserfs", "mkfs.udf", "mkfs.vfat", "mkfs.xfs"),
            *("mkswap", "wipefs"),
        ),
        "guardsh.commands.mkfs",
    ),
    "nvme": "guardsh.commands.nvme",
    **dict.fromkeys(
        ("cfdisk", "cgdisk", "fdisk", "gdisk", "parted", "sfdisk", "sgdisk"), "guardsh.commands.partitions"
    ),
    **dict.fromkeys(("fuser", "killall", "pkill"), "guardsh.commands.pkill"),
    **dict.fromkeys(("halt", "init", "kexec", "poweroff", "reboot", "shutdown", "telinit"), "guardsh.commands.power"),
    **dict.fromkeys(("fsfreeze", "mount", "umount"), "guardsh.commands.umount"),
    **dict.fromkeys(("zfs", "zpool"), "guardsh.commands.zfs"),
}

# guardsh's own: it puts the words together, and nobody else's are read.
OWN = {"guardsh": "guardsh.commands.guardsh"}

# Of these, the names that are asked about wherever they start: by shims and by functions. The others are asked about
# where a line is typed, and through `guardsh run`: programs start cp or tar thousands of times.
SHIMMED = frozenset(
    {
        "barman",
        "barman-cloud-backup-delete",
        "barman-cloud-restore",
        "dropdb",
        "initdb",
        "patronictl",
        "pg_archivecleanup",
        "pg_autoctl",
        "pg_backupcluster",
        "pg_basebackup",
        "pg_checksums",
        "pg_combinebackup",
        "pg_createcluster",
        "pg_createsubscriber",
        "pg_ctl",
        "pg_ctlcluster",
        "pg_dropcluster",
        "pg_renamecluster",
        "pg_resetwal",
        "pg_restorecluster",
        "pg_rewind",
        "pg_upgrade",
        "pg_upgradecluster",
        "pgbackrest",
        "postgres",
        "postmaster",
        "repmgr",
        "rm",
        "wal-g",
        # disks, arrays, volumes, pools and mounts; power
        *("blkdiscard", "btrfs", "cfdisk", "cgdisk", "cryptsetup", "dmsetup", "fdisk", "fsfreeze", "gdisk", "halt"),
        *("hdparm", "init", "kexec", "losetup", "lvchange", "lvconvert", "lvm", "lvreduce", "lvremove", "lvresize"),
        *("mdadm", "mke2fs", "mkfs", "mkfs.bfs", "mkfs.btrfs", "mkfs.cramfs", "mkfs.exfat", "mkfs.ext2"),
        *("mkfs.ext3", "mkfs.ext4", "mkfs.f2fs", "mkfs.fat", "mkfs.gfs2", "mkfs.jfs", "mkfs.minix", "mkfs.msdos"),
        *("mkfs.nilfs2", "mkfs.ntfs", "mkfs.ocfs2", "mkfs.reiserfs", "mkfs.udf", "mkfs.vfat", "mkfs.xfs", "mkswap"),
        *("nvme", "parted", "poweroff", "pvcreate", "pvremove", "reboot", "sfdisk", "sgdisk", "shutdown", "telinit"),
        *("umount", "vgcfgrestore", "vgchange", "vgreduce", "vgremove", "wipefs", "zfs", "zpool"),
    }
)

# Of these, the names that are accounts, too: as the value of an option they begin no command (gosu postgres rm …).
ACCOUNTS = frozenset({"patroni", "postgres", "postgresql"})

# Programs and builtins that run a command in their words (guardsh.commands.prefixes knows the options of each), or a
# command line (guardsh.commands.runners).
PREFIXES = frozenset(
    {
        *("chrt", "command", "doas", "env", "envdir", "exec", "flock", "ionice", "nice", "nohup"),
        *("runuser", "setsid", "stdbuf", "sudo", "taskset", "time", "timeout"),
        *(
            "builtin",
            "busybox",
            "catchsegv",
            "chpst",
            "chroot",
            "dbus-run-session",
            "eatmydata",
            "faketime",
            "fakeroot",
        ),
        *(
            "firejail",
            "gdb",
            "gosu",
            "ltrace",
            "nocorrect",
            "noglob",
            "nsenter",
            "numactl",
            "perf",
            "pkexec",
            "prlimit",
        ),
        *("rlwrap", "setarch", "setpriv", "softlimit", "ssh-agent", "strace", "su-exec", "systemd-inhibit"),
        *("systemd-run", "toybox", "torsocks", "unbuffer", "unshare"),
        *(
            "ash",
            "bash",
            "dash",
            "eval",
            "find",
            "fish",
            "ksh",
            "mksh",
            "parallel",
            "rbash",
            "script",
            "sh",
            "ssh",
            "su",
        ),
        *("trap", "watch", "xargs", "zsh", "-", "repeat", "screen", "tmux"),
    }
)

# Words of a shell behind which a command may begin.
KEYWORDS = frozenset("and begin coproc do elif else if not or repeat then time until while".split())  # noqa: SIM905

# What a shell itself does to files, under the operator's name.
REDIRECTIONS = frozenset({">", ">|", ">>", "<>", "&>", "&>>"})


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """What the command would do; empty where it is not guarded, or certainly does nothing to an instance."""
    module = COMMANDS.get(invocation.name) or OWN.get(invocation.name)
    if module is None:
        return ()
    from importlib import import_module

    intents: tuple[Intent, ...] = import_module(module).understand(invocation)
    if invocation.below:
        from guardsh.commands.below import reaching

        return reaching(intents, invocation.below)
    return intents
