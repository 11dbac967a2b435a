"""What publishing a zone comes to besides its plan, for people and as a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.acl import LOCAL_ZONE
from pvesdn.model.snapshot import FORMER_OWN_FILE, OWN_FILE
from pvesdn.move.published import Published


def publish_lines(
    found: Published, rights: tuple[str, ...] | None, back: int | None, width: int | None = None
) -> Iterator[Line]:
    """What moves where, which rights have to be given, and the way back.

    :param rights: commands, which stay whole; None where PVE has shown no rights.
    :param back: the number of the apply to go back to; None where there is none.
    :param width: see `wrapped`.
    """
    yield from wrapped(_told(found, rights, back), width)
    yield from ((f"    {command}",) for command in rights or ())
    yield ()


def _told(found: Published, rights: tuple[str, ...] | None, back: int | None) -> Iterator[Line]:
    yield Span(f"Publish zone {found.zone}", Style.STRONG), f": it carries zone {found.home} of PVE's from now on"
    yield (f"  VNets: {', '.join(found.vnets)}; they keep their VNIs. New ones get VNIs of {found.vni_range}.",)
    yield ("  Traffic: bridges, VNIs, addresses and MACs stay, in one reload of each node. Guests stay plugged in.",)
    if back is not None:
        yield (f"  The way back: pvesdn rollback {back}",)
    else:
        yield ("  The way back is by hand, since no apply in the history has all that is there now:",)
        yield (f"    1. in PVE's panel: delete the subnets, VNets and zone {found.home}",)
        yield (f"    2. on a node: `cp {FORMER_OWN_FILE} {OWN_FILE}`",)
        yield ("    3. pvesdn apply, which does both in one reload",)
    paths = f"{LOCAL_ZONE}/VNET to /sdn/zones/{found.home}/VNET"
    if rights is None:
        what = f"Rights move from {paths}, and PVE does not show them to this user"
        yield "  ", Span(what, Style.WARNING), ": see Datacenter > Permissions, and give them anew there"
    elif rights:
        yield (f"  Rights move from {paths}. Give them anew, best before you say yes:",)
    else:
        yield (f"  Rights move from {paths}; of those that PVE shows to this user none is there.",)


def publish_document(found: Published, rights: tuple[str, ...] | None, back: int | None) -> dict[str, Any]:
    """The same; see docs/json.md."""
    return {
        "zone": found.zone,
        "carries": found.home,
        "vni_range": str(found.vni_range),
        "vnets": list(found.vnets),
        "rights": None if rights is None else list(rights),
        "rollback": back,
    }
