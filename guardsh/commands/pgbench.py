"""pgbench (src/bin/pgbench/pgbench.c, PostgreSQL 12 to 18): its initialisation drops the tables of the last one."""

from __future__ import annotations

from guardsh.commands import libpq
from guardsh.commands.grammar import declare, read
from guardsh.model.intent import Effect, Intent, Invocation

GRAMMAR = declare(
    *("-i, --initialize", "-I, --init-steps=STEPS", "-F, --fillfactor=NUM", "-n, --no-vacuum", "-q, --quiet"),
    *("-s, --scale=NUM", "--foreign-keys", "--index-tablespace=TABLESPACE", "--partition-method=METHOD"),
    *("--partitions=NUM", "--tablespace=TABLESPACE", "--unlogged-tables", "-b, --builtin=NAME", "-f, --file=FILENAME"),
    *("-N, --skip-some-updates", "-S, --select-only", "-c, --client=NUM", "-C, --connect", "-D, --define=VAR"),
    *("-j, --jobs=NUM", "-l, --log", "-L, --latency-limit=NUM", "-M, --protocol=PROTOCOL", "-P, --progress=NUM"),
    *("-r, --report-per-command", "--report-latencies", "-R, --rate=NUM", "-t, --transactions=NUM", "-T, --time=NUM"),
    *("-v, --vacuum-all", "--aggregate-interval=NUM", "--continue-on-error", "--exit-on-abort"),
    *("--failures-detailed", "--log-prefix=PREFIX", "--max-tries=NUM", "--progress-timestamp", "--random-seed=SEED"),
    *("--sampling-rate=NUM", "--show-script=NAME", "--verbose-errors", "--debug", "-V, --version", "-?, --help"),
    # -d is --debug up to 16, and --dbname=DBNAME since.
    *("-d", "--dbname=DBNAME"),
    *libpq.OPTIONS[:3],
)


def understand(invocation: Invocation) -> tuple[Intent, ...]:
    """Only tables of pgbench's own names are dropped and made anew."""
    line = read(GRAMMAR, invocation.arguments)
    if (
        line.given("--help", "--version")
        or not line.given("--initialize")
        or "d" not in _steps(line.values("--init-steps"))
    ):
        return ()
    where = libpq.connection(line, line.value("--dbname") or next(iter(line.operands), None))
    action = "pgbench -i would drop and recreate the tables pgbench_* on"
    return (Intent(Effect.CONFIGURE, (), action, line.doubts, connection=where),)


def _steps(given: tuple[str, ...]) -> str:
    return given[-1] if given else "dtgvp"
