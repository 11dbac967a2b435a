"""Hints about PVE's zones of VLANs: the host's bridges that carry them, and names that do not fit."""

from __future__ import annotations

from tests.fakes import FakeCluster
from tests.hints.deeds import renamed
from tests.hints.pves import bridged, with_
from tests.hints.table import Row, add_link


def vlan_aware(made: FakeCluster) -> None:
    """The host's bridge knows VLANs, and has a long name."""
    for node in ("node1", "node2", "node3"):
        add_link(made, node, "vmbr0", linkinfo={"info_kind": "bridge", "info_data": {"vlan_filtering": 1}})
    renamed(made, "vmbr0", "vmbr-customers")


ROWS = (
    Row(
        "the name of a NIC leaves no room for a VLAN",
        bridged(),
        said=(
            "warning: zones.cfg:1: zone 'br': device enx001122334455.7 has more than 15 characters on node1, node2, node3; "
            "the kernel refuses it; give enx001122334455 a name of at most 13 characters, wherever it is named"
        ),
        given=lambda made: renamed(made, "eno1", "enx001122334455"),
        deed=lambda made: renamed(made, "enx001122334455", "enx0011223344"),
    ),
    Row(
        "the name of a bridge that knows VLANs leaves no room for one",
        with_(bridged(), "zones.cfg", "vmbr0", "vmbr-customers"),
        said=(
            "warning: zones.cfg:1: zone 'br': device vmbr-customers.7 has more than 15 characters on node1, node2, node3; "
            "the kernel refuses it; give vmbr-customers a name of at most 13 characters, wherever it is named"
        ),
        given=vlan_aware,
        deed=lambda made: renamed(made, "vmbr-customers", "vmbr-customer"),
        followed=(("zones.cfg", "vmbr-customers", "vmbr-customer"),),
    ),
    Row(
        "a VNet on a VLAN is called like a zone of service VLANs",
        {
            "zones.cfg": "vlan: br\n\tbridge vmbr0\n\nqinq: office\n\tbridge vmbr0\n\ttag 20\n\n",
            "vnets.cfg": "vnet: office\n\tzone br\n\ttag 7\n\nvnet: far\n\tzone office\n\ttag 8\n\n",
        },
        said=(
            "warning: vnets.cfg:1: vnet 'office': devices ln_office and pr_office are also used by zones.cfg:4: zone "
            "'office' on node1, node2, node3; PVE defines only the first; choose another id"
        ),
        followed=(("vnets.cfg", "vnet: office", "vnet: bureau"),),
    ),
)
