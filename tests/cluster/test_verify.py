"""Verify on a simulated cluster: silent where nothing is wrong, and each step followed to the letter makes it so."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pvesdn.model.verification import NotChecked, Subject, Verification
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import locked_state, write_json
from tests.cluster.kit import apply_to, draw, errors, install_dnsmasq, plan_of, serving, world_of
from tests.cluster.standing import stand

ZERO = "00:00:00:00:00:00"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCluster]:
    """One for all: whoever damages it mends it."""
    with serving(tmp_path_factory.mktemp("cluster")) as made:
        report = apply_to(made)
        assert report.is_good, errors(report)
        yield made


def verified(cluster: SimulatedCluster) -> Verification:
    return verify(read_cluster(world_of(cluster), has_state=True), Renderer())


def changed(device: str, **values: object) -> Callable[[SimulatedCluster, str], None]:
    """Somebody changes a device, behind everybody's back."""

    def change(cluster: SimulatedCluster, node: str) -> None:
        with locked_state(cluster.nodes[node].root) as state:
            for key, value in values.items():
                there = state.links[device]
                there[key] = {**there[key], **value} if isinstance(value, dict) else value

    return change


def ran(*argv: str) -> Callable[[SimulatedCluster, str], None]:
    """Somebody runs a command on a node."""

    def run(cluster: SimulatedCluster, node: str) -> None:
        assert cluster.nodes[node].run(*argv).returncode == 0

    return run


def frr(**values: object) -> Callable[[SimulatedCluster, str], None]:
    """Something happens to FRR: a function of what was, for each key of its state."""

    def change(cluster: SimulatedCluster, node: str) -> None:
        there = cluster.nodes[node].frr()
        assert isinstance(there, dict)
        for key, change in values.items():
            there[key] = change(there[key])  # type: ignore[operator]
        write_json(cluster.nodes[node].root, "frr", there)

    return change


def without(daemon: str) -> Callable[[SimulatedCluster, str], None]:
    """A daemon dies, and what it had goes with it."""
    return frr(
        daemons=lambda names: [name for name in names if name != daemon], config=lambda text: _less(text, daemon)
    )


def _less(text: str, daemon: str) -> str:
    return text.partition("router bgp")[0] if daemon == "bgpd" else text


def typed(old: str, new: str) -> Callable[[SimulatedCluster, str], None]:
    """Somebody types into vtysh."""

    def replaced(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return frr(config=replaced)


DAMAGES = {
    "bgpd dies": without("bgpd"),
    "bfdd dies": without("bfdd"),
    "FRR is stopped": ran("systemctl", "stop", "frr"),
    "a neighbor is removed in vtysh": typed(" neighbor 192.168.0.3 peer-group VTEP\n", ""),
    "the AS number is changed in vtysh": typed("router bgp 1234\n", "router bgp 4321\n"),
    "a route target is removed in vtysh": typed("   route-target export 65535:3\n", ""),
    "VNIs are no longer announced": typed("  advertise-all-vni\n", ""),
    "the L3VNI is removed in vtysh": typed(" vni 4000\n", ""),
    "a line is added in vtysh": typed(
        " bgp router-id 192.168.0.2\n", " bgp router-id 192.168.0.2\n bgp log-neighbor-changes\n"
    ),
    "a VXLAN device is deleted": ran("ip", "link", "del", "vxlan_web"),
    "a bridge is deleted": ran("ip", "link", "del", "backup"),
    "a VRF is deleted": ran("ip", "link", "del", "vrf_sym"),
    "an all-zero entry is deleted": ran("bridge", "fdb", "del", ZERO, "dev", "vxlan_backup", "dst", "192.168.0.1"),
    "an all-zero entry is added": ran("bridge", "fdb", "append", ZERO, "dev", "vxlan_backup", "dst", "192.168.0.99"),
    "forwarding is switched off": ran("sysctl", "-w", "net.ipv4.ip_forward=0"),
    "reverse paths are filtered": ran("sysctl", "-w", "net.ipv4.conf.all.rp_filter=1"),
    "an MTU is lowered": changed("web", mtu=1400),
    "a MAC is changed": changed("web", address="52:54:00:00:00:01"),
    "a gateway loses its address": changed("web", addresses=[]),
    "a port leaves its bridge": changed("vxlan_web", master=None),
    "a bridge leaves its VRF": changed("web", master=None),
    "a device is down": changed("vxlan_backup", up=False),
    "a VNI is another": changed("vxlan_web", info={"id": 77}),
    "a UDP port is another": changed("vxlan_backup", info={"port": 8472}),
    "a VTEP is another": changed("vxlan_backup", info={"local": "10.9.9.9"}),
    "a port learns": changed("vxlan_web", port={"learning": True}),
}


def test_a_healthy_network_makes_no_finding(cluster: SimulatedCluster) -> None:
    found = verified(cluster)
    assert found.discrepancies == ()
    assert [zone.zone for zone in found.zones] == ["plain", "sym"]
    assert not found.has_doubts


def test_verify_makes_one_call_of_each_node_and_changes_nothing(cluster: SimulatedCluster) -> None:
    for node in cluster.nodes.values():
        node.forget_commands()
    verified(cluster)
    asked = {argv[0] for node in cluster.nodes.values() for argv in node.commands()}
    assert asked <= {"ip", "bridge", "dpkg-query", "vtysh"}
    for node in cluster.nodes.values():
        assert not {"append", "del", "-w", "-p"} & {word for argv in node.commands() for word in argv}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_each_damage_is_named_and_the_step_followed_to_the_letter_mends_it(
    cluster: SimulatedCluster, damage: str
) -> None:
    DAMAGES[damage](cluster, "pve2")
    found = verified(cluster).discrepancies
    assert "pve2" in {item.node for item in found}
    for item in found:
        if item.next_step.startswith("first see to what is said of the running configuration"):
            assert Subject.FRR in {other.subject for other in found if other.node == "pve2"}
        elif item.node == "pve2":
            follow(cluster, item.next_step)
        else:  # the other end of a session
            assert item.subject is Subject.SESSION
            assert "pve2" in item.object
    assert verified(cluster).discrepancies == ()
    assert plan_of(cluster).is_empty


def follow(cluster: SimulatedCluster, step: str) -> None:
    """Type what a step says, on the node that it names."""
    told = re.fullmatch(r"on (\S+): (.*)", step)
    assert told, step
    if told[2].startswith(("ip route get", "vtysh -c")):
        return  # something to look at
    for command in told[2].split(" && "):
        name, *arguments = shlex.split(command)
        done = cluster.nodes[told[1]].run(Path(name).name, *arguments)
        assert done.returncode == 0, (command, done.stderr)


def test_a_node_that_does_not_answer_is_not_checked_and_the_others_are(cluster: SimulatedCluster) -> None:
    cluster.refuse_ssh("pve3")
    found = verified(cluster)
    cluster.refuse_ssh("pve3", refuses=False)
    assert (found.discrepancies, set(found.unreachable), found.nodes) == ((), {"pve3"}, ("pve1", "pve2"))


def test_a_question_that_fails_on_one_node_is_not_checked_there(cluster: SimulatedCluster) -> None:
    cluster.nodes["pve1"].break_command("bridge", stderr="Segmentation fault")
    found = verified(cluster)
    cluster.nodes["pve1"].mend_command("bridge")
    assert found.discrepancies == ()
    # No VNet is VLAN-aware there, so nobody misses the other thing that bridge is asked for.
    assert [(item.node, item.what) for item in found.not_checked if item.node] == [
        ("pve1", "flooding: the all-zero entries of VXLAN devices")
    ]
    assert found.has_doubts


def test_dhcp_is_pves_and_is_told_as_not_checked_after_an_apply_too(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        install_dnsmasq(cluster)
        draw(cluster, {"zones.cfg": "simple: lan\n\tdhcp dnsmasq\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"})
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        told = "PVE runs dnsmasq@lan on each node; `systemctl status dnsmasq@lan` there tells how it is"
        assert f"DHCP of zone lan: {told}" in report.not_checked
        found = verified(cluster)
        assert NotChecked("", "DHCP of zone lan", told) in found.not_checked
        assert not found.has_doubts


def test_a_source_line_that_is_lost_is_added_again_as_the_step_says(cluster: SimulatedCluster) -> None:
    node = cluster.nodes["pve2"]
    interfaces = node.path("/etc/network/interfaces")
    interfaces.write_text(interfaces.read_text("utf-8").replace("source /etc/network/interfaces.d/*\n", ""), "utf-8")
    node.run("ifreload", "-a")
    found = {item.object: item for item in verified(cluster).discrepancies}
    assert {"web", "vxlan_web", "vrf_sym"} <= found.keys()
    assert found["web"].next_step == "first see to what is said of the file"
    told = re.fullmatch(r"on pve2: add the line '(.*)' to (\S+), then (.*)", found["/etc/network/interfaces"].next_step)
    assert told
    place = node.path(told[2])
    place.write_text(f"{place.read_text('utf-8')}{told[1]}\n", "utf-8")
    assert node.run(*told[3].split()).returncode == 0
    # The kernel's switches for all devices are older than the devices.
    for item in verified(cluster).discrepancies:
        follow(cluster, item.next_step)
    assert verified(cluster).discrepancies == ()
    assert plan_of(cluster).is_empty


def test_a_session_that_something_blocks_is_told_at_both_ends(cluster: SimulatedCluster) -> None:
    write_json(cluster.nodes["pve1"].root, "blocked", ["192.168.0.3"])
    found = verified(cluster).discrepancies
    write_json(cluster.nodes["pve1"].root, "blocked", [])
    assert {(item.node, item.object, item.found.partition(":")[0]) for item in found} == {
        ("pve1", "BGP session to pve3 (192.168.0.3)", "Active"),
        ("pve3", "BGP session to pve1 (192.168.0.1)", "Active"),
    }


@pytest.mark.parametrize(
    ("nic", "damage"),
    [
        ("bridge=web", ("ip", "link", "set", "tap100i0", "nomaster")),
        ("bridge=web", ("ip", "link", "set", "tap100i0", "down")),
        ("bridge=web", ("plugged into", "backup")),
        ("bridge=lan", ("bridge", "vlan", "del", "dev", "tap100i0", "vid", "7")),
        ("bridge=lan,tag=10", ("bridge", "vlan", "add", "dev", "tap100i0", "vid", "11")),
        ("bridge=lan,tag=10", ("bridge", "vlan", "add", "dev", "tap100i0", "vid", "11", "pvid", "untagged")),
        ("bridge=lan,tag=10,trunks=20-29;40", ("bridge", "vlan", "del", "dev", "tap100i0", "vid", "25")),
        ("bridge=lan,trunks=20-29", ("bridge", "vlan", "add", "dev", "tap100i0", "vid", "30")),
        ("bridge=lan", ("bridge", "vlan", "del", "dev", "vxlan_lan", "vid", "1-10")),
    ],
)
def test_a_guest_is_where_its_configuration_has_it_and_the_step_followed_to_the_letter_puts_it_there(
    tmp_path: Path, nic: str, damage: tuple[str, ...]
) -> None:
    definitions = "vxlan: plain\n\nvnet: web\n\tzone plain\n\ttag 1\n\nvnet: backup\n\tzone plain\n\ttag 2\n\n"
    definitions += "vnet: lan\n\tzone plain\n\ttag 3\n\tvlanaware 1\n"
    with serving(tmp_path, definitions) as cluster:
        stand(cluster)
        node = cluster.nodes["pve2"]
        place = node.path("/etc/pve/qemu-server/100.conf")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"net0: virtio=02:00:00:00:01:00,{nic}\n", "utf-8")
        with locked_state(node.root) as state:
            state.add("tap100i0", "tun")
        assert node.run("pve-bridge", "tap100i0").returncode == 0
        assert verified(cluster).discrepancies == ()
        if damage[0] == "plugged into":
            changed("tap100i0", master=damage[1])(cluster, "pve2")
        else:
            assert node.run(*damage).returncode == 0
        (found,) = verified(cluster).discrepancies
        assert (found.node, found.object) == ("pve2", "vxlan_lan" if "vxlan_lan" in damage else "tap100i0")
        follow(cluster, found.next_step)
        assert verified(cluster).discrepancies == ()
        assert plan_of(cluster).is_empty


def test_a_port_whose_link_is_switched_off_and_one_of_another_bridge_are_nobodys_concern(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        node = cluster.nodes["pve2"]
        place = node.path("/etc/pve/lxc/100.conf")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(
            "net0: name=eth0,bridge=web,link_down=1\nnet1: name=eth1,bridge=vmbr9\nnet2: name=eth2,bridge=vmbr8\n",
            "utf-8",
        )
        with locked_state(node.root) as state:
            for name in ("vmbr8", "vmbr9"):
                state.add(name, "bridge", info={"vlan_filtering": 0})
            state.add("veth100i0", "veth")
            state.add("veth100i1", "veth", master="vmbr9")
            state.add("veth100i2", "veth", master="vmbr9")
        assert verified(cluster).discrepancies == ()


def test_a_member_that_is_off_is_missed_by_nobody(cluster: SimulatedCluster) -> None:
    cluster.go_offline("pve3")
    found = verified(cluster)
    assert (found.discrepancies, found.offline) == ((), ("pve3",))
    cluster.come_online("pve3")
    assert not verified(cluster).has_doubts


def test_a_daemon_that_hangs_is_found_by_its_silence(
    cluster: SimulatedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.shown.FRR_LIMIT", 0.2)
    cluster.nodes["pve2"].break_command("vtysh", seconds=3)
    found = [item for item in verified(cluster).discrepancies if item.node == "pve2"]
    cluster.nodes["pve2"].mend_command("vtysh")
    assert [(item.object, item.expected, item.step) for item in found] == [("FRR", "answers", "systemctl restart frr")]
