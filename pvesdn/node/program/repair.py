"""What ifupdown2 does not put back, put back with `ip`, `bridge` and /proc/sys; and what differs after all.

ifupdown2 3.0.0 with the old file in place and `ifreload -a` leaves MAC addresses, all-zero entries, what was an uplink,
ports that were added, guests' ports whose bridge was away, and switches of devices that a switch of all has changed
(docs/pve.md §13.2).
"""

from typing import Container, Dict, Iterator, List, Tuple

from pvesdn.node.program.capture import MADE_BY_IFUPDOWN, devices_now
from pvesdn.node.program.dhcp import still_filtered
from pvesdn.node.program.flood import ALL_ZERO_MAC
from pvesdn.node.program.guests import PLUGS, plugged_otherwise
from pvesdn.node.program.machine import Machine, Refused, failure
from pvesdn.node.program.request import Value
from pvesdn.node.program.settings import setting_now

Devices = Dict[str, Value]


def make_room(machine: Machine, checkpoint: Value) -> List[str]:
    """Delete tunnels that have other parameters than before, which the kernel or ifupdown2 cannot change, or a filter
    that they had not; the reload makes them anew.
    """
    log: List[str] = []
    now = devices_now(machine, log)
    try:
        filtered = still_filtered(machine, checkpoint.get("filters", {}))
    except Refused as refused:
        # What can be told is made anew all the same; the rest is told, and tried again, as `differing` asks too.
        filtered = []
        log.append(refused.error)
    for name, before in sorted(checkpoint["devices"].items()):
        if name in checkpoint["touched"] and name in now and before["kind"] == now[name]["kind"] == "vxlan":
            if before["tunnel"] != now[name]["tunnel"] or name in filtered:
                log += _done(machine, ["ip", "link", "del", name])
    return log


def repair(machine: Machine, checkpoint: Value) -> List[str]:
    """Put back what the reload has left; what was done, and what failed."""
    log: List[str] = []
    now = devices_now(machine, log)
    for name in _foreign(checkpoint, now):
        log += _done(machine, ["ip", "link", "del", name])
    moved = plugged_otherwise(machine, checkpoint.get(PLUGS))
    # Twice: a bridge's MTU and MAC follow its ports.
    for _ in range(2):
        now = devices_now(machine, [])
        for name in _concerned(checkpoint, now, moved):
            for argv in _commands(checkpoint, name, now[name]):
                log += _done(machine, argv)
    for route in checkpoint["routes"]:
        argv = ["ip", route[0], "route", "replace", *route[1:]]
        outcome = machine.run(argv, limit=20)
        if outcome.status:
            log.append(failure(argv, outcome))
    return log + put_settings(machine, checkpoint)


def put_settings(machine: Machine, checkpoint: Value) -> List[str]:
    """The kernel's settings of before, on devices that are there; those first that change others."""
    log = []
    settings: Dict[str, str] = checkpoint["settings"]
    for path in sorted(settings, key=lambda path: ("/conf/" in path, "/conf/all/" not in path, path)):
        if setting_now(machine, path) not in (None, settings[path]):
            try:
                with open(machine.place(f"/proc/sys/{path}"), "w", encoding="ascii") as file:
                    file.write(settings[path] + "\n")
            except OSError as error:
                log.append(f"/proc/sys/{path}: {error.strerror}")
    return log


def differing(machine: Machine, checkpoint: Value) -> Iterator[str]:
    """Devices and settings that are not as before, one line each."""
    faults: List[str] = []
    now = devices_now(machine, faults)
    yield from (f"it could not be checked: {fault}" for fault in faults)
    devices: Devices = checkpoint["devices"]
    for name in checkpoint["touched"]:
        if name in devices and name not in now:
            yield f"{name} is not there any more"
    for name in _foreign(checkpoint, now):
        yield f"{name} is still there"
    for name in _concerned(checkpoint, now, plugged_otherwise(machine, checkpoint.get(PLUGS))):
        for key in _compared(is_touched=_is_ours(checkpoint, name)):
            before, present = devices[name][key], now[name][key]
            if before != present and not (key == "vlans" and present is None):
                yield f"{name}: {key} is {_told(present)}, and was {_told(before)}"
        missing, more = _flooding_left(checkpoint, name, now[name])
        if missing or more:
            yield f"{name}: flooding lacks {_told(missing)}, and has {_told(more)} more"
    for name in still_filtered(machine, checkpoint.get("filters", {})):
        if name in devices:
            yield f"{name} still keeps DHCP from crossing it"
    for path, value in sorted(checkpoint["settings"].items()):
        present = setting_now(machine, path)
        if present not in (None, value):
            yield f"/proc/sys/{path} is {present}, and was {value}"


def _is_ours(checkpoint: Value, name: str) -> bool:
    return name in checkpoint["touched"]


def _compared(*, is_touched: bool) -> Tuple[str, ...]:
    """What of a device counts: of a guest's port and the like only where it is plugged in."""
    more = ("kind", "mtu", "mac", "up", "tunnel", "addresses") if is_touched else ()
    return ("master", "vlans", *more)


def _flooding_left(checkpoint: Value, name: str, now: Value) -> Tuple[List[str], List[str]]:
    """All-zero entries of our old file that were there and are not, and those of the new one that were not and are;
    none where nobody can tell.
    """
    listed, brought = checkpoint["remotes"].get(name, [[], []])
    before, present = checkpoint["devices"][name]["flooding"], now["flooding"]
    if present is None:
        return [], []
    missing = [address for address in listed if address in before and address not in present]
    return missing, [address for address in present if address in brought and address not in before]


def _concerned(checkpoint: Value, now: Devices, moved: Container[str]) -> List[str]:
    """Devices of before that are there: those that our files name, and ports of these. :param moved: these are not."""
    ours = set(checkpoint["touched"])
    return sorted(
        name
        for name, before in checkpoint["devices"].items()
        if name in now and (name in ours or (name not in moved and {before["master"], now[name]["master"]} & ours))
    )


def _foreign(checkpoint: Value, now: Devices) -> List[str]:
    """Devices that the new files have made. One with guests in it stays: who plugged them in wants it there."""
    mine = set(checkpoint["touched"])
    new = [name for name in mine if name in now and name not in checkpoint["devices"]]
    held = {device["master"] for name, device in now.items() if name not in mine}
    return sorted(name for name in new if now[name]["kind"] in MADE_BY_IFUPDOWN and name not in held)


def _commands(checkpoint: Value, name: str, now: Value) -> Iterator[List[str]]:
    before, link = checkpoint["devices"][name], ["ip", "link", "set", "dev", name]
    if before["master"] != now["master"]:
        yield [*link, "master", before["master"]] if before["master"] else [*link, "nomaster"]
    if _is_ours(checkpoint, name):
        yield from _own_commands(name, before, now)
    elif before["up"] and not now["up"] and before["master"] != now["master"]:
        yield [*link, "up"]
    missing, more = _flooding_left(checkpoint, name, now)
    yield from (["bridge", "fdb", "append", ALL_ZERO_MAC, "dev", name, "dst", address] for address in missing)
    yield from (["bridge", "fdb", "del", ALL_ZERO_MAC, "dev", name, "dst", address] for address in more)
    if now["vlans"] is not None:
        yield from _vlan_commands(name, before["vlans"], now["vlans"])


def _vlan_commands(name: str, before: List[str], now: List[str]) -> Iterator[List[str]]:
    # Those that go first: they may be a part of a range that comes.
    yield from (["bridge", "vlan", "del", "dev", name, *words.split()[:2]] for words in now if words not in before)
    yield from (["bridge", "vlan", "add", "dev", name, *words.split()] for words in before if words not in now)


def _own_commands(name: str, before: Value, now: Value) -> Iterator[List[str]]:
    link = ["ip", "link", "set", "dev", name]
    if before["mac"] != now["mac"] and before["mac"]:
        yield [*link, "address", before["mac"]]
        # What the kernel has made of the other MAC stays, the same on every node where that was a gateway's.
        yield from _address_commands(name, before.get("link_local", []), now["link_local"])
    elif before["up"]:
        # A bridge that was made anew may have been up before it had its port's MAC: one address for each then.
        known = before["link_local"] if "link_local" in before else now["link_local"]
        yield from _address_commands(name, [], [address for address in now["link_local"] if address not in known])
    if before["mtu"] != now["mtu"] and before["mtu"]:
        yield [*link, "mtu", str(before["mtu"])]
    if before["up"] is not None and before["up"] != now["up"]:
        yield [*link, "up" if before["up"] else "down"]
    yield from _address_commands(name, before["addresses"], now["addresses"])


def _address_commands(name: str, before: List[str], now: List[str]) -> Iterator[List[str]]:
    yield from (["ip", "address", "add", address, "dev", name] for address in before if address not in now)
    yield from (["ip", "address", "del", address, "dev", name] for address in now if address not in before)


def _done(machine: Machine, argv: List[str]) -> List[str]:
    try:
        outcome = machine.run(argv, limit=20)
    except Refused as refused:
        return [refused.error]
    return [" ".join(argv) if outcome.status == 0 else failure(argv, outcome)]


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {value[key]}" for key in sorted(value)) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)
