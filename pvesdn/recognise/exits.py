"""Uplinks inside a VRF: their addresses, default routes by ifupdown2, by the kernel or by FRR, and their virtual
router.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.values import BadValueError, integer
from pvesdn.decode.nodes.hook_commands import HOOKS
from pvesdn.decode.nodes.ip_route import read_ip_route
from pvesdn.model.files import FRR_CONF
from pvesdn.model.findings import Where
from pvesdn.model.hand_written import Device, FrrRoute, FrrVrrp, HandWrittenNode, Option, Place
from pvesdn.model.ifupdown import silent_for_others
from pvesdn.model.own_sdn import Exit, Vrrp
from pvesdn.model.primitives import IpAddress, IpInterface
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.recognise.devices import interfaces
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.stanza_words import listed

_ADDRESSING = frozenset({"address", "netmask", "vrf", "gateway"})
_OLD_VRRP = ("vrrp-id", "vrrp-priority", "vrrp-virtual-ip")
_DEFAULTS = {"0.0.0.0/0": 4, "::/0": 6, "default": 4}
_COMMENTS = frozenset({"broadcast", "network"})


@dataclass(slots=True)
class UplinkOnNode:
    """What was found out about an exit, before its zone has an id.

    :param taken: lines of its stanza that the exit stands for.
    :param routes: statics of frr.conf that it stands for.
    """

    node: str
    device: Device
    interfaces: list[IpInterface]
    gateways: list[IpAddress]
    vrrp: Vrrp | None
    taken: frozenset[Place]
    routes: list[FrrRoute] = field(default_factory=list)
    groups: list[FrrVrrp] = field(default_factory=list)

    def exit(self, name: str, zone: str) -> Exit:
        """The object of pvesdn.cfg."""
        return Exit(
            where=Where(file=OWN_NAME, line=0, kind="exit", id=name),
            id=name,
            zone=zone,
            node=self.node,
            interface=self.device.name,
            address=next((one for one in self.interfaces if isinstance(one, IPv4Interface)), None),
            address6=next((one for one in self.interfaces if isinstance(one, IPv6Interface)), None),
            gateways=tuple(self.gateways),
            vrrp=self.vrrp,
        )


def read_uplink(node: HandWrittenNode, device: Device, vrf: str, stays: str, book: Notebook) -> UplinkOnNode | None:
    """A device in a VRF that is not a VNet's bridge; None, and the reason, where it is not an exit.

    :param stays: the hint then.
    """
    reader = _Reader(node, device, vrf, stays, book)
    return reader.read()


class _Reader:
    """One device on one node."""

    def __init__(self, node: HandWrittenNode, device: Device, vrf: str, stays: str, book: Notebook) -> None:
        self._node = node
        self._device = device
        self._vrf = vrf
        self._stays = stays
        self._book = book
        self._taken: set[Place] = set()

    def read(self) -> UplinkOnNode | None:
        try:
            values.interface(self._device.name)
        except BadValueError as error:
            self._book.lose(self._node.node, self._device.place, self._device.name, error.what, self._stays)
            return None
        own = list(interfaces(self._node.node, self._device, self._book))
        gateways = [*self._written(), *self._kernel()]
        statics = [route for route in self._node.frr.routes if self._is_mine(route, own)]
        gateways += [address for route in statics if (address := _ip(route.via)) is not None]
        gateways = list(dict.fromkeys(gateways))
        if not own or not gateways:
            what = f"is in VRF {self._vrf} but is not an exit: it has no {'default route' if own else 'address'}"
            self._book.lose(self._node.node, self._device.place, self._device.name, what, self._stays)
            return None
        for version in (4, 6):
            several = [str(one) for one in own if one.version == version][1:]
            if several:
                what = f"the additional address {', '.join(several)}"
                self._lose(self._device.all("address")[-1], what, "an exit has one address of each family")
        vrrp, groups = self._vrrp()
        if vrrp is not None:
            self._taken |= {option.place for option in self._device.all(*HOOKS) if self._is_silent_by(option)}
        self._taken |= {option.place for option in self._device.options if option.name in _ADDRESSING | _COMMENTS}
        return UplinkOnNode(self._node.node, self._device, own, gateways, vrrp, frozenset(self._taken), statics, groups)

    def _lose(self, option: Option, what: str, hint: str = "") -> None:
        self._book.lose(self._node.node, option.place, self._device.name, what, hint)

    # --- default routes -----------------------------------------------------------------------------------------------

    def _written(self) -> Iterator[IpAddress]:
        for option in self._device.all("gateway"):
            address = self._book.value(self._node.node, self._device, option, addresses.unicast)
            if address is not None:
                yield address  # type: ignore[misc] # what the reader gives

    def _kernel(self) -> Iterator[IpAddress]:
        """Default routes that a hook adds to the VRF."""
        for option in self._device.all(*HOOKS):
            route = read_ip_route(option.value)
            is_default = route is not None and route.destination == "default" and route.vrf in (self._vrf, None)
            found = [_ip(hop.via) for hop in route.hops if hop.via] if route is not None and is_default else []
            if option.name in ("up", "post-up") and found and route is not None and route.vrf == self._vrf:
                self._taken.add(option.place)
                yield from (address for address in found if address is not None)
            elif option.name.endswith("down") and "route" in option.value and self._vrf in option.value.split():
                self._taken.add(option.place)  # it removes what a hook above added

    def _is_mine(self, route: FrrRoute, own: list[IpInterface]) -> bool:
        """A default route in the VRF through this device, or to a gateway in one of its networks."""
        if route.vrf != self._vrf or route.prefix not in _DEFAULTS:
            return False
        if route.interface is not None:
            return route.interface == self._device.name
        address = _ip(route.via)
        return address is not None and any(address in interface.network for interface in own)

    # --- VRRP ---------------------------------------------------------------------------------------------------------

    def _vrrp(self) -> tuple[Vrrp | None, list[FrrVrrp]]:
        """The three options `vrrp-id`, `vrrp-priority` and `vrrp-virtual-ip`, or ifupdown2's `vrrp ID ADDRESS` with
        FRR's half of it.
        """
        groups = [group for group in self._node.frr.vrrp if group.interface == self._device.name]
        if self._device.all(*_OLD_VRRP):
            return self._old_vrrp(), groups
        lines = self._device.all("vrrp")
        if not lines:
            return None, []
        number = lines[0].value.partition(" ")[0]
        group = next((group for group in groups if group.id == number), None)
        if len(groups) != 1 or group is None:
            what = f"vrrp {lines[0].value} has {'several' if len(groups) > 1 else 'no'} groups in frr.conf"
            hint = self._vrrp_hint(number, lines[0], is_there=group is not None)
            self._book.error(self._node.node, lines[0].place, self._device.name, what, hint)
            return None, groups
        self._taken |= {option.place for option in lines}
        return self._group(group.id, group.priority, group.addresses, group.place), groups

    def _is_silent_by(self, option: Option) -> bool:
        """It leaves ARP for the virtual router's addresses to the macvlan, as it does here anyway."""
        if option.name.endswith("down"):
            return False
        settings = silent_for_others(self._device.name).replace("/", ".").split()
        program, *words = option.value.replace("/", ".").split() or [""]
        return program == "sysctl" and not {*words}.isdisjoint(settings) and {*words} <= {"-q", "-w", *settings}

    def _vrrp_hint(self, number: str, option: Option, *, is_there: bool) -> str:
        block = f"under 'interface {self._device.name}' in {FRR_CONF}"
        if is_there:
            return f"keep the lines of 'vrrp {number}' alone {block}"
        virtual = (word.partition("/")[0] for word in option.value.split()[1:])
        said = (f"'vrrp {number} {'ipv6' if ':' in address else 'ip'} {address}'" for address in virtual)
        return f"write 'vrrp {number} priority NUMBER' and {' and '.join(said)} {block}"

    def _old_vrrp(self) -> Vrrp | None:
        found = {option.name: option for option in self._device.all(*_OLD_VRRP)}
        missing = [name for name in _OLD_VRRP if name not in found]
        if missing:
            option = next(iter(found.values()))
            what = f"{option.name} without {' and '.join(missing)}"
            hint = f"give {listed(list(_OLD_VRRP))}, or none of the three"
            self._book.error(self._node.node, option.place, self._device.name, what, hint)
            return None
        self._taken |= {option.place for option in found.values()}
        number, priority, virtual = (found[name] for name in _OLD_VRRP)
        return self._group(number.value, priority.value, tuple(virtual.value.split()), number.place)

    def _group(self, number: str, priority: str, virtual: tuple[str, ...], place: Place) -> Vrrp | None:
        try:
            return Vrrp(
                id=integer(1, 255)(number),
                priority=integer(1, 254)(priority),
                addresses=tuple(addresses.unicast(word.partition("/")[0]) for word in virtual),
            )
        except BadValueError as error:
            self._book.error(self._node.node, place, self._device.name, f"vrrp: {error.what}", error.hint)
            return None


def _ip(text: str | None) -> IpAddress | None:
    try:
        return addresses.address(text or "")
    except BadValueError:
        return None
