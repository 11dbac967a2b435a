"""The network that every case begins with, what an apply is to make of it, and how every node is before and after.

A cluster stands; its definitions have been changed. It is made once, and put back on its folders for each case.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvesdn.errors import PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.report import ApplyReport
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.history import apply_on_record
from pvesdn.workflows.lock import PATIENCE, Tell, alone
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.pmxcfs import Locks
from tests.cluster.faults.wire import Call, Fault, Killed, NoFault, Wire
from tests.cluster.kit import ANOTHER_ZONE, EVPN, PLANNER, apply_to, draw, install_dnsmasq, plan_of, serving, state_of
from tests.cluster.nodes_alone import reboot
from tests.cluster.test_frr_changes_hands import PVE_EVPN

STAGED = ".pvesdn-new"
SDN = "etc/network/interfaces.d/sdn"
_VERSION = re.compile(rb"#version:\d+\n")
MEMBERS = ("pve1", "pve2", "pve3")
GUEST = ("pve2", "web", 100)
_FOLDERS = ("etc", "proc", "run", "state", "var")
"""What a run changes on a node."""
# A VNI that moves (a device deleted and made anew), an exit that goes, a zone that is new, an MTU that goes down.
CHANGED = (
    EVPN[: EVPN.index("exit: ")].replace("tag 2", "tag 20").replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1400\n")
)
CHANGED += f"\n{ANOTHER_ZONE}"
# What is drawn in PVE, with DHCP, and carried by a zone with a VRF. Without a gateway its bridge keeps its MAC, whoever
# makes it first.
CARRIES = """
evpn: roam
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4100
\tcarries lan
\tvni-range 20000-20999
"""
DRAWN = {
    **PVE_EVPN,
    "zones.cfg": f"{PVE_EVPN['zones.cfg']}simple: lan\n\tdhcp dnsmasq\n\tipam pve\n\tmtu 1400\n\n",
    "vnets.cfg": f"{PVE_EVPN['vnets.cfg']}vnet: floor\n\tzone lan\n\n",
}

NodeState = dict[str, Any]

_ATTEMPTS = 5
"""At emptying a folder, into which the last call of a run that was killed may still write."""


@dataclass(slots=True)
class Ended:
    """How a run ended: with a report, with an error, or killed. :ivar told: what it has said besides."""

    report: ApplyReport | None = None
    error: PvesdnError | None = None
    told: list[str] = field(default_factory=list)

    @property
    def is_killed(self) -> bool:
        """Whether nobody has heard of its end."""
        return self.report is None and self.error is None

    @property
    def keeps_the_lock(self) -> bool:
        """Whether it has said that the next apply has to wait for the cluster lock."""
        return any("the cluster lock was not given back" in line for line in self.told)


@dataclass(slots=True)
class Scene:
    """A standing network about to be changed.

    :param before: each node's state, without the program's own files.
    :param after: the same once the apply has gone well.
    :param plan: what it is that the apply does.
    :param version: of PVE's committed definitions, before.
    :param calls: those of a run that goes well, in their order.
    """

    name: str
    cluster: SimulatedCluster
    origin: Path
    before: dict[str, NodeState] = field(default_factory=dict)
    after: dict[str, NodeState] = field(default_factory=dict)
    plan: ChangeSet = field(default_factory=lambda: ChangeSet(()))
    version: int = 0
    calls: list[Call] = field(default_factory=list)

    def begin(self) -> None:
        """Put everything back."""
        cluster = self.cluster
        cluster.wait_for_tasks(60)  # returns as soon as none runs; on a busy machine one takes its time
        cluster.sim.failures.clear()
        cluster.sim.requests.clear()
        for name in cluster.nodes:
            cluster.refuse_ssh(name, refuses=False)
        _copy(self.origin, cluster)
        cluster.world.pmxcfs.locks = Locks()
        cluster.regain_quorum()

    def run(self, fault: Fault) -> Ended:
        """An apply as `pvesdn apply --yes` makes it."""
        ended = Ended()
        with suppress(Killed):
            try:
                ended.report = applied(Wire(self.cluster, fault).world(), tell=ended.told.append)
            except PvesdnError as error:
                ended.error = error
        self.cluster.wait_for_tasks(10)
        return ended


def applied(world: World, *, patience: float = PATIENCE, tell: Tell = lambda _: None) -> ApplyReport:
    """Wait for the lock, read, apply, and keep it in the history; what is read before, to be shown, touches nothing."""
    with alone(world, MEMBERS, patience=patience, tell=tell) as there:
        return apply_on_record(there, plan(read_cluster(there, has_state=True), Renderer()), PLANNER)


@contextmanager
def scene(name: str, folder: Path) -> Iterator[Scene]:
    """The scene of that name, one of `SCENES`."""
    with serving(folder / "cluster") as cluster:
        assert apply_to(cluster).is_good
        for node in cluster.nodes.values():
            reboot(node)
        cluster.plug_guest(*GUEST)
        install_dnsmasq(cluster)
        cluster.write_sdn("pvesdn.cfg", CHANGED + (CARRIES if SCENES[name] else ""))
        draw(cluster, SCENES[name])
        made = Scene(name, cluster, folder / "origin")
        _save(made.origin, cluster)
        made.before, made.plan, made.version = network_of(cluster), plan_of(cluster), version_of(cluster)
        fault = NoFault()
        good = made.run(fault)
        assert good.report is not None, good.error
        assert good.report.is_good, good.report
        assert plan_of(cluster).is_empty
        made.after, made.calls = network_of(cluster), fault.calls
        yield made


SCENES: dict[str, dict[str, str]] = {"ours": {}, "PVE's": DRAWN}
"""What is pending in PVE besides."""


def network_of(cluster: SimulatedCluster) -> dict[str, NodeState]:
    """What an apply may change on each node, without what the program keeps for itself, what each boot makes anew, and
    the number of PVE's version.
    """
    found: dict[str, NodeState] = {}
    for name, state in state_of(cluster).items():
        assert isinstance(state, dict)
        own = ("var/lib/pvesdn", "proc/sys/kernel/random/boot_id")
        found[name] = {
            path: value for path, value in state.items() if not path.startswith(own) and not path.endswith(STAGED)
        }
        for link in found[name]["links"].values():
            if link["kind"] == "vrf":  # whose table is whichever was free
                link["info"] = None
        if SDN in found[name]:
            mode, text = found[name][SDN]
            found[name][SDN] = (mode, _VERSION.sub(b"", text))
    return found


def version_of(cluster: SimulatedCluster) -> int:
    """The version of PVE's committed definitions."""
    return int(json.loads(cluster.read_sdn(".running-config") or "{}").get("version", 0))


def _save(origin: Path, cluster: SimulatedCluster) -> None:
    for name, node in cluster.nodes.items():
        for part in _FOLDERS:
            _copied(node.root / part, origin / name / part)
    for part in ("sdn", "priv"):
        _copied(cluster.folder / "pve" / part, origin / "pve" / part)


def _copy(origin: Path, cluster: SimulatedCluster) -> None:
    for name, node in cluster.nodes.items():
        for part in _FOLDERS:
            _copied(origin / name / part, node.root / part)
    for part in ("sdn", "priv"):
        _copied(origin / "pve" / part, cluster.folder / "pve" / part)


def _copied(source: Path, target: Path) -> None:
    for _ in range(_ATTEMPTS):
        shutil.rmtree(target, ignore_errors=True)
        if not target.exists():
            break
    # With times of their own: whoever has seen a file knows it again by its time.
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy)
