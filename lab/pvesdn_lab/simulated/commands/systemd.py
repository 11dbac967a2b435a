"""systemctl on a simulated node: frr.service, and whatever units lie in /etc/systemd/system."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands import dhcp_units, frr
from pvesdn_lab.simulated.commands.state import read_json, write_json
from pvesdn_lab.simulated.commands.streams import complain, say

UNITS = "etc/systemd/system"
_STARTED = "units"
"""Names of units that were started and not stopped since, in the node's state."""


def systemctl(root: Path, arguments: Sequence[str]) -> int:
    """``systemctl VERB UNIT``: frr in full, of others ``start``, ``stop``, ``is-active``, ``show``."""
    words = [word for word in arguments if not word.startswith("-")]
    if words[-1].startswith(dhcp_units.PREFIX):
        return dhcp_units.call(root, words[0], words[-1], is_now="--now" in arguments)
    if words[0] in {"daemon-reload", "show"}:
        if words[0] == "daemon-reload":
            dhcp_units.read_again(root)
        say("no\n" * (len(words) - 1))  # nothing has changed on disk
        return 0
    unit = words[-1]
    if not (root / UNITS / unit).is_file() and unit not in started(root):
        return frr.systemctl(root, arguments)
    match words[0]:
        case "start":
            write_json(root, _STARTED, sorted({*started(root), unit}))
        case "stop":
            write_json(root, _STARTED, [name for name in started(root) if name != unit])
        case "is-active":
            say("active\n" if unit in started(root) else "inactive\n")
            return 0 if unit in started(root) else 3
        case action:
            complain(f"Unknown command verb '{action}'.\n")
            return 1
    return 0


def started(root: Path) -> list[str]:
    """Units that run, frr aside."""
    names: list[str] = read_json(root, _STARTED, [])
    return names
