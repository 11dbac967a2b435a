"""Two defaults in which PVE's build of ifupdown2 differs from Debian's, and without which PVE's own stanzas do not work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pvesdn.lab.live.space import LabFault

_ADDON = Path("share/ifupdown2/addons/bridge.py")
_QUESTION = "ifaceobj.get_attr_value_first('bridge-ports-condone-regex')"
_GUEST_PORTS = "^(tap|veth|fwpr)[0-9].*"
_SETTINGS = Path("network/ifupdown2/ifupdown2.conf")
_SETTING = "multiple_vlan_aware_bridge_support"


def keep_guests(usr: Path, layer: Path) -> None:
    """Put into `layer` a copy of the bridge addon whose ``bridge-ports-condone-regex`` is by default that of guests' ports.

    PVE's stanzas do not say it: its own build of ifupdown2 is patched, and Debian's would take the ports out of their
    bridges. pvesdn's stanzas say it themselves and need no patch.

    :param usr: the unpacked packages' /usr.
    :raises LabFault: this version of ifupdown2 asks for the attribute in another way.
    """
    copy = layer / _ADDON
    copy.parent.mkdir(parents=True, exist_ok=True)
    _replace(usr / _ADDON, copy, _QUESTION, f"({_QUESTION} or {_GUEST_PORTS!r})")
    interpreter = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    subprocess.run([interpreter, "-m", "compileall", "-q", str(copy.parent)], check=True)


def allow_vlan_aware_bridges(etc: Path) -> None:
    """Let a node have several VLAN-aware bridges: Debian's setting allows one, and every qinq zone of PVE's is one more.

    :raises LabFault: this version of ifupdown2 has no such setting.
    """
    _replace(etc / _SETTINGS, etc / _SETTINGS, f"{_SETTING}=0", f"{_SETTING}=1")


def _replace(source: Path, target: Path, old: str, new: str) -> None:
    text = source.read_text("utf-8")
    if text.count(old) != 1:
        raise LabFault(f"{source}: '{old}' is there {text.count(old)} times, not once: ifupdown2 has changed")
    target.write_text(text.replace(old, new), "utf-8")
