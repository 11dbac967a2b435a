"""What is left as it is: named with node, line and reason; and what to write so that it can be imported, followed to
the letter.
"""

from __future__ import annotations

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.model.snapshot import Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from tests.unit.recognise.kit import by_text, lost, refused, section, text

FILE = "/etc/network/interfaces"
NOTHING = "nothing can be imported as it stands; what was found, and why it was left:"
HOOKED = """\
auto lo
iface lo inet loopback

auto bond1
iface bond1 inet static
	address 10.31.4.{n}/24
	bond-slaves eno3 eno4

auto vtun
iface vtun inet manual
	{hook}

auto br77
iface br77 inet manual
	bridge-ports vtun
	bridge-stp off
	bridge-fd 0

source /etc/network/interfaces.d/*
"""
EVPN = """\
router bgp 65077
 no bgp default ipv4-unicast
 neighbor 10.31.4.{m} remote-as 65077
 address-family l2vpn evpn
  neighbor 10.31.4.{m} activate
  advertise-all-vni
 exit-address-family
"""
LINK = {
    "ifname": "vtun",
    "master": "br77",
    "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 4077, "port": 4789, "learning": False}},
}


def hooked(hook: str, **more: object) -> Snapshot:
    return by_text(HOOKED.replace("{hook}", hook), **more)  # type: ignore[arg-type] # see by_text


@pytest.mark.parametrize(
    ("hook", "words"),
    [
        (
            "pre-up ip link add $IFACE type vxlan id 4077 group 239.4.7.7 dstport 4789 dev bond1",
            "'vxlan-id 4077', 'vxlan-mcastgrp 239.4.7.7' and 'vxlan-physdev bond1'",
        ),
        (
            "up /sbin/ip link add name vtun mtu 1400 type vxlan dev bond1 dstport 4789 group 239.4.7.7 id 4077 nolearning",
            "'vxlan-id 4077', 'vxlan-mcastgrp 239.4.7.7', 'vxlan-physdev bond1', 'bridge-learning off' and 'mtu 1400'",
        ),
        (
            "pre-up ip -4 l a vtun type vxlan vni 4077 remote 10.31.4.{m} local 10.31.4.{n} dstport 4789 || true",
            "'vxlan-id 4077', 'vxlan-local-tunnelip 10.31.4.1' and 'vxlan-remoteip 10.31.4.2'",
        ),
        (  # without dstport the kernel takes 8472, and ifupdown2 4789
            "pre-up ip link add vtun type vxlan id 4077 remote 10.31.4.{m}",
            "'vxlan-id 4077', 'vxlan-remoteip 10.31.4.2' and 'vxlan-port 8472'",
        ),
        (
            (
                "pre-up sh -c 'ip link add $IFACE type vxlan id 4077 dstport 4789; "
                "bridge fdb append 00:00:00:00:00:00 dev $IFACE dst 10.31.4.{m}' && true"
            ),
            "'vxlan-id 4077' and 'vxlan-remoteip 10.31.4.2'",
        ),
        (
            "pre-up if ! ip link show vtun; then ip link add vtun type vxlan id 4077 dstport 4789 group 239.4.7.7 dev bond1; fi",
            "'vxlan-id 4077', 'vxlan-mcastgrp 239.4.7.7' and 'vxlan-physdev bond1'",
        ),
    ],
)
def test_a_device_by_a_hook_is_named_with_the_options_that_say_the_same(hook: str, words: str) -> None:
    said = refused(hooked(hook))
    written = hook.replace("{n}", "1").replace("{m}", "2")
    assert said[0] == NOTHING
    is_same = written == hook  # said of both nodes at once where it is the same on both
    assert said[1] == (
        f"node1{', node2' * is_same}: {FILE}:11: vtun: a VXLAN device in br77, VNI 4077, made by the hook '{written}'; "
        f"write {words} into the stanza of vtun, in place of what line 11 says of it; then import again"
    )
    assert len(said) == (2 if is_same else 3)


@pytest.mark.parametrize(
    "hook",
    [
        "pre-up ip link add $IFACE type vxlan id 4077 group 239.4.7.7 dstport 4789 dev bond1",
        "pre-up ip link add $IFACE type vxlan id 4077 remote 10.31.4.{m}",
    ],
)
def test_written_as_it_is_told_the_device_is_imported(hook: str) -> None:
    options = refused(hooked(hook))[1].partition("; write ")[2].partition(" into the stanza")[0]
    words = options.replace("10.31.4.2", "10.31.4.{m}").replace(" and ", ", ").replace("'", "").split(", ")
    snapshot = hooked("\n\t".join(words))
    assert section(snapshot, "vnet: br77")["tag"] == "4077"
    adoption = adopt(snapshot, Renderer())
    assert adoption.problems == ()
    assert decode_sdn(adoption.files, intent="pending").findings == ()
    assert adoption.plan is not None
    assert [str(found) for node in adoption.plan.nodes for found in node.obstacles] == []


@pytest.mark.parametrize(
    "hook",
    [
        "up ip netns exec storage ip link add vtun type vxlan id 4077",
        "up ip -n storage link add vtun type vxlan id 4077",
        "up ip link add vtun netns storage type vxlan id 4077",
        "up ip link add vtun type dummy",
        "up echo ip link add vtun type vxlan id 4077",
        "up sh -c 'unfinished",
        "up ip link add vtun type",
    ],
)
def test_what_a_hook_does_elsewhere_or_not_at_all_is_no_vxlan_device(hook: str) -> None:
    assert refused(hooked(hook))[0].startswith("nothing to import: no VXLAN device in a bridge was found")


def test_a_bridge_that_a_hook_joins_needs_the_line_too() -> None:
    hook = (
        "pre-up ip link add vtun type vxlan id 4077 group 239.4.7.7 dstport 4789 dev bond1\n\tup brctl addif br77 vtun"
    )
    snapshot = by_text(HOOKED.replace("{hook}", hook).replace("bridge-ports vtun", "bridge-ports none"))
    assert refused(snapshot)[1].endswith(
        "in place of what lines 11 and 12 say of it; write 'bridge-ports vtun' into the stanza of br77; then import again"
    )


def test_a_vxlan_device_that_a_hook_puts_into_a_bridge_needs_that_line_alone() -> None:
    options = "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}\n\tpost-up ip link set dev $IFACE master br77"
    snapshot = by_text(HOOKED.replace("{hook}", options).replace("bridge-ports vtun", "bridge-ports none"))
    assert refused(snapshot)[1] == (
        f"node1, node2: {FILE}:13: vtun: a VXLAN device, VNI 4077, that is in br77 by the hook "
        "'post-up ip link set dev $IFACE master br77'; write 'bridge-ports vtun' into the stanza of br77, "
        "in place of what line 13 says of it; then import again"
    )


@pytest.mark.parametrize("is_there", [True, False], ids=["with a bridge by stanza", "with a bridge by hand"])
def test_a_device_that_the_kernel_alone_has_is_named(is_there: bool) -> None:
    own = HOOKED.partition("auto vtun")[0].replace("{hook}", "")
    bridge = "auto br77\niface br77 inet manual\n\tbridge-ports none\n" if is_there else ""
    said = refused(by_text(own + bridge, links=[LINK], frr=EVPN))[1]
    head, _, hint = said.partition("; ")
    assert head == "node1: vtun: a VXLAN device in br77, VNI 4077, which the kernel has and no file makes"
    assert hint.startswith(
        "write a stanza for it: 'auto vtun', 'iface vtun inet manual', 'vxlan-id 4077' and 'bridge-learning off'; write "
    )
    assert ("into the stanza of br77" in hint) is is_there
    assert ("'iface br77 inet manual', 'bridge-ports vtun'" in hint) is not is_there


def test_a_hook_that_a_snapshot_hides_is_not_said_to_be_none() -> None:
    own = HOOKED.replace("{hook}", "pre-up sh -c 'hidden-1' || true").replace("bridge-ports vtun", "bridge-ports none")
    said = refused(by_text(own, links=[LINK], frr=EVPN))[1]
    assert f"and no line that can be read (the snapshot hides the hook at {FILE}:11) makes" in said


def test_a_device_that_is_half_in_another_namespace_is_somebody_elses() -> None:
    own = HOOKED.partition("auto vtun")[0]
    assert refused(by_text(own, links=[{**LINK, "link_netnsid": 0}]))[0].startswith("nothing to import")


@pytest.mark.parametrize("words", ["bridge-vlan-vni-map 31-40=5031-5040 70=5070", "vxlan-vnifilter on"])
def test_one_device_for_many_vnis_stays_and_nobody_is_told_to_number_it(words: str) -> None:
    said = refused(hooked(f"vxlan-local-tunnelip 10.31.4.{{n}}\n\t{words}"))
    assert said[1].startswith(f"node1, node2: {FILE}:12: vtun: a single VXLAN device")
    assert "in br77: not carried over, it stays as it is" in said[1]
    assert ("(bridge-vlan-vni-map 31-40=5031-5040 70=5070)" in said[1]) is words.startswith("bridge-vlan")
    assert not [line for line in said if "vxlan-id" in line]


@pytest.mark.parametrize("is_hook", [True, False], ids=["by a hook", "by the kernel alone"])
def test_one_device_for_many_vnis_by_a_hook_or_by_nobody_stays_too(is_hook: bool) -> None:
    if is_hook:
        snapshot = hooked("pre-up ip link add $IFACE type vxlan external vnifilter dstport 4789")
    else:
        link = {**LINK, "linkinfo": {"info_kind": "vxlan", "info_data": {"external": True, "vnifilter": True}}}
        snapshot = by_text(HOOKED.partition("auto vtun")[0], links=[link])
    assert "vtun: a single VXLAN device for many VNIs" in refused(snapshot)[1]
    assert (
        "it stays as it is; a VNet has one VNI: to have them imported write a VXLAN device and a bridge for each VNI"
        in refused(snapshot)[1]
    )


def test_one_device_for_many_vnis_and_another_in_one_bridge_are_counted_together() -> None:
    options = "vxlan-vnifilter on\n\nauto vtwo\niface vtwo inet manual\n\tvxlan-id 4078"
    snapshot = by_text(
        HOOKED.replace("{hook}", options).replace("bridge-ports vtun", "bridge-ports vtun vtwo"), frr=EVPN
    )
    assert "br77: a bridge with 2 VXLAN ports (vtwo, vtun)" in refused(snapshot)[1]


def test_a_vni_that_a_hook_does_not_say_in_digits_is_the_one_that_the_kernel_has() -> None:
    snapshot = by_text(
        HOOKED.replace("{hook}", "pre-up ip link add vtun type vxlan id $VNI dstport 4789 dev bond1"), links=[LINK]
    )
    assert (
        "whose VNI cannot be read; the kernel has 4077; write 'vxlan-id 4077' and 'vxlan-physdev bond1' into the stanza"
        in refused(snapshot)[1]
    )


def test_a_vni_that_nobody_can_read_is_told_so() -> None:
    said = refused(hooked("pre-up ip link add $IFACE type vxlan id $NUMBER dstport 4789"))[1]
    assert said.endswith(
        ", whose VNI cannot be read; write 'vxlan-id NUMBER' into the stanza of vtun, with 'vxlan-remoteip ADDRESS' for "
        "every other node, in place of what line 11 says of it; then import again"
    )


def test_words_that_ifupdown2_has_no_option_for_are_named() -> None:
    said = refused(hooked("pre-up ip link add vtun type vxlan id 4077 dstport 4789 udpcsum remote 10.31.4.{m}"))[1]
    assert said.endswith("what line 11 says of it; ifupdown2 has no option for 'udpcsum'; then import again")


def test_a_device_in_no_bridge_is_told_without_advice() -> None:
    own = HOOKED.partition("auto br77")[0].replace(
        "{hook}", "pre-up ip link add $IFACE type vxlan id 4077 dstport 4789"
    )
    assert refused(by_text(own))[1].endswith("dstport 4789': it stays as it is")


def test_a_container_networks_device_is_no_news_beside_what_is_imported() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}")
    flannel = {"ifname": "flannel.1", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 1, "port": 8472}}}
    assert lost(by_text(own, links=[flannel])) == []
    bare = by_text(HOOKED.partition("auto vtun")[0], links=[flannel])
    assert "node1: flannel.1: a VXLAN device without a bridge, VNI 1, which the kernel has" in refused(bare)[1]


def test_evpn_without_any_vxlan_device_is_told() -> None:
    said = refused(by_text(HOOKED.partition("auto vtun")[0], frr=EVPN))
    assert said[1] == "node1: /etc/frr/frr.conf:1: router bgp 65077 announces all VNIs, and the node has none"


def test_a_bridge_of_several_vnis_is_shown_even_where_there_is_nothing_else() -> None:
    options = "vxlan-id 4077\n\nauto vtwo\niface vtwo inet manual\n\tvxlan-id 4078"
    snapshot = by_text(
        HOOKED.replace("{hook}", options).replace("bridge-ports vtun", "bridge-ports vtun vtwo"), frr=EVPN
    )
    assert refused(snapshot) == [
        NOTHING,
        (
            f"node1, node2: {FILE}:18: br77: a bridge with 2 VXLAN ports (vtun, vtwo): it stays as it is; a "
            "VNet has one VNI: to have them imported give each VXLAN device a bridge of its own"
        ),
    ]


def test_a_second_vni_by_a_hook_counts() -> None:
    options = "vxlan-id 4077\n\tpost-up ip link add vtwo type vxlan id 4078 && ip link set vtwo master br77"
    assert "a bridge with 2 VXLAN ports (vtun, vtwo)" in refused(hooked(options, frr=EVPN))[1]


def test_one_node_by_a_hook_and_one_by_options_is_a_contradiction() -> None:
    hook = "pre-up ip link add vtun type vxlan id 4077 group 239.4.7.7 dstport 4789 dev bond1"
    options = "vxlan-id 4077\n\tvxlan-mcastgrp 239.4.7.7\n\tvxlan-physdev bond1"
    (said,) = refused(by_text(HOOKED.replace("{hook}", hook), HOOKED.replace("{hook}", options)))
    assert said.startswith(f"node1: {FILE}:11: vtun: a VXLAN device in br77, VNI 4077, made by the hook")
    assert f"; node2 has VNI 4077 on vtun ({FILE}:10); write 'vxlan-id 4077'" in said


def test_the_tunnel_address_of_lo_is_the_default_of_all_devices() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}")
    said_by_lo = own.replace("loopback\n", "loopback\n\tvxlan-local-tunnelip 10.31.4.{n}\n")
    said_by_itself = own.replace("vxlan-id", "vxlan-local-tunnelip 10.31.4.{n}\n\tvxlan-id")
    assert text(by_text(said_by_lo)) == text(by_text(said_by_itself))
    assert lost(by_text(said_by_lo)) == []


def test_a_device_of_its_own_tunnel_address_does_not_take_that_of_lo() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-local-tunnelip 10.31.4.{n}\n\tvxlan-remoteip 10.31.4.{m}")
    assert text(by_text(own.replace("loopback\n", "loopback\n\tvxlan-local-tunnelip 192.0.2.1\n"))) == text(
        by_text(own)
    )


def test_the_shared_vtep_of_two_switches_is_told() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}")
    snapshot = by_text(own.replace("loopback\n", "loopback\n\tclagd-vxlan-anycast-ip 10.31.4.100\n"))
    assert lost(snapshot)[0] == (
        f"node1: {FILE}:3: lo: clagd-vxlan-anycast-ip 10.31.4.100: the VTEP that two switches share, which pvesdn has "
        "no words for; every node keeps a VTEP of its own"
    )


def test_a_card_with_an_address_is_never_told_to_become_a_vxlan_device() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}")
    snapshot = by_text(own.replace("/24\n", "/24\n\tvxlan-local-tunnelip 10.31.4.{n}\n"))
    assert lost(snapshot)[0] == (
        f"node1: {FILE}:7: bond1: vxlan-local-tunnelip 10.31.4.1 does nothing: bond1 is not a VXLAN device; "
        "take the line out"
    )


def test_the_kernels_vni_counts_more_than_a_name() -> None:
    snapshot = hooked("vxlan-remoteip 10.31.4.{m}", links=[LINK])
    assert refused(snapshot)[0] == (
        f"node1: {FILE}:10: vtun: has no vxlan-id, so its VNI is unknown; the kernel has 4077 there; "
        "add the line 'vxlan-id NUMBER' to its stanza, with the same number on every node"
    )


def test_tunnels_of_open_vswitch_are_found_and_stay() -> None:
    snapshot = hooked("ovs_type OVSTunnel\n\tovs_bridge br77\n\tovs_tunnel_type vxlan")
    assert refused(snapshot)[1] == (
        f"node1, node2: {FILE}:13: vtun: a VXLAN tunnel of Open vSwitch: not carried over, it stays as it is; "
        "pvesdn makes VXLAN devices of the kernel's, in Linux bridges"
    )


def test_files_that_are_not_in_force_and_files_that_are_not_read_are_told() -> None:
    own = "auto lo\niface lo inet loopback\n\nsource /etc/network/overlay.cfg\n"
    said = refused(by_text(own, beside={"vxlan": "iface vtun\n\tvxlan-id 4077\n"}))
    assert said[1] == (
        "node1: /etc/network/interfaces.d/vxlan: was left out, since no 'source' line of /etc/network/interfaces names it; "
        "add 'source /etc/network/interfaces.d/*' there if it is to count"
    )
    assert said[2] == (
        "node1: /etc/network/interfaces: sources /etc/network/overlay.cfg, which pvesdn does not read; "
        "move what it has of VXLAN, bridges and VRFs into a file in /etc/network/interfaces.d"
    )


def test_evpn_of_pvesdns_own_devices_is_not_said_to_have_none() -> None:
    main = "auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n"
    said = refused(by_text(main, frr=EVPN, beside={"pvesdn": "auto vxlan_shop\niface vxlan_shop\n\tvxlan-id 4077\n"}))
    assert said == [
        (
            "nothing to import: no VXLAN device in a bridge was found, but those that pvesdn or PVE has made "
            "(read: node1, node2)"
        ),
        *(f"node{n}: vxlan_shop: made by pvesdn, so there is nothing to import about it" for n in (1, 2)),
    ]


def test_what_pve_has_made_is_told_to_be_pves() -> None:
    own = "auto lo\niface lo inet loopback\n\nsource /etc/network/interfaces.d/*\n"
    said = refused(by_text(own, beside={"sdn": "auto vxlan_shop\niface vxlan_shop\n\tvxlan-id 4077\n"}))
    assert said[1] == "node1: vxlan_shop: made by PVE's own SDN, so there is nothing to import about it"


# --- new ids ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["a stanza", "the kernel"])
def test_a_new_id_is_no_device_of_any_node(where: str) -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}").replace("br77", "br-77")
    stanza = "auto br77\niface br77 inet manual\n\tbridge-ports eno9\n\n" if where == "a stanza" else ""
    links = [{"ifname": "br77"}] if where == "the kernel" else []
    assert "vnet: br772\n" in text(by_text(own, stanza + own, links=links))
    assert "vnet: br77\n" in text(by_text(own))


def test_nor_does_a_device_that_comes_with_it_have_the_name_of_one() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}").replace("br77", "br-77")
    other = "auto vxlan_br77\niface vxlan_br77 inet manual\n\n"
    assert "vnet: br772\n" in text(by_text(own, other + own))


# --- stanzas that stay -----------------------------------------------------------------------------------------------


def test_a_line_that_stays_and_names_a_device_that_goes_is_told() -> None:
    own = HOOKED.replace("{hook}", "vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}").replace("br77", "br-77")
    hook = "/24\n\tpost-up bridge link set dev vtun learning off || true\n"
    snapshot = by_text(
        own.replace("/24\n", hook) + "\nauto br-77.20\niface br-77.20 inet static\n\taddress 10.5.5.{n}/24\n"
    )
    assert [line for line in lost(snapshot) if line.startswith("node1")] == [
        (
            f"node1: {FILE}:7: bond1: post-up bridge link set dev vtun learning off || true; the line stays: in the "
            "edited files write vxlan_br77 for vtun, or take it out"
        ),
        f"node1: {FILE}:24: br-77.20: a VLAN device of br-77, which becomes br77; in the edited files call it br77.20",
    ]


@pytest.mark.parametrize("option", ["vxlan-svcnodeip 10.31.4.{m}", "vxlan-mcastgrp 10.31.4.99"])
def test_a_unicast_address_for_a_group_is_not_told_to_become_multicast(option: str) -> None:
    said = refused(hooked(f"vxlan-id 4077\n\t{option}"))[0]
    assert said.endswith(
        "is not a multicast address; write 'vxlan-remoteip ADDRESS' for every other node, in place of it"
    )
    assert lost(hooked("vxlan-id 4077\n\tvxlan-remoteip 10.31.4.{m}")) == []


def test_remotes_that_hooks_add_are_named_where_there_are_no_others() -> None:
    flood = "post-up bridge fdb append 00:00:00:00:00:00 dev $IFACE dst 10.31.4.{m}"
    assert refused(hooked(f"vxlan-id 4077\n\t{flood}"))[0].endswith(
        "no advertise-all-vni; write 'vxlan-remoteip 10.31.4.2' into its stanza, in place of the hooks"
    )


def test_a_variable_of_the_shell_is_never_written_into_a_stanza() -> None:
    loop = "up for r in 10.31.4.2 10.31.4.3; do bridge fdb append 00:00:00:00:00:00 dev vtun dst $r; done"
    said = refused(hooked(f"pre-up ip link add vtun type vxlan id 4077 dstport 4789 dev $CARD\n\t{loop}"))[1]
    assert (
        "; write 'vxlan-id 4077' and 'vxlan-physdev VALUE' into the stanza of vtun, with 'vxlan-remoteip ADDRESS' for "
        in said
    )


def test_a_map_of_remotes_is_one_device_for_many_vnis_too() -> None:
    said = refused(hooked("vxlan-remoteip-map 31-33=10.31.4.{m}"))
    assert "vtun: a single VXLAN device for many VNIs in br77: not carried over, it stays as it is" in said[1]
