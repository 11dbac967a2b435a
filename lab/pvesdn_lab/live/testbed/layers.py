"""The layer of a live node's /usr that lies over the packages: what of them a node does not have, or has otherwise."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.ifupdown import loosen_bridges, make_vxlan_anew, wait_for_links
from pvesdn_lab.live.testbed.plan import NodePlan

_UNITS = Path("lib/systemd/system")
_GENERATORS = Path("lib/systemd/system-generators")
_MACHINE = Path("/usr")


def make_layers(layer: Path, packages: Unpacked, plan: NodePlan) -> list[Path]:
    """The folders that make up a node's /usr, topmost first.

    :param layer: the topmost one, which is filled if it is not there.
    :param plan: says which parts of ifupdown2 behave like PVE's build.
    """
    below = [packages.root / "usr", _MACHINE]
    if not layer.is_dir():
        (layer / _UNITS).mkdir(parents=True)
        for path in _started_unasked(below):
            _hide(layer / path)
        if plan.pve_ifupdown2:
            loosen_bridges(packages.root / "usr", layer)
            wait_for_links(packages.root / "usr", layer)
        if plan.vxlan_anew:
            make_vxlan_anew(packages.root / "usr", layer)
    return [layer, *below]


def _started_unasked(layers: Iterable[Path]) -> set[Path]:
    """What makes systemd start more than a node's /etc wants: the machine may have any service installed, and some of
    Debian's own would set up a machine's clock, console, devices and modules.
    """
    found = {_GENERATORS} if any((layer / _GENERATORS).is_dir() for layer in layers) else set()
    return found | {path.relative_to(layer) for layer in layers for path in (layer / _UNITS).glob("*.wants")}


def _hide(path: Path) -> None:
    """Let nothing of that name be seen in the layers below: to an overlay, such a device says so."""
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))
