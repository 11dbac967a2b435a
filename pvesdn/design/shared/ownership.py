"""Who writes frr.conf, frr.conf.local and interfaces.d/sdn on a node: asked here, and by nobody else."""

from __future__ import annotations

from pvesdn.model.design import DesignInput
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import InterfacesFile
from pvesdn.model.owners import FileOwners, Writer


def pve_writes_frr(given: DesignInput, node: str) -> bool:
    """PVE writes the node's frr.conf, so ours has to go through frr.conf.local (docs/pve.md §4.4).

    The commit that removes PVE's last controller writes it as well: whatever we had put there would be gone.
    """
    if not given.capabilities.has_sdn:
        return False
    return given.sdn.pve.needs_frr or given.sdn.pve.gives_up_frr or _has_local(given, node)


def _has_local(given: DesignInput, node: str) -> bool:
    """Somebody's lines in frr.conf.local; since some version these alone make PVE write frr.conf."""
    facts = given.facts.get(node)
    return facts is not None and facts.has_foreign_frr_local and given.capabilities.on(node).writes_frr_for_local


def takes_frr_over(given: DesignInput) -> bool:
    """PVE's next commit is the last to write frr.conf, which is ours from then on."""
    return given.capabilities.has_sdn and given.sdn.pve.gives_up_frr


def file_owners(
    given: DesignInput, node: str, *, sdn: InterfacesFile | None, frr: FrrConfig | None, pve_frr: FrrConfig | None
) -> FileOwners:
    """The writers of a node's files, given what was designed for them: see `NodeDesign`."""
    if pve_writes_frr(given, node):
        merged = frr is not None
        return FileOwners(
            sdn_interfaces=Writer.PVE,
            frr_conf=Writer.MERGED if merged else Writer.PVE,
            frr_conf_local=Writer.PVESDN if merged else Writer.NOBODY,
        )
    # Without SDN of its own PVE writes nothing, and what its definitions say is ours to write.
    own_sdn = Writer.NOBODY if sdn is None else Writer.PVESDN
    return FileOwners(
        sdn_interfaces=Writer.PVE if given.capabilities.has_sdn else own_sdn,
        frr_conf=Writer.NOBODY if frr is None and pve_frr is None else Writer.PVESDN,
        regenerate_frr=False if given.capabilities.takes_regenerate_frr else None,
    )
