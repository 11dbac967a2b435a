"""What holds for every import: pvesdn's own text comes back to itself, and odd text ends in an
error of ours at most.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.nodes.hand_written import MAIN_INTERFACES, Cut, cut_file
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Form, adopt
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand
from tests.examples import examples
from tests.laws.definitions import section

HERE = Path(__file__).parents[1]
BARE = read_snapshot(HERE / "golden" / "multicast" / "snapshot")
MODELS = sorted(folder.parent for folder in (HERE / "golden_import").glob("*/snapshot"))
KINDS = ("unicast", "multicast", "none", "asymmetric", "main", "symmetric")
ODD = (
    "",
    "#",
    "x",
    "0",
    "-1",
    "²",
    "%",
    "fe80::1%x",
    "10.0.2.254/24",
    "9" * 30,
    "vrf1",
    "vmbr2",
    "vxlan2",
    "\\",
    "off",
    "a b",
)


@st.composite
def definitions(draw: st.DrawFn) -> str:
    """Zones that leave a trace in the nodes' files: each has a VNet, and one with a gateway where it routes."""
    sections = [section("underlay", "cluster", network="192.168.0.0/24"), section("evpn-controller", "main", asn=65000)]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))):
        zone, is_evpn = f"zone{number}", kind not in ("unicast", "multicast")
        sections.append(
            section(
                "evpn" if is_evpn else "vxlan",
                zone,
                # A unicast zone on one node floods nowhere, and by hand that looks like a mistake.
                nodes=draw(st.sampled_from([None, "node1,node2", *(["node3"] if kind != "unicast" else [])])),
                mtu=draw(st.sampled_from([None, 1400])),
                controller="main" if is_evpn else None,
                irb=("asymmetric" if kind == "main" else kind) if is_evpn else None,
                vrf="main" if kind == "main" else None,
                vrf_vxlan=4000 + number if kind == "symmetric" else None,
                multicast_group="225.20.1.1" if kind == "multicast" else None,
                flood=draw(st.sampled_from([None, 0])) if is_evpn else None,
                disable_arp_nd_suppression=draw(st.sampled_from([None, 1])) if is_evpn else None,
                mac=draw(st.sampled_from([None, f"02:00:00:00:00:0{number}"])) if is_evpn and kind != "none" else None,
                vxlan_port=draw(st.sampled_from([None, 4790])),
            )
        )
        for index in range(draw(st.integers(1, 3))):
            vnet = f"v{number}n{index}"
            sections.append(section("vnet", vnet, zone=zone, tag=10 * number + index + 1))
            if kind in ("asymmetric", "main", "symmetric") and (index == 0 or draw(st.booleans())):
                subnet = f"{zone}-10.{number}.{index}.0-24"
                sections.append(section("subnet", subnet, vnet=vnet, gateway=f"10.{number}.{index}.254"))
        if kind == "symmetric" and draw(st.booleans()):
            sections.append(_exit(zone, number, draw(st.sampled_from(["node1", "node3"]))))
    return "\n".join(sections)


def _exit(zone: str, number: int, node: str) -> str:
    return section(
        "exit",
        f"exit{number}",
        zone=zone,
        node=node,
        interface=f"eno2.{100 + number}",
        address=f"172.16.{number}.1/24",
        gateways=f"172.16.{number}.254,172.16.{number}.253",
    )


def rendered(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    return {
        node: {file.path: file.text or "" for file in files if file.path in (OUR_INTERFACES, FRR_CONF)}
        for node, files in render_understood(understand(snapshot), Renderer())
    }


@given(definitions())
@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.too_slow])
def test_what_pvesdn_renders_is_imported_to_what_renders_the_same(text: str) -> None:
    try:
        wanted = rendered(replace(BARE, pve_files={"pvesdn.cfg": text}))
    except SdnConfigError:
        return  # an exit outside its zone
    nodes = {}
    for name, raw in BARE.nodes.items():
        files = {**raw.files, **({FRR_CONF: wanted[name][FRR_CONF]} if FRR_CONF in wanted[name] else {})}
        files[MAIN_INTERFACES] += "\n" + wanted[name].get(OUR_INTERFACES, "")
        nodes[name] = NodeRaw(files, raw.commands)
    adoption = adopt(replace(BARE, nodes=nodes), Renderer())
    assert [str(finding) for finding in adoption.proposal.lost] == []
    assert adoption.problems == ()
    assert rendered(replace(BARE, pve_files=adoption.files)) == wanted


@cache
def _snapshot_of(model: Path) -> Snapshot:
    return read_snapshot(model / "snapshot")


@st.composite
def spoiled(draw: st.DrawFn) -> Snapshot:
    """A model with some lines of some nodes exchanged for others."""
    snapshot = _snapshot_of(draw(st.sampled_from(MODELS)))
    nodes = dict(snapshot.nodes)
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(nodes)))
        files = dict(nodes[name].files)
        path = draw(st.sampled_from([path for path in (MAIN_INTERFACES, FRR_CONF) if path in files]))
        lines = files[path].split("\n")
        index = draw(st.integers(0, len(lines) - 1))
        words = lines[index].split()
        match draw(st.sampled_from(["drop", "double", "word", "cut", "move"])):
            case "drop":
                del lines[index]
            case "double":
                lines.insert(index, lines[index])
            case "word" if words:
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(ODD))
                lines[index] = "\t" + " ".join(words)
            case "cut" if words:
                lines[index] = " ".join(words[:-1])
            case _:
                lines.append(lines.pop(index))
        files[path] = "\n".join(lines)
        nodes[name] = NodeRaw(files, nodes[name].commands if draw(st.booleans()) else {})
    return replace(snapshot, nodes=nodes)


@given(spoiled())
@settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])
def test_an_import_of_odd_files_is_a_proposal_or_an_error_of_ours(snapshot: Snapshot) -> None:
    for form in get_args(Form):
        try:
            adoption = adopt(snapshot, Renderer(), form=form)
        except SdnConfigError:
            continue
        assert adoption.files
        assert adoption.problems or adoption.plan is not None


@given(
    st.sampled_from(MODELS), st.sets(st.sampled_from(["vxlan2", "vmbr2", "vxlan3", "vmbr3", "vrf1", "eno2", "vmbr0"]))
)
@settings(deadline=None, max_examples=examples(60))
def test_cutting_twice_is_cutting_once_and_leaves_every_other_line(model: Path, names: set[str]) -> None:
    text = (model / "snapshot/nodes/node1" / MAIN_INTERFACES[1:]).read_text()
    cut = Cut(frozenset(names))
    once = cut_file(text, MAIN_INTERFACES, cut)
    assert cut_file(once.text, MAIN_INTERFACES, cut).text == once.text
    gone = {line for spans in once.gone.values() for first, last in spans for line in range(first, last + 1)}
    kept = [line for number, line in enumerate(text.split("\n"), 1) if number not in gone and line.strip()]
    assert [line for line in once.text.split("\n") if line.strip()] == kept
