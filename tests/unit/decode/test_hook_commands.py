"""What hooks do about links, bridges and addresses, read as a shell and iproute2 read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.decode.nodes.hook_commands import read_hook
from pvesdn.decode.nodes.live_vxlan import decode_live_vxlans
from pvesdn.model.hand_written import Act, Floods, Holds, Joins, MakesBridge, VxlanWords
from pvesdn.model.primitives import Json


@pytest.mark.parametrize(
    ("command", "acts"),
    [
        ("ip link add br5 type bridge", [MakesBridge("br5")]),
        ("/usr/sbin/brctl addbr br5 && brctl addif br5 eno3 eno4", [MakesBridge("br5"), Joins("eno3", "br5"), Joins("eno4", "br5")]),
        ("ip link set $IFACE master br5 up", [Joins("vtun", "br5")]),
        ("ip -d -o l s dev ${IFACE} master br5", [Joins("vtun", "br5")]),
        ("ip link set vtun up", []),
        ("ip link set vtun netns shop master br5", []),
        ("ip a a 10.1.1.1/24 dev br5", [Holds("br5", "10.1.1.1/24")]),
        ("ip -6 address replace local fd00::1/64 dev br5 nodad", [Holds("br5", "fd00::1/64")]),
        ("ip addr add dev br5 10.1.1.1/24", []),
        ("ip addr del 10.1.1.1/24 dev br5", []),
        ("bridge fdb add 00:00:00:00:00:00 dev vtun dst 10.0.0.2 self permanent", [Floods("vtun", "10.0.0.2")]),
        ("bridge -s f append to 00:00:00:00:00:00 dst 10.0.0.2 via eno1 dev vtun", [Floods("vtun", "10.0.0.2")]),
        ("bridge fdb append 02:00:00:00:00:01 dev vtun dst 10.0.0.2", []),
        ("bridge -n shop fdb append 00:00:00:00:00:00 dev vtun dst 10.0.0.2", []),
        ("bridge vlan add dev vtun vid 7", []),
        ("ip link", []),
        ("ip", []),
        ("sh -c", []),
        ("", []),
        ("! ( exec sudo ip link set vtun master br5 )", [Joins("vtun", "br5")]),
        ("sh -xc \"bash -c 'ip link set vtun master br5'\"", [Joins("vtun", "br5")]),
        ("echo 'ip link set vtun master br5'", []),
    ],
)  # fmt: skip
def test_a_command_does_what_its_words_say(command: str, acts: list[Act]) -> None:
    assert list(read_hook(command, "vtun")) == acts


@pytest.mark.parametrize(
    ("words", "device"),
    [
        ("vtun type vxlan id 9", VxlanWords("vtun", vni="9")),
        ("link eno1 name vtun type vxlan vni 9 dstport 0", VxlanWords("vtun", vni="9", physdev="eno1")),
        (
            "dev vtun address 02:00:00:00:00:09 txqueuelen 1000 up mtu 1400 type vxlan id 9 ttl 8 local fd00::1 remote ff05::9",
            VxlanWords("vtun", vni="9", group="ff05::9", local="fd00::1", mtu="1400", ttl="8"),
        ),
        (
            "vtun type vxlan id 9 srcport 1024 2048 tos inherit udpcsum noexternal learning",
            VxlanWords("vtun", vni="9", others=("srcport 1024 2048", "tos inherit", "udpcsum")),
        ),
        ("vtun type vxlan external vnifilter", VxlanWords("vtun", is_external=True)),
        (f"vtun type vxlan id 9 remote {'9' * 5000}.1", VxlanWords("vtun", vni="9", remotes=(f"{'9' * 5000}.1",))),
        ("vtun type vxlan id", VxlanWords("vtun")),
        ("vtun type vxlan id 9 remote", VxlanWords("vtun", vni="9")),
    ],
)
def test_a_vxlan_device_has_its_words_in_any_order(words: str, device: VxlanWords) -> None:
    assert read_hook(f"ip link add {words}", "vtun") == (device,)


def test_a_device_that_is_made_in_a_bridge_joins_it() -> None:
    found = read_hook("ip link add vtun master br5 type vxlan id 9", "vtun")
    assert found == (VxlanWords("vtun", vni="9"), Joins("vtun", "br5"))


@pytest.mark.parametrize("end", ["", " name", " master", " mtu", " link", " type", " type vxlan", " type vxlan group"])
def test_a_command_that_ends_too_early_is_no_fault(end: str) -> None:
    read_hook(f"ip link add{end}", "vtun")


WORDS = st.sampled_from(
    [
        *[
            "ip",
            "link",
            "add",
            "set",
            "type",
            "vxlan",
            "id",
            "9",
            "remote",
            "group",
            "dev",
            "local",
            "sh",
            "-c",
            "bridge",
            "fdb",
            "append",
            "dst",
        ],
        *";&|'\"()\\",
        "&&",
        "$IFACE",
    ]
)


@given(st.lists(WORDS | st.text(max_size=6), max_size=24))
def test_no_line_is_ever_a_fault(words: list[str]) -> None:
    read_hook(" ".join(words), "vtun")


ROW: dict[str, Json] = {
    "ifname": "vtun",
    "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 9, "port": 8472, "link": "eno1"}},
}


def test_the_kernels_devices_are_read_and_what_is_strange_is_left_out() -> None:
    strange = [
        {"ifname": 7, "linkinfo": ROW["linkinfo"]},
        {"ifname": "x", "linkinfo": 5},
        {**ROW, "link_netnsid": 0},
        {},
    ]
    (found,) = decode_live_vxlans([*strange, {**ROW, "master": "br5"}])
    assert (found.bridge, found.words) == ("br5", VxlanWords("vtun", vni="9", physdev="eno1", port="8472"))


@pytest.mark.parametrize("answer", [None, 5, "text", [5], {"ifname": "vtun"}])
def test_an_answer_of_another_shape_has_no_devices(answer: Json) -> None:
    assert decode_live_vxlans(answer) == ()
