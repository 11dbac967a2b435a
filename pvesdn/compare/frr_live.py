"""What FRR is doing on a node compared with what it should be doing: its daemons and its running configuration.

One fault shows in many places: a daemon that is off takes its lines of the configuration along, its sessions, and every
entry that came of them, on all other nodes too. What follows from another finding is not told again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvesdn.compare.differences import hidden
from pvesdn.compare.frr_zones import frr_zones, is_leftover
from pvesdn.compare.live_evpn import flooding_discrepancies, vni_discrepancies
from pvesdn.compare.live_routes import route_discrepancies
from pvesdn.compare.live_sessions import session_discrepancies
from pvesdn.compare.live_view import FILE_FIRST, FRR_QUESTIONS, RELOAD, RESTART, ClusterView, NodeView, listed, some
from pvesdn.compare.live_vrrp import vrrp_discrepancies
from pvesdn.compare.questions import is_needed
from pvesdn.decode.frr.text import FrrPlace, statements
from pvesdn.model.expectation import ALWAYS_RUN
from pvesdn.model.files import FRR_CONF, FRR_DAEMONS
from pvesdn.model.findings import Severity
from pvesdn.model.state import NodeState
from pvesdn.model.verification import Discrepancy, Subject

_FORWARDING = re.compile(r"(no )?(ip|ipv6) forwarding")
_STOPPED = "it was stopped, or it crashed and was not started again: journalctl -u frr tells"


def compare_frr(view: NodeView, cluster: ClusterView) -> tuple[Discrepancy, ...]:
    """Everything about FRR that is not as it should be on one node; nothing where the node needs no FRR."""
    if not view.expected.daemons:
        return ()
    look = _Look(view)
    configuration = tuple(look.configuration())
    # What its file lacks, FRR lacks too.
    lacks_lines = FRR_CONF in view.told or any(found.severity is Severity.ERROR for found in configuration)
    sessions = session_discrepancies(view, cluster, is_configuration_told=lacks_lines)
    return (
        *look.daemons(),
        *configuration,
        *sessions,
        *vni_discrepancies(view, is_configuration_told=lacks_lines),
        *flooding_discrepancies(view, cluster),
        *route_discrepancies(view, cluster),
        *vrrp_discrepancies(view, cluster, is_configuration_told=lacks_lines),
    )


def compare_frr_alone(view: NodeView) -> tuple[Discrepancy, ...]:
    """What of it a node shows by itself: its daemons, and whether FRR runs its file."""
    if not view.expected.daemons:
        return ()
    look = _Look(view)
    return (*look.daemons(), *look.configuration())


def unseen(view: NodeView) -> Iterator[tuple[str, str]]:
    """Questions without an answer that no finding explains, with the reason."""
    for name, why in sorted(view.state.unseen.items()):
        is_told = name in FRR_QUESTIONS and (
            not view.expected.daemons or bool(view.missing_daemons) or name in view.state.late or _is_uninstalled(why)
        )
        if not is_told and is_needed(name, view.expected):
            yield name, why


def lines_gone(old: str, new: str) -> frozenset[str]:
    """Lines of one frr.conf that another has no longer, as `Discrepancy.parts` has them."""
    return frozenset(_told(statements(old) - statements(new)))


def is_switched_on(daemon: str, switches: str) -> bool:
    """Whether FRR starts it. :param switches: /etc/frr/daemons."""
    return daemon in ALWAYS_RUN or re.search(rf"(?m)^{daemon}=yes\s*$", switches) is not None


def _is_uninstalled(why: str) -> bool:
    return why.endswith("is not installed")


@dataclass(frozen=True, slots=True)
class _Look:
    view: NodeView

    @property
    def state(self) -> NodeState:
        return self.view.state

    def daemons(self) -> Iterator[Discrepancy]:
        why = self.state.unseen.get("frr-daemons", "")
        wanted = self.view.expected.daemons
        if _is_uninstalled(why):
            yield self.view.finding(
                Subject.FRR,
                "FRR",
                expected=f"{listed(wanted)} run",
                found="not installed",
                cause="the node was set up without it",
                step="apt install frr frr-pythontools",
                is_there=True,
            )
        missing = self.view.missing_daemons
        if missing:
            switched_off = [name for name in sorted(missing) if not is_switched_on(name, self.view.switches)]
            yield self.view.finding(
                Subject.FRR,
                "FRR",
                expected=f"{listed(wanted)} run",
                found=f"{listed(missing)} {'does' if len(missing) == 1 else 'do'} not" if self.state.daemons else "off",
                cause=f"{FRR_DAEMONS} does not switch {listed(switched_off)} on" if switched_off else _STOPPED,
                step=FILE_FIRST if switched_off else RESTART,
                is_there=not switched_off,
                parts=missing,
            )
        elif late := sorted(self.state.late & FRR_QUESTIONS):
            yield self.view.finding(
                Subject.FRR,
                "FRR",
                expected="answers",
                found=self.state.unseen[late[0]],
                cause="a daemon hangs; journalctl -u frr may say which, and why",
                step=RESTART,
            )

    def configuration(self) -> Iterator[Discrepancy]:
        """What FRR runs against its own file; whether that is as designed is said of the file."""
        if self.view.missing_daemons:
            return
        lacks, has = map(_told, self.view.unlike)
        if lacks or has:
            yield self.view.finding(
                Subject.FRR,
                "FRR",
                trait="running configuration",
                expected=f"what {FRR_CONF} says",
                found=" and ".join(
                    f"{verb} {_quoted(lines)}" for verb, lines in (("lacks", lacks), ("has", has)) if lines
                ),
                cause="somebody typed it into vtysh, or FRR did not take all of its file when it was reloaded",
                step=FILE_FIRST if FRR_CONF in self.view.told else RELOAD,
                is_there=FRR_CONF not in self.view.told,
                zones=frr_zones(self.view, (*lacks, *has)),
                is_leftover=is_leftover(self.view, (*lacks, *has)),
                # What FRR has besides need not be in anybody's way; where it is, sessions and VNIs tell.
                severity=Severity.ERROR if lacks else Severity.WARNING,
                parts=frozenset(lacks or has),
            )


def _told(places: Counter[FrrPlace]) -> list[str]:
    """Lines with the blocks they are in; of a block that is missing as a whole only its first line."""
    found = []
    for place in places:
        is_below = any(place[:length] in places for length in range(1, len(place)))
        line = " ".join(place[-1])
        if is_below or (len(place) == 1 and _FORWARDING.fullmatch(line)):
            continue
        above = ", ".join(" ".join(words) for words in place[:-1])
        found.append(hidden(f"{above}: {line}" if above else line))
    return found


def _quoted(lines: Iterable[str]) -> str:
    return some([repr(line) for line in lines], "; ")
