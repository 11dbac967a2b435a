"""A whole simulated cluster: members that are folders, /etc/pve, and the API over HTTPS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_interface
from pathlib import Path

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.errors import NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn_lab.simulated.commands.evpn import switch
from pvesdn_lab.simulated.commands.state import write_json
from pvesdn_lab.simulated.in_process import InProcessTransport
from pvesdn_lab.simulated.node import SimulatedNode
from pvesdn_lab.simulated.pki import Certificate
from pvesdn_lab.simulated.pmxcfs import Locks
from pvesdn_lab.simulated.pve import SimulatedPve


class SimulatedCluster(SimulatedPve):
    """A cluster in a folder; as a context manager it also serves its API.

    :param folder: where everything is put: ``nodes/<node>`` acts as a node's root, ``pve`` is the shared file system.
    :param members: node names, or names with addresses (with prefix length); by default 192.168.0.1/24 and so on.
    :param character: 7, 8 or 9: which PVE it behaves like.
    :param mtu: of the nodes' physical interfaces, bytes.
    """

    def __init__(
        self,
        folder: Path,
        members: Sequence[str] | Mapping[str, str] = ("pve1", "pve2", "pve3"),
        *,
        character: int = 9,
        name: str = "lab",
        mtu: int = 1550,
    ) -> None:
        if not isinstance(members, Mapping):
            members = {node: f"192.168.0.{number}/24" for number, node in enumerate(members, 1)}
        super().__init__(folder, name, api_node=next(iter(members)), character=character)
        self.nodes: dict[str, SimulatedNode] = {}
        """Members by name."""
        self._mtu = mtu
        self._without_ssh: frozenset[str] = frozenset()
        for node, address in members.items():
            self.join(node, address)

    def roots(self) -> dict[str, Path]:
        """What ``PVESDN_ROOT`` has to be for each member, online or not."""
        return {name: node.root for name, node in self.nodes.items()}

    def join(self, node: str, address: str) -> SimulatedNode:
        """A new member, online; `address` with its prefix length."""
        interface = ip_interface(address)
        member = SimulatedNode(self.folder / "nodes" / node, node)
        self.world.pmxcfs.mount(node, member.path("/etc/pve"))
        member.install(interface, versions=self.world.character.packages, mtu=self._mtu)
        self.nodes[node] = member
        self.admit(member, str(interface.ip))
        return member

    def go_offline(self, node: str) -> None:
        """`node` is switched off: its API, its shell and its BGP sessions are gone."""
        super().go_offline(node)
        switch(self.nodes[node].root, is_on=False)

    def come_online(self, *nodes: str) -> None:
        """`nodes` are back."""
        super().come_online(*nodes)
        for node in nodes:
            switch(self.nodes[node].root, is_on=True)

    def leave(self, node: str) -> None:
        """`node` leaves the cluster for good; its folder stays where it is."""
        super().leave(node)
        del self.nodes[node]

    def refuse_ssh(self, node: str, *, refuses: bool = True) -> None:
        """The node's API goes on, but nobody gets a shell there."""
        self._without_ssh = self._without_ssh | {node} if refuses else self._without_ssh - {node}

    @property
    def locks(self) -> Locks:
        """What pmxcfs knows of locks."""
        return self.world.pmxcfs.locks

    def agent(self) -> ProgramAgent:
        """The node program on every member, as SSH would reach it: not where the member is off or refuses."""
        return ProgramAgent(_Shells(self))

    def is_reachable(self, node: str) -> bool:
        """Whether `agent` gets through to the node."""
        return node in self.nodes and self.is_online(node) and node not in self._without_ssh

    def plug_guest(self, node: str, bridge: str, vmid: int, address: str = "") -> str:
        """Start a guest on `node` with its first interface in `bridge`; the result is its port."""
        return self.nodes[node].plug_guest(bridge, vmid, address)

    def serve(self, certificate: Certificate | None = None) -> None:
        """Serve the API on a free port of the loopback, to the nodes' own `pvesh` too.

        :param certificate: another one than the node's own, to see clients refuse it.
        """
        super().serve(certificate)
        authorization = f"PVEAPIToken={self.token('root@pam', 'pvesh')}"
        api = {"url": self.sim.url, "ca_file": str(self.ca.file), "authorization": authorization}
        for node in self.nodes.values():
            write_json(node.root, "api", api)


class _Shells:
    """The transport to the folders of a simulated cluster, whose membership it follows."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program in the node's folder."""
        if not self._cluster.is_reachable(node):
            raise NodeUnreachable(node, "ssh: connect to host: No route to host", hint="is the node up?")
        return InProcessTransport(self._cluster.roots(), self._cluster.locks).ask(node, verb, arguments)
