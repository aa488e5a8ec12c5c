"""The node as the watcher sees it at this moment: what was looked at, and what the servers last said."""

from __future__ import annotations

from dataclasses import replace

from guardsh.model.data_directory import DataDirectory
from guardsh.model.instance import Instance, Server
from guardsh.model.node import Node
from guardsh.model.node_state import NodeState
from guardsh.model.observed import Unknown
from guardsh.observe import instance, node
from guardsh.policy.node_state import node_state, not_known
from guardsh.watch.sessions import Sessions
from guardsh.watch.survey import Look, Pair

_SUSPENDED = Unknown("not asked: its postmaster is suspended")


def state(look: Look, sessions: Sessions, by_driver: dict[Pair, Instance], now: float) -> NodeState:
    """The state to write. ``by_driver`` has the instances whose servers only psycopg gets into."""
    if isinstance(look.servers, Unknown):
        return not_known(now)
    instances = tuple(by_driver.get(pair) or _instance(*pair, sessions) for pair in look.pairs)
    return node_state(Node(node.host_name(), instances, look.arrays, now))


def _instance(directory: DataDirectory, server: Server | None, sessions: Sessions) -> Instance:
    if server is None:
        return instance.combine(directory, None, Unknown("no server to ask"))
    if server.suspended:
        return instance.combine(directory, server, _SUSPENDED)
    line = sessions.line(server)
    combined = instance.combine(directory, server, line.told)
    return replace(combined, state=Unknown("it does not answer")) if line.silent else combined
