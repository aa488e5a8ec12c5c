"""The options of programs that run the command in their words, as their manuals list them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guardsh.commands.grammar import Grammar, declare


@dataclass(frozen=True, slots=True)
class Prefix:
    """``operands`` come before the command (timeout's duration). With one of the options ``instead`` no command is
    run from the words; without ``only_with`` neither. ``account`` is the option that names another account,
    whose environment is not known here. ``fresh``: neither is the environment of what it starts, in ``/``."""

    options: Grammar
    operands: int = 0
    instead: tuple[str, ...] = ()
    only_with: str | None = None
    assignments: bool = False
    account: str = ""
    fresh: bool = False


TABLE: Mapping[str, Prefix] = {
    "-": Prefix({}),  # of zsh
    "builtin": Prefix({}),
    "busybox": Prefix(
        declare("--help", "--list", "--list-full", "--install", "-s"), instead=("--list", "--list-full", "--install")
    ),
    "chroot": Prefix(
        declare("--groups=G_LIST", "--userspec=USER:GROUP", "--skip-chdir", "--help", "--version"), operands=1
    ),
    "chrt": Prefix(
        declare(
            *("-b, --batch", "-d, --deadline", "-f, --fifo", "-i, --idle", "-o, --other", "-r, --rr", "-v, --verbose"),
            *("-R, --reset-on-fork", "-T, --sched-runtime=NS", "-P, --sched-period=NS", "-D, --sched-deadline=NS"),
            *("-e, --ext", "-a, --all-tasks", "-m, --max", "-p, --pid", "-h, --help", "-V, --version"),
        ),
        operands=1,
        instead=("--max", "--pid"),
    ),
    "command": Prefix(declare("-p", "-v", "-V"), instead=("-v", "-V")),
    "doas": Prefix(declare("-a STYLE", "-C FILE", "-L", "-n", "-s", "-u USER"), instead=("-C", "-L"), account="-u"),
    "env": Prefix(
        declare(
            *("-i, --ignore-environment", "-0, --null", "-u, --unset=NAME", "-C, --chdir=DIR"),
            *("-S, --split-string=S", "--block-signal[=SIG]", "--default-signal[=SIG]", "--ignore-signal[=SIG]"),
            *("--list-signal-handling", "-a, --argv0=NAME", "-v, --debug", "--help", "--version"),
        ),
        assignments=True,
    ),
    "envdir": Prefix({}, operands=1),
    "exec": Prefix(declare("-a NAME", "-c", "-l")),
    "flock": Prefix(
        declare(
            *("-s, --shared", "-x, -e, --exclusive", "-u, --unlock", "-n, --nb, --nonblock", "-w, --wait, --timeout=S"),
            *("-E, --conflict-exit-code=N", "-o, --close", "-c, --command=COMMAND", "-F, --no-fork", "--fcntl"),
            *("--verbose", "-h, --help", "-V, --version"),
        ),
        operands=1,
        instead=("--command",),
    ),
    "ionice": Prefix(
        declare(
            *("-c, --class=CLASS", "-n, --classdata=NUM", "-p, --pid=PID", "-P, --pgid=PGRP", "-t, --ignore"),
            *("-u, --uid=UID", "-h, --help", "-V, --version"),
        ),
        instead=("--pid", "--pgid", "--uid"),
    ),
    "nice": Prefix(declare("-n, --adjustment=N", "--help", "--version", *(f"-{digit}" for digit in range(10)))),
    "nocorrect": Prefix({}),
    "noglob": Prefix({}),
    "nohup": Prefix(declare("--help", "--version")),
    "nsenter": Prefix(
        declare(
            *("-a, --all", "-t, --target=PID", "-m, --mount[=FILE]", "-u, --uts[=FILE]", "-i, --ipc[=FILE]"),
            *("-n, --net[=FILE]", "-p, --pid[=FILE]", "-C, --cgroup[=FILE]", "-U, --user[=FILE]", "-T, --time[=FILE]"),
            *(
                "-S, --setuid=UID",
                "-G, --setgid=GID",
                "--preserve-credentials",
                "-r, --root[=DIR]",
                "-w, --wd[=DIR]",
            ),
            *("-W, --wdns=DIR", "-F, --no-fork", "-Z, --follow-context", "-e, --env", "-c, --join-cgroup"),
            *("-h, --help", "-V, --version"),
        )
    ),
    "repeat": Prefix({}, operands=1),  # of zsh
    "runuser": Prefix(
        declare(
            *("-u, --user=USER", "-m, -p, --preserve-environment", "-w, --whitelist-environment=LIST"),
            *("-g, --group=GROUP", "-G, --supp-group=GROUP", "-l, --login", "-c, --command=COMMAND"),
            *("--session-command=COMMAND", "-f, --fast", "-s, --shell=SHELL", "-P, --pty", "-T, --no-pty"),
            *("-h, --help", "-V, --version"),
        ),
        only_with="--user",
        account="--user",
    ),
    "setsid": Prefix(declare("-c, --ctty", "-f, --fork", "-w, --wait", "-h, --help", "-V, --version")),
    "stdbuf": Prefix(declare("-i, --input=MODE", "-o, --output=MODE", "-e, --error=MODE", "--help", "--version")),
    "strace": Prefix(
        declare(
            *("-E, --env=VAR", "-p, --attach=PID", "-u, --user=NAME", "-b, --detach-on=CALL", "-D, --daemonize[=HOW]"),
            *("-f, --follow-forks", "--output-separately", "-I, --interruptible=HOW", "-e EXPR", "--trace=SET"),
            *("--signal=SET", "--status=SET", "-P, --trace-path=PATH", "-z, --successful-only", "-Z, --failed-only"),
            *("-a, --columns=COLUMN", "--abbrev=SET", "--verbose=SET", "--raw=SET", "--read=SET", "--write=SET"),
            *("--kvm=vcpu", "-i, --instruction-pointer", "-k, --stack-traces[=HOW]", "-n, --syscall-number"),
            *("-o, --output=FILE", "-A, --output-append-mode", "-q, --quiet[=SET]", "-r, --relative-timestamps[=HOW]"),
            *("-s, --string-limit=SIZE", "-t, --absolute-timestamps[=HOW]", "-T, --syscall-times[=HOW]"),
            *("-v, --no-abbrev", "-x, --strings-in-hex[=HOW]", "-X, --const-print-style=FORMAT", "--decode-pids=SET"),
            *("-y, --decode-fds[=SET]", "-Y", "-c, --summary-only", "-C, --summary", "-w, --summary-wall-clock"),
            *("-O, --summary-syscall-overhead=TIME", "-S, --summary-sort-by=HOW", "-U, --summary-columns=SET"),
            *("--inject=SET", "--fault=SET", "--tips[=HOW]", "-d, --debug", "-F", "-h, --help", "-V, --version"),
            *("--seccomp-bpf", "--argv0=NAME", "--secontext[=FORMAT]"),
        )
    ),
    "sudo": Prefix(
        declare(
            *("-A, --askpass", "-b, --background", "-B, --bell", "-C, --close-from=NUM", "-D, --chdir=DIR"),
            *("-E", "--preserve-env[=LIST]", "-e, --edit", "-g, --group=GROUP", "-H, --set-home", "-h, --host=HOST"),
            *("-i, --login", "-K, --remove-timestamp", "-k, --reset-timestamp", "-l, --list", "-n, --non-interactive"),
            *("-N, --no-update", "-P, --preserve-groups", "-p, --prompt=PROMPT", "-R, --chroot=DIR", "-r, --role=ROLE"),
            *(
                "-S, --stdin",
                "-s, --shell",
                "-t, --type=TYPE",
                "-T, --command-timeout=TIMEOUT",
                "-U, --other-user=USER",
            ),
            *("-u, --user=USER", "-V, --version", "-v, --validate", "--help"),
        ),
        instead=("--edit", "--list", "--remove-timestamp", "--validate"),
        assignments=True,
        account="--user",
    ),
    "systemd-run": Prefix(
        declare(
            *(
                "-h, --help",
                "--version",
                "--no-ask-password",
                "--user",
                "--system",
                "-H, --host=HOST",
                "-M, --machine=NAME",
            ),
            *("--scope", "-u, --unit=UNIT", "-p, --property=NAME=VALUE", "--description=TEXT", "--slice=SLICE"),
            *("--slice-inherit", "--expand-environment=BOOL", "--no-block", "-r, --remain-after-exit", "--wait"),
            *("--send-sighup", "--service-type=TYPE", "--uid=USER", "--gid=GROUP", "--nice=NICE"),
            *("--working-directory, --chdir=PATH", "-d, --same-dir", "-E, --setenv=NAME", "-t, --pty", "-P, --pipe"),
            *("-q, --quiet", "-G, --collect", "-S, --shell", "--path-property=NAME=VALUE", "--on-active=SECONDS"),
            *("--socket-property=NAME=VALUE", "--on-boot=SECONDS", "--on-startup=SECONDS", "--on-unit-active=SECONDS"),
            *("--on-unit-inactive=SECONDS", "--on-calendar=SPEC", "--on-timezone-change", "--on-clock-change"),
            *("--timer-property=NAME=VALUE", "--json=MODE", "--background=COLOR", "--ignore-failure"),
        ),
        instead=("--host", "--machine"),
        account="--uid",
        fresh=True,
    ),
    "taskset": Prefix(
        declare("-a, --all-tasks", "-p, --pid", "-c, --cpu-list", "-h, --help", "-V, --version"),
        operands=1,
        instead=("--pid",),
    ),
    "time": Prefix(
        declare(
            *("-a, --append", "-f, --format=FORMAT", "-o, --output=FILE", "-p, --portability", "-q, --quiet"),
            *("-v, --verbose", "-h, --help", "-V, --version"),
        )
    ),
    "timeout": Prefix(
        declare(
            *("--preserve-status", "--foreground", "-p", "-f", "-k, --kill-after=DURATION", "-s, --signal=SIGNAL"),
            *("-v, --verbose", "--help", "--version"),
        ),
        operands=1,
    ),
    "toybox": Prefix({}),
    "unshare": Prefix(
        declare(
            *("-m, --mount[=FILE]", "-u, --uts[=FILE]", "-i, --ipc[=FILE]", "-n, --net[=FILE]", "-p, --pid[=FILE]"),
            *("-U, --user[=FILE]", "-C, --cgroup[=FILE]", "-T, --time[=FILE]", "-f, --fork", "--map-user=UID"),
            *("--map-group=GID", "-r, --map-root-user", "-c, --map-current-user", "--map-auto", "--map-users=MAP"),
            *("--map-groups=MAP", "--kill-child[=SIGNAL]", "--mount-proc[=DIR]", "--propagation=MODE"),
            *("--setgroups=WORD", "--keep-caps", "-R, --root=DIR", "-w, --wd, --chdir=DIR", "-S, --setuid=UID"),
            *("-G, --setgid=GID", "--monotonic=OFFSET", "--boottime=OFFSET", "-h, --help", "-V, --version"),
        )
    ),
}
