"""A hand-written set-up, as each node's own files state it. Nothing in it has been judged yet.

Values that a rule must judge are kept as written; each knows its line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is written on a node.

    :param file: absolute path.
    :param line: 1-based.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a stanza, its name with dashes as ifupdown2 reads it."""

    name: str
    value: str
    place: Place


@dataclass(frozen=True, slots=True)
class Device:
    """All `iface` stanzas of one name: ifupdown2 merges them.

    :param place: of the first `iface` line.
    :param methods: what stands behind the name, such as ``inet manual``; empty words are left out.
    """

    name: str
    place: Place
    options: tuple[Option, ...]
    methods: tuple[str, ...] = ()

    def all(self, *names: str) -> tuple[Option, ...]:
        """Options of these names, in file order."""
        return tuple(option for option in self.options if option.name in names)


@dataclass(frozen=True, slots=True)
class Hop:
    """A next hop: gateway, device, or both."""

    via: str | None
    device: str | None


@dataclass(frozen=True, slots=True)
class IpRoute:
    """What an `ip route add` says.

    :param kind: ``unicast``, ``unreachable``…
    :param destination: ``default`` or a prefix.
    :param family: 4 or 6.
    """

    kind: str
    destination: str
    family: int
    hops: tuple[Hop, ...]
    vrf: str | None


@dataclass(frozen=True, slots=True)
class VxlanWords:
    """A VXLAN device in the words of `ip link add … type vxlan`, or as the kernel shows one. Values are as written.

    :param vni: empty where it is not stated; an external device has none.
    :param remotes: `remote`, and the destinations of `bridge fdb append`.
    :param port: UDP port; empty where the kernel's own default holds, which is 8472 and not ifupdown2's 4789.
    :param is_external: one device for many VNIs.
    :param others: words that ifupdown2 has no option for.
    """

    name: str
    vni: str = ""
    group: str = ""
    remotes: tuple[str, ...] = ()
    local: str = ""
    physdev: str = ""
    port: str = ""
    mtu: str = ""
    ttl: str = ""
    learns: bool = True
    is_external: bool = False
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MakesBridge:
    """`ip link add NAME type bridge`, or `brctl addbr NAME`."""

    name: str


@dataclass(frozen=True, slots=True)
class Joins:
    """`ip link set DEVICE master BRIDGE`, or `brctl addif BRIDGE DEVICE`."""

    device: str
    bridge: str


@dataclass(frozen=True, slots=True)
class Floods:
    """`bridge fdb append 00:00:00:00:00:00 dev DEVICE dst ADDRESS`: a VTEP that flooded frames are sent to."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class Holds:
    """`ip address add ADDRESS dev DEVICE`."""

    device: str
    address: str


Act = VxlanWords | MakesBridge | Joins | Floods | Holds


@dataclass(frozen=True, slots=True)
class HookLine:
    """A hook of a stanza that does something about links, bridges, or addresses.

    :param stanza: name of the device that it belongs to.
    :param text: the option's name and its command, secrets hidden.
    """

    stanza: str
    text: str
    place: Place
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class LiveVxlan:
    """A VXLAN device that the kernel has. :param bridge: it is in; empty without one."""

    words: VxlanWords
    bridge: str


@dataclass(frozen=True, slots=True)
class FrrRoute:
    """A static of frr.conf, in the VRF whose block or line it is in; None is the default VRF."""

    prefix: str
    via: str
    interface: str | None
    vrf: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class FrrNeighbor:
    """A session of the default BGP instance, its peer group's lines included.

    :param remote_as: as written, such as ``1234`` or ``internal``; empty if not stated.
    :param is_evpn: activated in `l2vpn evpn`.
    :param is_client: the node reflects routes for it.
    :param source: what `update-source` names, an address or a device, and where; None where the kernel chooses.
    :param group: its peer group; empty without one.
    """

    address: str
    remote_as: str
    is_evpn: bool
    is_client: bool
    place: Place
    source: tuple[str, Place] | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class FrrRouter:
    """One `router bgp`.

    :param asn: as written.
    :param announced: families that `advertise ipv4|ipv6 unicast` gives to EVPN.
    :param imports: route targets of `route-target import` in `l2vpn evpn`.
    :param isolated: VNIs that route targets of their own keep out of EVPN.
    """

    asn: str
    vrf: str | None
    place: Place
    neighbors: tuple[FrrNeighbor, ...] = ()
    has_all_vnis: bool = False
    announced: frozenset[str] = frozenset()
    imports: tuple[str, ...] = ()
    isolated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FrrVrf:
    """A `vrf` block. :param l3vni: as written; None without one."""

    name: str
    place: Place
    l3vni: str | None = None


@dataclass(frozen=True, slots=True)
class FrrVrrp:
    """A virtual router of an interface; FRR's priority is 100 unless stated otherwise (RFC 9568)."""

    interface: str
    id: str
    place: Place
    priority: str = "100"
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FrrForeign:
    """Lines that say something pvesdn would not.

    :param context: the lines that open the blocks around it, outermost first.
    """

    text: str
    context: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class FrrText:
    """What a frr.conf says.

    :param foreign: lines that pvesdn would never say.
    :param usual: lines that pvesdn may say as well: whether it does depends on the zones.
    :param sessions: every line that defines a neighbour or a peer group, in file order.
    """

    routers: tuple[FrrRouter, ...] = ()
    vrfs: tuple[FrrVrf, ...] = ()
    routes: tuple[FrrRoute, ...] = ()
    vrrp: tuple[FrrVrrp, ...] = ()
    foreign: tuple[FrrForeign, ...] = ()
    usual: tuple[FrrForeign, ...] = ()
    sessions: tuple[FrrForeign, ...] = ()


@dataclass(frozen=True, slots=True)
class HandWrittenNode:
    """One node's own configuration.

    :param devices: by name; what PVE and pvesdn wrote is left out.
    :param orphans: names of `auto` lines that have no stanza, with their places.
    :param hooks: those of its stanzas that make links, join bridges, or add addresses, in file order.
    :param live: VXLAN devices that the kernel has, whoever made them.
    :param generated: devices that PVE and pvesdn wrote, with the file.
    :param unsourced: files in interfaces.d that are not in force, with the devices they have stanzas for.
    :param outside: files that /etc/network/interfaces sources and that were not read, as it names them.
    """

    node: str
    devices: Mapping[str, Device] = field(default_factory=dict)
    orphans: Mapping[str, Place] = field(default_factory=dict)
    frr: FrrText = FrrText()
    hooks: tuple[HookLine, ...] = ()
    live: tuple[LiveVxlan, ...] = ()
    generated: Mapping[str, str] = field(default_factory=dict)
    unsourced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    outside: tuple[str, ...] = ()

    def holds(self, address: str) -> bool:
        """Whether a stanza of the node's says that it has this address, or tunnels from it."""
        return any(
            option.value.partition("/")[0] == address
            for device in self.devices.values()
            for option in device.all("address", "vxlan-local-tunnelip")
        )
