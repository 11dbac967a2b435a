import pytest

from tests.unit.design.network import CONTROLLER, PVE_EVPN, SYMMETRIC, UNDERLAY, design, evpn_zone, given, uplink

FORWARD = {"net.ipv4.ip_forward": "1"}
FORWARD6 = {"net.ipv6.conf.all.forwarding": "1"}
NO_FILTER = {"net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0"}
MULTIPATH = {
    "net.ipv4.fib_multipath_use_neigh": "1",
    "net.ipv4.fib_multipath_hash_policy": "1",
    "-net/ipv4/neigh/eno2/base_reachable_time_ms": "3000",
    "-net/ipv4/neigh/eno2/delay_first_probe_time": "1",
}
MULTIPATH6 = {"net.ipv6.fib_multipath_hash_policy": "1"}
SUBNET6 = "\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"


@pytest.mark.parametrize(
    ("cfg", "wanted"),
    [
        pytest.param(evpn_zone("none", gateway=""), {}, id="bridging needs nothing"),
        pytest.param(evpn_zone("asymmetric"), FORWARD, id="asymmetric routing forwards"),
        pytest.param(evpn_zone("asymmetric") + SUBNET6, FORWARD | FORWARD6, id="IPv6 only where somebody speaks it"),
        pytest.param(
            evpn_zone("symmetric", "vrf-vxlan 4000"), FORWARD | NO_FILTER, id="symmetric routing comes back elsewhere"
        ),
        pytest.param(SYMMETRIC + uplink(), FORWARD | NO_FILTER, id="one gateway"),
        pytest.param(
            SYMMETRIC + uplink("address 172.16.0.1/24", "gateways 172.16.0.254,172.16.0.253"),
            FORWARD | NO_FILTER | MULTIPATH,
            id="several gateways share flows",
        ),
        pytest.param(
            SYMMETRIC + uplink("address6 fd00:16::1/64", "gateways fd00:16::fe,fd00:16::fd"),
            FORWARD | FORWARD6 | NO_FILTER | MULTIPATH6,
            id="several gateways of IPv6",
        ),
    ],
)
def test_the_kernel_is_told_what_the_zones_need_and_no_more(cfg: str, wanted: dict[str, str]) -> None:
    assert dict(design(given(cfg)).sysctls) == wanted


def test_names_are_sorted() -> None:
    found = design(given(evpn_zone("symmetric", "vrf-vxlan 4000"))).sysctls
    assert list(found) == sorted(found)


def test_an_exit_in_a_zone_of_pves_needs_forwarding_on_its_uplink() -> None:
    cfg = UNDERLAY + uplink(zone="theirs")
    assert dict(design(given(cfg, pve=PVE_EVPN)).sysctls) == FORWARD | NO_FILTER


def test_a_node_where_the_zone_has_nothing_is_left_alone() -> None:
    cfg = UNDERLAY + CONTROLLER + "evpn: zone\n\tcontroller main\n\tirb asymmetric\n"
    assert design(given(cfg)).sysctls == ()
