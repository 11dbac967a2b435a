"""Debian's ifupdown2 where PVE's own stanzas count on more: what PVE's build is known to allow, and a race that is not
lost.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pvesdn_lab.live.testbed.space import LabFault

_HOME = Path("share/ifupdown2")
_ADDON = _HOME / "addons/bridge.py"
_CONDONED = "ifaceobj.get_attr_value_first('bridge-ports-condone-regex')"
_IS_VLAN = "if port_obj_l and port_obj_l[0].link_kind & ifaceLinkKind.VLAN"
_GUEST_PORTS = "^(tap|veth|fwpr)[0-9].*"
_LIBRARY = _HOME / "lib/iproute2.py"
_PAIR_IS_MADE = """\
            % (utils.ip_cmd, ifname, peer_name)
        )
"""
_DUMMY_IS_MADE = """\
            "%s link add %s type %s"
            % (utils.ip_cmd, ifname, link_type)
        )
"""
_WAIT = """\
        import time

        end = time.monotonic() + 10
        while not all(map(self.cache.link_exists, {ends})) and time.monotonic() < end:
            time.sleep(0.01)
"""
_RELOAD = _HOME / "ifupdown/ifupdownmain.py"
_LEAVES_CHANGED = "if not down_changed:"
_LEAVES_ALL_BUT_VXLAN = "if not (down_changed or lastifaceobjlist[0].link_kind & ifaceLinkKind.VXLAN):"
_SETTINGS = Path("network/ifupdown2/ifupdown2.conf")
_SETTING = "multiple_vlan_aware_bridge_support"


def loosen_bridges(usr: Path, layer: Path) -> None:
    """Put into `layer` a copy of the bridge addon that does with ports what PVE's build does.

    ``bridge-ports-condone-regex`` is by default that of guests' ports: PVE's stanzas do not say it, and Debian's
    ifupdown2 would take the ports out of their bridges. A VLAN-aware bridge may have a VLAN device as a port: every
    qinq zone has one, and Debian's ifupdown2 makes it a plain bridge instead. pvesdn's own stanzas need neither.

    :param usr: the unpacked packages' /usr.
    :raises LabFault: this version of ifupdown2 does it in another way.
    """
    condoned = f"({_CONDONED} or {_GUEST_PORTS!r})"
    _patch(usr, layer, _ADDON, {_CONDONED: condoned, _IS_VLAN: f"{_IS_VLAN} and False"})


def wait_for_links(usr: Path, layer: Path) -> None:
    """Put into `layer` a copy of the library that waits, after making a veth pair or a dummy, until its cache knows it.

    The cache hears of new devices in its own time (CumulusNetworks/ifupdown2 number 310). PVE's stanzas have a bridge
    that wants one end right after the pair was made; where the kernel is slow it came too early, and the reload failed.
    The dummy of a fabric got no address there, and the reload said nothing.

    :param usr: the unpacked packages' /usr.
    :raises LabFault: this version of ifupdown2 makes them in another way.
    """
    changes = {_PAIR_IS_MADE: "(ifname, peer_name)", _DUMMY_IS_MADE: "(ifname,)"}
    _patch(usr, layer, _LIBRARY, {made: made + _WAIT.format(ends=ends) for made, ends in changes.items()})


def make_vxlan_anew(usr: Path, layer: Path) -> None:
    """Put into `layer` a copy of the reload that takes down each VXLAN device whose stanza has changed, before all is
    brought up: PVE's build does so. Debian's takes down only what has gone, and changes the rest in place.

    :param usr: the unpacked packages' /usr.
    :raises LabFault: this version of ifupdown2 does it in another way.
    """
    _patch(usr, layer, _RELOAD, {_LEAVES_CHANGED: _LEAVES_ALL_BUT_VXLAN})


def allow_vlan_aware_bridges(etc: Path) -> None:
    """Let a node have several VLAN-aware bridges: Debian's setting allows one, and every qinq zone of PVE's is one
    more.

    :raises LabFault: this version of ifupdown2 has no such setting.
    """
    _replace(etc / _SETTINGS, etc / _SETTINGS, {f"{_SETTING}=0": f"{_SETTING}=1"})


def _patch(usr: Path, layer: Path, file: Path, changes: Mapping[str, str]) -> None:
    copy = layer / file
    copy.parent.mkdir(parents=True, exist_ok=True)
    _replace(usr / file, copy, changes)
    interpreter = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    subprocess.run([interpreter, "-m", "compileall", "-q", str(copy.parent)], check=True)


def _replace(source: Path, target: Path, changes: Mapping[str, str]) -> None:
    text = source.read_text("utf-8")
    for old, new in changes.items():
        if text.count(old) != 1:
            raise LabFault(
                f"{source}: '{old.strip()}' is there {text.count(old)} times, not once: ifupdown2 has changed"
            )
        text = text.replace(old, new)
    target.write_text(text, "utf-8")
