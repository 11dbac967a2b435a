"""What a plan means for traffic, as values: what is interrupted, moved, reset or lost, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.guests import guest_port


class Effect(StrEnum):
    """What happens to traffic, the worst first. Objects, old and new of each:

    * VNET_REMOVED: VNets that a node no longer has
    * VNET_GIVEN_UP: VNets that PVE keeps and pvesdn carries no more; `new` is a port of PVE's that comes instead
    * VTEP_MOVED: a node's tunnel address, old and new
    * VNET_INTERRUPTED: VNets whose VXLAN device is deleted and made anew: no traffic between nodes until the reload
    * VNET_SHORTLY_INTERRUPTED: the same for a moment, where the node's ifupdown2 makes a changed VXLAN device anew
    * VNI_TAKEN: VNets and VRFs that get the VNI of another one: the two may mix until every node has had its turn
    * MTU_SMALLER: VNets, bytes of an IP packet before and after
    * PEERS_LEFT: VNets that no longer exchange traffic with the addresses in `old`
    * GATEWAY_CHANGED: VNets, gateway addresses that go and those that come in their place
    * GATEWAY_MAC_MOVED: VNets, the gateway's MAC before and after
    * VRF_CHANGED: VNets, the VRF in which they are routed before and after; empty for the host's own table
    * FRR_RESTARTED: nodes alone
    * SESSIONS_RESET: BGP neighbors, none for all of them; `old` names the statements whose change resets them
    * SESSIONS_REMOVED: BGP neighbors that go; none for all of them
    * EXIT_CHANGED: VRFs, none for the host's own table; their default gateways on the node before and after: of the
      whole cluster, one that only comes is told where another goes
    * FORWARDING_SWITCHED: kernel settings, old and new
    """

    VNET_REMOVED = "vnet-removed"
    VNET_GIVEN_UP = "vnet-given-up"
    VTEP_MOVED = "vtep-moved"
    VNET_INTERRUPTED = "vnet-interrupted"
    VNET_SHORTLY_INTERRUPTED = "vnet-shortly-interrupted"
    VNI_TAKEN = "vni-taken"
    MTU_SMALLER = "mtu-smaller"
    PEERS_LEFT = "peers-left"
    GATEWAY_CHANGED = "gateway-changed"
    GATEWAY_MAC_MOVED = "gateway-mac-moved"
    VRF_CHANGED = "vrf-changed"
    FRR_RESTARTED = "frr-restarted"
    SESSIONS_RESET = "sessions-reset"
    SESSIONS_REMOVED = "sessions-removed"
    EXIT_CHANGED = "exit-changed"
    FORWARDING_SWITCHED = "forwarding-switched"


@dataclass(frozen=True, slots=True)
class NodeConsequence:
    """What happens on one node. :param subject: a VNet, a VRF, a neighbor… or empty. See `Effect`."""

    effect: Effect
    subject: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class AffectedGuest:
    """:param node: where it runs. :param port: by which it is plugged in."""

    guest: int
    node: str
    port: str
    bridge: str


@dataclass(frozen=True, slots=True)
class LargerNic:
    """A guest's network device whose MTU, in bytes, is larger than its VNet's will be; the guest may be off.

    :param device: index M of ``netM``.
    """

    guest: int
    node: str
    device: int
    bridge: str
    mtu: int


@dataclass(frozen=True, slots=True)
class Consequence:
    """The same effect on some nodes, said once.

    :param objects: see `Effect`.
    :param guests: plugged into those of the objects that are VNets, on these nodes.
    :param larger: of MTU_SMALLER: devices of guests on these nodes whose configuration names a larger MTU.
    """

    effect: Effect
    nodes: tuple[str, ...]
    objects: tuple[str, ...] = ()
    old: str = ""
    new: str = ""
    guests: tuple[AffectedGuest, ...] = ()
    larger: tuple[LargerNic, ...] = ()

    @property
    def stuck(self) -> tuple[AffectedGuest, ...]:
        """Of MTU_SMALLER: virtual machines that may run with the old MTU, which live migration would demand of the new
        bridge: those with a VirtIO card do (docs/pve.md §13.4), and no port tells the card. Nor does a firewall's port
        tell a container from a machine, and counts.
        """
        if self.effect is not Effect.MTU_SMALLER:
            return ()
        ports = ((guest, guest_port(guest.port)) for guest in self.guests)
        return tuple(guest for guest, port in ports if port is not None and not port.is_container)


@dataclass(frozen=True, slots=True)
class Fall:
    """Definitions that go all at once, which is more often a mistake than a wish.

    :param file: of /etc/pve/sdn; empty where none is missing and only their number falls.
    :param is_absent: there is no such file; otherwise it holds nothing.
    :param kind: ``VNet``, ``zone``…: what is counted.
    :param gone: how many go from the nodes, or from what PVE runs.
    :param total: how many there are now.
    :param nodes: from which they go; empty for the whole cluster.
    :param draft: the name of the draft that is to take the file's place; empty where there is none.
    """

    file: str
    is_absent: bool
    kind: str
    gone: int
    total: int
    nodes: tuple[str, ...] = ()
    draft: str = ""

    def __str__(self) -> str:
        if not self.file:
            return f"this plan removes {self._share}{'' if self.nodes else ' of PVE'}"
        fault = "does not exist" if self.is_absent else "is empty"
        what = self._share if self.gone else "everything that pvesdn has made"
        where = f"the draft {self.draft}" if self.draft else f"/etc/pve/sdn/{self.file}"
        return f"{where} {fault}, so this plan removes {what}"

    @property
    def _share(self) -> str:
        kinds = f"{self.total} {self.kind}s"
        if self.gone < self.total:
            return f"{self.gone} of {kinds}"
        return f"the only {self.kind}" if self.total == 1 else f"all {kinds}"
