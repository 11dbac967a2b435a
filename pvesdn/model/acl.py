"""Entries of PVE's access control list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LOCAL_ZONE = "/sdn/zones/localnetwork"
"""The path above every bridge that is in no zone of PVE's."""


@dataclass(frozen=True, slots=True)
class AclEntry:
    """One role that somebody has on one path.

    :param path: such as ``/sdn/zones/localnetwork/web``.
    :param who: as PVE writes users, groups and tokens: ``ann@pve``, ``ops``, ``ann@pve!ci``.
    :param propagates: it holds for what is below the path too.
    """

    path: str
    kind: Literal["user", "group", "token"]
    who: str
    role: str
    propagates: bool = True
