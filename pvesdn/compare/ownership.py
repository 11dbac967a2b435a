"""Whose text a file holds, and whether it may be replaced (decisions: whose file is whose)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_INTERFACES, OUR_SYSCTL

_FRR_SETTINGS = (
    "frr version",
    "frr defaults",
    "hostname",
    "log ",
    "service integrated-vtysh-config",
    "line vty",
    "end",
)
_OURS_BY_NAME = frozenset({OUR_INTERFACES, OUR_SYSCTL})
_MERGED = frozenset({FRR_DAEMONS, FRR_CONF_LOCAL})


def digest(text: str) -> str:
    """SHA-256 of a file's bytes, lower-case hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def conflict(path: str, current: str | None, record: Mapping[str, str] | None) -> str:
    """Why `current` must not be replaced without being told; empty when it may.

    :param record: digests of our last write by path; None when the node has no record.
    """
    if current is None or path in _MERGED:
        # daemons is only switched on, and frr.conf.local keeps what stands outside our block
        return ""
    written = (record or {}).get(path)
    if written is not None:
        return "" if digest(current) == written else "it was edited after pvesdn wrote it"
    if not current.strip() or (path == FRR_CONF and is_blank_frr(current)):
        return ""
    if path in _OURS_BY_NAME:
        return "it exists, but this node has no record of pvesdn writing it"
    return "somebody else wrote it"


def is_blank_frr(text: str) -> bool:
    """No more than the package's default frr.conf, or the skeleton PVE leaves behind: no block, no route."""
    return all(
        not line.strip() or line.lstrip().startswith(("!", "#")) or line.startswith(_FRR_SETTINGS)
        for line in text.splitlines()
    )
