"""The simulated cluster with everything real that can be: the API over HTTPS, the node program, our renderer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

from pvesdn.adapters.pve_api import PveApi
from pvesdn.adapters.pve_api.https import HttpsSession
from pvesdn.adapters.runner import OneByOne
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.files import ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.report import ApplyReport
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.apply import apply
from pvesdn.workflows.lock import alone
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster, read_members
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import State, read_json
from pvesdn_lab.simulated.commands.vlans import shown_vlans
from tests.fakes import FakeObserver
from tests.task_clock import TaskClock

EVPN = """evpn-controller: main
\tasn 1234

evpn: sym
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4000

vxlan: plain

vnet: web
\tzone sym
\ttag 2

vnet: backup
\tzone plain
\ttag 3

subnet: sym-10.0.2.0-24
\tvnet web
\tgateway 10.0.2.254

exit: sym-pve1
\tzone sym
\tnode pve1
\tinterface eno2
\taddress 172.16.0.1/24
\tgateways 172.16.0.254,172.16.0.253
\tvrrp-id 1
\tvrrp-priority 200
\tvrrp-address 172.16.0.10
"""
ANOTHER_ZONE = """evpn: other
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4001

vnet: lab
\tzone other
\ttag 5

subnet: other-10.0.5.0-24
\tvnet lab
\tgateway 10.0.5.254
"""
PVE_SIMPLE = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}
PLANNER = partial(plan, renderer=Renderer())


@contextmanager
def serving(folder: Path, definitions: str = EVPN, *, character: int = 9) -> Iterator[SimulatedCluster]:
    cluster = SimulatedCluster(folder, character=character)
    if definitions:
        cluster.write_sdn("pvesdn.cfg", definitions)
    with cluster:
        yield cluster


def draw(cluster: SimulatedCluster, files: Mapping[str, str] = PVE_SIMPLE) -> None:
    """What somebody has drawn in PVE's panel and not applied."""
    for name, text in files.items():
        cluster.write_sdn(name, text)


def install_dnsmasq(cluster: SimulatedCluster) -> None:
    """On every node, as PVE's DHCP needs it: without it no reload of PVE's gets as far as an interface."""
    for node in cluster.nodes.values():
        node.set_version("dnsmasq", "2.91-1")


def world_of(cluster: SimulatedCluster) -> World:
    settings = cluster.token_settings()
    api = PveApi(settings, session=session_of(cluster, settings))
    return World(
        api=api,
        nodes=cluster.agent(),
        clock=TaskClock(cluster, least=15.0),
        observer=FakeObserver(),
        runner=OneByOne(),
        task_timeout=60.0,
    )


_sessions: WeakKeyDictionary[SimulatedCluster, tuple[ApiSettings, HttpsSession]] = WeakKeyDictionary()


def session_of(cluster: SimulatedCluster, settings: ApiSettings) -> HttpsSession:
    """Connections to a cluster's API, the same for all who have these settings: a handshake takes as long as a few
    questions.
    """
    known = _sessions.get(cluster)
    if known is None or known[0] != settings:
        known = _sessions[cluster] = settings, HttpsSession(settings)
    return known[1]


def after_reloads(world: World, cluster: SimulatedCluster, happens: Callable[[str], object]) -> None:
    """Let something happen as soon as a node, which it is told, has been reloaded through the API."""
    reload = world.api.reload_network

    def reloaded(node: str, *, regenerate_frr: bool | None) -> str:
        upid = reload(node, regenerate_frr=regenerate_frr)
        cluster.wait_for_tasks(10)
        happens(node)
        return upid

    world.api.reload_network = reloaded  # type: ignore[method-assign]


def plan_of(cluster: SimulatedCluster, flags: PlanFlags | None = None) -> ChangeSet:
    return plan(read_cluster(world_of(cluster), has_state=True), Renderer(), flags=flags)


def apply_to(cluster: SimulatedCluster, flags: PlanFlags | None = None) -> ApplyReport:
    """An apply by somebody who agrees to everything."""
    return apply_in(world_of(cluster), flags)


def apply_in(
    world: World, flags: PlanFlags | None = None, *, tell: Callable[[str], object] = lambda _: None
) -> ApplyReport:
    """The same in a world of its own."""
    with alone(world, [member.name for member in read_members(world.api).members], tell=tell) as there:
        return apply(there, plan(read_cluster(there, has_state=True), Renderer(), flags=flags), PLANNER)


def apply_without_lock(cluster: SimulatedCluster) -> ApplyReport:
    """An apply that knows nothing of the cluster lock, as by an older pvesdn: the nodes themselves refuse it."""
    return apply(world_of(cluster), plan_of(cluster), PLANNER)


def errors(report: ApplyReport) -> dict[str, str]:
    return {node.node: node.error for node in report.nodes if node.error}


def reloads(cluster: SimulatedCluster) -> dict[str, int]:
    """How often each node ran `ifreload -a`."""
    return {name: node.commands().count(("ifreload", "-a")) for name, node in cluster.nodes.items()}


def everything(cluster: SimulatedCluster) -> dict[str, tuple[int, bytes]]:
    """Every file of every node with its time of change, the commands' own bookkeeping left out."""
    found = {}
    for name, node in cluster.nodes.items():
        for below, path in _files(node.root):
            found[f"{name}/{below}"] = (Path(path).stat().st_mtime_ns, Path(path).read_bytes())
    return found


def state_of(cluster: SimulatedCluster) -> dict[str, object]:
    """All that an apply may change on every node, but for times: files with their modes, devices, settings, FRR."""
    return {name: _node_state(node.root) for name, node in cluster.nodes.items()}


def _files(root: Path, *more: str) -> Iterator[tuple[str, str]]:
    """The files of a node that an apply may write, and those of `more` folders, by their paths below `root`."""
    for top in ("etc/network", "etc/frr", "etc/sysctl.d", "var/lib/pvesdn", *more):
        for folder, folders, names in os.walk(root / top):
            folders.sort()
            for name in sorted(names):
                path = f"{folder}/{name}"
                if name != "lock" and os.path.isfile(path):  # noqa: PTH113 - of hundreds, for each look
                    yield path[len(f"{root}/") :], path


def _node_state(root: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, path in _files(root, "proc/sys"):
        with open(path, "rb") as file:  # noqa: PTH123
            found[name] = os.fstat(file.fileno()).st_mode, file.read()
    frr = read_json(root, "frr", {})
    is_running = bool(frr.get("running"))
    state = State(root)
    found["links"] = {name: {**link, "vlans": None} for name, link in state.links.items()}
    found["vlans"] = {row["ifname"]: row["vlans"] for row in shown_vlans(state)}
    return found | {"frr": (is_running, is_running and (frr["daemons"], frr["config"]), bool(frr.get("enabled")))}
