"""`pvesdn trace` on a simulated cluster: what it says of each kind of way, and where each kind of breakage ends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.snapshot_dir import write_snapshot
from pvesdn.errors import NodeUnreachable
from pvesdn.workflows.read import read_cluster
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import forget_answers, locked_state, read_json, write_json
from tests.cli.kit import Result, call, settings_file
from tests.cluster.kit import apply_to, world_of
from tests.screens import WIDTHS, hold

SCREENS = Path(__file__).parent / "trace_screens"
GOLDEN_VERIFY = Path(__file__).parents[1] / "golden_verify"
MEMBERS = ("node1", "node2", "node3")
SECOND_SUBNET = "subnet: prod-10.20.2.0-24\n\tvnet db\n\tgateway 10.20.2.1\n"
FORWARDS = "/proc/sys/net/ipv4/conf/web/forwarding"
GUESTS = (
    ("node1", "web", 101, "10.20.1.11"),
    ("node2", "web", 102, "10.20.1.12"),
    ("node3", "db", 103, "10.20.2.13"),
    ("node3", "tv", 104, ""),
    ("node1", "tv", 105, ""),
    ("node2", "lan", 106, ""),
    ("node1", "lan", 107, ""),
    ("node1", "web", 108, "10.20.1.18"),
    ("node1", "db", 109, "10.20.2.19"),
)


class Listing:
    """The API of the cluster, which lists its guests as PVE does."""

    def __init__(self, api: Any, rows: list[dict[str, Any]]) -> None:
        self._api = api
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def get(self, path: str) -> Any:
        return self._rows if path.startswith("cluster/resources") else self._api.get(path)


class Silent:
    """The nodes, of which one has stopped answering since it was looked at."""

    def __init__(self, nodes: Any, silent: str) -> None:
        self._nodes = nodes
        self._silent = silent
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._nodes, name)

    def look_up(self, node: str, question: Any) -> Any:
        self.asked.append(node)
        if node == self._silent:
            raise NodeUnreachable(node, "look_up: no answer within 600 s")
        return self._nodes.look_up(node, question)


@dataclass(frozen=True)
class Traced:
    """A simulated cluster with its guests, and what trace says there."""

    cluster: SimulatedCluster
    settings: Path
    stopped: set[int] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    """Guests that the token may not audit: PVE leaves them out of its list."""

    def world(self, *, observer: Any, local_node: str | None) -> Any:
        del observer, local_node
        world = world_of(self.cluster)
        rows = [
            {
                "type": "qemu",
                "vmid": guest,
                "node": node,
                "name": self.name_of(bridge, guest),
                "status": self._status(guest),
            }
            for node, bridge, guest, _ in GUESTS
            if guest not in self.hidden
        ]
        return replace(world, api=Listing(world.api, rows))

    def name_of(self, bridge: str, guest: int) -> str:
        return f"{bridge}-{guest}"

    def _status(self, guest: int) -> str:
        return "stopped" if guest in self.stopped else "running"

    def call(self, *argv: str, width: int = 120) -> Result:
        return call("--config", self.settings, "trace", *argv, cluster=self, environ={"COLUMNS": str(width)})  # type: ignore[arg-type]

    def document(self, *argv: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("--json", *argv).out)
        return found

    def node(self, name: str) -> Any:
        return self.cluster.nodes[name]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    cluster = SimulatedCluster(tmp_path_factory.mktemp("traced"), MEMBERS)
    cluster.serve()
    cluster.write_sdn("pvesdn.cfg", (GOLDEN_VERIFY / "definitions.cfg").read_text() + SECOND_SUBNET)
    apply_to(cluster)
    for node, bridge, guest, address in GUESTS:
        cluster.plug_guest(node, bridge, guest, address)
    yield Traced(cluster, settings_file(tmp_path_factory.mktemp("settings")))
    cluster.shut_down()


@pytest.fixture
def traced(healthy: Traced) -> Iterator[Traced]:
    """The same, mended after the test."""
    roots = healthy.cluster.roots()
    kept = {(name, part): read_json(root, part, None) for name, root in roots.items() for part in ("links", "frr")}
    yield healthy
    healthy.stopped.clear()
    healthy.hidden.clear()
    for name in MEMBERS:
        for guest in (101, 102):
            healthy.node(name).path(f"/etc/pve/qemu-server/{guest}.conf").unlink(missing_ok=True)
        healthy.cluster.refuse_ssh(name, refuses=False)
        if not healthy.cluster.is_online(name):
            healthy.cluster.come_online(name)
        healthy.node(name).write(FORWARDS, "1\n")
        write_json(roots[name], "blocked", [])
        write_json(roots[name], "faults", {})
    for (name, part), value in kept.items():
        write_json(roots[name], part, value)


@pytest.mark.parametrize(
    ("case", "ends"),
    [
        ("same-node", ("101", "108")),
        ("evpn", ("101", "102")),
        ("multicast", ("104", "105")),
        ("unicast-vlan-aware", ("106", "107")),
        ("symmetric", ("101", "103")),
        ("routed-on-one-node", ("101", "10.20.2.19")),
        ("exits", ("103", "8.8.8.8")),
        ("from-outside", ("8.8.8.8", "102")),
        ("gateway", ("103", "10.20.1.1")),
        ("router-outside", ("172.20.0.253", "103")),
    ],
)
def test_a_way_through_a_healthy_cluster_arrives_and_looks_as_it_did(
    healthy: Traced, case: str, ends: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    for width in WIDTHS:
        done = healthy.call(*ends, width=width)
        assert (done.status, done.err) == (0, "")
        hold(request, SCREENS / case, done.out, width)


def places(document: dict[str, Any], direction: str = "there") -> list[str]:
    (way,) = document[direction]["ways"]
    return [f"{hop['node']} {hop['device']}" for hop in way["hops"]]


def test_the_document_has_each_place_with_what_was_looked_up(healthy: Traced) -> None:
    document = healthy.document("101", "103")
    assert (document["outcome"], document["exit_status"]) == ("arrives", 0)
    assert places(document) == [
        "node1 tap101i0",
        "node1 web",
        "node1 web",
        "node1 vrfbr_prod",
        "node1 vrfvx_prod",
        "node3 vrfvx_prod",
        "node3 vrfbr_prod",
        "node3 vrfbr_prod",
        "node3 db",
        "node3 tap103i0",
    ]
    hops = document["there"]["ways"][0]["hops"]
    assert (hops[2]["route"], hops[2]["next_hop"], hops[2]["vrf"]) == ("10.20.2.13/32", "192.168.0.3", "vrf_prod")
    assert (hops[4]["vni"], hops[4]["vtep"], hops[4]["remote"]) == (4000, "192.168.0.1", "192.168.0.3")
    assert places(document, "back")[0] == "node3 tap103i0"


Break = Callable[[Traced], object]


def on(node: str, *words: str) -> Break:
    """A command on a node, which has to succeed."""

    def run(traced: Traced) -> None:
        done = traced.node(node).run(*words)
        assert done.returncode == 0, done.stderr

    return run


def both(*breaks: Break) -> Break:
    return lambda traced: [one(traced) for one in breaks]


def with_link(node: str, name: str, change: Callable[[dict[str, Any]], object]) -> Break:
    def run(traced: Traced) -> None:
        with locked_state(traced.node(node).root) as state:
            change(state.links[name])

    return run


def blocked(traced: Traced) -> None:
    write_json(traced.node("node1").root, "blocked", ["192.168.0.2", "192.168.0.3"])


def plugged(traced: Traced) -> None:
    """The guest's configuration has it where it should be."""
    traced.node("node2").write("/etc/pve/qemu-server/102.conf", "net0: virtio=BC:24:11:00:00:66,bridge=web\n")


def unforwarded(traced: Traced) -> None:
    traced.node("node1").write(FORWARDS, "0\n")
    forget_answers(traced.node("node1").root)


BREAKAGES: dict[str, tuple[Break, tuple[str, str], tuple[str, str, str]]] = {
    "port-down": (
        on("node1", "ip", "link", "set", "tap101i0", "down"),
        ("101", "102"),
        ("node1", "tap101i0", "'tap101i0' is down"),
    ),
    "port-in-no-bridge": (
        on("node1", "ip", "link", "set", "tap101i0", "nomaster"),
        ("101", "102"),
        ("node1", "tap101i0", "'tap101i0' is in no bridge"),
    ),
    "far-port-in-another-bridge": (
        both(on("node2", "ip", "link", "set", "tap102i0", "master", "db"), plugged),
        ("101", "102"),
        ("node2", "tap102i0", "'tap102i0' is in 'db', not in 'web'"),
    ),
    "bridge-down": (
        on("node1", "ip", "link", "set", "web", "down"),
        ("101", "102"),
        ("node1", "web", "'web' is down"),
    ),
    "tunnel-down": (
        on("node2", "ip", "link", "set", "vxlan_lan", "down"),
        ("106", "107"),
        ("node2", "vxlan_lan", "'vxlan_lan' is down"),
    ),
    "no-device-of-the-vni": (
        on("node1", "ip", "link", "del", "vxlan_lan"),
        ("106", "107"),
        ("node1", "vxlan_lan", "node1 has no VXLAN device of VNI 200"),
    ),
    "tunnel-in-no-bridge": (
        on("node1", "ip", "link", "set", "vxlan_lan", "nomaster"),
        ("106", "107"),
        ("node1", "vxlan_lan", "'vxlan_lan' is in no bridge"),
    ),
    "nothing-is-flooded": (
        with_link("node2", "vxlan_lan", lambda link: link.update(fdb=[])),
        ("106", "107"),
        ("node2", "vxlan_lan", "'vxlan_lan' has no entry for bc:24:11:00:00:6b, and floods nothing to node1"),
    ),
    "another-udp-port": (
        with_link("node1", "vxlan_lan", lambda link: link["info"].update(port=8472)),
        ("106", "107"),
        ("node1", "vxlan_lan", "'vxlan_lan' takes UDP port 8472, and port 4789 is sent to"),
    ),
    "another-group": (
        with_link("node1", "vxlan_tv", lambda link: link["info"].update(group="239.9.9.9")),
        ("104", "105"),
        ("node1", "vxlan_tv", "'vxlan_tv' is not in group 239.1.2.3"),
    ),
    "vlan-not-on-the-tunnel": (
        on("node2", "bridge", "vlan", "del", "dev", "vxlan_lan", "vid", "1"),
        ("106", "107"),
        ("node2", "vxlan_lan", "VLAN 1 is not allowed on 'vxlan_lan'"),
    ),
    "vlan-not-on-the-far-port": (
        on("node1", "bridge", "vlan", "del", "dev", "tap107i0", "vid", "1"),
        ("106", "107"),
        ("node1", "tap107i0", "VLAN 1 is not allowed on 'tap107i0'"),
    ),
    "session-down": (
        blocked,
        ("101", "102"),
        ("node1", "vxlan_web", "the BGP session with 192.168.0.2 is Active"),
    ),
    "underlay-down": (
        on("node1", "ip", "link", "set", "vmbr0", "down"),
        ("107", "106"),
        ("node1", "vmbr0", "'vmbr0' is down, by which packets leave for 192.168.0.2"),
    ),
    "underlay-down-at-the-other-end": (
        on("node1", "ip", "link", "set", "vmbr0", "down"),
        ("106", "107"),
        ("node1", "vmbr0", "'vmbr0' is down, by which packets for 192.168.0.1 come in"),
    ),
    "port-blocked": (
        with_link("node2", "tap102i0", lambda link: link["port"].update(state="blocking")),
        ("101", "102"),
        ("node2", "tap102i0", "the port 'tap102i0' of 'web' is in state blocking"),
    ),
    "not-forwarded": (unforwarded, ("101", "103"), ("node1", "web", "node1 does not forward ipv4 from 'web'")),
    "no-way-out": (
        both(on("node1", "ip", "link", "set", "eno2", "down"), on("node2", "ip", "link", "set", "eno2", "down")),
        ("101", "8.8.8.8"),
        ("node1", "eno2", "'eno2' is down"),
    ),
    "guest-without-a-port": (
        on("node2", "ip", "link", "del", "tap102i0"),
        ("101", "10.20.1.12"),
        ("node1", "tap101i0", "nobody knows the MAC of 10.20.1.12"),
    ),
    "node-off": (lambda traced: traced.cluster.go_offline("node2"), ("106", "107"), ("node2", "", "node2 is off")),
}


@pytest.mark.parametrize("case", BREAKAGES)
def test_the_place_and_the_reason_of_a_breakage_are_named(traced: Traced, case: str) -> None:
    damage, ends, (node, device, reason) = BREAKAGES[case]
    damage(traced)
    document = traced.document(*ends)
    told = [(way["node"], way["device"], way["reason"]) for way in document["there"]["ways"]]
    assert document["there"]["outcome"] != "arrives"
    assert any(found[:2] == (node, device) and reason in found[2] for found in told), told


def without_gateway(traced: Traced) -> None:
    with_link("node1", "web", lambda link: link.update(addresses=[]))(traced)


def without_a_default_route(traced: Traced) -> None:
    """Neither exit has the routes that lead out."""
    for name in ("node1", "node2"):
        root = traced.node(name).root
        frr = read_json(root, "frr", None)
        kept = (line for line in frr["config"].splitlines(keepends=True) if " ip route 0.0.0.0/0" not in line)
        write_json(root, "frr", frr | {"config": "".join(kept)})


@pytest.mark.parametrize(
    ("case", "damage", "ends"),
    [
        ("circle", without_gateway, ("101", "103")),
        ("device-gone", on("node2", "ip", "link", "del", "vxlan_web"), ("101", "102")),
        ("frr-off", on("node2", "systemctl", "stop", "frr"), ("101", "102")),
        ("no-route", without_a_default_route, ("103", "8.8.8.8")),
    ],
)
def test_a_way_that_ends_looks_as_it_did(
    traced: Traced, case: str, damage: Break, ends: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    damage(traced)
    for width in WIDTHS:
        done = traced.call(*ends, width=width)
        assert (done.status, done.err) == (1, "")
        hold(request, SCREENS / case, done.out, width)


def test_each_circle_is_gone_round_once_and_its_nodes_are_named(traced: Traced) -> None:
    without_gateway(traced)
    document = traced.document("101", "103")
    ways = document["back"]["ways"]
    assert [(way["node"], way["reason"]) for way in ways] == [
        ("node1", "it goes round in a circle: node1, node2, node1"),
        ("node3", "it goes round in a circle: node3, node1, node3"),
    ]
    assert all(way["next"] == "ip route get 10.20.1.11 vrf vrf_prod" for way in ways)
    assert max(len(way["hops"]) for way in ways) < 20
    assert [(found["node"], found["object"], found["trait"]) for found in document["findings"]] == [
        ("node1", "web", "addresses")
    ]


def test_one_fault_has_one_next_step(traced: Traced) -> None:
    on("node2", "ip", "link", "set", "vxlan_lan", "down")(traced)
    document = traced.document("106", "107")
    (way,) = document["there"]["ways"]
    assert (way["device"], way["reason"], way["next"]) == ("vxlan_lan", "'vxlan_lan' is down", "")
    assert [found["next"] for found in document["findings"] if found["node"] == "node2"] == [
        "on node2: ifup vxlan_lan lan"
    ]


def second_with_one_address(traced: Traced) -> None:
    traced.cluster.plug_guest("node2", "web", 110, "10.20.1.11")


def two_cards(traced: Traced) -> None:
    text = "net0: virtio=BC:24:11:00:00:65,bridge=web\nnet1: virtio=BC:24:11:01:00:65,bridge=db\n"
    traced.node("node1").write("/etc/pve/qemu-server/101.conf", text)
    with locked_state(traced.node("node1").root) as state:
        state.add("tap101i1", "tun", master="db", info={"type": "tap"})


@pytest.mark.parametrize(
    ("damage", "wrong", "told", "right"),
    [
        (None, ("999", "102"), "there is no guest 999", ("101", "102")),
        (None, ("web101", "102"), "'web101' is no guest and no address; did you mean web-101?", ("web-101", "102")),
        (None, ("8.8.8.8", "9.9.9.9"), "neither 8.8.8.8 nor 9.9.9.9 is in this cluster", ("101", "8.8.8.8")),
        (None, ("101", "web-101"), "101 and web-101 are the same", ("101", "102")),
        (
            None,
            ("10.20.1.11", "fd00::3"),
            "10.20.1.11 is an address of IPv4, and fd00::3 of IPv6; give two addresses of one version",
            ("10.20.1.11", "10.20.2.13"),
        ),
        (
            None,
            ("101", "10.20.1.0"),
            "the address 10.20.1.0 is the network itself of 10.20.1.0/24",
            ("101", "10.20.1.12"),
        ),
        (None, ("101", "10.20.1.255"), "10.20.1.255 is the broadcast address of 10.20.1.0/24", ("101", "10.20.1.1")),
        (None, ("id:web-101", "102"), "there is no guest web-101", ("id:101", "name:web-102")),
        (None, ("--from", "nowhere", "--ping", "101", "102"), "--ping needs a cluster", ("--ping", "101", "102")),
        (
            None,
            ("101/net7", "102"),
            "guest 101 has no net7: it has only one network device; give 101/net0",
            ("101/net0", "102"),
        ),
        (
            two_cards,
            ("101/net7", "102"),
            "guest 101 has no net7: it has 101/net0, 101/net1; name one: 101/net0",
            ("101/net0", "102"),
        ),
        (two_cards, ("101", "109"), "101/net0 in web, 101/net1 in db; name one: 101/net0", ("101/net0", "109")),
        (
            second_with_one_address,
            ("10.20.1.11", "102"),
            "several guests have 10.20.1.11: 101/net0 in web, 110/net0 in web; give the id of one",
            ("101", "102"),
        ),
    ],
)
def test_who_does_as_a_message_says_is_told_the_way(
    traced: Traced, damage: Break | None, wrong: tuple[str, ...], told: str, right: tuple[str, ...]
) -> None:
    if damage is not None:
        damage(traced)
    done = traced.call(*wrong)
    assert (done.status, done.out) == (2, "")
    assert told in done.err
    assert "arrives there and back." in traced.call(*right).out


def test_names_that_the_token_may_not_read_are_not_taken_for_none(traced: Traced) -> None:
    traced.hidden.update(guest for _, _, guest, _ in GUESTS)
    done = traced.call("web-101", "102")
    assert (done.status, done.out) == (2, "")
    assert "'web-101' is no address, and PVE has told the name of no guest; " in done.err
    assert "give a guest's id, or an address; with VM.Audit on /vms a token may read names" in done.err
    assert "arrives there and back." in traced.call("101", "102").out
    traced.hidden.clear()
    assert "arrives there and back." in traced.call("web-101", "102").out


def test_a_name_is_not_denied_where_some_may_be_read_and_others_not(traced: Traced) -> None:
    traced.hidden.add(101)
    assert "'web-101' is no address, and PVE has not told the names of all guests" in traced.call("web-101", "102").err
    assert "did you mean web-102? give a guest's id" in traced.call("web102", "103").err


def test_a_guest_that_may_be_on_a_node_that_is_off_is_not_denied(traced: Traced) -> None:
    traced.hidden.update(guest for _, _, guest, _ in GUESTS)
    traced.cluster.go_offline("node2")
    traced.cluster.refuse_ssh("node3")
    done = traced.call("102", "101")
    assert (done.status, done.out) == (2, "")
    may_be = "it may be on node2, which is off, or on node3, which was not looked at"
    assert f"no node that was looked at has guest 102; {may_be}; " in done.err
    assert "with VM.Audit on /vms a token may read where guests are" in done.err
    traced.hidden.clear()
    assert "ENDS on node2: node2 is off" in traced.call("102", "101").out
    assert "there is no guest 999" in traced.call("999", "101").err


def test_two_guests_of_one_name_are_told_apart_by_their_ids(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Traced, "name_of", lambda *_: "web")
    done = traced.call("web", "102")
    assert done.status == 2
    assert (
        "several guests are called 'web': 101, 102, 103, 104, 105, 106, 107, 108 and 1 more; give the id of one"
        in done.err
    )


def test_an_id_that_is_the_name_of_another_guest_is_told_apart_from_it(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Traced, "name_of", lambda _, __, guest: {101: "102", 103: "5"}.get(guest, f"web-{guest}"))
    done = traced.call("102", "103")
    assert done.status == 2
    assert "'102' is the id of one guest, and the name of 101; give id:102 or name:102" in done.err
    assert "102 web-102 to 101 102: arrives" in traced.call("id:102", "name:102").out
    assert "103 5 to 101 102: arrives" in traced.call("5", "name:102/net0").out


def test_a_guest_that_is_off_is_said_to_be_off(traced: Traced) -> None:
    traced.stopped.add(102)
    plugged(traced)
    on("node2", "ip", "link", "del", "tap102i0")(traced)
    for source in ("101", "103", "8.8.8.8"):
        done = traced.call(source, "102")
        assert done.status == 1
        assert done.out.count("ENDS on node2: guest 102 web-102 is off") == 2


def test_a_node_that_does_not_answer_is_not_known_and_has_a_status_of_its_own(traced: Traced) -> None:
    traced.cluster.refuse_ssh("node1")
    done = traced.call("106", "107")
    assert done.status == 4
    assert "unknown on node1: node1 was not looked at" in done.out
    assert "not looked at: node1: ssh: connect to host: No route to host" in done.out


def test_tables_that_a_node_cannot_show_are_not_known_and_nothing_arrives_by_them(traced: Traced) -> None:
    traced.node("node1").break_command("bridge", stderr="Segmentation fault")
    for ends in (("101", "102"), ("102", "101"), ("106", "107"), ("103", "101")):
        done = traced.call(*ends)
        assert done.status == 3, done.out
        assert "bridge -j fdb show ended with status 1: Segmentation fault" in done.out
    traced.node("node1").break_command("ip", stderr="Segmentation fault")
    done = traced.call("101", "102")
    assert done.status == 4
    assert "not looked at: node1: ip -j -d address ended with status 1: Segmentation fault" in done.out


def test_a_node_that_stops_answering_is_waited_for_once(healthy: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, silent = healthy.world(observer=None, local_node=None), []

    def world(_: Traced, **__: Any) -> Any:
        silent.append(Silent(whole.nodes, "node2"))
        return replace(whole, nodes=silent[-1])

    monkeypatch.setattr(Traced, "world", world)
    done = healthy.call("101", "102")
    assert done.status == 4
    assert "forwarding table of node2: look_up: no answer" in done.out
    assert "not looked at: node2: look_up: no answer" in done.out
    assert silent[-1].asked.count("node2") == 1
    assert silent[-1].asked.count("node1") > 1


def test_a_guest_that_is_off_is_found_by_the_address_that_its_configuration_gives_it(traced: Traced) -> None:
    traced.stopped.add(102)
    given = "ipconfig0: ip=10.20.1.99/24\nnet0: virtio=BC:24:11:00:00:66,bridge=web\n"
    traced.node("node2").write("/etc/pve/qemu-server/102.conf", given)
    on("node2", "ip", "link", "del", "tap102i0")(traced)
    for target in ("102", "10.20.1.99"):
        done = traced.call("101", target)
        assert done.status == 1
        assert done.out.count("ENDS on node2: guest 102 web-102 is off") == 2


def test_an_address_that_nobody_was_seen_to_have_is_not_known(healthy: Traced) -> None:
    done = healthy.call("103", "10.20.1.200")
    assert done.status == 3
    assert "nobody knows the MAC of 10.20.1.200" in done.out


def test_a_device_that_carries_less_than_its_zone_is_noted_in_both_directions(traced: Traced) -> None:
    device = "vxlan_web"
    with_link("node2", device, lambda link: link.update(mtu=1300))(traced)
    document = traced.document("101", "102")
    assert document["outcome"] == "arrives"
    for direction in ("there", "back"):
        (way,) = document[direction]["ways"]
        told = f"'{device}' of node2 carries packets of 1300 bytes, not of 1500, the MTU of zone prod"
        assert (way["mtu"], way["notes"]) == (1300, [told])


def test_a_bridge_that_carries_less_than_its_zone_counts_where_its_node_routes_into_it(traced: Traced) -> None:
    with_link("node1", "web", lambda link: link.update(mtu=1300))(traced)
    told = "'web' of node1 carries packets of 1300 bytes, not of 1500, the MTU of zone prod"
    bridged, routed = traced.document("101", "102"), traced.document("103", "101")
    for way in (*bridged["there"]["ways"], *bridged["back"]["ways"], *routed["back"]["ways"]):
        assert (way["outcome"], way["mtu"], way["notes"]) == ("arrives", 1500, [])
    (way,) = routed["there"]["ways"]
    assert (way["mtu"], way["notes"]) == (1300, [told])


def test_quiet_is_the_verdict_alone(healthy: Traced) -> None:
    assert healthy.call("-q", "101", "102").out == "101 web-101 to 102 web-102: arrives there and back.\n"


def test_ping_says_what_it_could_not_try(healthy: Traced) -> None:
    document = healthy.document("--ping", "101", "102")
    assert document["ping"]["proved"] == []
    assert document["ping"]["not_tried"] == [
        "the nodes: whether a packet of a zone's MTU arrives at the other VTEPs: the node is a folder: it has no network"
    ]


def test_a_snapshot_shows_ports_and_flooding_and_says_what_it_does_not_hold(healthy: Traced, tmp_path: Path) -> None:
    world = healthy.world(observer=None, local_node=None)
    write_snapshot(tmp_path / "s", read_cluster(world, has_state=True))
    bridged = call("trace", "--from", tmp_path / "s", "106", "107")
    routed = call("trace", "--from", tmp_path / "s", "101", "10.20.2.13")
    assert (bridged.status, routed.status) == (3, 3)
    assert "node1  tap107i0" in bridged.out
    assert "forwarding table of node2: a snapshot does not hold the tables of guests" in bridged.out
    assert "routes of vrf_prod: a snapshot does not hold the tables of guests" in routed.out
