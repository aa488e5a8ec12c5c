"""Host names that seem to say a role: they are no evidence, and are pointed out as such."""

from __future__ import annotations

import re

_ROLES = {"primary", "master", "leader", "writer", "main", "rw", "active"}
_ROLES |= {"standby", "replica", "slave", "secondary", "follower", "reader", "ro", "passive", "backup", "mirror"}
_RANK = re.compile(r"(?:\d|[-_][a-d])$", re.IGNORECASE)


def host_name_remark(host: str) -> str:
    """A sentence about a name that reads like a role or a rank; "" about any other.

    >>> host_name_remark("pg-standby-eu").partition(";")[0]
    'the host name pg-standby-eu reads like a role'
    >>> host_name_remark("db-01").partition(";")[0]
    'the host name db-01 reads like a rank'
    >>> host_name_remark("walnut")
    ''
    """
    name = host.partition(".")[0]
    if _ROLES & set(re.split(r"[^a-z]+", name.lower())):
        return f"the host name {name} reads like a role; that is no evidence, and was not used."
    if _RANK.search(name):
        return f"the host name {name} reads like a rank; that is no evidence of a role, and was not used."
    return ""
