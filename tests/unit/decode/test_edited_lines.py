"""Faults of definitions that a run has edited are told in lines of the file that is there."""

from __future__ import annotations

from pvesdn.decode.definitions.edited_lines import EditedLines
from pvesdn.model.findings import Finding, Severity, Where

OWN = "# ours\nvxlan: prod\n\tnodes a\n\tmtu 1400\n\nvnet: web\n\tzone prod\n\ttag 20\n"
EDITED = "# ours\nvxlan: prod\n\tmtu 1400\n\tcarries lan\n\nvnet: web\n\tzone prod\n\ttag 20\n"
ZONES = "simple: old\n\tmtu 1500\n\n"
LINES = EditedLines.between(
    {"pvesdn.cfg": OWN, "zones.cfg": ZONES, "vnets.cfg": ""},
    {"pvesdn.cfg": EDITED, "zones.cfg": f"{ZONES}simple: lan\n\tmtu 1400\n\n", "vnets.cfg": ""},
)


def test_a_line_that_has_moved_is_told_where_it_is() -> None:
    assert LINES.placed("pvesdn.cfg:3: zone 'prod': mtu is odd") == "pvesdn.cfg:4: zone 'prod': mtu is odd"
    assert LINES.placed("is the tag of vnet 'web' (pvesdn.cfg:8)") == "is the tag of vnet 'web' (pvesdn.cfg:8)"
    assert LINES.placed("zones.cfg:2: zone 'old': is old") == "zones.cfg:2: zone 'old': is old"


def test_what_the_file_does_not_have_is_told_by_its_section() -> None:
    assert (
        LINES.placed("pvesdn.cfg:4: zone 'prod': carries what is not") == "pvesdn.cfg: zone 'prod': carries what is not"
    )
    assert LINES.placed("zones.cfg:4: zone 'lan': no (zones.cfg:5)") == "zones.cfg: zone 'lan': no (zones.cfg)"


def test_files_that_are_as_they_were_and_those_of_others_are_left_alone() -> None:
    for text in ("vnets.cfg:9: vnet 'x': is odd", "/root/pvesdn.cfg:4: is odd", "my.zones.cfg:4: is odd"):
        assert LINES.placed(text) == text


def test_a_finding_is_moved_with_its_place_and_with_what_is_like_it() -> None:
    place = Where(file="pvesdn.cfg", line=4, kind="zone", id="prod", column=2, end_column=9)
    like = Finding.at(place.moved(3, 2, 3), Severity.WARNING, "so is this")
    found = Finding.at(place, Severity.WARNING, "is odd", "see pvesdn.cfg:3").model_copy(update={"others": (like,)})
    [moved] = LINES.placed_in([found])
    assert str(moved) == "pvesdn.cfg: zone 'prod': is odd; see pvesdn.cfg:4"
    assert moved.place is not None
    assert (moved.place.line, moved.place.column, moved.place.end_column) == (0, 0, 0)
    assert moved.others[0].where == "pvesdn.cfg:4: zone 'prod'"
    assert moved.others[0].place is not None
    assert (moved.others[0].place.line, moved.others[0].place.column) == (4, 2)
