"""`pvesdn topology`: its pictures, each a file in `topology_pictures/`, its names and its exit statuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from tests.cli.kit import UCAST, call
from tests.cli.test_verify import HEALTHY
from tests.fakes import fake_cluster
from tests.golden_verify.damage import damaged, without_quorum
from tests.graphviz import needs_dot

PICTURES = Path(__file__).parent / "topology_pictures"
TESTS = Path(__file__).parents[1]
CASES = TESTS / "golden_verify"
GOLDEN = TESTS / "golden"


@pytest.fixture
def same(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Hold a picture against the one of that name."""

    def hold(name: str, printed: str) -> None:
        if request.config.getoption("--update-golden", default=False):
            PICTURES.mkdir(exist_ok=True)
            (PICTURES / name).write_text(printed)
        assert printed == (PICTURES / name).read_text()

    return hold


def stored(case: str, folder: Path) -> Path:
    """A snapshot of a cluster in which that has gone wrong."""
    damage = json.loads((CASES / case / "damage.json").read_text())
    write_snapshot(folder / case, damaged(read_snapshot(HEALTHY), damage))
    return folder / case


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("session-blocked", 0),
        ("device-deleted", 0),
        ("guest-unplugged", 0),
        ("guest-in-another-vnet", 0),
        ("member-off", 0),
        ("uplink-without-carrier", 0),
        ("node-not-reached", 4),
    ],
)
def test_what_was_found_is_drawn_as_it_was(
    case: str, status: int, tmp_path: Path, same: Callable[[str, str], None]
) -> None:
    folder = stored(case, tmp_path)
    for wanted, suffix in (("dot", "dot"), ("mermaid", "mmd")):
        done = call("topology", "--live", "--format", wanted, "--from", folder)
        assert done.status == status
        same(f"{case}.{suffix}", done.out)


@pytest.mark.parametrize("case", ["vrrp", "route-reflectors", "several-exits", "exit-in-pve-zone", "carried-symmetric"])
def test_a_design_is_drawn_as_it_was(case: str, same: Callable[[str, str], None]) -> None:
    for wanted, suffix in (("dot", "dot"), ("mermaid", "mmd")):
        done = call("topology", "--format", wanted, "--from", GOLDEN / case / "snapshot")
        assert done.status == 0
        same(f"design-{case}.{suffix}", done.out)


def test_what_is_broken_has_a_mark_a_colour_and_a_shape(tmp_path: Path) -> None:
    folder = stored("session-blocked", tmp_path)
    dot = call("topology", "--live", "--format", "dot", "--from", folder).out
    node = next(line for line in dot.splitlines() if line.lstrip().startswith('"node node1" [label'))
    assert "✗ node1" in node
    assert "shape=octagon" in node
    assert "#b3211a" in node
    session = next(line for line in dot.splitlines() if '"node node1" -- "node node3" [style=bold' in line)
    assert "arrowhead=tee" in session
    assert "✗ down" in session
    mermaid = call("topology", "--live", "--format", "mermaid", "--from", folder).out
    assert 'x==x|"✗ down"|' in mermaid
    assert '[["✗ node1' in mermaid
    assert "linkStyle 1 stroke:#b3211a" in mermaid


def test_a_part_has_what_was_named_and_where_it_is() -> None:
    def drawn(*words: str) -> str:
        return call("topology", "--format", "dot", "--from", GOLDEN / "vnet-on-some-nodes/snapshot", *words).out

    whole = drawn()
    assert whole.count('"node node') > 3
    one = drawn("--node", "node1")
    assert "node node1 only" in one
    vnet = call("topology", "--format", "dot", "--from", HEALTHY, "--vnet", "web").out
    assert "VNet web only" in vnet
    assert "db" not in vnet
    zone = call("topology", "--format", "dot", "--from", HEALTHY, "--zone", "plain").out
    assert '"zone plain"' in zone
    assert '"zone prod"' not in zone


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--zone", "pord"), "there is no zone 'pord'; did you mean prod?"),
        (("--vnet", "wbe"), "there is no VNet 'wbe'; did you mean web?"),
        (("--node", "node9"), "there is no node 'node9'"),
    ],
)
def test_a_name_of_nothing_is_refused(words: tuple[str, ...], complaint: str) -> None:
    done = call("topology", "--from", HEALTHY, *words)
    assert (done.status, done.out) == (1, "")
    assert complaint in done.err


def test_parts_that_have_nothing_in_common_are_refused() -> None:
    done = call("topology", "--from", HEALTHY, "--zone", "plain", "--vnet", "web")
    assert done.status == 1
    assert "nothing is of all of zone plain; VNet web; leave one of them out" in done.err
    assert call("topology", "--format", "dot", "--from", HEALTHY, "--vnet", "web").status == 0


def test_a_cluster_is_read_without_being_changed(settings: Path) -> None:
    cluster = fake_cluster(UCAST)
    before = dict(cluster.nodes.pve_files)
    done = call("--config", settings, "topology", "--live", "--format", "mermaid", cluster=cluster)
    assert done.status == 0
    assert "zone ucast" in done.out
    assert cluster.nodes.pve_files == before


@pytest.mark.parametrize("words", [(), ("--live",)])
def test_a_node_that_does_not_answer_is_drawn_as_unknown(words: tuple[str, ...], tmp_path: Path) -> None:
    done = call("topology", "--format", "mermaid", "--from", stored("node-not-reached", tmp_path), *words)
    assert done.status == 4
    assert "? node2" in done.out
    assert "did not answer" in done.out
    assert "warning: not asked: node2: " in done.err


@needs_dot
def test_the_file_s_ending_says_the_format(tmp_path: Path) -> None:
    for name, begins in (
        ("a.svg", "<svg "),
        ("a.html", "<!doctype html>"),
        ("a.dot", "graph "),
        ("a.mmd", "%%{init: "),
        ("a.any", "<svg "),
    ):
        done = call("topology", "--from", HEALTHY, "-o", tmp_path / name)
        assert (done.status, done.out) == (0, "")
        assert (tmp_path / name).read_text().startswith(begins)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o644
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.any", "a.dot", "a.html", "a.mmd", "a.svg"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("-o", "a.png"), "a.png: pvesdn draws svg, html, dot, mermaid, and no png; pipe --format dot into dot -Tpng"),
        (("-o", "a.PDF", "--format", "svg"), "a.PDF: pvesdn draws svg, html, dot, mermaid, and no pdf; pipe"),
        (("-o", "a.html", "--format", "svg"), "a.html: its ending says html, and --format svg; leave one of them out"),
    ],
)
def test_no_file_is_called_what_it_is_not(
    words: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call("topology", "--from", HEALTHY, *words)
    assert (done.status, done.out) == (1, "")
    assert complaint in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_is_named_may_have_any_other_ending(tmp_path: Path) -> None:
    done = call("topology", "--from", HEALTHY, "--format", "mermaid", "-o", tmp_path / "net.md")
    assert done.status == 0
    assert "\nflowchart TB\n" in (tmp_path / "net.md").read_text()


def test_the_document_has_what_a_picture_has_and_how_it_is(tmp_path: Path) -> None:
    folder = stored("session-blocked", tmp_path)
    found = json.loads(call("topology", "--live", "--json", "--from", folder).out)
    assert (found["kind"], found["is_live"], found["exit_status"]) == ("topology", True, 0)
    down = next(session for session in found["sessions"] if session["ends"] == ["node1", "node3"])
    assert down["health"] == "bad"
    assert "found" in down["first"]
    vnets = {vnet["id"]: vnet for zone in found["zones"] for vnet in zone["vnets"]}
    assert vnets["web"]["subnets"] == ["10.20.1.0/24 via 10.20.1.1"]
    astray = json.loads(call("topology", "--live", "--json", "--from", stored("guest-in-another-vnet", tmp_path)).out)
    guests = [guest for zone in astray["zones"] for vnet in zone["vnets"] for guest in vnet["guests"]]
    assert [(guest["port"], guest["node"], guest["health"]) for guest in guests] == [("tap100i0", "node2", "bad")] * 2
    design = json.loads(call("topology", "--json", "--from", folder, "--vnet", "web").out)
    assert design["only"] == "VNet web"
    assert [vnet["id"] for zone in design["zones"] for vnet in zone["vnets"]] == ["web"]
    assert {node["health"] for node in design["nodes"]} == {None}


def test_the_document_names_nodes_that_did_not_answer(tmp_path: Path) -> None:
    done = call("topology", "--json", "--from", stored("node-not-reached", tmp_path))
    found = json.loads(done.out)
    assert (done.status, found["exit_status"], [*found["unreachable"]]) == (4, 4, ["node2"])
    assert [node["name"] for node in found["nodes"] if not node["has_answered"]] == ["node2"]


def test_a_document_is_no_picture() -> None:
    for words in (("--format", "dot"), ("-o", "net.svg")):
        done = call("topology", "--from", HEALTHY, "--json", *words)
        assert done.status == 1
        assert "--json prints a document instead of a picture" in json.loads(done.out)["errors"][0]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    done = call("topology", "--from", HEALTHY, "--format", "dot", "-o", tmp_path)
    assert done.status == 1
    assert "choose another place" in done.err


@needs_dot
def test_an_svg_has_a_title_and_nothing_that_does_something() -> None:
    found = ET.fromstring(call("topology", "--from", HEALTHY).out)
    assert found.get("role") == "img"
    assert found.get("aria-label") == "lab: design"
    names = {element.tag.rpartition("}")[2] for element in found.iter()}
    assert names <= {"svg", "g", "title", "style", "rect", "path", "polygon", "polyline", "ellipse", "text"}
    assert any("zone prod" in (element.text or "") for element in found.iter())


def test_without_graphviz_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = call("topology", "--from", HEALTHY)
    assert (done.status, done.out) == (1, "")
    assert "there is no program 'dot' to lay the picture out; apt install graphviz, or use --format mermaid" in done.err
    assert call("topology", "--from", HEALTHY, "--format", "mermaid").status == 0


@needs_dot
def test_a_page_is_one_file_with_the_picture_in_it(tmp_path: Path) -> None:
    done = call("topology", "--live", "--from", stored("session-blocked", tmp_path), "-o", tmp_path / "a.html")
    assert (done.status, done.out) == (0, "")
    text = (tmp_path / "a.html").read_text()
    assert text.startswith("<!doctype html>")
    assert "<title>lab: live state</title>" in text
    assert text.count("<svg ") == 1
    for outside in ("http:", "https:", "src=", "@import"):
        assert outside not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_policy_of_a_page_names_its_own_style_and_script(tmp_path: Path) -> None:
    text = call("topology", "--from", HEALTHY, "--format", "html").out
    for tag in ("style", "script"):
        inside = text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in text
    assert "default-src &#39;none&#39;" in text


def test_a_page_can_do_without_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = call("topology", "--from", HEALTHY, "--format", "html")
    assert done.status == 0
    assert "the page has no picture, since graphviz is missing: apt install graphviz" in done.err
    assert "<svg" not in done.out
    assert "10.20.1.0/24 via 10.20.1.1" in done.out


def test_a_page_names_nodes_that_did_not_answer(tmp_path: Path) -> None:
    done = call("topology", "--from", stored("node-not-reached", tmp_path), "--format", "html")
    assert done.status == 4
    assert "1 node did not answer: node2. What they have is not known." in done.out


@pytest.mark.parametrize("words", [(), ("--live",)])
def test_without_a_quorum_it_is_drawn_and_said_that_there_is_none(words: tuple[str, ...], tmp_path: Path) -> None:
    rest = damaged(read_snapshot(HEALTHY), {"off": ["node2", "node3"]})
    write_snapshot(tmp_path / "parted", without_quorum(rest))
    told = "the cluster has no quorum; members that are off here may be on; pvecm status says who is missing"
    done = call("topology", *words, "--format", "dot", "--from", tmp_path / "parted")
    assert done.status == 0
    assert f"warning: {told}" in " ".join(done.err.split())
    assert "node2" in done.out
    found = json.loads(call("topology", *words, "--json", "--from", tmp_path / "parted").out)["findings"]
    assert "the cluster has no quorum" in json.dumps(found[0])


def with_vteps_outside(folder: Path) -> Path:
    """A snapshot in which a zone of ours and one of PVE's name a VTEP that is no member's, and a member is off."""
    healthy = read_snapshot(HEALTHY)
    own = healthy.pve_files["pvesdn.cfg"].replace(
        "vxlan: plain\n", "vxlan: plain\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.9\n"
    )
    zones = re.sub(r"(\tpeers \S+)", r"\1,192.168.0.9,192.168.0.10", healthy.pve_files["zones.cfg"])
    files = {"pvesdn.cfg": own, "zones.cfg": zones}
    running = healthy.pve_files[".running-config"]
    files[".running-config"] = re.sub(r'("peers": ?"[^"]+)', r"\1,192.168.0.9,192.168.0.10", running)
    write_snapshot(folder / "outside", damaged(healthy, {"pve_files": files, "off": ["node3"]}))
    return folder / "outside"


@pytest.mark.parametrize("live", [(), ("--live",)])
@pytest.mark.parametrize("form", ["dot", "mermaid", "html", pytest.param("svg", marks=needs_dot)])
def test_a_vtep_outside_is_drawn_with_its_address(form: str, live: tuple[str, ...], tmp_path: Path) -> None:
    folder = with_vteps_outside(tmp_path)
    drawn = call("topology", *live, "--format", form, "--from", folder)
    assert drawn.status == 0, drawn.err
    text = re.sub(r"<[^>]+>", " ", drawn.out) if form == "html" else drawn.out
    assert ("192.168.0.9" in text, "192.168.0.10" in text) == (True, True)
    if form != "html":  # a page has a picture only where graphviz is installed
        assert "outside: VTEP of 2 zones" in text
        assert "outside: VTEP of pvx" in text
        assert "VXLAN" in text


def test_vteps_outside_are_listed_by_zone_and_members_are_none_of_them(tmp_path: Path) -> None:
    folder = with_vteps_outside(tmp_path)
    for live in ((), ("--live",)):
        document = json.loads(call("topology", *live, "--json", "--from", folder).out)
        outside = {zone["id"]: zone["outside"] for zone in document["zones"]}
        assert outside == {
            "prod": [],
            "plain": ["192.168.0.9"],
            "mcast": [],
            "pvx": ["192.168.0.9", "192.168.0.10"],
        }
        assert {"192.168.0.9", "192.168.0.10"} <= set(document["outside"])
        assert "192.168.0.3" not in document["outside"]
    part = json.loads(call("topology", "--zone", "plain", "--json", "--from", folder).out)
    assert part["outside"] == ["192.168.0.9"]


@pytest.mark.parametrize("form", ["dot", "mermaid", "html", pytest.param("svg", marks=needs_dot)])
def test_a_zone_of_members_that_are_gone_is_drawn_with_its_vteps(form: str, tmp_path: Path) -> None:
    outside = read_snapshot(with_vteps_outside(tmp_path))
    zones = outside.pve_files["zones.cfg"].replace("vxlan: pvx\n", "vxlan: pvx\n\tnodes node9\n")
    write_snapshot(tmp_path / "gone", damaged(outside, {"pve_files": {"zones.cfg": zones}}))
    done = call("topology", "--zone", "pvx", "--format", form, "--from", tmp_path / "gone")
    assert done.status == 0, done.err
    assert "192.168.0.10" in done.out


def test_a_zone_of_the_panel_has_its_vnets_though_another_one_carries_them() -> None:
    folder = GOLDEN / "carried-symmetric/snapshot"
    document = json.loads(call("topology", "--zone", "lan", "--json", "--from", folder).out)
    there = {zone["id"]: [(vnet["id"], vnet["drawn_in"]) for vnet in zone["vnets"]] for zone in document["zones"]}
    assert there == {"lan": [], "prod": [("db", "lan"), ("web", "lan")]}
    drawn = call("topology", "--zone", "lan", "--format", "dot", "--from", folder).out
    assert "2 VNets, in zone prod" in drawn
    assert "no VNets" not in drawn
    page = call("topology", "--zone", "lan", "--format", "html", "--from", folder).out
    assert "VNets that are carried are in zone prod." in page
    assert page.count('<span class="chip">2 VNets</span>') == 2
