"""Which level of PVE's own generator a node has, by the version of its package."""

from __future__ import annotations

import re

from pvesdn.model.design import DesignInput

PACKAGE = "libpve-network-perl"
KNOWN = (1, 3)
"""The level whose rules pvesdn has; later ones print texts that are not known (docs/pve.md §0)."""
OWN_LAYOUT_UNTIL = (1, 0)
"""Before it, in PVE 8, frr.conf has another header and order (docs/pve.md §12)."""
PVE_OF_NEWER = (9, 2)
"""PVE's first version that needs a later level (docs/pve.md §0)."""
_FIRST_WITH_LEVEL = 9
"""PVE's first major version that can have the known level."""
VERSION = re.compile(r"(?:[0-9]+:)?([0-9]{1,9})\.([0-9]{1,9})")


def is_before_templates(given: DesignInput, node: str) -> bool:
    """PVE on the node is older than libpve-network-perl 1.3, and prints addresses in frr.conf as they were typed.

    A level that is not known is taken for the known one.
    """
    facts = given.facts.get(node)
    text = facts.versions.get(PACKAGE, "") if facts else ""
    if VERSION.match(text):
        return pair(text) < KNOWN
    return 0 < given.cluster.pve_major < _FIRST_WITH_LEVEL


def pair(version: str) -> tuple[int, int]:
    """Major and minor of a version; (0, 0) where it is none."""
    found = VERSION.match(version)
    return (int(found[1]), int(found[2])) if found else (0, 0)
