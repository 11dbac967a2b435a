"""Whose text a file holds, and whether it may be replaced."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from pvesdn.decode.frr.text import is_from_write_memory, meaning
from pvesdn.decode.nodes.record import Record
from pvesdn.model.dhcp_unit import zone_of
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_INTERFACES, OUR_SYSCTL

_FRR_SETTINGS = (
    "frr version",
    "frr defaults",
    "hostname",
    "log ",
    "service integrated-vtysh-config",
    "line vty",
    "no ip forwarding",
    "no ipv6 forwarding",
    "end",
)
_SWITCHES_OFF = re.compile("no (ip|ipv6) forwarding")
_OURS_BY_NAME = frozenset({OUR_INTERFACES, OUR_SYSCTL})
_MERGED = frozenset({FRR_DAEMONS, FRR_CONF_LOCAL})


def digest(text: str) -> str:
    """SHA-256 of a file's bytes, lower-case hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def conflict(
    path: str, current: str | None, record: Mapping[str, str] | None, meanings: Mapping[str, str] | None = None
) -> str:
    """Why `current` must not be replaced without being told; empty when it may.

    :param record: digests of what we last wrote, by path; None when the node has no record.
    :param meanings: see `Record.meanings`.
    """
    if current is None or path in _MERGED:
        # daemons is only switched on, and frr.conf.local keeps what stands outside our block
        return ""
    written = (record or {}).get(path)
    if written is not None:
        is_ours = digest(current) == written or _is_ours_by_frr(path, current, meanings or {})
        return "" if is_ours else "it was edited after pvesdn wrote it"
    if not current.strip() or (path == FRR_CONF and is_blank_frr(current)):
        return ""
    if path in _OURS_BY_NAME or zone_of(path) is not None:
        return "it exists, but this node has no record of pvesdn writing it"
    return "somebody else wrote it"


def is_as_wanted(path: str, current: str | None, wanted: str | None, record: Record) -> bool:
    """Whether a file needs no write: it has the text, or FRR has rewritten our frr.conf in its own words (`write
    memory`).
    """
    if current == wanted:
        return True
    if path != FRR_CONF or not current or not wanted or FRR_CONF not in (record.files or {}):
        return False
    return is_from_write_memory(current) and meaning(current) == meaning(wanted)


def _is_ours_by_frr(path: str, current: str, meanings: Mapping[str, str]) -> bool:
    return path in meanings and is_from_write_memory(current) and meaning(current) == meanings[path]


def holds_our_frr(files: Mapping[str, str], record: Record, facts: NodeFacts) -> bool:
    """Whether a node's frr.conf still holds what pvesdn wrote. If nothing is left in it, PVE had it in between, or we
    have left there that FRR switches forwarding off: as long as FRR is installed, this follows what the node needs.
    """
    text = files.get(FRR_CONF)
    if text is None or FRR_CONF not in (record.files or {}):
        return False
    if not is_blank_frr(text):
        return True
    is_as_written = not conflict(FRR_CONF, text, record.files, record.meanings)
    return is_as_written and not facts.lacks_frr and any(map(_SWITCHES_OFF.fullmatch, text.splitlines()))


def is_blank_frr(text: str) -> bool:
    """Whether the text is only the package's default frr.conf, or the skeleton that PVE leaves behind: no block, no
    route.
    """
    return all(
        not line.strip() or line.lstrip().startswith(("!", "#")) or line.startswith(_FRR_SETTINGS)
        for line in text.splitlines()
    )
