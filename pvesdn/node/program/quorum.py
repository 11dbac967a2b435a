"""Whether the cluster has a quorum, as pmxcfs on this node says. Without one /etc/pve is read-only and may be old."""

import errno
import json

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import MEMBERS

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
"""What a write to /etc/pve may fail with where there is none."""


def has_quorum(machine: Machine) -> bool:
    """True also where pmxcfs does not say: a node without a cluster has no members.

    :raises ValueError: the file is not what pmxcfs makes.
    """
    try:
        return bool(json.loads(text_of(machine, MEMBERS) or "{}").get("cluster", {}).get("quorate", 1))
    except AttributeError:
        raise ValueError(MEMBERS) from None
