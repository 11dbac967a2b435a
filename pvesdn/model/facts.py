"""What is on a node: links, addresses, routes, its own interfaces file, versions. Open: unknown keys are ignored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath

from pvesdn.model.primitives import IpAddress, IpInterface


@dataclass(frozen=True, slots=True)
class Link:
    """A device of `ip -j -d link`.

    :param kind: ``bridge``, ``vxlan``, ``vrf``, ``veth``… or empty for a physical one.
    :param vni: of a VXLAN device.
    :param vlan_filtering: whether a Linux bridge is VLAN-aware; None when the kernel did not say.
    :param altnames: other names of the device.
    :param mtu: bytes.
    """

    name: str
    mtu: int = 1500
    mac: str = ""
    master: str = ""
    kind: str = ""
    vni: int | None = None
    vlan_filtering: bool | None = None
    altnames: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route of `ip -j route` or `ip -j -6 route`, or one next hop of it; fields that are absent are empty.

    :param destination: ``default``, an address or a prefix.
    :param family: 4 or 6, the table it was read from: a default route alone does not show it.
    :param metric: of several routes to one destination the kernel uses the lowest.
    :param mtu: bytes, where the route itself has a limit (`ip route … mtu`).
    :param protocol: who made it, in iproute2's words: ``kernel``, ``ospf``…; empty for `ip route add`.
    :param kind: ``unicast``; any other, such as ``unreachable`` or ``blackhole``, drops packets.
    :param flags: of the next hop, such as ``linkdown`` (no carrier) and ``dead`` (the device is down).
    """

    destination: str
    device: str = ""
    source: IpAddress | None = None
    gateway: IpAddress | None = None
    family: int = 4
    metric: int = 0
    mtu: int | None = None
    protocol: str = ""
    kind: str = "unicast"
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class IfaceStanza:
    """An `iface` stanza of /etc/network/interfaces, its option names with dashes as ifupdown2 reads them.

    :param method: ``inet static``, ``inet6 auto``… or empty.
    :param line: of its `iface`, 1-based; 0 when it was not read from a file.
    :param lines: of its options.
    """

    name: str
    method: str
    options: tuple[tuple[str, str], ...]
    line: int = field(default=0, compare=False)
    lines: tuple[int, ...] = field(default=(), compare=False)

    def values(self, option: str) -> tuple[str, ...]:
        """All values of an option, in file order."""
        return tuple(value for name, value in self.options if name == option)


@dataclass(frozen=True, slots=True)
class GuestNic:
    """A network device of a guest whose configuration names an MTU.

    :param guest: its id.
    :param device: index M of ``netM``.
    :param mtu: bytes; 1 means the bridge's (PVE's word).
    """

    guest: int
    device: int
    bridge: str
    mtu: int


def is_sourced(file: str, sources: Iterable[str]) -> bool:
    """Whether /etc/network/interfaces, with these `source` patterns, reads `file`; relative ones begin beside it."""
    return any(_names(PurePosixPath(pattern), PurePosixPath(file)) for pattern in map(from_root, sources))


def _names(pattern: PurePosixPath, file: PurePosixPath) -> bool:
    """Whether ifupdown2 finds the file by the pattern: no wildcard stands for a slash, nor for the dot with which a
    name begins (docs/pve.md §4.9).
    """
    if not file.match(str(pattern)):
        return False
    return all(
        name.startswith(".") <= word.startswith(".") for word, name in zip(pattern.parts, file.parts, strict=True)
    )


def from_root(pattern: str) -> str:
    """What a `source` line names, as an absolute pattern."""
    return pattern if pattern.startswith("/") else f"/etc/network/{pattern}"


@dataclass(frozen=True)
class NodeFacts:
    """Everything design may know about a node.

    :param routes: of the main tables, in the kernel's order, one entry for each next hop.
    :param tables: 4, 6: families whose main table was read; for the others the routes are not known.
    :param rules: policy rules other than the kernel's defaults, in the words of `ip rule`.
    :param own: stanzas of interfaces.d/pvesdn as it is now.
    :param other_stanzas: file and interface of each stanza in other files of interfaces.d that /etc/network/interfaces
        sources.
    :param sources: patterns of the `source` lines of /etc/network/interfaces.
    :param versions: package versions by Debian name, plus ``kernel`` and ``python3``; empty when not asked.
    :param forwards: 4, 6: families whose forwarding our own file of kernel settings switches on.
    :param announced: VRF and 4 or 6: the families whose prefixes frr.conf has a VRF announce.
    :param sysctl: live forwarding switches by sysctl name; empty when not asked.
    :param nics: of the guests on the node, running or not, those with an MTU of their own; empty when not asked.
    :param has_foreign_frr_local: frr.conf.local holds lines outside our marked block, so PVE writes FRR here
        (docs/pve.md §4.4).
    """

    node: str
    links: tuple[Link, ...] = ()
    addresses: tuple[tuple[str, IpInterface], ...] = ()
    routes: tuple[Route, ...] = ()
    tables: frozenset[int] = frozenset()
    rules: tuple[str, ...] = ()
    stanzas: tuple[IfaceStanza, ...] = ()
    own: Sequence[IfaceStanza] = ()
    other_stanzas: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    sysctl: Mapping[str, str] = field(default_factory=dict)
    nics: tuple[GuestNic, ...] = ()
    has_foreign_frr_local: bool = False
    forwards: frozenset[int] = frozenset()
    announced: Sequence[tuple[str, int]] = ()

    def is_sourced(self, file: str) -> bool:
        """Whether /etc/network/interfaces sources `file`."""
        return is_sourced(file, self.sources)

    def source_line(self, file: str) -> str:
        """The line that /etc/network/interfaces lacks for `file`. Where it names single files of the folder, so does
        this one: with a star ifupdown2 would read those twice.
        """
        folder = PurePosixPath(file).parent
        names_files = any(PurePosixPath(pattern).parent == folder for pattern in map(from_root, self.sources))
        return f"source {file if names_files else folder / '*'}"

    @property
    def has_proxmox_ifupdown(self) -> bool | None:
        """ifupdown2 is Proxmox's build, which takes IPv6 tunnel addresses and VLANs on VXLAN ports; None when not
        known.
        """
        version = self.versions.get("ifupdown2")
        return None if version is None else any(suffix in version for suffix in ("pve", "pmx", "proxmox"))

    @property
    def lacks_frr(self) -> bool:
        """FRR is not installed; not where nobody asked for packages."""
        return bool(self.versions) and "frr" not in self.versions

    def without(self, devices: frozenset[str]) -> NodeFacts:
        """The node once these devices are gone from its kernel, with their addresses and routes; their ports stay."""
        return replace(
            self,
            links=tuple(
                replace(link, master="") if link.master in devices else link
                for link in self.links
                if link.name not in devices
            ),
            addresses=tuple(held for held in self.addresses if held[0] not in devices),
            routes=tuple(route for route in self.routes if route.device not in devices),
        )

    def link(self, name: str) -> Link | None:
        """The device called `name`, or None."""
        return self.by_name.get(name)

    @cached_property
    def by_name(self) -> Mapping[str, Link]:
        """Its devices."""
        return {link.name: link for link in self.links}

    def holder(self, address: IpAddress) -> str | None:
        """The device that holds `address`, or None."""
        return next((device for device, held in self.addresses if held.ip == address), None)
