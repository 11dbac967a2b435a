"""What is done on the nodes, and in which order: the steps that an apply carries out, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pvesdn.model.primitives import IfName, IpAddress

Flooding: TypeAlias = tuple[tuple[IfName, tuple[IpAddress, ...]], ...]
"""Static all-zero FDB entries: for each VXLAN device the VTEPs that unknown traffic is copied to."""


class FrrAction(StrEnum):
    """What FRR needs after a change; other daemons mean a restart."""

    NONE = "none"
    RELOAD = "reload"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class FileWrite:
    """One file that pvesdn writes on a node, or removes.

    :param path: one of the few that the node program writes.
    :param text: the whole file; None removes it.
    :param mode: permissions, four octal digits.
    :param owner: ``user:group``.
    :param expect: SHA-256 of what it replaces, lower-case hexadecimal; None where nothing may be there.
    :param meaning: digest of what FRR understands (`decode.frr.text.meaning`), by which the file is known as ours after
        `write memory`; None for files that FRR does not rewrite.
    """

    path: str
    text: str | None
    mode: str = "0644"
    owner: str = "root:root"
    expect: str | None = None
    meaning: str | None = None


@dataclass(frozen=True, slots=True)
class PutInPlace:
    """Swap the staged files, all or none.

    :param ifdown: interfaces taken down first, while our old interfaces file still says how.
    :param delete_links: devices deleted first, because the kernel cannot change them in place; the reload makes them anew.
    """

    files: tuple[FileWrite, ...]
    ifdown: tuple[IfName, ...] = ()
    delete_links: tuple[IfName, ...] = ()
