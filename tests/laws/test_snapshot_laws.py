"""Laws of snapshots: the plan from one is the plan it was taken for, and what pvesdn and PVE write passes as it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.secrets.veil import Veil
from pvesdn.errors import PvesdnError
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.redact.answers import hide_record
from pvesdn.redact.definitions import aliases, hide_definitions, hide_running
from pvesdn.redact.snapshot import cleaner, replace_values, without_secrets
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt
from pvesdn.workflows.plan import plan
from tests.examples import examples
from tests.noderoot import DROP_IN

HERE = Path(__file__).parents[1]
CASES = sorted(
    folder for kind in ("golden", "golden_pve", "golden_import") for folder in (HERE / kind).glob("*/snapshot")
)
INTERFACES = "/etc/network/interfaces"
FRR = "/etc/frr/frr.conf"
LAW = settings(deadline=None, max_examples=examples(40))

LINES = {
    INTERFACES: (
        "# the password is swordfish",
        "\t# swordfish",
        "\twpa-psk swordfish",
        "\twireless-key swordfish",
        "\talias swordfish",
        "\tpost-up wg set wg0 private-key <(echo swordfish)",
        "\tpost-up curl -u a:swordfish 10.0.0.1 \\\n\t\t--data pike",
        "\tpost-up ip route add 198.51.100.0/24 via 192.0.2.1 dev eno1 # swordfish",
        "\tpost-up ip route add 198.51.100.0/24 via swordfish",
        "\tpre-up ip link add vxlan77 type vxlan id 77 dstport 4789 dev eno1",
        "\tovs_extra set interface gre0 options:psk=swordfish",
        "\tmtu swordfish",
        "\taddress 10.9.9.9/24 # swordfish",
        "swordfish",
        "auto swordfish",
        "iface swordfish",
        "\tvrf swordfish",
        "\tbridge-ports swordfish",
        "\tvxlan-id swordfish",
        "\tvxlan-remoteip swordfish",
        "source /etc/network/swordfish.d/*",
    ),
    FRR: (
        "! swordfish",
        "# swordfish",
        "password swordfish",
        "enable password swordfish",
        " neighbor 10.0.0.9 password swordfish",
        " neighbor swordfish peer-group",
        " neighbor swordfish password pike",
        " neighbor 10.0.0.9 description sword!fish",
        " description sword fish",
        "key chain swordfish",
        " key 1",
        "  key-string swordfish",
        "route-map swordfish permit 10",
        " ip ospf message-digest-key 1 md5 swordfish",
        "swordfish pike",
        " bgp swordfish",
        "ip route 198.51.100.0/24 swordfish",
        "ip route 198.51.100.0/24 192.0.2.1 swordfish 10 pike",
        "ip prefix-list swordfish seq 5 permit any",
        "router bgp 65001",
        "exit",
    ),
    ".cfg": (
        "# swordfish",
        "\t# swordfish",
        "\ttoken swordfish",
        "\tprivate_key sword fish",
        "\ttag swordfish",
        "\tnodes sword_fish",
        "\tmtu 1500 swordfish",
        "\tpeers swordfish",
        "\tmac swordfish",
        "\tcontroller sword+fish",
        "\talias swordfish",
        "\tswordfish",
        "swordfish",
        "swordfish: pike",
        "vnet: swordfish",
        "",
    ),
}


@cache
def case(folder: Path) -> Snapshot:
    return read_snapshot(folder)


def lines_for(path: str) -> tuple[str, ...]:
    if path.startswith(INTERFACES):
        return LINES[INTERFACES]
    return LINES[FRR] if path.startswith(FRR) else LINES[".cfg"] if path.endswith(".cfg") else ()


def sprinkled(text: str, path: str, draw: st.DrawFn) -> str:
    """The text with a few of the lines that may hold a secret, wherever they fall."""
    lines, more = text.split("\n"), lines_for(path)
    for _ in range(draw(st.integers(0, 3)) if more else 0):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(more)))
    return "\n".join(lines)


@st.composite
def secretive(draw: st.DrawFn) -> Snapshot:
    """A cluster of the golden cases whose people keep secrets in their files."""
    taken = case(draw(st.sampled_from(CASES)))
    nodes = {
        name: NodeRaw({path: sprinkled(text, path, draw) for path, text in raw.files.items()}, raw.commands)
        for name, raw in taken.nodes.items()
    }
    is_with_definitions = draw(st.booleans())
    files = {
        name: sprinkled(text, name, draw) if is_with_definitions else text for name, text in taken.pve_files.items()
    }
    return replace(taken, nodes=nodes, pve_files=files)


def outside_any_section() -> Snapshot:
    """A secret that a finding points at from its first column to its last."""
    taken = case(HERE / "golden" / "exit-in-pve-zone" / "snapshot")
    return replace(taken, pve_files={**taken.pve_files, "controllers.cfg": "\tswordfish\n"})


def outcome(snapshot: Snapshot) -> str:
    """All that a plan and an import say, and every byte that they would write."""
    said = []
    for verb in (lambda: plan(snapshot, Renderer()), lambda: adopt(snapshot, Renderer())):
        try:
            said.append(repr(verb()))
        except PvesdnError as error:
            said.append(str(error))
    return "\n".join(said)


def without_measures(text: str) -> str:
    """Without what a placeholder of another length changes: digests, and the columns of a finding's place."""
    return re.sub(r"column=[0-9]+", "column=N", re.sub(r"[0-9a-f]{64}", "DIGEST", text))


def unveiled(text: str, veil: Veil) -> str:
    """The text with every value in the place of its placeholder."""
    values = {placeholder: value for value, placeholder in veil.known.items()}
    # The marks behind a placeholder say what is wrong with the value, or that its line is a comment.
    return re.sub(r"(hidden-[0-9]+)[!#]*", lambda found: values[found[1]], text)


@LAW
@given(taken=secretive())
@example(taken=outside_any_section())
def test_the_plan_from_a_snapshot_is_the_plan_it_was_taken_for(taken: Snapshot) -> None:
    veil = Veil()
    cleaned = replace_values(taken, veil).snapshot
    found, wanted = (without_measures(outcome(snapshot)) for snapshot in (cleaned, taken))
    assert unveiled(found, veil).split("\\n") == wanted.split("\\n")


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.parent.name}/{folder.parent.name}")
def test_of_what_pvesdn_and_pve_write_nothing_is_hidden(folder: Path) -> None:
    for expected in sorted((folder.parent / "expected").rglob("*")):
        if expected.is_file() and (path := _path_on_node(expected, folder.parent / "expected")) is not None:
            veil = Veil(aliases=set(aliases(case(folder).pve_files)), names=set(case(folder).nodes))
            lines = [line for line in expected.read_text().split("\n") if not _is_a_persons(line, path)]
            assert cleaner(path)("\n".join(lines), veil).split("\n") == lines


def _is_a_persons(line: str, path: str) -> bool:
    """What pvesdn and PVE carry over of what somebody wrote."""
    return (line.lstrip().startswith(("# ", "! ")) and not path.startswith(INTERFACES)) or "description" in line


def _path_on_node(file: Path, expected: Path) -> str | None:
    parts = file.relative_to(expected).parts
    return f"/{'/'.join(parts[1:])}" if len(parts) > 1 and parts[1] in ("etc", "var") else None


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: f"{folder.parent.parent.name}/{folder.parent.name}")
def test_a_plan_is_the_same_word_for_word_where_nobody_keeps_secrets(folder: Path) -> None:
    taken = case(folder)
    cleaned = without_secrets(taken)
    assert cleaned.snapshot.api == taken.api
    assert {name: raw.commands for name, raw in cleaned.snapshot.nodes.items()} == {
        name: raw.commands for name, raw in taken.nodes.items()
    }
    told = {
        path for path in cleaned.replaced if not path.endswith(("interfaces", "daemons", "frr.conf.local", "frr.conf"))
    }
    assert {path for path in told if not path.startswith("etc/pve/sdn/")} == set()


ODD = st.sampled_from(
    ["\\", "\\\n", "\n", "\r\n", "\t", " ", "'", '"', "`", "$(", ")", "#", "!", "|", "<", "<<<", ">", "=", ":", ",", "{", "\0",
     "\u2028", "\xa0", "hidden-1", "post-up ", "iface a\n", "auto a", "alias ", "password ", "ip link add ", "echo ", "vnet: a\n\t",
     "ovs_extra ", "address 10.0.0.1", "wpa-psk ", "mtu ", "router bgp 1", "tag "]
)  # fmt: skip
KINDS = (INTERFACES, FRR, "/etc/frr/daemons", "/etc/sysctl.d/90-pvesdn.conf", DROP_IN, "/etc/other", "zones.cfg")


def _continued(text: str) -> list[bool]:
    return [line.endswith("\\") for line in text.split("\n")]


@LAW
@given(path=st.sampled_from(KINDS), parts=st.lists(st.one_of(ODD, st.text(max_size=3)), max_size=20))
def test_every_line_stays_where_it_is(path: str, parts: list[str]) -> None:
    text = "".join(parts)
    clean = hide_definitions if path == "zones.cfg" else cleaner(path)
    cleaned = clean(text, Veil())
    assert cleaned.count("\n") == text.count("\n")
    if path == INTERFACES:  # where a line that ends with a backslash goes on
        assert _continued(cleaned) == _continued(text)
    assert clean(text, Veil()) == cleaned


@LAW
@given(
    text=st.one_of(
        st.text(),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
        ).map(json.dumps),
    )
)
def test_whatever_stands_in_a_document_it_is_cleaned_or_replaced_as_a_whole(text: str) -> None:
    for clean in (hide_running, hide_record):
        clean(text, Veil())
