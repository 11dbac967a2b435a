"""PVE's dnsmasq of carried zones in a VRF: whether it runs there, where alone its answers reach a guest.

That it does not run is told before its drop-in is there too: an apply that brings that is not to blame.
"""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.compare.live_view import NodeView
from pvesdn.model.dhcp_unit import DhcpUnit, unit_of
from pvesdn.model.state import LiveDhcp
from pvesdn.model.verification import Discrepancy, Subject

SWITCH = "switch"
"""The trait of one that PVE has not switched on: for PVE, whose configuration it lacks, and for nobody else."""
_VRF = "VRF"
_NOT_MADE = LiveDhcp(is_enabled=False, is_active=False)


def compare_dhcp(view: NodeView) -> Iterator[Discrepancy]:
    """Those that do not serve; what a change of files brings is said of the files."""
    for unit, live in _judged(view):
        if not live.is_enabled:
            yield _finding(
                view,
                unit,
                trait=SWITCH,
                expected="on",
                found="off",
                cause="PVE's reload has not come to it: it ended before that, or never ran on this node",
                step=f"pvesh set /nodes/{view.node}/network",
            )
        elif not live.is_active:
            yield _finding(
                view,
                unit,
                expected="runs",
                found="does not run",
                cause="it failed, or it was started when its VRF was not there",
                step=f"systemctl restart {unit_of(unit.zone)}",
            )
        elif live.vrf != unit.vrf and unit.path not in view.told:
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
    for unit, _ in _judged(view):
        yield view.zones.get(unit.vrf, "")


def _judged(view: NodeView) -> Iterator[tuple[DhcpUnit, LiveDhcp]]:
    found = view.state.dhcp
    for unit in () if found is None else view.expected.dhcp:
        live = (found or {}).get(unit.zone, _NOT_MADE)
        # By its drop-in it is not started without its VRF, of which something is said already.
        waits = unit.path not in view.told and unit.vrf in view.told
        if not waits if live.is_enabled else unit.zone not in view.uncommitted:
            yield unit, live


def _finding(view: NodeView, unit: DhcpUnit, *, trait: str = "", **said: str) -> Discrepancy:
    return view.finding_in_zone(Subject.DHCP, unit_of(unit.zone), unit.vrf, trait=trait, **said)
