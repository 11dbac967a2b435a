"""VNets whose bridge PVE's file has and keeps, while ours takes it up or gives it up: what that means for traffic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pvesdn.compare.options import Options, options_of_stanzas, options_of_text
from pvesdn.model.consequences import Effect, NodeConsequence
from pvesdn.model.facts import Link
from pvesdn.model.files import PrintedInterfaces, StanzaChange

_NO_PORT = "none"
"""What PVE writes for a bridge without ports."""


@dataclass(frozen=True, slots=True)
class PvesStanza:
    """The text of one interface in PVE's file, before and after."""

    before: str
    after: str


def merged_consequences(
    change: StanzaChange, texts: PvesStanza, printed: PrintedInterfaces | None, link: Link | None
) -> Iterator[NodeConsequence]:
    """Of one bridge of which our file has a stanza only before, or only after.

    :param link: the live bridge, which says more than files do of one that nobody set up as they say.
    """
    before, after = options_of_text(texts.before), options_of_text(texts.after)
    if change.is_given_up:
        ports = tuple(port for port in after.get("bridge-ports", ()) if port != _NO_PORT)
        yield NodeConsequence(Effect.VNET_GIVEN_UP, change.name, new=", ".join(ports))
        wanted: Options = after
    else:
        named = [] if printed is None else [one for one in printed.stanzas if one.name == change.name]
        wanted = {} if printed is None else options_of_stanzas(named, printed.value)
    if link is None or "address" not in before or "address" not in after:
        return  # without a gateway before and after, no guest asks for its MAC or is routed in its VRF
    mac, vrf = _first(wanted, "hwaddress").lower(), _first(wanted, "vrf")
    if mac and mac != (link.mac or "").lower():
        yield NodeConsequence(Effect.GATEWAY_MAC_MOVED, change.name, (link.mac or "").lower(), mac)
    if vrf != (link.master or ""):
        yield NodeConsequence(Effect.VRF_CHANGED, change.name, link.master or "", vrf)


def _first(options: Options, name: str) -> str:
    return next(iter(options.get(name, ())), "")
