"""The guests of the cluster, as `GET /cluster/resources` lists them: their names, for those who read a plan."""

from __future__ import annotations

from pvesdn.decode.cluster.answers import one_line
from pvesdn.model.looked_up import GuestPlace
from pvesdn.model.primitives import Json

_LONGEST_NAME = 64
_GREATEST_ID = 999_999_999
"""The greatest VMID of PVE's."""


def decode_guest_names(answer: Json) -> dict[int, str]:
    """Names by guest id. Never raises: a name is a help to the reader, and a plan can do without it."""
    return {guest.id: guest.name for guest in decode_guest_places(answer).values() if guest.name}


def decode_guest_places(answer: Json) -> dict[int, GuestPlace]:
    """Where each guest is, and whether it runs, by its id. Never raises, for the same reason."""
    found: dict[int, GuestPlace] = {}
    for row in answer if isinstance(answer, list) else ():
        guest = row.get("vmid") if isinstance(row, dict) else None
        if isinstance(guest, int) and 0 < guest <= _GREATEST_ID:
            name, node = row.get("name"), row.get("node")
            found[guest] = GuestPlace(
                id=guest,
                name=one_line(name, _LONGEST_NAME) if isinstance(name, str) and name.strip() else "",
                node=node if isinstance(node, str) else "",
                is_running={"running": True, "stopped": False}.get(str(row.get("status"))),
            )
    return found
