"""What a node is doing compared with what it should be doing: devices, flooding, the kernel's settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pvesdn.compare.live_traits import ADDRESSES, LEARNING, NONE, SUPPRESSION, UNKNOWN, traits_of
from pvesdn.compare.live_view import FILE_FIRST, NodeView
from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.files import OUR_SYSCTL, SDN_INTERFACES
from pvesdn.model.findings import Severity
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice
from pvesdn.model.verification import Discrepancy, Subject
from pvesdn.model.vlans import PortVlans, VlanSet

_ZERO = "00:00:00:00:00:00"
_ENTRIES = "all-zero entries"
REMADE = frozenset({"VNI", "VTEP", "UDP port", "multicast group", "underlay device"})
"""What the kernel takes only when a VXLAN device is made: `ifup` alone leaves it as it is."""
_OF_A_PORT = frozenset({LEARNING, UNKNOWN, SUPPRESSION})
"""What a device has only as a port of a bridge."""
_BY_HAND = "it was changed after the last reload, by hand or by another program"

_MOVE = (
    "do not delete it from here: the cluster or the VTEPs use it; give it to a device of the host's own in "
    "/etc/network/interfaces, at the node's console"
)
_PVID = VlanSet.of([(1, 1)])
_WITHDRAWN = "FRR takes a static entry along when a route of that VTEP goes"
_SWITCHED = "forwarding was switched for all devices after the last reload"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a node besides, and may explain what is found there.

    :param unread: interfaces files that nothing has loaded, by path, with the reason.
    :param shared: devices that files of the host define as well: ifupdown2 merges both, and what the host adds stays.
    :param ways_in: addresses at which the cluster reaches its nodes, and VTEPs.
    :param behind: why PVE's file there does not have yet what PVE has committed; empty where it has.
    :param halves: bridges whose addresses and forwarding are in PVE's file, and all else in ours.
    """

    unread: Mapping[str, str] = field(default_factory=dict)
    shared: Collection[str] = ()
    ways_in: Collection[IpAddress] = ()
    behind: str = ""
    halves: Collection[str] = ()


def compare_live(view: NodeView, around: Circumstances) -> tuple[Discrepancy, ...]:
    """Everything that is not as it should be on one node; what the files of devices lack is said of the files."""
    look = _Look(view, around)
    return (*look.devices(), *look.flooding(), *look.settings())


def checks(view: NodeView) -> Iterator[str]:
    """The zone of each thing that `compare_live` looks at, and of each VNI; empty where it belongs to none."""
    expected, state, zones = view.expected, view.state, view.zones
    for device in expected.devices:
        yield from [zones.get(device.name, "")] * (1 + sum(1 for _ in traits_of(device, LiveDevice(device.name))))
        if state.vlans is not None and device.vlans is not None:
            yield zones.get(device.name, "")
        if state.flooding is not None and device.has_flood_list:
            yield zones.get(device.name, "")
    yield from (zones.get(vni.device, "") for vni in expected.vnis if state.vnis is not None)
    if state.settings is not None:
        yield from (zones.get(_owner(path), "") for path in expected.settings)


@dataclass(frozen=True, slots=True)
class _Look:
    view: NodeView
    around: Circumstances

    def _judged(self) -> Iterator[ExpectedDevice]:
        return (device for device in self.view.expected.devices if device.name not in self.view.told)

    def devices(self) -> Iterator[Discrepancy]:
        for device in self._judged():
            live = self.view.state.devices.get(device.name)
            if live is None:
                cause, step = self._missing(device), self._made(device)
                yield self._finding(device, expected="there", found="absent", cause=cause, step=step)
                continue
            for trait, wanted, found in traits_of(device, live):
                if wanted != found and not self._is_told_elsewhere(device, trait, found):
                    yield self._trait(device, trait, wanted, found)
            yield from self._strangers(device, live)
            yield from self._vlans(device, live)

    def _trait(self, device: ExpectedDevice, trait: str, wanted: str, found: str) -> Discrepancy:
        if trait == "link":
            cause = "the cable, the card or the switch's port: nothing answers at the other end"
            step = f"ip link show {device.name}; then look at the port that it leads to"
            return self._finding(device, trait=trait, expected=wanted, found=found, cause=cause, step=step)
        step = self._remade(device) if trait in REMADE else self._again(device)
        if trait == "kind":
            step = f"ip -d link show {device.name}; whatever made it has to let go of the name"
        cause = self._cause(device, _BY_HAND)
        parts = frozenset({wanted}) if trait == ADDRESSES else frozenset()
        if trait == ADDRESSES and (behind := self._behind(device)):
            return self._finding(device, trait=trait, expected=wanted, found=found, parts=parts, **behind)
        return self._finding(device, trait=trait, expected=wanted, found=found, cause=cause, step=step, parts=parts)

    def _is_told_elsewhere(self, device: ExpectedDevice, trait: str, found: str) -> bool:
        """It is in no bridge, or in no VRF, because there is none, which is said of the bridge or the VRF; or it has
        none of a port's settings because it is in no bridge.
        """
        if trait in _OF_A_PORT:
            return found == NONE
        return trait == "master" and device.master not in self.view.state.devices

    def _strangers(self, device: ExpectedDevice, live: LiveDevice) -> Iterator[Discrepancy]:
        """Addresses that nobody has designed; a device that is the host's too may have some of its own."""
        if device.kind is None or device.addresses is None or device.name in self.around.shared:
            return
        for address in sorted(live.addresses - device.addresses, key=str):
            is_way_in = address.ip in self.around.ways_in and not self._is_elsewhere(address.ip, device.name)
            of_a_stranger = {
                "cause": self._cause(device, "somebody has added it; the next reload takes it away"),
                "step": _MOVE if is_way_in else f"ip address del {address} dev {device.name}",
            }
            yield self._finding(
                device,
                trait=ADDRESSES,
                expected="no other address",
                found=str(address),
                severity=Severity.WARNING,
                parts=frozenset({str(address)}),
                **(of_a_stranger | self._behind(device)),
            )

    def _behind(self, device: ExpectedDevice) -> dict[str, Any]:
        """What is said of a bridge whose addresses PVE has changed since it wrote the node's file, or has in one that
        nothing has loaded.
        """
        if device.name not in self.around.halves or device.file in self.around.unread:
            return {}
        if why := self.around.unread.get(SDN_INTERFACES):
            return {"cause": why, "step": FILE_FIRST, "is_there": False}
        if not self.around.behind:
            return {}
        step = f"pvesh set /nodes/{self.view.node}/network"
        return {"cause": self.around.behind, "step": step, "is_behind": True}

    def _is_elsewhere(self, address: IpAddress, name: str) -> bool:
        others = (device for device in self.view.state.devices.values() if device.name != name)
        return any(held.ip == address for device in others for held in device.addresses)

    def _vlans(self, device: ExpectedDevice, live: LiveDevice) -> Iterator[Discrepancy]:
        """VLANs that a port of a VLAN-aware VNet drops; a bridge that has no VLANs is said to have none already."""
        bridge = self.view.state.devices.get(live.master)
        if device.vlans is None or self.view.state.vlans is None or bridge is None or not bridge.vlan_filtering:
            return
        there = self.view.state.vlans.get(device.name, PortVlans())
        if missing := device.vlans - there.tagged - there.untagged:
            add = f"bridge vlan add dev {device.name} vid"
            steps = [f"{add} {VlanSet.of([vlans])}" for vlans in (missing - _PVID).ranges()]
            if _PVID - there.tagged - there.untagged:
                steps.append(f"{add} 1 pvid untagged")
            yield self._finding(
                device,
                trait="VLANs",
                expected=f"lets VLANs {device.vlans} through",
                found=f"drops VLANs {missing}",
                cause=self._cause(device, _BY_HAND),
                step=" && ".join(steps),
            )

    def flooding(self) -> Iterator[Discrepancy]:
        if self.view.state.flooding is None:
            return
        for device in self._judged():
            if device.name not in self.view.state.devices:
                continue
            there = self.view.state.flooding.get(device.name, frozenset())
            if device.group is not None and self.view.state.devices[device.name].group == device.group:
                if device.group not in there:
                    yield self._flood(device, [device.group], "somebody has deleted it", self._remade(device))
            elif device.remotes is not None:
                if missing := sorted(device.remotes - there, key=_number):
                    commands = [f"bridge fdb append {_ZERO} dev {device.name} dst {vtep}" for vtep in missing]
                    cause = _WITHDRAWN if self.view.expected.vnis else "somebody has deleted it"
                    yield self._flood(device, missing, cause, " && ".join(commands))
                if extra := sorted(there - device.remotes, key=_number):
                    yield self._too_many(device, extra)

    def _flood(self, device: ExpectedDevice, wanted: list[IpAddress], cause: str, step: str) -> Discrepancy:
        return self._finding(
            device,
            subject=Subject.FLOODING,
            trait=_ENTRIES,
            expected=f"broadcasts go to {_listed(wanted)}",
            found="no such entry",
            cause=self._cause(device, cause),
            step=step,
            parts=frozenset(map(str, wanted)),
        )

    def _too_many(self, device: ExpectedDevice, extra: list[IpAddress]) -> Discrepancy:
        return self._finding(
            device,
            subject=Subject.FLOODING,
            trait=_ENTRIES,
            expected="no other VTEP",
            found=f"broadcasts go to {_listed(extra)} as well",
            cause=self._cause(device, "it is left over from before a change, or somebody has added it"),
            step=" && ".join(f"bridge fdb del {_ZERO} dev {device.name} dst {vtep}" for vtep in extra),
            parts=frozenset(map(str, extra)),
        )

    def settings(self) -> Iterator[Discrepancy]:
        if self.view.state.settings is None:
            return
        for path, wanted in self.view.expected.settings.items():
            found = self.view.state.settings.get(path)
            device = self.view.expected.by_name.get(_owner(path))
            is_told = device is not None and (
                device.name in self.view.told or device.name not in self.view.state.devices
            )
            if found == wanted or is_told or (found is None and path in self.view.expected.optional):
                continue
            if device is not None:
                is_forwarding = path.endswith("/forwarding")
                cause = self._cause(device, _SWITCHED if is_forwarding else _BY_HAND)
                late = self._behind(device) if is_forwarding else {}
                said: dict[str, Any] = {"cause": cause, "step": self._again(device)} | late
            else:
                said = self._of_the_host()
            yield self.view.finding_in_zone(
                Subject.SETTING,
                path.replace("/", ".") if "." not in path else path,
                _owner(path),
                expected=wanted,
                found="absent" if found is None else found,
                **said,
            )

    def _of_the_host(self) -> dict[str, Any]:
        """Why a setting of no device of ours is not as it should be, and what to do."""
        if OUR_SYSCTL in self.view.told:
            return {"cause": f"{OUR_SYSCTL} is not as the definitions make it", "step": FILE_FIRST, "is_there": False}
        cause = "another file of sysctl.d, or another program, has set it since"
        return {"cause": cause, "step": f"sysctl -p {OUR_SYSCTL}"}

    def _finding(self, device: ExpectedDevice, *, subject: Subject = Subject.DEVICE, **said: Any) -> Discrepancy:
        if device.file in self.around.unread and subject is Subject.DEVICE:
            said |= {"step": FILE_FIRST, "is_there": False}
        return self.view.finding_in_zone(subject, device.name, device.name, **said)

    def _cause(self, device: ExpectedDevice, otherwise: str) -> str:
        """A file that nothing has loaded explains what is wrong with its devices."""
        return self.around.unread.get(device.file, otherwise)

    def _missing(self, device: ExpectedDevice) -> str:
        if device.kind is None:
            return self._cause(device, "there is no such card, or it has another name now")
        return self._cause(device, "somebody has deleted it, or the last reload failed: ifreload -a tells")

    def _made(self, device: ExpectedDevice) -> str:
        if device.kind is None:
            return "ip link"
        return "ifreload -a" if device.kind == "vrf" else f"ifup {' '.join(self._group(device))}"

    def _again(self, device: ExpectedDevice) -> str:
        return f"ifup {' '.join(self._group(device))}"

    def _remade(self, device: ExpectedDevice) -> str:
        return f"ifdown {device.name} && ifup {' '.join(self._group(device))}"

    def _group(self, device: ExpectedDevice) -> list[str]:
        """What comes up together, a bridge after its ports: the other way round it would not find them."""
        bridge = device.master if device.kind == "vxlan" else device.name
        return [*self.view.expected.vxlans.get(bridge, ()), bridge] if bridge else [device.name]


def _owner(path: str) -> str:
    """The device of a setting that is a device's own."""
    return path.split("/")[-2]


def _listed(addresses: list[IpAddress]) -> str:
    return ", ".join(map(str, addresses))


def _number(address: IpAddress) -> tuple[int, int]:
    return address.version, int(address)
