"""What there is of VXLAN on a node that cannot be imported as it stands: named, with the words that could be.

Devices by a hook or by somebody at the shell, one device for many VNIs, bridges with several VNIs or with the node's
own address, and VXLAN devices outside of every bridge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pvesdn.decode.nodes.hand_written import MAIN_INTERFACES
from pvesdn.decode.nodes.hook_commands import HOOKS, UP_HOOKS
from pvesdn.decode.secrets import hide_secrets
from pvesdn.decode.secrets.veil import PLACEHOLDER
from pvesdn.model.hand_written import (
    Device,
    Floods,
    HandWrittenNode,
    HookLine,
    Joins,
    LiveVxlan,
    Place,
    VxlanWords,
)
from pvesdn.recognise.devices import NodeDevices, is_single_device, port_names
from pvesdn.recognise.stanza_words import counted_lines, described, listed, mapped_vnis, options_of, vnis_of

_ONE_EACH = "a VNet has one VNI: to have them imported write a VXLAN device and a bridge for each VNI"


@dataclass(frozen=True, slots=True)
class Found:
    """One of them.

    :param place: where it is written; None where the kernel alone has it.
    :param bridge: the bridge it is in, or is; empty without one.
    :param is_foreign: a VXLAN device in no bridge that no file makes: somebody else's, such as a container network's.
    :param is_elsewhere: a file says of it what was not read.
    """

    node: str
    place: Place | None
    name: str
    bridge: str
    vnis: frozenset[int]
    what: str
    hint: str = ""
    is_foreign: bool = False
    is_elsewhere: bool = False


def find_others(
    node: HandWrittenNode, devices: NodeDevices, homes: frozenset[str]
) -> tuple[tuple[Found, ...], frozenset[str]]:
    """Everything of a node that is not one VXLAN device by its own words in one bridge by its own words; and the
    bridges that are left as they are, those of `homes` included.

    :param homes: bridges that hold the address by which the cluster knows the node.
    """
    finder = _Finder(node, devices, homes)
    return tuple(finder.find()), homes | finder.left.keys()


class _Finder:
    """One node."""

    def __init__(self, node: HandWrittenNode, devices: NodeDevices, homes: frozenset[str]) -> None:
        self._node = node
        self._devices = devices
        self._made = {act.name: (hook, act) for hook, act in _made(node)}
        vnis = {str(port.vni) for port in devices.ports.values()}
        self._live = {
            one.words.name: one
            for one in node.live
            # The kernel has a VNI once: under another name it is the device that a file renames.
            if one.words.name not in node.generated and (one.words.name in devices.ports or one.words.vni not in vnis)
        }
        self._singles = {d.name: d for d in node.devices.values() if is_single_device(d)}
        self._joins = dict(self._read_joins())
        inside: dict[str, list[str]] = {}
        for name in (*devices.ports, *self._singles, *self._made, *self._live):
            bridge = self._bridge(name)
            if bridge and name not in inside.setdefault(bridge, []):
                inside[bridge].append(name)
        self.left = {bridge: names for bridge, names in inside.items() if len(names) > 1 or bridge in homes}

    def find(self) -> Iterator[Found]:
        for bridge, names in self.left.items():
            yield self._crowd(bridge, names) if len(names) > 1 else self._home(bridge, names[0])
        alone = {name for names in self.left.values() for name in names}
        for name, device in self._singles.items():
            if name not in alone:
                yield self._single(device)
        for name, (hook, words) in self._made.items():
            if name not in alone and name not in self._singles and name not in self._devices.ports:
                yield self._by_hook(hook, words)
        for name, live in self._live.items():
            if name not in alone and not self._is_written(name):
                yield self._by_nobody(live)
        for name, port in self._devices.ports.items():
            if name not in alone and not self._is_in_its_bridge(name):
                yield self._beside(port.device, port.vni)

    def _is_written(self, name: str) -> bool:
        """Whether a file makes the device, or fails to."""
        device = self._node.devices.get(name)
        is_meant = device is not None and any(option.name.startswith("vxlan-") for option in device.options)
        return name in self._made or name in self._singles or name in self._devices.ports or is_meant

    def _readable(self) -> str:
        """What was searched for whatever makes a device: a snapshot may hide what a hook does."""
        hidden = next(
            (o for d in self._node.devices.values() for o in d.all(*HOOKS) if PLACEHOLDER.search(o.value)), None
        )
        return "file" if hidden is None else f"line that can be read (the snapshot hides the hook at {hidden.place})"

    # --- which bridge -------------------------------------------------------------------------------------------------

    def _read_joins(self) -> Iterator[tuple[str, str]]:
        """Bridge by device: what a stanza says counts most, then a hook, then the kernel."""
        for name, live in self._live.items():
            if live.bridge and live.bridge not in self._node.generated:
                written = self._node.devices.get(live.bridge)
                if written is None or name not in self._devices.ports:
                    yield name, live.bridge
        for hook in self._node.hooks:
            yield from ((act.device, act.bridge) for act in hook.acts if isinstance(act, Joins) and _is_up(hook))
        for device in self._node.devices.values():
            yield from ((port, device.name) for port in port_names(device))

    def _bridge(self, name: str) -> str:
        return self._joins.get(name, "")

    def _is_in_its_bridge(self, name: str) -> bool:
        bridge = self._node.devices.get(self._bridge(name))
        return bridge is not None and name in port_names(bridge)

    # --- what is said -------------------------------------------------------------------------------------------------

    def _home(self, bridge: str, name: str) -> Found:
        what = f"a bridge with a VXLAN port ({name}) and the address by which the cluster knows the node: it stays as it is"
        hint = f"to have it imported give {name} a bridge of its own"
        place = self._node.devices[bridge].place
        return Found(self._node.node, place, bridge, bridge, frozenset(self._vnis(name)), what, hint)

    def _crowd(self, bridge: str, names: list[str]) -> Found:
        written = self._node.devices.get(bridge)
        place = written.place if written is not None else None
        what = f"a bridge with {len(names)} VXLAN ports ({', '.join(names)}): it stays as it is"
        vnis = {vni for name in names for vni in self._vnis(name)}
        hint = "a VNet has one VNI: to have them imported give each VXLAN device a bridge of its own"
        return Found(self._node.node, place, bridge, bridge, frozenset(vnis), what, hint)

    def _vnis(self, name: str) -> Iterable[int]:
        if name in self._devices.ports:
            return (self._devices.ports[name].vni,)
        if name in self._singles:
            return mapped_vnis(self._singles[name])
        words = self._made[name][1] if name in self._made else self._live[name].words
        return vnis_of(words.vni)

    def _single(self, device: Device) -> Found:
        maps = [option for option in device.options if option.name == "bridge-vlan-vni-map"]
        words = ", ".join(f"{option.name} {hide_secrets(option.value)[0]}" for option in maps)
        place = (maps or device.all("vxlan-vnifilter", "vxlan-remoteip-map", "vxlan-mcastgrp-map"))[0].place
        which = f"a single VXLAN device with a map ({words})" if maps else "a single VXLAN device for many VNIs"
        bridge = self._bridge(device.name)
        inside = f" in {bridge}" if bridge else ""
        what = f"{which}{inside}: not carried over, it stays as it is"
        return Found(self._node.node, place, device.name, bridge, frozenset(mapped_vnis(device)), what, _ONE_EACH)

    def _by_hook(self, hook: HookLine, words: VxlanWords) -> Found:
        if words.is_external:
            what = f"a single VXLAN device for many VNIs, made by the hook '{hook.text}': not carried over, it stays as it is"
            bridge = self._bridge(words.name)
            return Found(self._node.node, hook.place, words.name, bridge, frozenset(), what, _ONE_EACH)
        what = f"{described(words, self._bridge(words.name))}, made by the hook '{hook.text}'"
        return self._unwritten(words, hook.place, what, self._lines(words.name))

    def _by_nobody(self, live: LiveVxlan) -> Found:
        bridge = self._bridge(live.words.name)
        if live.words.is_external:
            what = "a single VXLAN device for many VNIs that no file makes: not carried over, it stays as it is"
            return Found(self._node.node, None, live.words.name, bridge, frozenset(), what, _ONE_EACH, not bridge)
        if bridge and (elsewhere := self._elsewhere(live.words.name)):
            what, hint = elsewhere
            what = f"{described(live.words, bridge)}, which the kernel has, {what}"
            vnis = frozenset(vnis_of(live.words.vni))
            return Found(self._node.node, None, live.words.name, bridge, vnis, what, hint, is_elsewhere=True)
        what = f"{described(live.words, bridge)}, which the kernel has and no {self._readable()} makes"
        found = self._unwritten(live.words, None, what, ())
        return replace(found, is_foreign=not bridge)

    def _elsewhere(self, name: str) -> tuple[str, str] | None:
        """Where a stanza of it may be that does not count, and how it comes to count."""
        for path, names in self._node.unsourced.items():
            if name in names:
                return (
                    f"with a stanza in {path}, which no 'source' line names",
                    f"add 'source {MAIN_INTERFACES}.d/*' to {MAIN_INTERFACES}; then import again",
                )
        if not self._node.outside:
            return None
        hint = f"move its stanzas from there into a file in {MAIN_INTERFACES}.d; then import again"
        return f"and no file makes that pvesdn reads: {MAIN_INTERFACES} also sources {self._node.outside[0]}", hint

    def _unwritten(self, words: VxlanWords, place: Place | None, what: str, lines: tuple[Place, ...]) -> Found:
        """A device that could be imported if its stanza said itself what it is."""
        vnis, bridge = frozenset(vnis_of(words.vni)), self._bridge(words.name)
        if not bridge:
            return Found(self._node.node, place, words.name, bridge, vnis, f"{what}: it stays as it is")
        if not vnis:
            live = next((one.words.vni for one in self._node.live if one.words.name == words.name), "")
            vnis = frozenset(vnis_of(live))
            what += f", whose VNI cannot be read; the kernel has {live}" if vnis else ", whose VNI cannot be read"
            words = replace(words, vni=live if vnis else "NUMBER")
        steps = [self._stanza(words, lines)]
        if not self._is_in_its_bridge(words.name):
            steps.append(self._joining(words.name, bridge))
        if words.others:
            steps.append(f"ifupdown2 has no option for '{' '.join(words.others)}'")
        hint = f"{'; '.join(steps)}; then import again"
        return Found(self._node.node, place, words.name, bridge, vnis, what, hint)

    def _stanza(self, words: VxlanWords, lines: tuple[Place, ...]) -> str:
        """What to write for a device, as an instruction."""
        floods = [act.address for hook in self._node.hooks for act in hook.acts if isinstance(act, Floods)
                  and act.device == words.name and _is_up(hook)]  # fmt: skip
        named = [remote for remote in dict.fromkeys((*words.remotes, *floods)) if "$" not in remote]
        remotes = tuple(remote for remote in named if not self._node.holds(remote))
        options = options_of(replace(words, remotes=remotes))
        said = listed([f"'{option}'" for option in options])
        is_there = words.name in self._node.devices
        head = f"write {said} into the stanza of {words.name}" if is_there else (
            f"write a stanza for it: 'auto {words.name}', 'iface {words.name} inet manual', {said}"
        )  # fmt: skip
        if not words.group and not remotes and not self._has_evpn():
            head += ", with 'vxlan-remoteip ADDRESS' for every other node"
        return f"{head}{f', in place of what {counted_lines(lines)} of it' if lines else ''}"

    def _joining(self, name: str, bridge: str) -> str:
        written = self._node.devices.get(bridge)
        if written is None:
            return (
                f"write a stanza for {bridge}: 'auto {bridge}', 'iface {bridge} inet manual', 'bridge-ports {name}', "
                "'bridge-stp off' and 'bridge-fd 0'"
            )
        ports = [port for port in port_names(written) if port != "none"]
        return f"write 'bridge-ports {' '.join((*ports, name))}' into the stanza of {bridge}"

    def _has_evpn(self) -> bool:
        return any(router.vrf is None and router.has_all_vnis for router in self._node.frr.routers)

    def _beside(self, device: Device, vni: int) -> Found:
        """A VXLAN device by its own words that no stanza puts into a bridge."""
        bridge = self._bridge(device.name)
        vnis = frozenset({vni})
        if not bridge:
            own = device.all("address")
            holding = f", with the address {own[0].value}" if own else ""
            what = f"a VXLAN device without a bridge{holding}: it stays as it is"
            hint = "" if own else f"to have it imported write a bridge for it, with 'bridge-ports {device.name}'"
            return Found(self._node.node, device.place, device.name, "", vnis, what, hint)
        hooks = [hook for hook in self._node.hooks if Joins(device.name, bridge) in hook.acts]
        place = hooks[0].place if hooks else device.place
        how = (
            f"is in {bridge} by the hook '{hooks[0].text}'" if hooks else f"the kernel has in {bridge}, as no file says"
        )
        what = f"a VXLAN device, VNI {vni}, that {how}"
        lines = f", in place of what {counted_lines(tuple(hook.place for hook in hooks))} of it" if hooks else ""
        hint = f"{self._joining(device.name, bridge)}{lines}; then import again"
        return Found(self._node.node, place, device.name, bridge, vnis, what, hint)

    def _lines(self, name: str) -> tuple[Place, ...]:
        """The hooks that name a device, in file order."""
        found = []
        for device in self._node.devices.values():
            for option in device.all(*HOOKS):
                said = option.value.replace("${IFACE}", device.name).replace("$IFACE", device.name)
                if name in re.split(r"[^\w.@-]+", said):
                    found.append(option.place)
        return tuple(found)


def _made(node: HandWrittenNode) -> Iterator[tuple[HookLine, VxlanWords]]:
    for hook in node.hooks:
        for act in hook.acts:
            if isinstance(act, VxlanWords) and _is_up(hook):
                yield hook, act


def _is_up(hook: HookLine) -> bool:
    return hook.text.partition(" ")[0] in UP_HOOKS
