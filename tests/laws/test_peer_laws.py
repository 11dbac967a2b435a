"""What holds for every list of peers of PVE's that follows the members: nobody is lost who never was one, the order
stays, and doing it twice is doing it once.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hypothesis import given as drawn
from hypothesis import strategies as st

from pvesdn.design.shared.peer_lists import PeerList, peer_lists
from pvesdn.model.cluster import SeenVtep
from tests.unit.design.network import given

MEMBERS = ("192.168.0.1", "192.168.0.2", "192.168.0.3")
FOREIGN = ("198.51.100.1", "198.51.100.2", "fd00::7", "FD00:0::8")
LEFT = ("192.168.0.8", "192.168.0.9")
LISTS = st.lists(st.sampled_from((*MEMBERS, *FOREIGN, *LEFT)), min_size=1, max_size=9, unique=True)
NODES = st.sampled_from(("", "\tnodes node1,node2\n", "\tnodes node3\n"))


def lists(zone: list[str], controller: list[str], nodes: str, remembered: list[str]) -> list[PeerList]:
    pve = {
        "zones.cfg": f"vxlan: tun\n\tpeers {','.join(zone)}\n{nodes}\nevpn: fab\n\tcontroller ctl\n\tvrf-vxlan 9\n{nodes}\n",
        "controllers.cfg": f"evpn: ctl\n\tasn 65000\n\tpeers {','.join(controller)}\n\n",
    }
    seen = {f"gone{n}": SeenVtep(address=ip_address(address), mtu=1500) for n, address in enumerate(remembered)}
    return list(peer_lists(replace(given("", pve=pve), seen=seen)))


@drawn(zone=LISTS, controller=LISTS, nodes=NODES, remembered=st.lists(st.sampled_from(LEFT), unique=True))
def test_who_never_was_a_member_stays_in_order_and_twice_is_once(
    zone: list[str], controller: list[str], nodes: str, remembered: list[str]
) -> None:
    found = lists(zone, controller, nodes, remembered)
    for one in found:
        stay = [peer for peer in one.peers if peer not in remembered]
        if stay:
            assert [peer for peer in one.synced if peer in one.peers] == stay
        assert one.synced, "PVE takes no empty list"
        assert not {peer for peer in one.synced if peer not in one.peers} - set(MEMBERS)
        assert one.missing == () or set(one.peers) & set(MEMBERS), "a list that names no member is not one of members"
    there = {one.id: list(one.synced) for one in found}
    again = lists(there["tun"], there["ctl"], nodes, remembered)
    assert [one.synced for one in again] == [one.peers for one in again]
    assert [one.missing for one in again] == [(), ()]
