"""FRR on a simulated node: vtysh, frr-reload.py and the service; which text is live is kept in
`<root>/state/frr.json`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.main import loaded
from pvesdn_lab.simulated.commands.state import below, locked_state, read_json, write_json
from pvesdn_lab.simulated.commands.streams import complain, say

_ALWAYS = ("zebra", "mgmtd", "staticd", "watchfrr")
_DAEMON_OF = {
    r"router bgp\b|bgp\b": "bgpd",
    r"router ospf6\b": "ospf6d",
    r"router ospf\b|\s+ip ospf\b": "ospfd",
    r"router openfabric\b|\s+(ip|ipv6) router openfabric\b|\s+openfabric\b": "fabricd",
    r"router isis\b|\s+(ip|ipv6) router isis\b|\s+isis\b": "isisd",
    r"bfd\b": "bfdd",
    r"\s+vrrp\b": "vrrpd",
}
"""Beginnings of lines, and the daemon that takes them; an indented line that is not here is its block's."""
_SHOWN = {
    "show bgp neighbors json": ("bgpd", "evpn:neighbors"),
    "show evpn vni detail json": ("zebra", "evpn:vnis"),
    "show bgp l2vpn evpn vni json": ("bgpd", "evpn:bgp_vnis"),
    "show bgp l2vpn evpn route vni all json": ("bgpd", "evpn:own_routes"),
    "show evpn rmac vni all json": ("zebra", "evpn_routes:router_macs"),
    "show evpn next-hops vni all json": ("zebra", "evpn_routes:next_hops"),
    "show vrrp json": ("vrrpd", "evpn_routes:virtual_routers"),
}
"""Questions that are answered in JSON, the daemon that answers, and module and function that know what it says by the
nodes' files; like a command's, the module is loaded when it is needed.
"""
_OF_A_VTEP = re.compile(r" vtep \S+")
_taken_before: set[tuple[str, bytes]] = set()
"""Texts that a vtysh had nothing against: one that is staged is checked again when FRR loads it."""
_NOBODY = "Exiting: failed to connect to any daemons.\n"


def vtysh(root: Path, arguments: Sequence[str]) -> int:
    """``vtysh -C -f FILE`` is the machine's own vtysh where it has one; with ``-c`` it tells of daemons and
    configuration.
    """
    if "-C" in arguments:
        status, complaints = _checked(root, below(root, arguments[arguments.index("-f") + 1]))
        complain(complaints)
        return status
    frr = _load(root)
    if not frr["running"]:
        complain(_NOBODY)
        return 1
    question = arguments[arguments.index("-c") + 1] if "-c" in arguments[:-1] else ""
    question = _OF_A_VTEP.sub("", question)  # which is always the node's own
    if question == "show daemons":
        say("".join(f" {daemon}" for daemon in frr["daemons"]) + "\n")
    elif question == "show running-config":
        say(f"Building configuration...\n\nCurrent configuration:\n!\n{frr['config']}end\n")
    elif question in _SHOWN:
        daemon, shown = _SHOWN[question]
        if daemon not in frr["daemons"]:
            say(f"{daemon} is not running\n")
            return 1
        say(json.dumps(loaded(shown)(root), indent=2) + "\n")
    return 0


def installed_vtysh(root: Path) -> str | None:
    """The machine's own vtysh, which needs no daemon to check a text; None where only the stand-in of this node is
    there.
    """
    import shutil  # noqa: PLC0415 - most calls ask what FRR shows, and need neither this nor a process

    folders = [folder for folder in os.environ.get("PATH", "").split(":") if folder and Path(folder) != root / "bin"]
    return shutil.which("vtysh", path=":".join([*folders, "/usr/bin"]))


def _checked(root: Path, path: Path) -> tuple[int, str]:
    """The exit status of ``vtysh -C`` and what it says of each wrong line."""
    import subprocess  # noqa: PLC0415 - as `shutil`

    from pvesdn_lab.simulated.commands.frr_grammar import check  # noqa: PLC0415 - as `shutil`

    if real := installed_vtysh(root):
        asked = (real, path.read_bytes() if path.is_file() else b"")
        if asked in _taken_before:
            return 0, ""
        done = subprocess.run([real, "-C", "-f", str(path)], capture_output=True, text=True, check=False)
        if not done.returncode and not done.stderr:
            _taken_before.add(asked)
        return done.returncode, done.stderr
    if not path.is_file():
        return 11, f"% Can't open configuration file {path} due to 'No such file or directory'.\n"
    faults, status = check(path.read_text("utf-8"))
    return status, "".join(map(str, faults))


def frr_reload(root: Path, arguments: Sequence[str]) -> int:
    """``frr-reload.py [--stdout] --reload|--test FILE``: what is for a daemon that does not run is left out without a
    word.
    """
    frr = _load(root)
    name = next(word for word in arguments if not word.startswith("-"))
    path = below(root, name)
    if not path.is_file() or not path.stat().st_size:
        say(f"Filename {name} {'is an empty file' if path.is_file() else 'does not exist'}\n")
        return 1
    if not frr["running"]:
        complain(f'{_NOBODY}VtyshException: vtysh returned status 1 for command "configure"\n')
        return 1
    text = path.read_text("utf-8")
    status, complaints = _checked(root, path)
    if status:
        failure = f"vtysh (mark file) exited with status {status}:\n{complaints.encode()!r}"
        say(f"vtysh failed to process new configuration: {failure}\n")
        return 1
    if "--test" not in arguments:
        _store(root, frr | {"config": _taken(text, frr["daemons"]), "reloads": frr["reloads"] + 1})
    return 0


def _taken(text: str, daemons: Sequence[str]) -> str:
    """What of a configuration those daemons take."""
    taken, owner = [], ""
    for line in text.splitlines(keepends=True):
        mine = next((daemon for words, daemon in _DAEMON_OF.items() if re.match(words, line)), "")
        if not line.startswith((" ", "\t", "exit", "!")):
            owner = mine
        if (mine or owner or "zebra") in daemons:
            taken.append(line)
    return "".join(taken)


def systemctl(root: Path, arguments: Sequence[str]) -> int:
    """``systemctl start|restart|stop|enable|disable|is-active|is-enabled frr``; other units are not there."""
    words = [word for word in arguments if not word.startswith("-")]
    action, unit = words[0], (words[-1].removesuffix(".service") if len(words) > 1 else "")
    if unit != "frr":
        complain(f"Unit {unit}.service could not be found.\n")
        return 4
    frr = _load(root)
    match action:
        case "is-active":
            say("active\n" if frr["running"] else "inactive\n")
            return 0 if frr["running"] else 3
        case "is-enabled":
            say("enabled\n" if frr["enabled"] else "disabled\n")
            return 0 if frr["enabled"] else 1
        case "stop":
            _store(root, frr | {"running": False, "daemons": []})
        case "start" if frr["running"]:
            pass
        case "start" | "restart":
            _store(root, _started(root, frr))
        case "enable" | "disable":
            starts = "--now" in arguments and action == "enable" and not frr["running"]
            _store(root, (_started(root, frr) if starts else frr) | {"enabled": action == "enable"})
        case _:
            complain(f"Unknown command verb '{action}'.\n")
            return 1
    return 0


def _started(root: Path, frr: dict[str, Any]) -> dict[str, Any]:
    """The service after a start: daemons as /etc/frr/daemons says, configuration as the file says. Everything is
    announced anew.
    """
    with locked_state(root) as state:
        for link in state.links.values():
            link.pop("is_forgotten", None)
    daemons = root / "etc/frr/daemons"
    text = daemons.read_text("utf-8") if daemons.is_file() else ""
    enabled = re.findall(r"^(\w+)=yes\s*$", text, re.MULTILINE)
    names = [*_ALWAYS, *(name for name in enabled if name not in _ALWAYS and name != "vtysh_enable")]
    config = root / "etc/frr/frr.conf"
    text = config.read_text("utf-8") if config.is_file() else ""
    return frr | {"running": True, "daemons": names, "config": _taken(text, names), "restarts": frr["restarts"] + 1}


def _load(root: Path) -> dict[str, Any]:
    default = {"enabled": False, "running": False, "daemons": [], "config": "", "reloads": 0, "restarts": 0}
    stored: dict[str, Any] = read_json(root, "frr", {})
    return default | stored


def _store(root: Path, frr: dict[str, Any]) -> None:
    write_json(root, "frr", frr)
