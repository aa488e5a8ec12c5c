"""Where the data lives on after an accident: which replica to promote, and how, with the WAL that was saved."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from guardsh.model.observed import Known
from guardsh.operations.salvage.evidence import Evidence


def steps(evidence: Evidence, destination: str) -> Iterator[str]:
    """Which replica lives, and how to promote it with the WAL that was saved."""
    yield from replicas(evidence)
    if _is_replica(evidence):
        return
    if not evidence.followers and not evidence.replicas:
        yield (
            "Look for one elsewhere before anything else; without one, the last backup and the archived WAL are the"
            " recovery, and the WAL saved here adds to them what was not archived."
        )
        return
    yield (
        "Promoting a replica is the recovery; the files saved here are the fallback. To lose as little as can be, let"
        " it replay the WAL saved here first (a segment that nobody held open is not among it):"
    )
    yield from _promotion(evidence, destination)


def replicas(evidence: Evidence) -> Iterator[str]:
    """Which other copy lives, as far as this node can tell."""
    if _is_replica(evidence):
        yield (
            "This was a replica: all of its data is on the server that it followed. Make a new copy from there; what is"
            " saved here matters only if that one is lost too."
        )
    for each in evidence.followers:
        where = "on this node" if each.address == "[local]" else f"at {each.address}"
        sent = f", and had been sent WAL up to {each.sent}" if each.sent else ""
        yield (
            f"A standby {where} (or pg_receivewal; walsender of user {each.user}) was streaming when the server was"
            f" stopped{sent}."
        )
    for instance in evidence.relatives:
        assert instance.server is not None
        what = "replica" if instance in evidence.replicas else "primary"
        where = f"as process {instance.server.pid}: {instance.directory.place.path}"
        yield f"A {what} of the same cluster runs on this node, {where}"
    if not evidence.followers and not evidence.relatives and not _is_replica(evidence):
        yield f"No standby was streaming, and {_none_here(evidence)}."


def _none_here(evidence: Evidence) -> str:
    if evidence.system_identifier is not None:
        return "no replica of it runs on this node"
    return (
        "whether a replica of it runs on this node is not known: no pg_control, and no WAL, tells which cluster it is"
    )


def _is_replica(evidence: Evidence) -> bool:
    return isinstance(evidence.role, Known) and evidence.role.value == "replica"


def _promotion(evidence: Evidence, destination: str) -> Iterator[str]:
    wal = shlex.quote(os.path.join(destination, "data/pg_wal"))
    yield f"$ cp -r {wal} /var/tmp/salvaged-wal    # to the replica's node, if it is another one"
    yield "$ chown -R postgres: /var/tmp/salvaged-wal"
    yield (
        "$ restore_command = 'cp /var/tmp/salvaged-wal/%f \"%p\"'"
        "    # in the replica's configuration; then reload it (13 and older: restart)"
    )
    yield "$ psql -c 'select pg_last_wal_replay_lsn()'    # until it no longer moves"
    if not evidence.replicas:
        yield "$ pg_ctl promote -D DIR    # under Patroni: patronictl failover"
    for instance in evidence.replicas:
        yield f"$ pg_ctl promote -D {shlex.quote(instance.directory.place.path)}    # as its owner"
