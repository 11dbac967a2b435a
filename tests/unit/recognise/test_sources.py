"""Where hand-written sessions speak from, and how a hand-written underlay is sized."""

from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.recognise.pve_form import as_pve
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from tests.hints.imports import cut_over
from tests.unit.recognise.kit import hand, proposed

GOLDEN = Path(__file__).parents[2] / "golden"
LAST = "neighbor 192.168.0.2 remote-as 1234\n"


def lost(snapshot: Snapshot) -> list[str]:
    return [str(finding) for finding in proposed(snapshot).lost if "update-source" in finding.what]


def written(line: str, *, on: str = "node1") -> Snapshot:
    return hand("evpn-l2", on={on: [(LAST, f"{LAST} {line}\n")]})


@pytest.mark.parametrize("source", ["192.168.0.1", "vmbr0"])
def test_a_session_that_speaks_from_the_vtep_loses_nothing(source: str) -> None:
    assert lost(written(f"neighbor 192.168.0.2 update-source {source}")) == []


@pytest.mark.parametrize(
    ("source", "which"), [("192.168.0.77", "192.168.0.77"), ("dummy7", "dummy7"), ("lo", "lo"), ("no.such", "no.such")]
)
def test_any_other_source_is_told_with_its_line(source: str, which: str) -> None:
    told = lost(written(f"neighbor 192.168.0.2 update-source {source}"))
    assert len(told) == 1
    assert told[0].startswith("node1: /etc/frr/frr.conf:")
    assert told[0].endswith(
        f"neighbor 192.168.0.2: update-source {which}: afterwards the session's source is the VTEP, 192.168.0.1"
    )


def test_a_neighbours_own_source_counts_before_its_groups() -> None:
    both = "neighbor VTEP update-source 192.168.0.77\n neighbor 192.168.0.2 update-source vmbr0"
    assert [told for told in lost(written(both)) if "neighbor 192.168.0.2" in told] == []


def by_hand(case: str) -> Snapshot:
    """A golden case as somebody might have written it."""
    snapshot = read_snapshot(GOLDEN / case / "snapshot")
    nodes = {}
    for name, raw in snapshot.nodes.items():
        expected = GOLDEN / case / "expected" / name
        ours = (expected / OUR_INTERFACES[1:]).read_text()
        files = {**raw.files, "/etc/network/interfaces": raw.files["/etc/network/interfaces"] + "\n" + ours}
        frr = expected / FRR_CONF[1:]
        nodes[name] = NodeRaw(files | ({FRR_CONF: frr.read_text()} if frr.is_file() else {}), raw.commands)
    return replace(snapshot, nodes=nodes, pve_files={})


def test_a_vtep_on_lo_is_no_reason_to_write_an_mtu_that_follows_from_the_paths() -> None:
    assert [zone.mtu for zone in proposed(by_hand("vtep-on-lo")).sdn.own.zones] == [None, None, None]


def test_a_device_on_lo_is_meant_by_its_name() -> None:
    snapshot = by_hand("vtep-on-lo")
    named = {
        name: NodeRaw(
            {
                **raw.files,
                FRR_CONF: raw.files[FRR_CONF].replace(f"update-source 10.255.0.{name[-1]}", "update-source lo"),
            },
            raw.commands,
        )
        for name, raw in snapshot.nodes.items()
    }
    assert lost(replace(snapshot, nodes=named)) == []
    elsewhere = {
        name: NodeRaw(
            {**raw.files, FRR_CONF: raw.files[FRR_CONF].replace("update-source lo", "update-source eno1")}, raw.commands
        )
        for name, raw in named.items()
    }
    assert (
        "update-source 172.20.0.1 of eno1: afterwards the session's source is the VTEP, 10.255.0.1"
        in lost(replace(snapshot, nodes=elsewhere))[0]
    )


def test_pves_form_does_not_speak_from_a_vtep_on_lo_and_that_is_told() -> None:
    told = [str(finding) for finding in as_pve(proposed(by_hand("vtep-on-lo"))).lost]
    assert told[0] == (
        "node 'node1': sessions of node1 from its VTEP, 10.255.0.1: PVE's would use source 172.20.0.1; "
        "add a BGP controller for node1 in PVE, whose loopback is the device with the VTEP"
    )
    assert as_pve(proposed(by_hand("symmetric"))).lost == ()


def test_with_the_bgp_controllers_that_are_told_pves_sessions_come_from_the_vteps() -> None:
    snapshot = by_hand("vtep-on-lo")
    adoption = adopt(snapshot, Renderer(), form="pve")
    controllers = adoption.files["controllers.cfg"].replace("10.255.0.250", "10.255.0.1,10.255.0.2,10.255.0.3")
    looped = "".join(
        f"bgp: bgp{name}\n\tasn 65000\n\tnode {name}\n\tpeers 172.20.0.9\n\tloopback lo\n\n" for name in snapshot.nodes
    )

    def sources(more: str) -> list[str]:
        files = {**adoption.files, "controllers.cfg": controllers + more}
        changes = cut_over(snapshot, replace(adoption, files=files), ())[1]
        return [str(finding) for finding in changes.findings if "but its peers know it as" in finding.what]

    assert [told.partition(" reaches ")[0] for told in sources("")] == [
        f"controllers.cfg:1: controller 'main': {name}" for name in snapshot.nodes
    ]
    assert sources(looped) == []


def with_protocol(snapshot: Snapshot, protocol: str) -> Snapshot:
    """The routes to the VTEPs are a routing protocol's, which each frr.conf runs."""
    nodes = {}
    for name, raw in snapshot.nodes.items():
        rows = raw.commands["ip-route"]
        assert isinstance(rows, list)
        learnt = [row | {"protocol": protocol} if isinstance(row, dict) and "gateway" in row else row for row in rows]
        frr = f"{raw.files[FRR_CONF]}router {protocol} 1\n exit\n"
        nodes[name] = NodeRaw({**raw.files, FRR_CONF: frr}, {**raw.commands, "ip-route": learnt})
    return replace(snapshot, nodes=nodes)


@pytest.mark.parametrize(("protocol", "name"), [("ospf", "OSPF"), ("openfabric", "OpenFabric")])
def test_vteps_that_lose_each_other_with_a_routing_protocol_are_told(protocol: str, name: str) -> None:
    def warned(snapshot: Snapshot) -> list[str]:
        return [str(finding) for finding in proposed(snapshot).findings if "reached by" in finding.what]

    assert warned(with_protocol(by_hand("vtep-on-lo"), protocol)) == [
        (
            f"node1-node3: the other VTEPs are reached by {name}, and 'router {protocol}' goes with frr.conf; "
            "have a fabric of PVE take over in the same apply: docs/import.md, 'Where FRR runs the underlay too'"
        )
    ]
    assert warned(by_hand("vtep-on-lo")) == []
    assert warned(hand("evpn-l2", ("line vty\n", f"router {protocol} 1\nexit\nline vty\n"))) == []
