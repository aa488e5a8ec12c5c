"""The instance that answers where a client's connection leads: one of this node's, or of another host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from guardsh.model.data_directory import Contents, DataDirectory
from guardsh.model.finding import Part, Touch
from guardsh.model.instance import Instance, Server, State, Witness
from guardsh.model.intent import Connection, Intent, Invocation
from guardsh.model.observed import Known, Observed, Unknown
from guardsh.model.place import Place
from guardsh.model.policy import Policy
from guardsh.observe import node, replication
from guardsh.observe.instance import role_by_sql
from guardsh.system import client
from guardsh.system.apart import Deadline, apart
from guardsh.system.database import DEFAULT_PORT

_SOCKETS = ("/", "@")
_LOOPBACK = ("localhost", "127.", "::1")
_NO_FILES = Unknown("its files are not on this node, or not known")
_NO_SESSION = Unknown("no session with it")


def instances(
    intents: Iterable[Intent], invocation: Invocation, servers: Sequence[Server], policy: Policy, deadline: Deadline
) -> dict[Connection, Instance]:
    """The instance behind each connection of the intents. One that does not answer is one whose role is not known."""
    connections = dict.fromkeys(intent.connection for intent in intents if intent.connection is not None)
    return {each: _instance(each, invocation.environment, servers, policy, deadline) for each in connections}


def touches(intent: Intent, reached: Mapping[Connection, Instance]) -> tuple[Touch, ...]:
    """What an intent does to the instance behind its connection: a touch of all of it."""
    if intent.connection is None:
        return ()
    instance = reached[intent.connection]
    return (Touch(instance, intent.effect, Part.ALL, (), 0, (instance.directory.place,)),)


def _instance(
    connection: Connection,
    environment: Mapping[str, str],
    servers: Sequence[Server],
    policy: Policy,
    deadline: Deadline,
) -> Instance:
    """A server of this node is looked at as ever, with all its witnesses, whatever the client's account may see."""
    parameters = dict(connection.parameters)
    listening = _server(client.listener(parameters, environment), servers)
    if listening is not None:
        return _local(listening, policy, deadline)
    asking = Deadline(deadline.left() * 0.7)
    asked = apart(partial(client.ask, parameters, environment, replication.STATEMENTS, asking), asking)
    reply = asked if isinstance(asked, Unknown) else asked.value
    if isinstance(reply, Unknown):
        return _elsewhere(client.host_of(parameters, environment), _address(parameters, environment), reply)
    serving = _server(reply.value.postmaster, servers)
    if serving is not None:
        return _local(serving, policy, deadline)
    return _elsewhere(reply.value.host, f"{reply.value.host}:{reply.value.port}", reply)


def _server(pid: int | None, servers: Sequence[Server]) -> Server | None:
    return next((server for server in servers if server.pid == pid), None)


def _local(server: Server, policy: Policy, deadline: Deadline) -> Instance:
    pairs = node.directories([server], (), deadline)
    return node.instances_of(pairs, policy.connections, deadline)[0]


def _address(parameters: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Where nobody answered, as far as it can be told without a connection."""
    host = client.host_of(parameters, environment) or "local socket"
    return f"{host}:{parameters.get('port') or environment.get('PGPORT') or DEFAULT_PORT}"


def _elsewhere(host: str, address: str, reply: Observed[client.Reply]) -> Instance:
    """What only SQL tells of. Its place is an address, and its host the one that the operator named."""
    if isinstance(reply, Unknown):
        return Instance(_directory(address, reply), None, reply, _NO_SESSION, (), _NO_SESSION, host=_as_typed(host))
    testimony = replication.hear(reply.value.answers)
    role = role_by_sql(Known(testimony, testimony.where))
    return Instance(
        directory=_directory(address, Known(reply.value.version, f"server_version of {testimony.where}")),
        server=None,
        state=Known(State.RUNNING, f"it answers on {testimony.where}"),
        role=role,
        witnesses=(Witness("sql", role),),
        replication=Known(testimony.replication, f"SQL on {testimony.where}"),
        warnings=_proxied(host, address),
        host=_as_typed(host),
    )


def _as_typed(host: str) -> str:
    """The short name of a host; an address as it is; this node's name for a socket."""
    if not host or host.startswith(_SOCKETS):
        return node.host_name()
    return host if host.replace(".", "").isdigit() or ":" in host else host.partition(".")[0]


def _proxied(host: str, address: str) -> tuple[str, ...]:
    if not host.startswith((*_SOCKETS, *_LOOPBACK)):
        return ()
    return (f"no server of this node serves {address}: a proxy, a tunnel or a container leads to it",)


def _directory(address: str, version: Observed[str]) -> DataDirectory:
    return DataDirectory(
        place=Place(address, None),
        owner=None,
        contents=Known(Contents.CLUSTER, f"a server is spoken to at {address}"),
        version=version,
        control=_NO_FILES,
        files=_NO_FILES,
        primary_conninfo=_NO_FILES,
        restore_command=_NO_FILES,
    )
