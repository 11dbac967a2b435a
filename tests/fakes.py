"""The ports in memory: a cluster of a few nodes, without a network, a process or a second of waiting."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.runner import OneByOne
from pvesdn.errors import ApiRefused, PvesdnError
from pvesdn.model.dry_run import DryRun
from pvesdn.model.progress import Begun, Ended, Event
from pvesdn.model.sdn_edits import SdnCall
from pvesdn.model.tasks import TaskState
from tests.fake_ifupdown import reloaded
from tests.fake_nodes import FakeNode, FakeNodes

Told = TypeVar("Told")


class FakeClock:
    """Time that passes only by being waited for.

    :param start: seconds of the Unix epoch.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self.elapsed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self._start + self.elapsed

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.elapsed += seconds


class FakeObserver:
    """Remembers what it was told.

    :ivar told: all of it.
    :ivar events: the steps alone: ``("step", node, step)`` and ``("done", node, step, outcome)``.
    """

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.events: list[tuple[str, ...]] = []

    def tell(self, event: Event) -> None:
        self.told.append(event)
        match event:
            case Begun(node, step, way):
                self.events.append(("step", node, step, way) if way else ("step", node, step))
            case Ended(node, step, outcome):
                self.events.append(("done", node, step, outcome))
            case _:
                pass

    def of(self, kind: type[Told]) -> list[Told]:
        """What it was told of this kind."""
        return [event for event in self.told if isinstance(event, kind)]


class FakeApi:
    """`ports.ClusterApi` from dictionaries; tasks end after `polls` looks.

    :param answers: `data` by path; a path that is absent is refused with 404.
    :param errors: what a path, ``reload_network/NODE``, ``apply_sdn`` or ``require/PRIVILEGE/PATH`` raises instead.
    :param exits: exit status of a node's reload, ``OK`` when absent.
    :param logs: task logs by node.
    :param dry_runs: what the dry run tells of a node; no difference when absent.
    :param on_reload: called when a node's network reload has been started.
    :param on_apply: called when `PUT /cluster/sdn` has been started, with this object.
    """

    def __init__(
        self,
        answers: Mapping[str, Any],
        *,
        clock: FakeClock | None = None,
        polls: int = 1,
        on_reload: Callable[[str], None] | None = None,
        on_apply: Callable[[FakeApi], None] | None = None,
    ) -> None:
        self.answers = dict(answers)
        self.clock = clock or FakeClock()
        self.polls = polls
        self.on_reload = on_reload
        self.on_apply = on_apply
        self.errors: dict[str, PvesdnError] = {}
        self.exits: dict[str, str] = {}
        self.dry_runs: dict[str, DryRun] = {}
        self.logs: dict[str, tuple[str, ...]] = {}
        self.calls: list[tuple[str, ...]] = []
        self.tasks: dict[str, int] = {}
        self._serial = itertools.count(1)

    def get(self, path: str) -> Any:
        self.calls.append(("get", path))
        self._fail(path)
        if path not in self.answers:
            raise ApiRefused(f"GET /{path}: no such path", status=404)
        return json.loads(json.dumps(self.answers[path]))

    def reload_network(self, node: str, *, regenerate_frr: bool | None) -> str:
        self.calls.append(("reload_network", node, str(regenerate_frr)))
        self._fail(f"reload_network/{node}")
        if self.on_reload:
            self.on_reload(node)
        return self._start(node, "srvreload", "networking")

    def apply_sdn(self, token: str | None = None) -> str:
        self.calls.append(("apply_sdn",) if token is None else ("apply_sdn", token))
        self._fail("apply_sdn")
        if self.on_apply:
            self.on_apply(self)
        online = [row["name"] for row in self.answers["cluster/status"] if row["type"] == "node" and row["online"]]
        started = self._start(online[0], "reloadnetworkall", "")
        for node in online:
            self._start(node, "srvreload", "networking")
        return started

    def lock_sdn(self) -> str:
        self.calls.append(("lock_sdn",))
        raise ApiRefused("POST /cluster/sdn/lock: not implemented", status=501)

    def unlock_sdn(self, token: str) -> None:
        self.calls.append(("unlock_sdn", token))

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        self.calls.append(("edit_sdn", call.method, call.path, token))
        self._fail(f"edit_sdn/{call.path}")

    def roll_back_sdn(self, token: str) -> None:
        self.calls.append(("roll_back_sdn", token))

    def dry_run(self, node: str) -> DryRun:
        self.calls.append(("dry_run", node))
        self._fail(f"dry_run/{node}")
        return self.dry_runs.get(node, DryRun())

    def require(self, rights: Iterable[tuple[str, str]]) -> None:
        for path, privilege in rights:
            self.calls.append(("require", path, privilege))
            self._fail(f"require/{privilege}{path}")

    def task(self, upid: str) -> TaskState:
        node, kind = upid.split(":")[1], upid.split(":")[5]
        if self.tasks[upid] > 0:
            self.tasks[upid] -= 1
            return TaskState(upid=upid, node=node, exit_status=None)
        status = "OK" if kind == "reloadnetworkall" else self.exits.get(node, "OK")
        return TaskState(upid=upid, node=node, exit_status=status)

    def task_log(self, upid: str) -> tuple[str, ...]:
        return self.logs.get(upid.split(":")[1], ("TASK OK",))

    def node_tasks(self, node: str, *, kind: str) -> tuple[str, ...]:
        self.calls.append(("node_tasks", node, kind))
        self._fail(f"nodes/{node}/tasks")
        found = [upid.split(":") for upid in self.tasks]
        return tuple(":".join(u) for u in found if u[1] == node and u[5] == kind)

    def _start(self, node: str, kind: str, name: str) -> str:
        serial = next(self._serial)
        upid = f"UPID:{node}:{serial:08X}:{serial:08X}:{int(self.clock.now()):08X}:{kind}:{name}:root@pam:"
        self.tasks[upid] = self.polls
        return upid

    def _fail(self, what: str) -> None:
        if what in self.errors:
            raise self.errors[what]


@dataclass
class FakeCluster:
    """A whole cluster in memory, as `fake_cluster` builds it."""

    api: FakeApi
    nodes: FakeNodes
    clock: FakeClock
    observer: FakeObserver

    def reload(self, node: str) -> None:
        """What ifreload does: a device for every `iface` of interfaces.d, and none without."""
        reloaded(self.nodes[node])

    def plug(self, node: str, bridge: str, port: str) -> None:
        """Start a guest whose `port`, such as ``tap100i0``, is in `bridge`."""
        link = {"ifname": port, "mtu": 1500, "master": bridge, "linkinfo": {"info_kind": "tun"}}
        self.nodes[node].commands["ip-link"].append(link)

    def world(self, **changes: Any) -> Any:
        """`workflows.world.World` of this cluster."""
        from pvesdn.workflows.world import World

        given: dict[str, Any] = {
            "api": self.api,
            "nodes": ProgramAgent(self.nodes),
            "clock": self.clock,
            "observer": self.observer,
            "runner": OneByOne(),
            "local_node": None,
            "task_timeout": 120.0,
        }
        return World(**{**given, **changes})


def fake_cluster(
    pvesdn_cfg: str = "",
    *,
    members: tuple[str, ...] = ("node1", "node2", "node3"),
    offline: tuple[str, ...] = (),
    version: str = "9.1.5",
    mtu: int = 1550,
    pve_files: Mapping[str, str] | None = None,
) -> FakeCluster:
    """Nodes with 192.168.0.N/24 on vmbr0 over eno1 and a free eno2, and `pvesdn_cfg` in /etc/pve/sdn.

    :param pve_files: more files of /etc/pve/sdn, by file name.
    """
    clock = FakeClock()
    answers = cluster_answers(members, offline, version)
    shared = {f"/etc/pve/sdn/{name}": text for name, text in (pve_files or {}).items()}
    if pvesdn_cfg:
        shared["/etc/pve/sdn/pvesdn.cfg"] = pvesdn_cfg
    shared["/etc/pve/.members"] = members_file(members, offline)
    nodes = FakeNodes([fake_node(name, number, mtu=mtu) for number, name in enumerate(members, 1)], shared)
    nodes.locks.clock = clock.monotonic
    for name in offline:
        nodes[name].off = "connection timed out"
    made = FakeCluster(FakeApi(answers, clock=clock), nodes, clock, FakeObserver())
    made.api.on_reload = made.reload
    for name in members:
        nodes[name].on_ifreload = partial(made.reload, name)

    def commit(_: FakeApi) -> None:
        for name in members:
            if name not in offline:
                made.reload(name)

    made.api.on_apply = commit
    return made


def cluster_answers(members: tuple[str, ...], offline: tuple[str, ...], version: str) -> dict[str, Any]:
    """What the API says of a quorate cluster; a PVE 7 has no SDN endpoints."""
    cluster = {"type": "cluster", "id": "cluster", "name": "fake", "nodes": len(members), "quorate": 1, "version": 1}
    rows = [
        {
            "type": "node",
            "id": f"node/{name}",
            "name": name,
            "nodeid": number,
            "ip": f"192.168.0.{number}",
            "online": int(name not in offline),
            "local": int(number == 1),
            "level": "",
        }
        for number, name in enumerate(members, 1)
    ]
    states = [{"node": r["name"], "type": "node", "status": "online" if r["online"] else "offline"} for r in rows]
    answers: dict[str, Any] = {
        "version": {"version": version, "release": version.rpartition(".")[0], "repoid": "0"},
        "cluster/status": [cluster, *rows],
        "nodes": states,
    }
    if int(version.split(".", maxsplit=1)[0]) >= 8:
        answers["cluster/sdn"] = [{"id": kind} for kind in ("vnets", "zones", "controllers", "ipams", "dns")]
    return answers


def members_file(members: tuple[str, ...], offline: tuple[str, ...] = ()) -> str:
    """/etc/pve/.members as pmxcfs on the first member writes it."""
    rows = {
        name: {"id": number, "online": int(name not in offline), "ip": f"192.168.0.{number}"}
        for number, name in enumerate(members, 1)
    }
    cluster = {"name": "fake", "version": 1, "nodes": len(members), "quorate": 1}
    return json.dumps({"nodename": members[0], "version": 5, "cluster": cluster, "nodelist": rows})


def fake_node(name: str, number: int, *, mtu: int = 1550) -> FakeNode:
    """A node as an installation leaves it, `number` being the last octet of its address."""
    interfaces = (
        f"auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\tmtu {mtu}\n\niface eno2 inet manual\n\n"
        f"auto vmbr0\niface vmbr0 inet static\n\taddress 192.168.0.{number}/24\n\tgateway 192.168.0.254\n"
        f"\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\tmtu {mtu}\n\nsource /etc/network/interfaces.d/*\n"
    )
    links = [
        {"ifname": "lo", "mtu": 65536, "link_type": "loopback", "address": "00:00:00:00:00:00"},
        _ethernet("eno1", number, mtu) | {"master": "vmbr0"},
        _ethernet("eno2", number + 16, 1500),
        _ethernet("vmbr0", number, mtu) | {"linkinfo": {"info_kind": "bridge", "info_data": {"vlan_filtering": 0}}},
    ]
    held = {"vmbr0": {"family": "inet", "local": f"192.168.0.{number}", "prefixlen": 24, "scope": "global"}}
    addresses = [link | {"addr_info": [held[link["ifname"]]] if link["ifname"] in held else []} for link in links]
    routes = [
        {"dst": "default", "gateway": "192.168.0.254", "dev": "vmbr0", "protocol": "kernel"},
        {"dst": "192.168.0.0/24", "dev": "vmbr0", "protocol": "kernel", "prefsrc": f"192.168.0.{number}"},
    ]
    return FakeNode(
        name,
        files={"/etc/network/interfaces": interfaces},
        commands={
            "ip-link": links,
            "ip-addr": addresses,
            "ip-route": routes,
            "ip-route6": [],
            "versions": {"ifupdown2": "3.3.0-1+pmx11", "frr": "10.4.1-1+pve1", "python3": "3.13.5", "kernel": "6.14"},
            "sysctl": {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"},
        },
    )


def _ethernet(name: str, octet: int, mtu: int) -> dict[str, Any]:
    return {"ifname": name, "mtu": mtu, "link_type": "ether", "address": f"bc:24:11:00:00:{octet:02x}"}
