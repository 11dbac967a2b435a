"""FRR on a simulated node: vtysh, frr-reload.py and the service; which text is live is kept in `<root>/state/frr.json`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import below, read_json, write_json

_NEEDS = {"router bgp": "bgpd", "router ospf": "ospfd", "router openfabric": "fabricd", "router isis": "isisd"}
_ALWAYS = ("zebra", "mgmtd", "staticd", "watchfrr")


def vtysh(root: Path, arguments: Sequence[str]) -> int:
    """``vtysh -C -f FILE`` accepts what looks like FRR's words; with ``-c`` it has nothing to tell."""
    if "-C" not in arguments:
        return 0
    path = below(root, arguments[arguments.index("-f") + 1])
    if not path.is_file():
        sys.stderr.write(f"% Can't open configuration file {path} due to 'No such file or directory'.\n")
        return 2
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip() and not re.match(r"\s*([a-z!#]|$)", line):
            sys.stderr.write(f"line {number}: % Unknown command[0]: {line}\n")
            return 2
    return 0


def frr_reload(root: Path, arguments: Sequence[str]) -> int:
    """``frr-reload.py [--stdout] --reload|--test FILE``: needs the daemons that the text needs."""
    frr = _load(root)
    if not frr["running"]:
        sys.stderr.write("Exception: vtysh is not running: failed to connect to any daemons.\n")
        return 1
    path = below(root, next(word for word in arguments if not word.startswith("-")))
    text = path.read_text("utf-8")
    for words, daemon in _NEEDS.items():
        if re.search(rf"^{words}\b", text, re.MULTILINE) and daemon not in frr["daemons"]:
            sys.stderr.write(f"{daemon} is not running\n")
            return 1
    if "--test" not in arguments:
        _store(root, frr | {"config": text, "reloads": frr["reloads"] + 1})
    return 0


def systemctl(root: Path, arguments: Sequence[str]) -> int:
    """``systemctl start|restart|reload|stop|enable|disable|is-active|is-enabled frr``; other units are not there."""
    words = [word for word in arguments if not word.startswith("-")]
    action, unit = words[0], (words[-1].removesuffix(".service") if len(words) > 1 else "")
    if unit != "frr":
        sys.stderr.write(f"Unit {unit}.service could not be found.\n")
        return 4
    frr = _load(root)
    match action:
        case "is-active":
            sys.stdout.write("active\n" if frr["running"] else "inactive\n")
            return 0 if frr["running"] else 3
        case "is-enabled":
            sys.stdout.write("enabled\n" if frr["enabled"] else "disabled\n")
            return 0 if frr["enabled"] else 1
        case "stop":
            _store(root, frr | {"running": False, "daemons": []})
        case "start" | "restart" | "reload" | "reload-or-restart":
            _store(root, _started(root, frr))
        case "enable" | "disable":
            frr = _started(root, frr) if "--now" in arguments else frr
            _store(root, frr | {"enabled": action == "enable"})
        case _:
            sys.stderr.write(f"Unknown command verb '{action}'.\n")
            return 1
    return 0


def _started(root: Path, frr: dict[str, Any]) -> dict[str, Any]:
    """The service after a start: daemons as /etc/frr/daemons says, configuration as the file says."""
    daemons = root / "etc/frr/daemons"
    text = daemons.read_text("utf-8") if daemons.is_file() else ""
    enabled = re.findall(r"^(\w+)=yes\s*$", text, re.MULTILINE)
    names = [*_ALWAYS, *(name for name in enabled if name not in _ALWAYS and name != "vtysh_enable")]
    config = root / "etc/frr/frr.conf"
    text = config.read_text("utf-8") if config.is_file() else ""
    return frr | {"running": True, "daemons": names, "config": text, "restarts": frr["restarts"] + 1}


def _load(root: Path) -> dict[str, Any]:
    default = {"enabled": False, "running": False, "daemons": [], "config": "", "reloads": 0, "restarts": 0}
    stored: dict[str, Any] = read_json(root, "frr", {})
    return default | stored


def _store(root: Path, frr: dict[str, Any]) -> None:
    write_json(root, "frr", frr)
