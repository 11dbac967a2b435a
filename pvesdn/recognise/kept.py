"""What of a frr.conf can be kept in frr.conf.local, written so that PVE's merge and FRR take it.

pvesdn's own block comes after it in the file, so every session that a line is about is defined here first; FRR does not
mind hearing of it twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.model.hand_written import FrrText
from pvesdn.recognise.becomes import Becomes

_Tree = dict[str, "_Tree"]
"""Lines, each with those in its block."""
_ENDS = {"router": "exit", "vrf": "exit-vrf", "interface": "exit", "route-map": "exit", "address-family": "exit-address-family",
         "vni": "exit-vni"}  # fmt: skip


class Kept:
    """The lines of one node."""

    def __init__(self, frr: FrrText, becomes: Becomes) -> None:
        self._frr = frr
        self._becomes = becomes
        self._tree: _Tree = {}

    def add(self, text: str, context: tuple[str, ...]) -> None:
        """A line of the old file, below the lines that open the blocks around it."""
        place = self._tree
        for heading in context:
            if heading.startswith("vni ") and len(context) > 1:
                place.setdefault("advertise-all-vni", {})  # before it bgpd knows no VNI
            place = place.setdefault(self.renamed(heading)[0], {})
            self._begin(heading, place)
        for line in self.renamed(text):
            self._define(line, context)
            place.setdefault(line, {})

    def open(self, heading: str) -> None:
        """A block of BGP, with or without lines."""
        self._tree.setdefault(self.renamed(heading)[0], {})

    def session(self, who: str, heading: str) -> None:
        """Everything that defines a session beside the overlay."""
        self.open(heading)
        router = self._tree[self.renamed(heading)[0]]
        self._begin(heading, router)
        self._define_old(who, heading, router)

    def renamed(self, text: str) -> tuple[str, ...]:
        """The line with the new names in it; several where a peer group becomes several."""
        words = text.split()
        new = self._becomes
        match words:
            case ["neighbor", who, *rest] if who in new.groups:
                return tuple(" ".join(("neighbor", group, *rest)) for group in new.groups[who])
            case ["no", "neighbor", who, *rest] if who in new.groups:
                return tuple(" ".join(("no", "neighbor", group, *rest)) for group in new.groups[who])
            case ["vrf", name]:
                return (f"vrf {new.vrfs.get(name, name)}",)
            case ["interface", name]:
                return (f"interface {new.interfaces.get(name, name)}",)
            case ["router", "bgp", asn, "vrf", name]:
                own = new.asn if name in new.announcing else asn  # pvesdn has an instance there, of the controller's AS
                return (f"router bgp {own} vrf {new.vrfs.get(name, name)}",)
        return (" ".join(words),)

    def lines(self) -> tuple[str, ...]:
        """The text, line by line."""
        return tuple(_printed(self._tree, 0))

    def _begin(self, heading: str, place: _Tree) -> None:
        """In the default instance sessions stay out of `ipv4 unicast` unless they are activated there."""
        if heading == f"router bgp {self._becomes.asn}":
            place.setdefault("no bgp default ipv4-unicast", {})

    def _define(self, line: str, context: tuple[str, ...]) -> None:
        """The session that a line is about."""
        words = line.split()
        if not context or not context[0].startswith("router bgp ") or "neighbor" not in words[:2]:
            return
        router = self._tree[self.renamed(context[0])[0]]
        who = words[words.index("neighbor") + 1]
        new = self._becomes
        is_default = context[0] == f"router bgp {new.asn}"
        group = new.peers.get(who, who) if is_default else ""
        if is_default and group in new.peers.values():
            router.setdefault(f"neighbor {group} peer-group", {})
            router.setdefault(f"neighbor {group} remote-as {new.asn}", {})
            if group != who:
                router.setdefault(f"neighbor {who} peer-group {group}", {})
        else:
            self._define_old(who, context[0], router)

    def _define_old(self, who: str, heading: str, router: _Tree) -> None:
        """A session beside the overlay, as the old file defines it."""
        for line in self._frr.sessions:
            words = line.text.split()
            if line.context == (heading,) and words[1] == who:
                if words[2:3] == ["peer-group"] and len(words) > 3:  # noqa: PLR2004 - `neighbor WHO peer-group GROUP`
                    self._define_old(words[3], heading, router)
                router.setdefault(line.text, {})


def _printed(tree: _Tree, depth: int) -> Iterator[str]:
    """Blocks behind the lines of the block that they are in."""
    ordered = sorted(tree.items(), key=lambda pair: depth > 0 and _end(pair[0], depth) is not None)
    for line, inner in ordered:
        yield " " * depth + line
        end = _end(line, depth)
        if end is not None:
            yield from _printed(inner, depth + 1)
            yield " " * depth + end


def _end(line: str, depth: int) -> str | None:
    """What closes the block that a line opens; None for a line that opens none."""
    word = line.split(maxsplit=1)[0]
    if word == "vni":
        return "exit-vni" if depth > 1 else None
    return _ENDS.get(word) if (depth == 0) == (word != "address-family") else None
