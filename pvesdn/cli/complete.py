"""What a shell offers for names: those of the definitions, the cluster and the history that are at hand.

Somebody waits for it with a finger on the key: nothing is asked over a network, nothing is decoded, and what cannot be
read offers nothing and says nothing. A snapshot that the command line names, and a draft, are read in place of the
cluster's own files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SDN = "/etc/pve/sdn"
NODES = "/etc/pve/nodes"
"""pmxcfs has a folder here for each member."""
GUESTS = "/etc/pve/.vmlist"
"""pmxcfs lists every guest of the cluster here."""
_IN_A_SNAPSHOT = "etc/pve/sdn"

OWN_ZONES = frozenset({"vxlan", "evpn"})
"""Section types of pvesdn.cfg that are zones."""

_MOST = 1 << 20
"""Bytes of one file."""

Offer = Callable[[click.Context, click.Parameter, str], list["CompletionItem"]]


def offers(names: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Offer:
    """A callback for click, of a function that finds names and what is said of each; the order is that function's."""

    def offer(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - help must be quick

        return [CompletionItem(name, help=text or None) for name, text in names(context) if name.startswith(begun)]

    return offer


@offers
def zones(context: click.Context) -> Iterable[tuple[str, str]]:
    """All of them."""
    return sorted([*_own_zones(context), *_pve_zones(context)])


@offers
def own_zones(context: click.Context) -> Iterable[tuple[str, str]]:
    """Those of pvesdn.cfg, or of a draft."""
    return sorted(_own_zones(context))


@offers
def pve_zones(context: click.Context) -> Iterable[tuple[str, str]]:
    """Those of PVE's panel."""
    return sorted(_pve_zones(context))


@offers
def vnets(context: click.Context) -> Iterable[tuple[str, str]]:
    """Those of pvesdn.cfg and of PVE's panel."""
    own = [(name, "of pvesdn.cfg") for kind, name in sections(_definitions(context, "pvesdn.cfg")) if kind == "vnet"]
    drawn = [(name, "of PVE's panel") for kind, name in sections(_definitions(context, "vnets.cfg")) if kind == "vnet"]
    return sorted([*own, *drawn])


@offers
def nodes(context: click.Context) -> Iterable[tuple[str, str]]:
    """Members of the cluster, or the nodes of a snapshot."""
    folder = context.params.get("folder")
    try:
        return [(name, "") for name in sorted(os.listdir(NODES if folder is None else f"{folder}/nodes"))]  # noqa: PTH208 - help must be quick
    except OSError:
        return []


@offers
def guests(_: click.Context) -> Iterable[tuple[str, str]]:
    """Ids, as pmxcfs lists them for all nodes."""
    import json  # noqa: PLC0415 - help must be quick

    try:
        found = json.loads(_text(GUESTS))["ids"]
        return sorted((guest, f"{row['type']} on {row['node']}") for guest, row in found.items())
    except (ValueError, TypeError, LookupError, AttributeError):
        return []


@offers
def applies(_: click.Context) -> Iterable[tuple[str, str]]:
    """Numbers of the history, the newest first, with what was said of each."""
    import json  # noqa: PLC0415 - help must be quick

    try:
        entries = json.loads(_text(f"{SDN}/pvesdn-history.json"))["entries"]
        found = [(str(int(entry["number"])), str(entry["comment"] or entry["began"])) for entry in entries]
    except (ValueError, TypeError, LookupError):
        return []
    return reversed(found)


def _own_zones(context: click.Context) -> list[tuple[str, str]]:
    draft = context.params.get("draft_file")
    place = _definitions(context, "pvesdn.cfg") if draft is None else os.fspath(draft)
    return [(name, f"{kind} of pvesdn.cfg") for kind, name in sections(place) if kind in OWN_ZONES]


def _pve_zones(context: click.Context) -> list[tuple[str, str]]:
    return [(name, f"{kind} of PVE's panel") for kind, name in sections(_definitions(context, "zones.cfg"))]


def _definitions(context: click.Context, name: str) -> str:
    folder = context.params.get("folder")
    return f"{SDN}/{name}" if folder is None else f"{folder}/{_IN_A_SNAPSHOT}/{name}"


def sections(place: str) -> list[tuple[str, str]]:
    """Type and id of each section of a file of definitions."""
    from pvesdn.decode.definitions.section_config import scan  # noqa: PLC0415 - help must be quick

    return [(section.type, section.id) for section in scan(_text(place)).sections]


def _text(place: str) -> str:
    """What a file says; nothing where it cannot be read, or is none."""
    try:
        with open(place, encoding="utf-8", errors="replace", opener=_without_waiting) as file:
            return file.read(_MOST) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else ""
    except (OSError, ValueError):
        return ""


def _without_waiting(place: str, flags: int) -> int:
    """A pipe that nobody writes to would never open otherwise."""
    return os.open(place, flags | os.O_NONBLOCK)
