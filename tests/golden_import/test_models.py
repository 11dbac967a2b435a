"""The models as somebody wrote them by hand: what is proposed, what has to go, and what then comes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.cli.screens.adopt import adoption_lines
from pvesdn.cli.screens.plan import last_line
from pvesdn.cli.screens.screen import Line
from pvesdn.compare.counts import summarize
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.model.files import OUR_INTERFACES, Action
from pvesdn.model.snapshot import Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Adoption, Form, adopt
from pvesdn.workflows.plan import plan

HERE = Path(__file__).parent
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "snapshot").is_dir())
FORMS: tuple[Form, ...] = ("pvesdn", "pve")


@cache
def snapshot_of(case: str) -> Snapshot:
    return read_snapshot(HERE / case / "snapshot")


@cache
def imported(case: str, form: Form = "pvesdn") -> Adoption:
    return adopt(snapshot_of(case), Renderer(), form=form)


def screen(adoption: Adoption) -> str:
    lines: list[Line] = [*adoption_lines(adoption, has_diff=False)]
    if adoption.plan is not None:
        lines.append(last_line(adoption.plan, summarize(adoption.plan)))
    text = "".join("".join(part if isinstance(part, str) else part.text for part in line) + "\n" for line in lines)
    return text[text.index("To take out") :]


def results(case: str) -> dict[str, str]:
    """Everything a case expects, by its path below expected/."""
    found = {f"as-{form}/{name}": text for form in FORMS for name, text in imported(case, form).files.items()}
    found |= {f"as-{form}/cut-over.txt": screen(imported(case, form)) for form in FORMS}
    for node in imported(case).nodes:
        found |= {f"edited/{node.node}{edit.path}": edit.new or "" for edit in node.edits}
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_hand_written_model_becomes_what_is_expected(case: str, request: pytest.FixtureRequest) -> None:
    expected = HERE / case / "expected"
    found = results(case)
    if request.config.getoption("--update-golden", default=False):
        for old in [path for path in expected.rglob("*") if path.is_file()]:
            old.unlink()
        for path, text in found.items():
            (expected / path).parent.mkdir(parents=True, exist_ok=True)
            (expected / path).write_text(text)
    files = (path for path in expected.rglob("*") if path.is_file())
    assert found == {path.relative_to(expected).as_posix(): path.read_text() for path in files}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_proposed_is_read_back_without_a_fault(case: str, form: Form) -> None:
    decoded = decode_sdn(imported(case, form).files, intent="pending")
    wanted = imported(case, form).proposal.sdn
    assert decoded.findings == ()
    for read, meant in ((decoded.config.own, wanted.own), (decoded.config.pve, wanted.pve)):
        assert [(zone.kind, zone.id) for zone in read.zones] == [(zone.kind, zone.id) for zone in meant.zones]
        assert len(read.vnets) == len(meant.vnets)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_blocked_once_everything_is_taken_out(case: str, form: Form) -> None:
    adoption = imported(case, form)
    assert adoption.problems == ()
    assert adoption.plan is not None
    assert [str(obstacle) for node in adoption.plan.nodes for obstacle in node.obstacles] == []


@pytest.mark.parametrize("case", CASES)
def test_a_plan_before_that_marks_every_vni_that_is_held_and_would_be_refused(case: str) -> None:
    given = replace(snapshot_of(case), pve_files=imported(case).files)
    for node in plan(given, Renderer()).nodes:
        (file,) = (file for file in node.files if file.path == OUR_INTERFACES)
        replaced = {stanza.name for stanza in file.stanzas if stanza.action is Action.REPLACE}
        outs = imported(case).proposal.take_outs[node.node]
        assert replaced == {out.becomes for out in outs if out.vni is not None}
        complaints = "\n".join(str(obstacle) for obstacle in node.obstacles)
        for out in outs:
            if out.vni is not None:
                assert f"{out.becomes}: VNI {out.vni} is already on the device {out.name}" in complaints
            elif out.becomes == out.name and out.options is None and out.name != "eno2":
                assert f"device {out.name} is also defined in /etc/network/interfaces of {node.node}" in complaints


@pytest.mark.parametrize("case", CASES)
def test_nothing_of_a_model_is_lost(case: str) -> None:
    assert [str(finding) for finding in imported(case).proposal.lost] == []


@pytest.mark.parametrize("case", CASES)
def test_the_underlay_stays_as_it_is(case: str) -> None:
    for node in imported(case).nodes:
        for edit in node.edits:
            assert "iface vmbr0 inet static" in (edit.new or "")
            assert "iface eno1 inet manual" in (edit.new or "")
            assert "source /etc/network/interfaces.d/*" in (edit.new or "")
            assert "vxlan-id" not in (edit.new or "")


@pytest.mark.parametrize("case", CASES)
def test_a_case_says_what_it_is_for_in_two_lines(case: str) -> None:
    assert len((HERE / case / "README").read_text().splitlines()) == 2
