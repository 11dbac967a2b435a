"""What the history's screens say of plans that no test cluster has."""

from __future__ import annotations

from pvesdn.cli.screens.history import entry_lines, list_lines
from pvesdn.cli.screens.screen import Line, Span
from pvesdn.model.history import Counts, Entry, History, Planned, Short


def entry(plan: Short) -> Entry:
    return Entry(number=1, id="0" * 16, who="root on pve1", began="2026-11-27T10:00:00Z", pvesdn="1", plan=plan)


def text(lines: object) -> str:
    return "\n".join("".join(part.text if isinstance(part, Span) else part for part in line) for line in _lines(lines))


def _lines(lines: object) -> list[Line]:
    return list(lines)  # type: ignore[call-overload]


def test_a_plan_in_short_fits_a_column_and_names_everything_in_full() -> None:
    where = ", ".join(f"pve{n}" for n in range(1, 40, 2))
    many = Short(
        where=where,
        total=Counts(add=3, remove=1),
        nodes=(Planned(nodes="pve1", each=Counts(add=3, remove=1)), Planned(nodes=where, each=None)),
        pending=("vnet 'office' new",),
    )
    listed = text(list_lines(History((entry(many),)), None))
    assert "+3 -1, 1 of PVE's on pve1, pve3, pve5, pve..." in listed
    shown = text(entry_lines(entry(many), (), "", None))
    assert "pve1: +3 -1" in shown
    assert f"{where}: each with a plan of its own" in shown
    assert "PVE's own: vnet 'office' new" in shown


def test_a_plan_without_interfaces_says_what_it_is_about() -> None:
    files = Short(where="pve1", nodes=(Planned(nodes="pve1", each=Counts()),))
    assert "files on pve1" in text(list_lines(History((entry(files),)), None))
    assert "definitions alone" in text(list_lines(History((entry(Short()),)), None))
    assert "the definitions alone" in text(entry_lines(entry(Short()), (), "", None))
    assert "1 of PVE's" in text(list_lines(History((entry(Short(pending=("zone 'lan' new",))),)), None))
