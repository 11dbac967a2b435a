from ipaddress import ip_address
from typing import Any

import pytest
from jinja2 import Environment

from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.model.files import FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    PrefixList,
    RouteMapEntry,
    StaticRoute,
    Unicast,
    VniTargets,
    VrfBinding,
    VrrpInterface,
)
from pvesdn.model.snapshot import NodeRaw
from pvesdn.render.engine import environment
from pvesdn.render.frr import frr_conf, frr_conf_local, frr_daemons

HEAD = "frr defaults datacenter\nhostname node1\nlog syslog informational\nservice integrated-vtysh-config\n"
TAIL = "line vty\n!\n"


@pytest.fixture(scope="module")
def env() -> Environment:
    return environment()


def text(env: Environment, **fields: Any) -> str:
    printed = frr_conf(env, FrrConfig(hostname="node1", **fields)).text
    assert printed is not None
    return printed


class TestFrrConf:
    def test_belongs_to_frr(self, env: Environment) -> None:
        file = frr_conf(env, FrrConfig("node1"))
        assert (file.path, file.mode, file.owner) == ("/etc/frr/frr.conf", "0640", "frr:frr")

    def test_an_empty_one_has_header_and_footer(self, env: Environment) -> None:
        assert text(env) == f"{HEAD}!\n{TAIL}"

    def test_pves_begins_with_its_version(self, env: Environment) -> None:
        assert text(env, version="10.4.1").startswith("frr version 10.4.1\nfrr defaults datacenter\n")

    @pytest.mark.parametrize(
        ("v4", "v6", "lines"),
        [
            (None, None, ""),
            (True, False, "ip forwarding\nno ipv6 forwarding\n"),
            (False, True, "no ip forwarding\nipv6 forwarding\n"),
        ],
    )
    def test_forwarding_is_said_outright(self, env: Environment, v4: bool, v6: bool, lines: str) -> None:
        assert text(env, ip_forwarding=v4, ipv6_forwarding=v6) == f"{HEAD}{lines}!\n{TAIL}"

    def test_every_part_is_printed_in_pves_order(self, env: Environment) -> None:
        printed = text(
            env,
            vrfs=(
                VrfBinding(
                    "vrf_z",
                    4000,
                    (
                        StaticRoute("ip", "0.0.0.0/0", "172.16.0.254", "eno2"),
                        StaticRoute("ipv6", "2001:db8::/64", "null0"),
                    ),
                ),
                VrfBinding("vrf_y"),
            ),
            routers=(
                BgpRouter(
                    asn=1234,
                    router_id="192.168.0.1",
                    has_graceful_notifications=False,
                    groups=(
                        PeerGroup("VTEP", "1234", ("192.168.0.2",)),
                        PeerGroup("OUT", "external", ("192.0.2.1",), has_bfd=False),
                    ),
                    unicasts=(Unicast("ipv4", import_vrfs=("vrf_z",)),),
                    evpn=L2vpnEvpn(
                        activations=(
                            EvpnActivation("VTEP", route_map_in="IN", route_map_out="OUT"),
                            EvpnActivation("RR", is_reflector_client=True),
                        ),
                        advertise_all_vni=True,
                        vnis=(VniTargets(9, imports=("65535:65535",), exports=("65535:9",)),),
                    ),
                ),
                BgpRouter(
                    asn=1234,
                    router_id="192.168.0.1",
                    vrf="vrf_z",
                    unicasts=(Unicast("ipv6", redistribute=("connected", "static")),),
                    evpn=L2vpnEvpn(
                        advertise=("ipv4", "ipv6"),
                        default_originate=("ipv4",),
                        rt_import=("1:1",),
                        rt_export=("1:2",),
                    ),
                ),
                BgpRouter(asn=1234, router_id="192.168.0.1", vrf="vrf_y"),
            ),
            vrrp=(
                VrrpInterface(
                    "eno2", 1, 200, addresses=(ip_address("172.16.0.10"),), addresses6=(ip_address("fd00::10"),)
                ),
            ),
            prefix_lists=(PrefixList("ip", "only_default", 1, "permit", "0.0.0.0/0"),),
            route_maps=(
                RouteMapEntry("IN", "deny", 1, matches=("match ip address prefix-list only_default",)),
                RouteMapEntry("IN", "permit", 2, sets=("set metric 200",)),
            ),
            routes=(
                StaticRoute("ip", "10.0.0.0/24", "10.255.255.2", "xvrf_z"),
                StaticRoute("ip", "10.1.0.0/24", "null0"),
            ),
        )
        assert (
            printed
            == HEAD
            + (
                "!\n"
                "vrf vrf_z\n vni 4000\n ip route 0.0.0.0/0 172.16.0.254 eno2\n ipv6 route 2001:db8::/64 null0\nexit-vrf\n!\n"
                "vrf vrf_y\nexit-vrf\n!\n"
                "router bgp 1234\n"
                " bgp router-id 192.168.0.1\n"
                " no bgp hard-administrative-reset\n"
                " no bgp default ipv4-unicast\n"
                " coalesce-time 1000\n"
                " no bgp graceful-restart notification\n"
                " neighbor VTEP peer-group\n neighbor VTEP remote-as 1234\n neighbor VTEP bfd\n"
                " neighbor 192.168.0.2 peer-group VTEP\n"
                " neighbor OUT peer-group\n neighbor OUT remote-as external\n neighbor 192.0.2.1 peer-group OUT\n"
                " !\n"
                " address-family ipv4 unicast\n  import vrf vrf_z\n exit-address-family\n"
                " !\n"
                " address-family l2vpn evpn\n"
                "  neighbor VTEP activate\n  neighbor VTEP route-map IN in\n  neighbor VTEP route-map OUT out\n"
                "  neighbor RR activate\n  neighbor RR route-reflector-client\n"
                "  advertise-all-vni\n"
                "  vni 9\n   route-target import 65535:65535\n   route-target export 65535:9\n  exit-vni\n"
                " exit-address-family\n"
                "exit\n!\n"
                "router bgp 1234 vrf vrf_z\n"
                " bgp router-id 192.168.0.1\n"
                " !\n"
                " address-family ipv6 unicast\n  redistribute connected\n  redistribute static\n exit-address-family\n"
                " !\n"
                " address-family l2vpn evpn\n"
                "  default-originate ipv4\n  advertise ipv4 unicast\n  advertise ipv6 unicast\n"
                "  route-target import 1:1\n  route-target export 1:2\n"
                " exit-address-family\n"
                "exit\n!\n"
                "router bgp 1234 vrf vrf_y\n bgp router-id 192.168.0.1\nexit\n!\n"
                "interface eno2\n vrrp 1\n vrrp 1 priority 200\n vrrp 1 ip 172.16.0.10\n vrrp 1 ipv6 fd00::10\nexit\n!\n"
                "ip prefix-list only_default seq 1 permit 0.0.0.0/0\n!\n"
                "route-map IN deny 1\n match ip address prefix-list only_default\nexit\n!\n"
                "route-map IN permit 2\n set metric 200\nexit\n!\n"
                "ip route 10.0.0.0/24 10.255.255.2 xvrf_z\n!\n"
                "ip route 10.1.0.0/24 null0\n!\n"
            )
            + TAIL
        )


BLOCK = FrrConfig(hostname="node1", is_local_block=True, vrfs=(VrfBinding("vrf_z", 4000),))
BLOCK_TEXT = f"{FRR_LOCAL_BEGIN}\nvrf vrf_z\n vni 4000\nexit-vrf\n!\n{FRR_LOCAL_END}\n"
OLD_BLOCK = f"{FRR_LOCAL_BEGIN}\nvrf vrf_old\nexit-vrf\n!\n{FRR_LOCAL_END}\n"
ADMIN = "ip prefix-list OFFICE seq 5 permit 203.0.113.0/24\n"


class TestFrrConfLocal:
    @pytest.mark.parametrize(
        ("present", "expected"),
        [
            pytest.param(None, BLOCK_TEXT, id="no file"),
            pytest.param("", BLOCK_TEXT, id="an empty file"),
            pytest.param(ADMIN, ADMIN + BLOCK_TEXT, id="an admin's lines stay"),
            pytest.param(ADMIN.rstrip("\n"), ADMIN + BLOCK_TEXT, id="a last line without a line break"),
            pytest.param(OLD_BLOCK, BLOCK_TEXT, id="our old block goes"),
            pytest.param(ADMIN + OLD_BLOCK + ADMIN, ADMIN + BLOCK_TEXT + ADMIN, id="in its place"),
            pytest.param(OLD_BLOCK + ADMIN + OLD_BLOCK, BLOCK_TEXT + ADMIN, id="and it goes everywhere"),
            pytest.param(
                f"{FRR_LOCAL_BEGIN}\n{ADMIN}",
                f"{FRR_LOCAL_BEGIN}\n{ADMIN}{BLOCK_TEXT}",
                id="what has no end is no block of ours",
            ),
        ],
    )
    def test_our_block_is_put_in(self, env: Environment, present: str | None, expected: str) -> None:
        file = frr_conf_local(env, BLOCK, present)
        assert file is not None
        assert (file.path, file.mode, file.owner, file.text) == (FRR_CONF_LOCAL, "0640", "frr:frr", expected)

    def test_putting_it_in_twice_is_putting_it_in_once(self, env: Environment) -> None:
        once = frr_conf_local(env, BLOCK, ADMIN)
        assert once is not None
        assert frr_conf_local(env, BLOCK, once.text) == once

    def test_taking_it_out_leaves_the_admins_lines(self, env: Environment) -> None:
        file = frr_conf_local(env, None, ADMIN + OLD_BLOCK)
        assert file is not None
        assert file.text == ADMIN

    def test_a_file_with_nothing_but_our_block_goes_with_it(self, env: Environment) -> None:
        file = frr_conf_local(env, None, "\n" + OLD_BLOCK)
        assert file is not None
        assert file.text is None

    @pytest.mark.parametrize("present", [None, "", ADMIN])
    def test_without_a_block_there_is_nothing_to_say(self, env: Environment, present: str | None) -> None:
        assert frr_conf_local(env, None, present) is None

    def test_what_we_put_in_is_not_mistaken_for_an_admins(self, env: Environment) -> None:
        file = frr_conf_local(env, BLOCK, None)
        assert file is not None
        assert file.text is not None
        assert not decode_facts("node1", NodeRaw(files={FRR_CONF_LOCAL: file.text})).has_foreign_frr_local

    def test_a_router_of_pves_is_opened_again_behind_every_address_family(self, env: Environment) -> None:
        router = BgpRouter(
            asn=65000,
            router_id=None,
            is_merged=True,
            groups=(PeerGroup("VTEP", "65000", ("192.168.0.2",)),),
            unicasts=(Unicast("ipv4", ("static",)),),
            evpn=L2vpnEvpn(vnis=(VniTargets(9, imports=("65535:65535",), exports=("65535:9",)),)),
        )
        file = frr_conf_local(env, FrrConfig("node1", is_local_block=True, routers=(router,)), None)
        assert file is not None
        assert file.text == (
            f"{FRR_LOCAL_BEGIN}\n"
            "router bgp 65000\n"
            " neighbor VTEP peer-group\n neighbor VTEP remote-as 65000\n neighbor VTEP bfd\n"
            " neighbor 192.168.0.2 peer-group VTEP\n"
            " address-family ipv4 unicast\n  redistribute static\n exit-address-family\n"
            "router bgp 65000\n"
            " address-family l2vpn evpn\n"
            "  vni 9\n   route-target import 65535:65535\n   route-target export 65535:9\n  exit-vni\n"
            " exit-address-family\n"
            "router bgp 65000\n"
            "exit\n!\n"
            f"{FRR_LOCAL_END}\n"
        )

    def test_a_router_of_ours_is_printed_whole(self, env: Environment) -> None:
        router = BgpRouter(asn=65000, router_id="192.168.0.1", vrf="vrf_z")
        file = frr_conf_local(env, FrrConfig("node1", is_local_block=True, routers=(router,)), None)
        assert file is not None
        assert file.text is not None
        assert "router bgp 65000 vrf vrf_z\n bgp router-id 192.168.0.1\nexit\n" in file.text


class TestDaemons:
    PRESENT = '# comment\nzebra=yes\nbgpd=no\nospfd=yes\n#vrrpd=no\nbgpd_options="-A 127.0.0.1"\n'

    def test_what_is_needed_is_switched_on_and_nothing_off(self, env: Environment) -> None:
        file = frr_daemons(env, {"bgpd"}, self.PRESENT)
        assert file is not None
        assert (file.mode, file.owner) == ("0640", "frr:frr")
        assert file.text == self.PRESENT.replace("bgpd=no", "bgpd=yes")

    def test_a_daemon_that_is_not_mentioned_is_added(self, env: Environment) -> None:
        file = frr_daemons(env, {"vrrpd", "bfdd"}, self.PRESENT)
        assert file is not None
        assert file.text == self.PRESENT + "bfdd=yes\nvrrpd=yes\n"

    def test_a_last_line_without_a_line_break_stays_one_line(self, env: Environment) -> None:
        file = frr_daemons(env, {"bgpd"}, "zebra=yes")
        assert file is not None
        assert file.text == "zebra=yes\nbgpd=yes\n"

    def test_what_is_on_already_is_not_touched(self, env: Environment) -> None:
        present = "bgpd=yes\nbfdd=yes\n"
        file = frr_daemons(env, {"bgpd", "bfdd"}, present)
        assert file is not None
        assert file.text == present

    def test_the_last_assignment_counts_so_all_are_changed(self, env: Environment) -> None:
        file = frr_daemons(env, {"bgpd"}, "bgpd=yes\nbgpd=no\n")
        assert file is not None
        assert file.text == "bgpd=yes\nbgpd=yes\n"

    def test_without_a_file_there_is_enough_to_start(self, env: Environment) -> None:
        file = frr_daemons(env, {"bgpd", "bfdd"}, None)
        assert file is not None
        assert file.text is not None
        assert file.text.startswith("bfdd=yes\nbgpd=yes\n\nvtysh_enable=yes\n")

    def test_none_wanted_none_said(self, env: Environment) -> None:
        assert frr_daemons(env, (), self.PRESENT) is None
