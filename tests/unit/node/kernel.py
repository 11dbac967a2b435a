"""A node whose devices are a dictionary: `ip` and `bridge` tell them as JSON and change them, as an undo asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pvesdn.node.program.machine import CommandResult, Machine, Refused, ended

Device = dict[str, Any]
NAMES = ("ip", "bridge", "ifreload", "ifdown", "vtysh", "systemctl")


def device(kind: str = "", **given: Any) -> Device:
    """A device as `ip -d link` has it, with what `ip address` and `bridge` tell of it."""
    first: Device = {"kind": kind, "mtu": 1500, "mac": "02:00:00:00:00:01", "master": None, "up": True}
    first["link_local"] = ["fe80::1/64"]
    return {**first, "data": {}, "addresses": [], "flooding": [], "vlans": {}, **given}


class Kernel(Machine):
    """Devices by name. A command that `refuses` names ends with a status of 1; one that is in `absent` is not there."""

    def __init__(self, folder: Path, devices: dict[str, Device]) -> None:
        super().__init__(str(folder))
        self.devices = devices
        self.routes: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refuses: set[str] = set()
        self.absent: set[str] = {"ifreload", "ifdown", "vtysh", "systemctl"}
        self.answers: dict[str, CommandResult] = {}

    def find(self, name: str) -> str | None:
        return None if name in self.absent or name not in NAMES else name

    def run(self, argv: list[str], limit: float) -> CommandResult:
        if self.find(argv[0]) is None:
            raise Refused(f"{argv[0]} is not installed")
        line = " ".join(argv)
        if argv[:2] not in (["ip", "-j"], ["bridge", "-j"]):
            self.calls.append(line)
        if any(line.startswith(words) for words in self.refuses):
            return ended(1, "", "no such thing")
        if line in self.answers:
            return self.answers[line]
        return ended(0, self._told(argv) if "-j" in argv else self._change(argv))

    def _told(self, argv: list[str]) -> str:
        match argv:
            case [*_, "link"]:
                rows = [self._link(name, found) for name, found in self.devices.items()]
            case [*_, "address"]:
                rows = [
                    self._link(name, found) | {"addr_info": list(_shown(found))} for name, found in self.devices.items()
                ]
            case [*_, "fdb", "show"]:
                rows = [
                    {"mac": "00:00:00:00:00:00", "ifname": name, "dst": address, "flags": ["self"]}
                    for name, found in self.devices.items()
                    for address in found["flooding"]
                ]
            case [*_, "vlan", "show"]:
                rows = [{"ifname": name, "vlans": list(_vlans(found))} for name, found in self.devices.items()]
            case [*_, "route", "show", "table", "all"]:
                rows = [row for row in self.routes if ("-6" in argv) == (":" in row["dst"])]
        return json.dumps(rows)

    def _link(self, name: str, found: Device) -> dict[str, Any]:
        row = {"ifname": name, "mtu": found["mtu"], "address": found["mac"], "flags": ["UP"] if found["up"] else []}
        if found["kind"]:
            row["linkinfo"] = {"info_kind": found["kind"], "info_data": found["data"]}
        return {**row, "master": found["master"]} if found["master"] else row

    def _change(self, argv: list[str]) -> str:
        match argv:
            case ["ip", "link", "set", "dev", name, *words]:
                self._set(self.devices[name], words)
            case ["ip", "link", "del", name]:
                del self.devices[name]
                for found in self.devices.values():
                    found["master"] = None if found["master"] == name else found["master"]
            case ["ip", "address", "add", address, "dev", name]:
                self._addresses(name, address).append(address)
            case ["ip", "address", "del", address, "dev", name]:
                self._addresses(name, address).remove(address)
            case ["bridge", "fdb", "append", _, "dev", name, "dst", address]:
                self.devices[name]["flooding"].append(address)
            case ["bridge", "fdb", "del", _, "dev", name, "dst", address]:
                self.devices[name]["flooding"].remove(address)
            case ["bridge", "vlan", "add", "dev", name, "vid", number, *flags]:
                self.devices[name]["vlans"][number] = flags
            case ["bridge", "vlan", "del", "dev", name, "vid", number]:
                del self.devices[name]["vlans"][number]
            case ["systemctl", "is-active" | "is-enabled" as question, "frr"]:
                return {"is-active": "active\n", "is-enabled": "enabled\n"}[question]
            case ["ip", "-4" | "-6", "route", "replace", *_] | ["ifreload" | "ifdown" | "vtysh" | "systemctl", *_]:
                pass
            case _:
                raise AssertionError(argv)
        return ""

    def _addresses(self, name: str, address: str) -> list[str]:
        found: list[str] = self.devices[name]["link_local" if address.startswith("fe80:") else "addresses"]
        return found

    def _set(self, found: Device, words: list[str]) -> None:
        match words:
            case ["up"] | ["down"]:
                found["up"] = words == ["up"]
            case ["nomaster"]:
                found["master"] = None
            case ["master", bridge]:
                found["master"] = bridge
            case ["address", mac]:
                found["mac"] = mac
            case ["mtu", mtu]:
                found["mtu"] = int(mtu)
            case _:
                raise AssertionError(words)


def _shown(found: Device) -> Iterator[dict[str, Any]]:
    for key, scope in (("addresses", "global"), ("link_local", "link")):
        for address in found[key]:
            local, _, length = address.partition("/")
            yield {"local": local, "prefixlen": int(length), "scope": scope}


def _vlans(found: Device) -> Iterator[dict[str, Any]]:
    for number, flags in found["vlans"].items():
        first, _, last = number.partition("-")
        row = {"vlan": int(first), **({"vlanEnd": int(last)} if last else {})}
        named = [{"pvid": "PVID", "untagged": "Egress Untagged"}[flag] for flag in flags]
        yield {**row, "flags": named} if named else row
