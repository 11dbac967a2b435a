"""The whole lab from inside: wires, cluster, routers, guests. The process that makes it is the controller."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.guest import Guest, Host
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, Space
from pvesdn_lab.live.testbed.topology import Topology
from pvesdn_lab.live.testbed.watcher import Watcher
from pvesdn_lab.live.testbed.wires import Card, Wires

CONTROLLER = "10.99.0.250/24"
_FIRST_GUEST = 100


class Lab:
    """What `build` builds, and `close` takes away, however far the building came.

    :param folder: for everything; on a file system that goes with the lab.
    :param packages: what nodes consist of.
    """

    def __init__(self, folder: Path, topology: Topology, packages: Unpacked) -> None:
        self.folder = folder
        self.topology = topology
        self.log = folder / "log"
        self._ping = _find_ping(packages)
        self.guests: dict[str, Guest] = {}
        self.watchers: dict[str, Watcher] = {}
        """`pvesdn watch`, by node."""
        self.routers: dict[str, Host] = {}
        self._numbers = _FIRST_GUEST
        self.clusters: dict[str, LiveCluster] = {}
        self.controller = Space("controller", os.getpid())
        self.wires = Wires(self.log)
        self._packages = packages

    def build(self) -> None:
        """Switch everything on: the clusters, whose API then answers, and the routers.

        :raises LabFault: something does not come up.
        """
        self.controller.ip("link set lo up")
        self.wires.plug([Card("mgmt0", "mgmt")], self.controller)
        self.controller.ip(f"address add {CONTROLLER} dev mgmt0", "link set mgmt0 up")
        topology = self.topology
        for name in dict.fromkeys(plan.cluster for plan in topology.nodes):
            plans = [plan for plan in topology.nodes if plan.cluster == name]
            transits = [plan for plan in topology.transits if plan.cluster == name]
            cluster = LiveCluster(self.folder / name, name, plans, self.wires, self._packages, transits=transits)
            self.clusters[name] = cluster
            cluster.boot(cluster.live)
            cluster.pve.serve()
            cluster.write_settings()
        for plan in topology.routers:
            self._add_router(plan.name, plan.addresses, plan.beyond, plan.routes)
        for cluster in self.clusters.values():
            cluster.wait_for_ssh(self.controller)

    @property
    def cluster(self) -> LiveCluster:
        """The cluster, the first one where there are several."""
        return next(iter(self.clusters.values()))

    @property
    def nodes(self) -> dict[str, LiveNode]:
        """Every node of every cluster, and those of none."""
        return {name: node for cluster in self.clusters.values() for name, node in cluster.live.items()}

    def _add_router(self, name: str, addresses: Sequence[str], beyond: Sequence[str], routes: Sequence[str]) -> None:
        host = Host(name, self.log, self._ping)
        self.wires.plug([Card("eth0", "outer")], host.space)
        host.space.must(
            "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"
        )
        host.space.ip(
            "link set eth0 up",
            *(f"address add {address} dev eth0" for address in addresses),
            *(f"address add {address} dev lo" for address in beyond),
            *(f"route add {route}" for route in routes),
        )
        self.routers[name] = host

    def node(self, name: str) -> LiveNode:
        """A node by name.

        :raises LabFault: there is none.
        """
        if name not in self.nodes:
            raise LabFault(f"there is no node {name}; there are {', '.join(self.nodes)}")
        return self.nodes[name]

    def add_guest(
        self, name: str, node: str, vnet: str, addresses: Sequence[str], gateways: Sequence[str] = ()
    ) -> Guest:
        """A new guest, running."""
        if name in self.guests:
            raise LabFault(f"there is a guest {name} already")
        self._numbers += 1
        host = Host(name, self.log, self._ping)
        guest = Guest(host, self._numbers, self.node(node), vnet, tuple(addresses), tuple(gateways))
        guest.plug_in()
        self.guests[name] = guest
        return guest

    def kill_watchers(self) -> None:
        """What still watches is gone at once."""
        while self.watchers:
            self.watchers.popitem()[1].kill()

    def remove_guests(self) -> None:
        """Stop all guests; their ports go with them."""
        for guest in self.guests.values():
            guest.host.end()
            if guest.node.is_on:
                guest.node.space.call("ip", "link", "del", guest.port)
        self.guests.clear()

    def host(self, name: str) -> Host:
        """A guest's or router's namespace.

        :raises LabFault: there is none.
        """
        if name in self.guests:
            return self.guests[name].host
        if name in self.routers:
            return self.routers[name]
        raise LabFault(f"there is no guest and no router {name}")

    def close(self) -> None:
        """Stop the API and every process; namespaces go with their processes."""
        self.kill_watchers()
        self.remove_guests()
        for cluster in self.clusters.values():
            cluster.pve.shut_down()
        for node in self.nodes.values():
            node.power_off()
        for router in self.routers.values():
            router.end()
        self.controller.call("ip", "link", "del", "mgmt0")
        self.wires.end()


def _find_ping(packages: Unpacked) -> str:
    own = packages.root / "usr/bin/ping"
    return str(own) if own.exists() else "ping"
