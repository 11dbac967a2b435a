"""The guests of the cluster, as `GET /cluster/resources` lists them: their names, for those who read a plan."""

from __future__ import annotations

from pvesdn.decode.cluster.answers import one_line
from pvesdn.model.primitives import Json

_LONGEST_NAME = 64
_GREATEST_ID = 999_999_999
"""The greatest VMID of PVE's."""


def decode_guest_names(answer: Json) -> dict[int, str]:
    """Names by guest id. Never raises: a name is a help to the reader, and a plan can do without it."""
    found: dict[int, str] = {}
    for row in answer if isinstance(answer, list) else ():
        if not isinstance(row, dict):
            continue
        guest, name = row.get("vmid"), row.get("name")
        if isinstance(guest, int) and 0 < guest <= _GREATEST_ID and isinstance(name, str) and name.strip():
            found[guest] = one_line(name, _LONGEST_NAME)
    return found
