"""PVE's SDN lock: the token that an apply holds is in its checkpoint, and is given back when the apply is over.

The lock has no owner and no end (docs/pve.md §1.3): where the controller has died, only the nodes still know that it is
this apply's.
"""

import os
from typing import List

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import CLUSTER_FOLDER, SDN_LOCK
from pvesdn.node.program.request import Value

_AGAIN = "this node tries again, and `pvesh delete /cluster/sdn/lock --force 1` takes the lock away"


def give_token_back(machine: Machine, checkpoint: Value) -> List[str]:
    """Take PVE's lock away where it still holds this apply's token; why that cannot be done, and nothing otherwise.

    Whoever has forced the lock since is left alone. Without a quorum /etc/pve cannot be written.
    """
    token = checkpoint.get("token", "")
    if not token:
        return []
    if not os.path.isdir(machine.place(CLUSTER_FOLDER)):
        return ["whether PVE's definitions are still locked by this apply cannot be seen: /etc/pve is not mounted"]
    if (text_of(machine, SDN_LOCK) or "").strip() != token:
        return []
    try:
        machine.remove_file(machine.place(SDN_LOCK))
    except FileNotFoundError:
        return []  # another node was faster
    except OSError as error:
        return [f"PVE's definitions are still locked by this apply: {SDN_LOCK}: {error.strerror}; {_AGAIN}"]
    return []
