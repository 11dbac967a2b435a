"""The hookscript for guests, on a node of real files: what it tells, whom it refuses, and what it leaves alone."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.decode.definitions.section_config import Scanner
from pvesdn.resources import data_dir
from tests.cli.kit import UCAST
from tests.cluster.kit import apply_to, serving

SCRIPT = data_dir("hooks") / "pvesdn-guest"
CARRIED = "vxlan: ours\n\tcarries lan\n\tvni-range 100-200\n\n"
OURS = "etc/network/interfaces.d/pvesdn"
SETTINGS = "etc/pve/priv/pvesdn.toml"
SECTIONS = runpy.run_path(str(SCRIPT))["sections"]


@pytest.fixture(scope="module")
def hook() -> Callable[..., int]:
    main: Callable[..., int] = runpy.run_path(str(SCRIPT))["main"]
    return main


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pvesdn has written on pve2."""
    with serving(tmp_path_factory.mktemp("cluster"), UCAST) as cluster:
        assert apply_to(cluster).is_good
        return cluster.nodes["pve2"].path("/" + OURS)


@pytest.fixture
def node(tmp_path: Path, applied: Path) -> Path:
    """pve2 with VNet vmbr3, a virtual machine 101 in it, and a container 102."""
    for name, text in {
        OURS: applied.read_text(),
        "etc/pve/sdn/pvesdn.cfg": UCAST,
        "etc/pve/qemu-server/101.conf": guest("net0: virtio=BC:24:11:00:00:01,bridge=vmbr3,firewall=1"),
        "etc/pve/lxc/102.conf": guest("net1: name=eth1,bridge=vmbr3,type=veth"),
    }.items():
        write(tmp_path / name, text)
    plugged(tmp_path, "vmbr3", "vxlan_vmbr3")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def guest(*lines: str) -> str:
    return "\n".join(("cores: 2", *lines, "", "[before]", "net0: virtio=BC:24:11:00:00:09,bridge=gone", ""))


def plugged(root: Path, bridge: str, port: str, *, flags: str = "0x1003") -> None:
    net = root / "sys/class/net"
    for device in (bridge, port):
        write(net / device / "flags", flags)
    write(net / bridge / "brif" / port / "state", "3")


def refuse(root: Path, what: str) -> None:
    write(root / SETTINGS, f'[watch]\naction = "apply"\n\n[guests]\nrefuse = "{what}"\n')


Started = tuple[int, list[str]]


@pytest.fixture
def start(hook: Callable[..., int], node: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Started]:
    def start(vmid: int = 101, phase: str = "pre-start", **environ: str) -> Started:
        status = hook(["pvesdn-guest", str(vmid), phase], environ, str(node), "pve2")
        said = capsys.readouterr()
        assert said.out == ""
        return status, said.err.splitlines()

    return start


@pytest.mark.parametrize("vmid", [101, 102])
def test_a_guest_whose_vnet_is_good_is_started_without_a_word(start: Callable[..., Started], vmid: int) -> None:
    assert start(vmid) == (0, [])


def test_bridges_of_others_are_none_of_its_business(start: Callable[..., Started], node: Path) -> None:
    write(node / "etc/pve/qemu-server/101.conf", guest("net0: virtio=BC:24:11:00:00:01,bridge=vmbr0"))
    refuse(node, "all")
    assert start() == (0, [])


def unapplied(node: Path) -> None:
    (node / OURS).unlink()


def absent(node: Path) -> None:
    (node / "sys/class/net/vmbr3").rename(node / "gone")


def down(node: Path) -> None:
    (node / "sys/class/net/vmbr3/flags").write_text("0x1002")


def unplugged(node: Path) -> None:
    (node / "sys/class/net/vmbr3/brif/vxlan_vmbr3").rename(node / "gone")


def switched_off(node: Path) -> None:
    (node / "sys/class/net/vxlan_vmbr3/flags").write_text("0x1002")


def not_here(node: Path) -> None:
    unapplied(node)
    write(node / "etc/pve/sdn/pvesdn.cfg", UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tnodes pve1,pve3\n"))


def not_here_by_itself(node: Path) -> None:
    unapplied(node)
    write(node / "etc/pve/sdn/pvesdn.cfg", UCAST.replace("vnet: vmbr3\n", "vnet: vmbr3\n\tnodes pve1;pve3\n"))


def only_on_nodes_of_both(node: Path) -> None:
    not_here_by_itself(node)
    own = node / "etc/pve/sdn/pvesdn.cfg"
    write(own, own.read_text().replace("vxlan: ucast\n", "vxlan: ucast\n\tnodes pve2,pve3,pve4\n"))


def on_no_node(node: Path) -> None:
    not_here_by_itself(node)
    own = node / "etc/pve/sdn/pvesdn.cfg"
    write(own, own.read_text().replace("vxlan: ucast\n", "vxlan: ucast\n\tnodes pve2\n"))


def not_here_beside_a_namesake(node: Path) -> None:
    not_here(node)
    own = node / "etc/pve/sdn/pvesdn.cfg"
    write(own, own.read_text() + "\nevpn-controller: ucast\n\tasn 65000\n")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (unapplied, "is defined and not applied here; pvesdn plan tells what is missing, pvesdn apply brings it"),
        (absent, "does not exist here, although it was applied; ifreload -a creates it, pvesdn verify tells more"),
        (down, "is down; ip link set vmbr3 up"),
        (
            unplugged,
            "has no way to the other nodes: vxlan_vmbr3 is not plugged in; ifreload -a, or pvesdn verify, which tells why",
        ),
        (switched_off, "has no way to the other nodes: vxlan_vmbr3 is down; ip link set vxlan_vmbr3 up"),
        (not_here, "is not on this node, but on pve1, pve3"),
        (not_here_by_itself, "is not on this node, but on pve1, pve3"),
        (only_on_nodes_of_both, "is not on this node, but on pve3"),
        (on_no_node, "is not on this node and no other"),
        (not_here_beside_a_namesake, "is not on this node, but on pve1, pve3"),
    ],
)
def test_what_is_wrong_is_one_line_and_refused_where_the_settings_say_so(
    start: Callable[..., Started], node: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(node)
    line = f"pvesdn: net0: VNet vmbr3 {said}"
    assert start() == (0, [line])
    refuse(node, "none")
    assert start() == (0, [line])
    refuse(node, "all")
    assert start() == (1, [line, 'pvesdn: guest 101 is not started on pve2: [guests] refuse = "all"'])


def carried(node: Path) -> None:
    """VNet `office` is drawn in the panel, carried by a zone of ours, and was applied by PVE alone."""
    write(node / "etc/pve/sdn/pvesdn.cfg", CARRIED)
    write(node / "etc/pve/sdn/zones.cfg", "simple: lan\n\tmtu 1450\n\n")
    write(node / "etc/pve/sdn/vnets.cfg", "vnet: office\n\tzone lan\n\nvnet: other\n\tzone plain\n\n")
    write(node / "etc/pve/qemu-server/101.conf", guest("net0: virtio=BC:24:11:00:00:01,bridge=office"))
    write(node / "sys/class/net/office/flags", "0x1003")


def test_a_vnet_of_the_panel_without_what_we_add_is_refused_unless_the_settings_say_otherwise(
    start: Callable[..., Started], node: Path
) -> None:
    carried(node)
    status, lines = start()
    assert status == 1
    assert lines[0].startswith("pvesdn: net0: VNet office is defined and not applied here; ")
    assert lines[1] == 'pvesdn: guest 101 is not started on pve2: [guests] refuse = "carried"'
    refuse(node, "none")
    assert start()[0] == 0
    write(node / OURS, "auto office\niface office\n\tbridge-ports vxlan_office\n")
    plugged(node, "office", "vxlan_office")
    assert start() == (0, [])


@pytest.mark.parametrize("drawn", ["", "vnet: office\n\tzone other\n\n"], ids=["deleted", "moved"])
def test_a_vnet_of_the_panel_that_is_deleted_or_moved_there_is_refused_like_the_others_while_it_runs(
    start: Callable[..., Started], node: Path, drawn: str
) -> None:
    carried(node)
    write(node / OURS, "auto office\niface office\n\tbridge-ports vxlan_office\n")
    write(node / "etc/pve/sdn/vnets.cfg", drawn)
    told = "pvesdn: net0: VNet office has no way to the other nodes: vxlan_office is not plugged in; "
    status, lines = start()
    assert (status, lines[0].startswith(told)) == (0, True)
    write(node / "etc/pve/sdn/pvesdn-vnis.cfg", "vni: 100\n\tvnet office\n\tzone ours\n\n")
    status, lines = start()
    assert (status, lines[0].startswith(told)) == (1, True)
    write(node / "etc/pve/sdn/pvesdn-vnis.cfg", "vni: 100\n\tvnet office\n\tzone ours\n\tformer 1\n\n")
    assert start()[0] == 0


TWO = "evpn: prod\n\tirb symmetric\n\tcarries lan\n\nevpn: dev\n\tirb symmetric\n\tcarries lab\n\n"
STANZA = "iface office\n\tbridge-ports vxlan_office\n"
ROUTED = STANZA + "\thwaddress 06:2c:c2:8c:c6:7b\n\tvrf vrf_prod\n"
GATEWAY = "auto office\niface office\n\taddress 10.0.3.1/24\n\tbridge_ports none\n"
OF_PVE_ALONE = (
    "has a gateway that only PVE knows of, in the node's own table and with a MAC of its own; run pvesdn apply"
)
NOT_IN_VRF = "is not in vrf_prod, so its gateway is in the wrong table; ifreload -a, or pvesdn verify, which tells why"
MOVED = "is in the network of zone prod still, and dev carries it now; pvesdn plan tells the way"


def routed(node: Path, ours: str, pves: str, vrf: str) -> None:
    """VNet `office` has its uplink, of zone `prod`. :param vrf: what its bridge is in."""
    carried(node)
    write(node / "etc/pve/sdn/pvesdn.cfg", TWO)
    write(node / "etc/pve/sdn/pvesdn-vnis.cfg", "vni: 100\n\tvnet office\n\tzone prod\n\n")
    write(node / "etc/pve/sdn/zones.cfg", "simple: lan\n\tmtu 1450\n\nsimple: lab\n\tmtu 1450\n\n")
    committed(node, "lan")
    write(node / OURS, f"auto office\n{ours}\niface vxlan_office\n\tvxlan-id 100\n")
    write(node / "etc/network/interfaces.d/sdn", f"#version:7\n\n{pves}")
    plugged(node, "office", "vxlan_office")
    if vrf:
        (node / "sys/class/net/office/master").symlink_to(f"../{vrf}")


def committed(node: Path, zone: str) -> None:
    write(node / "etc/pve/sdn/.running-config", json.dumps({"vnets": {"ids": {"office": {"zone": zone}}}}))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ((STANZA, "", ""), ()),
        ((STANZA, GATEWAY.replace("\taddress 10.0.3.1/24\n", ""), ""), ()),
        ((STANZA, GATEWAY, ""), (OF_PVE_ALONE,)),
        ((STANZA + "\thwaddress 06:2c:c2:8c:c6:7b\n", GATEWAY, ""), ()),  # vrf main
        ((ROUTED, GATEWAY, "vrf_prod"), ()),
        ((ROUTED, GATEWAY, ""), (NOT_IN_VRF,)),
        ((ROUTED, GATEWAY, "vrf_dev"), (NOT_IN_VRF,)),
    ],
)
def test_a_gateway_that_pve_alone_has_brought_keeps_guests_from_starting(
    start: Callable[..., Started], node: Path, there: tuple[str, str, str], said: tuple[str, ...]
) -> None:
    routed(node, *there)
    status, lines = start()
    assert (status, lines[:1]) == (len(said), [f"pvesdn: net0: VNet office {fault}" for fault in said])


def test_a_vnet_that_pve_alone_has_moved_is_told_where_it_is(start: Callable[..., Started], node: Path) -> None:
    routed(node, ROUTED, GATEWAY, "vrf_prod")
    vnets = node / "etc/pve/sdn/vnets.cfg"
    write(vnets, vnets.read_text().replace("zone lan", "zone lab"))
    assert start() == (0, [])  # nobody has committed it
    committed(node, "lab")
    status, lines = start()
    assert (status, lines[0]) == (1, f"pvesdn: net0: VNet office {MOVED}")
    write(node / "etc/pve/sdn/pvesdn-vnis.cfg", "vni: 100\n\tvnet office\n\tzone dev\n\n")
    assert start() == (0, [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"vnets": 1}', '{"vnets": {"ids": {"office": {"zone": []}}}}'])
def test_what_pve_has_committed_and_cannot_be_read_is_not_held_against_a_guest(
    start: Callable[..., Started], node: Path, text: str
) -> None:
    routed(node, ROUTED, GATEWAY, "vrf_prod")
    write(node / "etc/pve/sdn/.running-config", text)
    assert start() == (0, [])


def test_a_vnet_of_the_panel_that_nothing_of_ours_carries_is_pves(start: Callable[..., Started], node: Path) -> None:
    carried(node)
    write(node / "etc/pve/qemu-server/101.conf", guest("net0: virtio=BC:24:11:00:00:01,bridge=other"))
    assert start() == (0, [])


def test_a_guest_that_is_being_migrated_here_is_looked_up_where_it_comes_from(
    start: Callable[..., Started], node: Path
) -> None:
    config = node / "etc/pve/qemu-server/101.conf"
    source = node / "etc/pve/nodes/pve1/qemu-server/101.conf"
    source.parent.mkdir(parents=True)
    config.rename(source)
    unapplied(node)
    status, lines = start(PVE_MIGRATED_FROM="pve1")
    assert (status, len(lines)) == (0, 1)
    refuse(node, "all")
    assert start(PVE_MIGRATED_FROM="pve1")[0] == 1


@pytest.mark.parametrize("port", ["tap101i0", "fwpr101p0"])
def test_after_a_migration_the_port_is_looked_for(start: Callable[..., Started], node: Path, port: str) -> None:
    lines = ["pvesdn: net0: the guest's port is not in VNet vmbr3 after its migration; unplug and plug it again"]
    assert start(phase="post-start", PVE_MIGRATED_FROM="pve1") == (0, lines)
    plugged(node, "vmbr3", port)
    assert start(phase="post-start", PVE_MIGRATED_FROM="pve1") == (0, [])


@pytest.mark.parametrize("phase", ["post-start", "pre-stop", "post-stop", "something new"])
def test_in_other_phases_it_says_nothing(start: Callable[..., Started], node: Path, phase: str) -> None:
    unapplied(node)
    refuse(node, "all")
    assert start(phase=phase) == (0, [])


def test_what_is_wrong_with_pvesdn_itself_stops_no_guest(start: Callable[..., Started], node: Path) -> None:
    (node / "etc/pve/sdn/pvesdn.cfg").unlink()
    (node / "etc/pve/sdn/pvesdn.cfg").mkdir()
    status, lines = start()
    assert status == 0
    assert [line.startswith("pvesdn: the guest's VNets could not be checked: ") for line in lines] == [True]


@pytest.mark.parametrize(("what", "status"), [("all", 1), ("none", 0)])
def test_where_all_are_refused_so_is_a_guest_whose_vnets_cannot_be_checked(
    start: Callable[..., Started], node: Path, what: str, status: int
) -> None:
    (node / "etc/pve/sdn/pvesdn.cfg").unlink()
    (node / "etc/pve/sdn/pvesdn.cfg").mkdir()
    refuse(node, what)
    assert start()[0] == status
    assert start(phase="post-start", PVE_MIGRATED_FROM="pve1")[0] == 0


WRITTEN = [
    '[guests]\nrefuse = "all"\n',
    "[guests] # the strict way\n\n\"refuse\"='all' # really\n",
    'guests.refuse = "all"\n',
    'guests = { refuse = "all" }\n',
    '["guests"]\nrefuse = "all"\n',
    '[lab]\nrefuse = "none"\n[guests]\nrefuse = "all"\n',
]


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("has_toml", [True, False], ids=["tomllib", "before 3.11"])
def test_the_setting_counts_however_toml_lets_it_be_written(
    start: Callable[..., Started], node: Path, monkeypatch: pytest.MonkeyPatch, text: str, has_toml: bool
) -> None:
    if not has_toml:
        monkeypatch.setitem(sys.modules, "tomllib", None)
    unapplied(node)
    write(node / SETTINGS, text)
    status, lines = start()
    assert (status, len(lines)) == (1, 2)


@pytest.mark.parametrize(
    "text", ['[guests]\nrefuse = "some"\n', "[guests]\nrefuse = true\n", "[guests.refuse]\nx = 1\n"]
)
@pytest.mark.parametrize("has_toml", [True, False], ids=["tomllib", "before 3.11"])
def test_a_setting_that_is_not_understood_is_told(
    start: Callable[..., Started], node: Path, monkeypatch: pytest.MonkeyPatch, text: str, has_toml: bool
) -> None:
    if not has_toml:
        monkeypatch.setitem(sys.modules, "tomllib", None)
    write(node / SETTINGS, text)
    said = f'pvesdn: /{SETTINGS}: [guests] refuse is not understood: write "carried", "all" or "none"'
    assert start() == (0, [f'{said}; guests are refused as with "carried"'])
    assert start(phase="post-start") == (0, [])


def test_settings_that_are_no_toml_are_told_and_read_as_far_as_it_goes(
    start: Callable[..., Started], node: Path
) -> None:
    unapplied(node)
    write(node / SETTINGS, '[guests]\nrefuse = "all"\n[watch\n')
    status, lines = start()
    assert (status, len(lines)) == (1, 3)
    assert lines[0].startswith(f"pvesdn: /{SETTINGS} is no TOML: ")
    assert lines[0].endswith('; guests are refused as with "all"')


def test_settings_that_cannot_be_read_are_told(start: Callable[..., Started], node: Path) -> None:
    (node / SETTINGS).mkdir(parents=True)
    assert start() == (0, [f'pvesdn: /{SETTINGS}: Is a directory; guests are refused as with "carried"'])


def test_settings_without_a_word_of_guests_are_no_trouble(start: Callable[..., Started], node: Path) -> None:
    write(node / SETTINGS, '[watch]\naction = "apply"\n# refuse, under [guests], is as it was\n')
    assert start() == (0, [])


def test_a_guest_that_is_not_here_is_told(start: Callable[..., Started], node: Path) -> None:
    assert start(999) == (0, ["pvesdn: the guest's VNets could not be checked: guest 999 has no configuration here"])
    refuse(node, "all")
    assert start(999)[0] == 1


def test_a_damaged_file_of_ours_is_read_as_far_as_it_goes(start: Callable[..., Started], node: Path) -> None:
    (node / OURS).write_bytes(b"iface\n\xff\xfe\nbridge-ports x\niface vmbr3\n\tbridge-ports vxlan_vmbr3 none\n")
    assert start() == (0, [])


_WORD = st.sampled_from(("nodes", "zone", "carries", "tag", "pve1", "x-1"))
_BLANKS = st.text(" \t", min_size=1, max_size=3)
_LINE = st.tuples(_BLANKS, _WORD, _BLANKS, st.lists(_WORD, max_size=3).map(", ".join), st.text(" \t", max_size=2))
_SECTION = st.tuples(_WORD, _WORD, st.lists(_LINE, unique_by=lambda words: words[1]))


@given(st.lists(_SECTION, unique_by=lambda section: section[1]))
def test_definitions_are_read_as_pvesdn_reads_them(drawn: list[tuple[str, str, list[tuple[str, ...]]]]) -> None:
    text = "".join("\n".join((f"{kind}: {name}", *map("".join, lines), "", "")) for kind, name, lines in drawn)
    ours = [
        (section.type, section.id, {found.key: found.value for found in section.properties})
        for section in Scanner().scan(text).sections
    ]
    assert list(SECTIONS(text)) == ours


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60, check=False)


def test_pve_can_start_it() -> None:
    assert os.access(SCRIPT, os.X_OK)
    for phase in ("pre-stop", "post-stop", "post-start"):
        done = run("101", phase)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words", [(), ("101",), ("../101", "pre-start"), ("101", "pre-start", "more")])
def test_another_call_is_told_how(words: tuple[Any, ...]) -> None:
    done = run(*words)
    assert (done.returncode, done.stderr) == (2, "usage: pvesdn-guest VMID PHASE\n")
