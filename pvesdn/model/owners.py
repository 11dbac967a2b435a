"""Who writes the files of a node that PVE and pvesdn both have a use for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.files import FRR_CONF, SDN_INTERFACES


class Writer(StrEnum):
    """Whose text a file holds."""

    PVE = "PVE"
    PVESDN = "pvesdn"
    MERGED = "PVE, with lines of pvesdn's"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class FileOwners:
    """The writers of one node's files (docs/decisions/0022-what-pve-can-do.md). Every other file of ours is ours alone.

    :param sdn_interfaces: of `interfaces.d/sdn`.
    :param frr_conf: `MERGED` where PVE writes it and takes our lines out of frr.conf.local.
    :param frr_conf_local: our lines stand among the administrator's; `NOBODY` where we have none to put there.
    :param regenerate_frr: what a network reload of the node has to be told, so that PVE keeps to this: False where it
        must leave frr.conf alone, None where it is not asked or may decide.
    """

    sdn_interfaces: Writer
    frr_conf: Writer
    frr_conf_local: Writer = Writer.NOBODY
    regenerate_frr: bool | None = None

    @property
    def pve_writes_frr(self) -> bool:
        """frr.conf comes from PVE, with lines of ours or without."""
        return self.frr_conf in {Writer.PVE, Writer.MERGED}

    def is_written_by_pve(self, path: str) -> bool:
        """PVE puts the file in place; pvesdn only shows it.

        :param path: absolute.
        """
        return (path == FRR_CONF and self.pve_writes_frr) or (
            path == SDN_INTERFACES and self.sdn_interfaces is Writer.PVE
        )
