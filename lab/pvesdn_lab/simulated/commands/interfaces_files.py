"""The interfaces files of a simulated node, read as ifupdown2 reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import below

Attributes = dict[str, list[str]]
"""Attribute name, dashes for underscores, to its values in the order of the lines."""

_LOWER = ("bridge-ports", "vlan-raw-device", "ovs-bridge", "vrf")
"""Attributes that name interfaces which must be up before the one that names them."""


class Interfaces:
    """The configuration of a node: stanzas merged by interface name, as ifupdown2 merges them.

    :param file: absolute path as the node sees it; sourced files are read as well.
    """

    def __init__(self, root: Path, file: str = "/etc/network/interfaces") -> None:
        self.root = root
        self.auto: list[str] = []
        self.stanzas: dict[str, Attributes] = {}
        self.errors: list[str] = []
        self._read(file)

    def _read(self, file: str) -> None:
        stanza: Attributes | None = None
        for number, line in self._lines(file):
            word, _, rest = line.partition(" ")
            match word:
                case "auto" | "allow-auto" | "allow-hotplug":
                    self.auto += [name for name in rest.split() if name not in self.auto]
                    stanza = None
                case "iface":
                    stanza = self.stanzas.setdefault(rest.split()[0], {})
                case "source" | "source-directory":
                    pattern = rest.strip() if word == "source" else f"{rest.strip()}/*"
                    self._source(pattern)
                    stanza = None
                case _ if stanza is not None:
                    stanza.setdefault(word.replace("_", "-"), []).append(rest.strip())
                case _:
                    self.errors.append(f"error: {file}: line{number}: error processing line '{line}'")

    def _lines(self, file: str) -> Iterator[tuple[int, str]]:
        path = below(self.root, file)
        if not path.is_file():
            return
        start, said = 0, ""
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            start, said = start or number, said + line
            if line.endswith("\\"):
                said = said[:-1]
                continue
            text = " ".join(said.split())
            if text and not text.startswith("#"):
                yield start, text
            start, said = 0, ""

    def _source(self, pattern: str) -> None:
        # Hidden files do not match `*`: a file being staged is not configuration.
        for found in sorted(self.root.glob(pattern.lstrip("/"))):
            if not found.name.startswith("."):
                self._read("/" + str(found.relative_to(self.root)))


def words(attributes: Attributes, key: str) -> list[str]:
    """All values of one attribute, those of repeated lines one after the other."""
    return [word for line in attributes.get(key, []) for word in line.split()]


def made_of(name: str, attributes: Attributes) -> set[str]:
    """The interfaces that must be up before this one, whether they have a stanza or not."""
    return {name.partition(".")[0], *(word for key in _LOWER for word in words(attributes, key))} - {name}


def in_order(names: Sequence[str], stanzas: dict[str, Attributes]) -> list[str]:
    """The names, each after those that it is made of."""
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        for lower in sorted(made_of(name, stanzas.get(name, {}))):
            visit(lower)
        if name in names:
            ordered.append(name)

    for name in names:
        visit(name)
    return ordered


def torn_ports(stanzas: dict[str, Attributes]) -> dict[str, list[str]]:
    """Ports that several bridges claim, with those bridges; ifupdown2 makes none of them."""
    claims: dict[str, list[str]] = {}
    for bridge, attributes in stanzas.items():
        for port in set(words(attributes, "bridge-ports")) - {"none"}:
            claims.setdefault(port, []).append(bridge)
    return {port: bridges for port, bridges in claims.items() if len(bridges) > 1}
