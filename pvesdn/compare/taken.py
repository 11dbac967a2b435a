"""VNIs that a device with another name has on a node: the kernel refuses a second one, so that device must go first."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import Action, PrintedInterfaces, StanzaChange
from pvesdn.model.ifupdown import VxlanPort
from pvesdn.model.pve_ifupdown import PveVxlanPort

_VNI = re.compile(r"[0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Taken:
    """:param holder: the device that has the VNI; it is not in the file."""

    vni: int
    holder: str

    @property
    def why(self) -> str:
        """Why the new device is a replacement."""
        return f"in place of {self.holder}, which has VNI {self.vni} and must go first"


def taken_vnis(own: Container[str], new: PrintedInterfaces | None, facts: NodeFacts) -> dict[str, Taken]:
    """Devices of an interfaces file whose VNI is held, by name.

    :param own: devices of the file as it is: they are not in their own way.
    :param new: the file as it should be; None when it goes.
    """
    holders = {vni: name for name, vni in _holders(facts) if name not in own}
    if not holders or new is None:
        return {}
    found = {}
    for stanza in new.value.stanzas:
        if isinstance(stanza, VxlanPort | PveVxlanPort):
            holder = holders.get(stanza.vni)
            if holder is not None and holder != stanza.name:
                found[stanza.name] = Taken(stanza.vni, holder)
    return found


def cut_over(changes: tuple[StanzaChange, ...], taken: Mapping[str, Taken]) -> tuple[StanzaChange, ...]:
    """The changes of a file; those that take another device's VNI are shown as replacements: delete, then create."""
    if not taken:
        return changes  # the same for all nodes that have nothing yet
    return tuple(
        replace(change, action=Action.REPLACE, why=taken[change.name].why)
        if change.name in taken and change.action is Action.ADD
        else change
        for change in changes
    )


def _holders(facts: NodeFacts) -> Iterable[tuple[str, int]]:
    """Live devices, and those that the node's own file makes."""
    for stanza in facts.stanzas:
        for value in stanza.values("vxlan-id"):
            vni = _number(value)
            if vni is not None:
                yield stanza.name, vni
    yield from ((link.name, link.vni) for link in facts.links if link.vni is not None)


def _number(text: str) -> int | None:
    return int(text) if _VNI.fullmatch(text) else None
