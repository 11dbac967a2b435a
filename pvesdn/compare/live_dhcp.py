"""PVE's dnsmasq of carried zones in a VRF: whether it runs there, where alone its answers reach a guest."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.compare.live_view import NodeView
from pvesdn.model.dhcp_unit import DhcpUnit, unit_of
from pvesdn.model.verification import Discrepancy, Subject

_VRF = "VRF"


def compare_dhcp(view: NodeView) -> Iterator[Discrepancy]:
    """Those that PVE has switched on and that do not serve; what a change of files brings is said of the files."""
    for unit in _judged(view):
        live = (view.state.dhcp or {})[unit.zone]
        if not live.is_active:
            yield _finding(
                view,
                unit,
                expected="runs",
                found="does not run",
                cause="it failed, or it was started when its VRF was not there",
                step=f"systemctl restart {unit_of(unit.zone)}",
            )
        elif live.vrf != unit.vrf:
            yield _finding(
                view,
                unit,
                trait=_VRF,
                expected=unit.vrf,
                found=live.vrf or "the main table",
                cause="it was started before its drop-in was there, or systemd has not read that",
                step=f"systemctl daemon-reload && systemctl restart {unit_of(unit.zone)}",
            )


def dhcp_checks(view: NodeView) -> Iterator[str]:
    """The zone of each thing that `compare_dhcp` looks at."""
    for unit in _judged(view):
        yield view.zones.get(unit.vrf, "")


def _judged(view: NodeView) -> Iterator[DhcpUnit]:
    found = view.state.dhcp or {}
    return (
        unit
        for unit in view.expected.dhcp
        if unit.path not in view.told
        and unit.vrf not in view.told
        and unit.zone in found
        and found[unit.zone].is_enabled
    )


def _finding(view: NodeView, unit: DhcpUnit, *, trait: str = "", **said: str) -> Discrepancy:
    return view.finding_in_zone(Subject.DHCP, unit_of(unit.zone), unit.vrf, trait=trait, **said)
