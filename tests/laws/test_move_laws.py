"""What holds for every move between PVE's panel and pvesdn.cfg: nothing is lost silently, every device stays where the
move is allowed, and what went there comes back.
"""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pvesdn.errors import PvesdnError
from pvesdn.model.files import Action
from pvesdn.model.zone_move import Fate
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_to_pve
from tests.examples import examples
from tests.unit.move.kit import CONTROLLER, PEERS, drawn, move

LISTS = (
    PEERS,
    "192.168.0.3;192.168.0.1 192.168.0.2",
    "192.168.0.1,192.168.0.9",
    "192.168.0.1,192.168.0.1",
    "239.1.1.1",
)
SWITCH = st.sampled_from([None, "0", "1"])


def mostly(usual: str | None, *others: str | None) -> st.SearchStrategy[str | None]:
    """The usual value in three of four cases."""
    return st.one_of(*[st.just(usual)] * 3, st.sampled_from(others))


ZONES: dict[str, dict[str, st.SearchStrategy[str | None]]] = {
    "vxlan": {
        "peers": mostly(*LISTS),
        "nodes": mostly(None, "node1,node2", "node3", "node9"),
        "mtu": mostly(None, "100", "1400", "1450", "1500", "9000", "70000"),
        "vxlan-port": mostly("4790", None, "4789", "65536"),
        "ipam": st.sampled_from([None, "pve"]),
    },
    "evpn": {
        "controller": st.just("ctl"),
        "vrf-vxlan": mostly("4000", "11", "16777215"),
        "nodes": st.sampled_from([None, "node1,node2"]),
        "mac": st.sampled_from([None, "BC:24:11:00:00:01"]),
        "mtu": st.sampled_from([None, "1400", "1279"]),
        "exitnodes": mostly(None, "node1"),
        "exitnodes-local-routing": SWITCH,
        "advertise-subnets": SWITCH,
        "disable-arp-nd-suppression": SWITCH,
        "rt-import": mostly(None, "65000:4100", "4294967295:4294967295"),
    },
}
VNET: dict[str, st.SearchStrategy[str | None]] = {
    "alias": st.sampled_from([None, "-a", "0", "a\\", "Office, (second) floor"]),
    "vlanaware": SWITCH,
    "isolate-ports": SWITCH,
}
SUBNETS = {
    "10.1.0.0-24": "10.1.0.1",
    "10.1.0.1-24": "10.1.0.1",
    "10.2.0.0-16": "10.2.0.1",
    "fd00:1::-64": "fd00:1::1",
    "10.3.0.1-32": "192.0.2.9",
}
"""With their gateways."""
GATEWAY: dict[str, st.SearchStrategy[str | None]] = {
    "snat": SWITCH,
    "dhcp-range": st.sampled_from([None, "start-address=10.1.0.10,end-address=10.1.0.20"]),
}


def section(draw: st.DrawFn, head: str, words: dict[str, st.SearchStrategy[str | None]]) -> str:
    values = {name: draw(value) for name, value in words.items()}
    return "\n".join((head, *(f"\t{name} {value}" for name, value in values.items() if value is not None), "", ""))


@st.composite
def zones(draw: st.DrawFn) -> tuple[str, str, str]:
    """zones.cfg, vnets.cfg and subnets.cfg of one zone, z1."""
    kind = draw(st.sampled_from(sorted(ZONES)))
    zone = section(draw, f"{kind}: z1", ZONES[kind])
    numbers = range(draw(st.integers(0, 2)))
    vnets = [section(draw, f"vnet: v{n}\n\tzone z1", {**VNET, "tag": mostly(f"2{n}", "20", None)}) for n in numbers]
    if not vnets:
        return zone, "", ""
    found = draw(st.lists(st.sampled_from(sorted(SUBNETS)), unique_by=lambda subnet: subnet[:5], max_size=2))
    subnets = [
        section(draw, f"subnet: z1-{net}\n\tvnet v0", {**GATEWAY, "gateway": mostly(SUBNETS[net], None, "192.0.2.1")})
        for net in found
    ]
    return zone, "".join(vnets), "".join(subnets)


def pve_leaves_out_v0(files: tuple[str, str, str]) -> bool:
    """PVE makes no bridge of a VNet whose source NAT has no uplink: these nodes have no IPv6 default route."""
    return any("fd00:1::" in subnet and "\tsnat 1" in subnet for subnet in files[2].split("\n\n"))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(zones())
@example(
    (
        "evpn: z1\n\tcontroller ctl\n\tvrf-vxlan 4000\n\n",
        "vnet: v0\n\tzone z1\n\ttag 20\n\nvnet: v1\n\tzone z1\n\ttag 21\n\n",
        "subnet: z1-fd00:1::-64\n\tvnet v0\n\tsnat 1\n\tgateway fd00:1::1\n\n",
    )
)
def test_a_move_is_refused_with_reasons_or_keeps_every_device(files: tuple[str, str, str]) -> None:
    found = proposed(files)
    if found is None:
        return
    lines = {(row.where.file, row.where.line) for row in found.move.properties}
    for name, text in zip(("zones.cfg", "vnets.cfg", "subnets.cfg"), files, strict=True):
        said = {(name, n) for n, line in enumerate(text.split("\n"), 1) if line.startswith("\t")}
        assert said <= lines
    assert all(row.what for row in found.move.properties if row.fate is not Fate.CARRIED)
    assert (found.cut_over is None) == bool(found.problems)
    if found.cut_over is None or found.plan is None:
        return
    for node in found.plan.nodes:
        before = "".join(file.old or "" for file in node.files)
        rows = {row.name: row.action for file in node.files for row in file.stanzas}
        new = {name for name in rows if f"iface {name}\n" not in before}
        assert not new or pve_leaves_out_v0(files), found.plan
        assert {name: action for name, action in rows.items() if action is not Action.CHANGE} == dict.fromkeys(
            new, Action.ADD
        ), found.plan


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(zones())
def test_what_went_there_comes_back_and_changes_nothing_more_on_the_wire(files: tuple[str, str, str]) -> None:
    found = proposed(files)
    if found is None or found.cut_over is None:
        return
    own = found.files["pvesdn.cfg"]
    again = move_to_pve(drawn("", controllers=CONTROLLER, own=own), Renderer(), ["z1"])
    assert again.cut_over is not None, again.problems
    assert {row.fate for row in again.move.properties} <= {Fate.CARRIED, Fate.IDLE}
    told = {change.what.split(" ")[0] for change in again.wire}
    assert told <= {change.what.split(" ")[0] for change in found.wire} | {"router", "VNI"}


def proposed(files: tuple[str, str, str]) -> MovePlan | None:
    """None where PVE's definitions or the move are refused, with reasons."""
    try:
        return move(drawn(*files), "z1")
    except PvesdnError:
        return None
