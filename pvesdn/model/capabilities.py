"""What the PVE of a cluster can do: every question about its version is answered here, once, with the source.

Two packages have a say. The API is that of pve-manager, whose version `GET /version` gives. Definitions, their
endpoints and the generator of PVE's files are those of libpve-network-perl, which each node has in a version of its
own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TypeAlias

NETWORK_PACKAGE = "libpve-network-perl"

_Version: TypeAlias = tuple[int, ...]
_VERSION = re.compile(r"(?:[0-9]+:)?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?:\.([0-9]{1,9}))?")

# --- pve-manager -----------------------------------------------------------------------------------------------------

_SDN: _Version = (8,)
"""It depends on libpve-network-perl; on PVE 7 that is an option (docs/pve.md §12)."""
_REGENERATE_FRR: _Version = (9, 0, 1)
"""`PUT /nodes/{node}/network` takes `regenerate-frr`; betas of 9.0 called it otherwise (docs/pve.md §3.2)."""
_WITH_TEMPLATES: _Version = (9,)
"""It needs libpve-network-perl 1.1 at least (docs/pve.md §0)."""
_AFTER_KNOWN: _Version = (9, 2)
"""It needs libpve-network-perl 1.6.5 at least (docs/pve.md §0)."""

# --- libpve-network-perl ---------------------------------------------------------------------------------------------

_LAYOUT: _Version = (1, 0)
"""frr.conf has today's header and order, and frr.conf.local is merged by today's rules (docs/pve.md §12, §6.7)."""
_LOCK: _Version = (1, 1, 3)
"""`/cluster/sdn/lock` and `/cluster/sdn/rollback`, and a lock token with every change (docs/pve.md §3.1)."""
_LOCAL_ALONE: _Version = (1, 2, 2)
"""A frr.conf.local is reason enough to write frr.conf (docs/pve.md §4.4)."""
_DRY_RUN: _Version = (1, 3, 0)
"""`GET /cluster/sdn/dry-run` (docs/pve.md §3.1)."""
_COMPARED: _Version = (1, 2)
"""The oldest whose interfaces were held against ours (docs/pve.md §10)."""
_KNOWN: _Version = (1, 3)
"""The level whose rules pvesdn has; before it addresses in frr.conf are as they were typed (docs/pve.md §6.8)."""


class GeneratorLevel(IntEnum):
    """How PVE's generator on a node prints its files, by what differs for pvesdn."""

    BEFORE_1_0 = 0
    BEFORE_1_3 = 1
    KNOWN = 2
    NEWER = 3


@dataclass(frozen=True, slots=True)
class NodeCapabilities:
    """What PVE on one node can do.

    :param package: the version of libpve-network-perl there; empty where it is not known, and PVE's own version
        decides.
    :param level: of the generator; one that is not known is taken for the known one.
    :param writes_frr_for_local: a frr.conf.local alone makes PVE write frr.conf.
    :param has_lock: changes may be made under a lock with a token.
    :param has_dry_run: the node can be asked what a commit would change there.
    """

    package: str = ""
    level: GeneratorLevel = GeneratorLevel.KNOWN
    writes_frr_for_local: bool = True
    has_lock: bool = False
    has_dry_run: bool = False

    @property
    def merge_is_known(self) -> bool:
        """frr.conf.local is merged by the rules of `design.merge`."""
        return self.level > GeneratorLevel.BEFORE_1_0

    @property
    def interfaces_are_known(self) -> bool:
        """`interfaces.d/sdn` is printed by the rules of `design.pve`, which 1.2 and 1.3 share (docs/pve.md §10)."""
        is_seen = not self.package or _is_at_least(_parsed(self.package), _COMPARED)
        return is_seen and GeneratorLevel.BEFORE_1_0 < self.level <= GeneratorLevel.KNOWN


@dataclass(frozen=True, slots=True)
class PveCapabilities:
    """What the PVE of one cluster can do.

    :param version: of pve-manager, as `GET /version` gives it; empty when it is not known.
    :param has_sdn: the API has PVE's own SDN, which then owns `interfaces.d/sdn`.
    :param packages: the version of libpve-network-perl by node, of nodes that were asked and have it.
    """

    version: str
    has_sdn: bool
    packages: Mapping[str, str] = field(default_factory=dict)

    def on(self, node: str) -> NodeCapabilities:
        """What one node can do, asked or not."""
        return _of_node(self.version, self.packages.get(node, ""))

    @property
    def takes_regenerate_frr(self) -> bool:
        """A node's network reload can be told to leave frr.conf alone."""
        return self.has_sdn and _is_at_least(_parsed(self.version), _REGENERATE_FRR)


def has_sdn_by_version(version: str) -> bool:
    """A PVE of this version has SDN of its own, where nobody asked for its endpoints."""
    return _is_at_least(_parsed(version), _SDN)


@lru_cache(maxsize=64)  # a cluster has few versions, and each is asked for by every node
def _of_node(version: str, package: str) -> NodeCapabilities:
    pve, network = _parsed(version), _parsed(package)
    if not network:
        is_old = bool(pve) and not _is_at_least(pve, _WITH_TEMPLATES)
        is_after_known = pve[:2] >= _AFTER_KNOWN
        level = GeneratorLevel.NEWER if is_after_known else GeneratorLevel.KNOWN
        return NodeCapabilities(
            level=GeneratorLevel.BEFORE_1_0 if is_old else level,
            writes_frr_for_local=not is_old,
            has_lock=is_after_known,
            has_dry_run=is_after_known,
        )
    return NodeCapabilities(
        package=package,
        level=_level(network),
        writes_frr_for_local=_is_at_least(network, _LOCAL_ALONE),
        has_lock=_is_at_least(network, _LOCK),
        has_dry_run=_is_at_least(network, _DRY_RUN),
    )


def _level(network: _Version) -> GeneratorLevel:
    if not _is_at_least(network, _LAYOUT):
        return GeneratorLevel.BEFORE_1_0
    if not _is_at_least(network, _KNOWN):
        return GeneratorLevel.BEFORE_1_3
    return GeneratorLevel.NEWER if network[:2] > _KNOWN else GeneratorLevel.KNOWN


def _parsed(version: str) -> _Version:
    """Major, minor and patch level as far as they are said; empty for anything else."""
    found = _VERSION.match(version)
    return tuple(int(part) for part in found.groups() if part is not None) if found else ()


def _is_at_least(version: _Version, since: _Version) -> bool:
    """A number that is not said counts as high enough; a version that is not known is never."""
    return bool(version) and version >= since[: len(version)]
