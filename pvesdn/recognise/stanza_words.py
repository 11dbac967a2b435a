"""A VXLAN device in the words of a stanza, and other parts of what a person is told to write."""

from __future__ import annotations

import re

from pvesdn.model.hand_written import Device, Place, VxlanWords

_RANGE = re.compile(r"([0-9]{1,8})(?:-([0-9]{1,8}))?")
_VARIABLE = re.compile(r"\S*[$`]\S*")
_KERNELS_PORT = "8472"
_USUAL_PORT = "4789"
_MOST_VNIS = 4096
"""That one entry of a map can name: there are no more VLANs."""


def described(words: VxlanWords, bridge: str) -> str:
    """A device as a noun. :param bridge: it is in; empty without one."""
    vni = f", VNI {words.vni}" if words.vni else ""
    return f"a VXLAN device in {bridge}{vni}" if bridge else f"a VXLAN device without a bridge{vni}"


def options_of(words: VxlanWords) -> list[str]:
    """The lines of a stanza that say the same; what a variable of the shell stands for is left to the reader."""
    port = words.port or _KERNELS_PORT
    group = f"vxlan-mcastgrp{'6' if ':' in words.group else ''} {words.group}"
    found = [
        f"vxlan-id {words.vni}",
        *([f"vxlan-local-tunnelip {words.local}"] if words.local else []),
        *([group] if words.group else []),
        *(f"vxlan-remoteip {remote}" for remote in words.remotes),
        *([f"vxlan-physdev {words.physdev}"] if words.physdev else []),
        *([f"vxlan-port {port}"] if port != _USUAL_PORT else []),
        *([] if words.learns else ["bridge-learning off"]),
        *([f"mtu {words.mtu}"] if words.mtu else []),
        *([f"vxlan-ttl {words.ttl}"] if words.ttl else []),
    ]
    return [_VARIABLE.sub("VALUE", option) for option in found]


def mapped_vnis(device: Device) -> set[int]:
    """The VNIs of `bridge-vlan-vni-map`: `VLAN=VNI`, both single or both a range."""
    found: set[int] = set()
    for option in device.all("bridge-vlan-vni-map"):
        for entry in option.value.replace(",", " ").split():
            if numbers := _RANGE.fullmatch(entry.partition("=")[2]):
                first = int(numbers[1])
                found.update(range(first, min(int(numbers[2] or first), first + _MOST_VNIS) + 1))
    return found


def vnis_of(text: str) -> tuple[int, ...]:
    """The VNI that a word is; empty where it is none."""
    return (int(text),) if re.fullmatch(r"[0-9]{1,8}", text) else ()


def counted_lines(places: tuple[Place, ...]) -> str:
    """``line 16 says``, ``lines 16 and 17 say``; with the file where it is not the same for all."""
    files = {place.file for place in places}
    words = [str(place.line) if len(files) == 1 else str(place) for place in places]
    return f"line {words[0]} says" if len(words) == 1 else f"lines {listed(words)} say"


def listed(words: list[str]) -> str:
    """Words as a person lists them."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
