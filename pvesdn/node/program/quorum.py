"""Whether the cluster has a quorum, as pmxcfs on this node says. Without one /etc/pve is read-only and may be old."""

import errno
import json
import os

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import CLUSTER_FILES, MEMBERS

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)
"""What a write to /etc/pve may fail with where there is none."""


def require_cluster_files(machine: Machine) -> None:
    """Return unless /etc/pve is there and empty, as it is while pmxcfs does not run: what is not seen in it then is not
    what the cluster does not have.

    :raises Refused: it is.
    """
    try:
        is_empty = not os.listdir(machine.place(CLUSTER_FILES))
    except (FileNotFoundError, NotADirectoryError):
        return  # no node of PVE
    if is_empty:
        raise Refused(f"{CLUSTER_FILES} is empty, so pmxcfs does not run here", "systemctl status pve-cluster")


def has_quorum(machine: Machine) -> bool:
    """True also where pmxcfs does not say: a node without a cluster has no members.

    :raises ValueError: the file is not what pmxcfs makes.
    """
    try:
        return bool(json.loads(text_of(machine, MEMBERS) or "{}").get("cluster", {}).get("quorate", 1))
    except AttributeError:
        raise ValueError(MEMBERS) from None
