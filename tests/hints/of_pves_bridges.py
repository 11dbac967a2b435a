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
    Row(
        "a bridge is not there",
        with_(bridged(), "zones.cfg", "vmbr0", "vmbr9"),
        said=(
            "warning: zones.cfg:1: zone 'br': bridge vmbr9 does not exist on node1, node2, node3; PVE "
            "leaves this zone's VNets out there; create it there, or leave them out of the zone's nodes"
        ),
        followed=(("zones.cfg", "vmbr9\n", "vmbr9\n\tnodes node2\n"),),
        deed=lambda made: add_link(made, "node2", "vmbr9", linkinfo={"info_kind": "bridge", "info_data": {}}),
    ),
    Row(
        "two zones of one bridge have one VLAN",
        {
            "zones.cfg": "vlan: br\n\tbridge vmbr0\n\nvlan: roof\n\tbridge vmbr0\n\n",
            "vnets.cfg": "vnet: office\n\tzone br\n\ttag 7\n\nvnet: far\n\tzone roof\n\ttag 7\n\n",
        },
        said=(
            "warning: vnets.cfg:5: vnet 'far': tag 7 is also the tag of vnet 'office' (vnets.cfg:1) on "
            "bridge vmbr0; PVE accepts this; on a Linux bridge one of the two will not work; choose "
            "another tag in PVE, or another bridge"
        ),
        followed=(("vnets.cfg", "roof\n\ttag 7", "roof\n\ttag 8"),),
    ),
    Row(
        "two VNets inside a service VLAN have one VLAN",
        bridged("qinq", "\ttag 20\n", "vnet: a1\n\tzone br\n\ttag 7\n\nvnet: b1\n\tzone br\n\ttag 7\n\n"),
        said=(
            "warning: vnets.cfg:5: vnet 'b1': tag 7 is also used by vnet 'a1' (vnets.cfg:1) in zone "
            "'br'; PVE accepts this; on a Linux bridge one of the two will not work; choose another tag"
            " in PVE"
        ),
        followed=(("vnets.cfg", "vnet: b1\n\tzone br\n\ttag 7", "vnet: b1\n\tzone br\n\ttag 8"),),
    ),
    Row(
        "two VNets inside a service VLAN have no VLAN",
        bridged("qinq", "\ttag 20\n", "vnet: a1\n\tzone br\n\nvnet: b1\n\tzone br\n\n"),
        said=(
            "warning: vnets.cfg:4: vnet 'b1': has no tag, and neither has vnet 'a1' (vnets.cfg:1) in "
            "zone 'br'; PVE accepts this; on a Linux bridge one of the two will not work; give one of "
            "them a tag in PVE"
        ),
        followed=(("vnets.cfg", "vnet: b1\n\tzone br\n", "vnet: b1\n\tzone br\n\ttag 8\n"),),
    ),
)
