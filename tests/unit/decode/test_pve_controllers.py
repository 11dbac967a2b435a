"""controllers.cfg: the controllers of one node."""

from __future__ import annotations

import json

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController

BGP = "bgp: bgpnode1\n\tasn 65001\n\tnode node1\n\tpeers 10.0.0.1,10.0.0.2\n"
NET = "47.0023.0000.0000.0000.0000.0000.0000.1900.0004.00"
ISIS = f"isis: is1\n\tisis-domain core\n\tisis-ifaces eth1,enx001122334455\n\tisis-net {NET}\n\tnode node1\n"


def controller(text: str):
    (found,) = decode_sdn({"controllers.cfg": text}, intent="pending").config.pve.controllers
    return found


def test_bgp_without_options_has_pves_defaults() -> None:
    found = controller(BGP)
    assert isinstance(found, PveBgpController)
    assert (found.asn, found.node, found.peers) == (65001, "node1", ("10.0.0.1", "10.0.0.2"))
    assert (found.ebgp, found.ebgp_multihop, found.loopback, found.multipath_relax) == (False, 0, None, False)


def test_bgp_has_all_its_options() -> None:
    found = controller(BGP + "\tebgp 1\n\tebgp-multihop 3\n\tloopback dummy1\n\tbgp-multipath-as-path-relax 1\n")
    assert (found.ebgp, found.ebgp_multihop, found.loopback, found.multipath_relax) == (True, 3, "dummy1", True)


def test_isis_keeps_its_interfaces_in_order() -> None:
    found = controller(ISIS + "\tloopback lo\n")
    assert isinstance(found, PveIsisController)
    assert (found.domain, found.interfaces, found.net) == ("core", ("eth1", "enx001122334455"), NET)
    assert (found.asn, found.loopback) == (None, "lo")


def test_the_committed_form_means_the_same() -> None:
    section = {"type": "bgp", "asn": "65001", "node": "node1", "peers": "10.0.0.1,10.0.0.2", "ebgp": 1}
    document = {"version": 1, "controllers": {"ids": {"bgpnode1": section}}}
    (found,) = decode_sdn({".running-config": json.dumps(document)}, intent="running").config.pve.controllers
    assert found.model_dump(exclude={"where"}) == controller(BGP + "\tebgp 1\n").model_dump(exclude={"where"})


def test_hops_that_frr_cannot_count_are_a_warning() -> None:
    (finding,) = decode_sdn({"controllers.cfg": BGP + "\tebgp-multihop 300\n"}, intent="pending").findings
    assert str(finding) == (
        "controllers.cfg:5: controller 'bgpnode1': ebgp-multihop 300 is out of range for FRR; write 1-255"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ISIS.replace(NET, "47"),
         "controllers.cfg:4: controller 'is1': isis-net '47' is not a NET; write it like 49.0001.1921.6800.1002.00"),
        (ISIS.replace("eth1,", "eth1/2,"),
         ("controllers.cfg:3: controller 'is1': isis-ifaces 'eth1/2' is not an interface name; "
          "write a letter, then 1 to 20 letters, digits or _, then .NUMBER for a VLAN")),
        (ISIS.replace("\tisis-domain core\n", ""), "controllers.cfg:1: controller 'is1': isis-domain is missing; add it"),
        ("evpn: ctl\n\tasn 1\n\tpeers 10.0.0.1\n\tfabric lab\n",
         "controllers.cfg:4: controller 'ctl': has both peers and fabric; remove one of them in PVE"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(SdnConfigError) as caught:
        controller(text)
    assert caught.value.lines == (message,)
