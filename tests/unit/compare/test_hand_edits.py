"""PVE's file as it is against what PVE writes for the version that it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.compare.hand_edits import hand_edits
from pvesdn.compare.present import NodeNow
from pvesdn.compare.running import compare_running
from pvesdn.decode.nodes.record import Record
from pvesdn.model.capabilities import GeneratorLevel, NodeCapabilities
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import SDN_INTERFACES, RenderedFile
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.pve_ifupdown import PveVnetBridge
from tests.unit.compare.printed import interfaces

KNOWN = NodeCapabilities()
WEB = PveVnetBridge("web", "vxlan_web", mtu=1450)


def file(*bridges: PveVnetBridge) -> RenderedFile:
    """PVE's, of version 1."""
    return interfaces(*bridges, path=SDN_INTERFACES)


def found(
    wanted: RenderedFile, text: str | None, *, version: int | None = 1, can: NodeCapabilities = KNOWN
) -> list[Finding]:
    files = {} if text is None else {SDN_INTERFACES: text}
    now = NodeNow(files, NodeFacts(node="pve1"), Record())
    return list(hand_edits([interfaces(WEB), wanted], now, compare_running(version, {"pve1": files}), can))


def told(wanted: RenderedFile, text: str) -> str:
    (finding,) = found(wanted, text)
    assert (finding.severity, finding.node, finding.where) == (Severity.WARNING, "pve1", "pve1")
    assert finding.hint.endswith("apply the node's network configuration in PVE, which writes the file anew")
    return finding.what.partition("is not what PVE writes for it ")[2]


def test_a_file_as_pve_writes_it_is_not_spoken_of() -> None:
    assert found(file(WEB), file(WEB).text or "") == []


def test_blanks_and_remarks_are_no_edit() -> None:
    text = (file(WEB).text or "").replace("\tmtu 1450", "\t# smaller\n\n  mtu   1450 ")
    assert text != file(WEB).text
    assert found(file(WEB), text) == []


def test_words_that_run_together_are_one() -> None:
    assert told(file(WEB), (file(WEB).text or "").replace("mtu 1450", "mtu1450")) == "(changed: web)"


def test_interfaces_are_named_by_what_was_done_to_them() -> None:
    there = file(replace(WEB, mtu=9000), replace(WEB, name="mine")).text or ""
    wanted = file(WEB, replace(WEB, name="lost"))
    assert told(wanted, there) == "(changed: web; added: mine; missing: lost)"


def test_what_keeps_an_edit_depends_on_the_edit() -> None:
    hints = {
        kind: found(wanted, text)[0].hint.removesuffix(
            "apply the node's network configuration in PVE, which writes the file anew"
        )
        for kind, wanted, text in (
            ("added", file(WEB), file(WEB, replace(WEB, name="mine")).text),
            ("changed", file(WEB), file(replace(WEB, mtu=9000)).text),
            ("missing", file(WEB, replace(WEB, name="lost")), file(WEB).text),
            ("both", file(WEB), file(replace(WEB, mtu=9000), replace(WEB, name="mine")).text),
        )
    }
    to_a_file = "move what was added by hand to a file of its own in /etc/network/interfaces.d"
    to_pve = "set what was changed in PVE's definitions, which alone can keep it"
    assert hints == {
        "added": f"{to_a_file}, then ",
        "changed": f"{to_pve}, then ",
        "missing": "",
        "both": f"{to_a_file} and {to_pve}, then ",
    }


@pytest.mark.parametrize(("count", "more"), [(8, ""), (9, " and 1 more"), (12, " and 4 more")])
def test_of_many_interfaces_the_first_are_named_and_the_others_counted(count: int, more: str) -> None:
    bridges = [replace(WEB, name=f"web{number:02}") for number in range(count)]
    names = ", ".join(bridge.name for bridge in bridges[:8])
    assert told(file(), file(*bridges).text or "") == f"(added: {names}{more})"


def test_a_file_that_is_behind_or_was_never_made_is_told_by_itself() -> None:
    assert found(file(WEB), file().text or "", version=2) == []
    assert found(file(WEB), None) == []
    assert found(file(WEB), file().text or "", version=None) == []
    assert len(found(file(WEB), file().text or "")) == 1


@pytest.mark.parametrize("level", [GeneratorLevel.BEFORE_1_0])
def test_of_a_generator_whose_rules_are_not_known_nothing_is_said(level: GeneratorLevel) -> None:
    assert found(file(WEB), file().text or "", can=replace(KNOWN, level=level)) == []
