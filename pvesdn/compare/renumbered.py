"""VXLAN devices that get other VNIs, and what that means for traffic while not every node has had its turn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pvesdn.compare.options import options_of_text
from pvesdn.compare.sides import VNI
from pvesdn.model.consequences import Effect, NodeConsequence
from pvesdn.model.files import Action, StanzaChange


def renumbered(
    stanzas: Collection[StanzaChange], ports: Mapping[str, str], there: Mapping[str, str]
) -> Iterator[NodeConsequence]:
    """Of each VNet, or VRF, whose VNI changes.

    :param ports: VXLAN devices that stay, with the VNet or VRF of each. :param there: text by interface, as it is.
    """
    changed = [(stanza, one) for stanza in stanzas for one in stanza.differences if one.name == VNI and one.old]
    left = {vni for _, one in changed for vni in one.old}
    removed = (stanza.name for stanza in stanzas if changed and stanza.action is Action.REMOVE)
    left |= {vni for name in removed for vni in options_of_text(there.get(name, "")).get(VNI, ())}
    for stanza, one in changed:
        if one.new and stanza.name in ports:
            yield NodeConsequence(Effect.VNI_CHANGED, ports[stanza.name])
            if left.intersection(one.new):
                yield NodeConsequence(Effect.VNI_TAKEN, ports[stanza.name])
