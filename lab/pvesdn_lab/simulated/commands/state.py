"""The kernel, FRR and package state of a simulated node, as JSON below `<root>/state`."""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from _thread import get_ident  # `threading` takes longer to load than a command to run
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from pvesdn_lab.simulated.commands.seen import seen

Link: TypeAlias = dict[str, Any]
"""kind, mtu (bytes), address (MAC), addresses (with prefix lengths), master, up, info, port, fdb (VTEPs of the all-zero
MAC); is_forgotten where other nodes' zebra has lost the router MAC, because it has changed while the link was up.
"""

STATE_FOLDER = "state"
GENERATION = "generation"
"""The file below `state` that names the node's present state; see `answers`."""

_NEVER_TOLD = frozenset({"api", "units", "netfilter", "post-down", "dhcp-units"})
"""Parts of the state of which no question that is answered from memory tells (`answers`)."""
PHYSICAL = "ether"
_NO_LINKS: dict[str, Any] = {"links": {}, "managed": []}


class State:
    """One node's state. Who asks for it may not change it; who has it from `locked_state` may.

    :ivar links: by interface name, in the order in which they appeared.
    :ivar managed: interfaces that ifupdown2 brought up and would take down when their stanza goes.
    """

    def __init__(self, root: Path, document: dict[str, Any] | None = None) -> None:
        self.root = root
        document = seen_json(root, "links", _NO_LINKS) if document is None else document
        self.links: dict[str, Link] = document["links"]
        self.managed: list[str] = document["managed"]

    def save(self) -> None:
        """Write the links back."""
        write_json(self.root, "links", {"links": self.links, "managed": self.managed})

    def add(self, name: str, kind: str, **values: Any) -> Link:
        """Make a link as the kernel would, with defaults for what `values` does not say."""
        link: Link = {
            "kind": kind,
            "mtu": 1500,
            "address": mac_of(f"{self.root.name}/{name}"),
            "addresses": [],
            "master": None,
            "up": True,
            "info": {},
            "port": {},
            "fdb": [],
        }
        link.update(values)
        self.links[name] = link
        self._write_usual_switches(name)
        return link

    def switch(self, name: str, family: str, key: str) -> Path:
        """The file of one of a link's own settings."""
        return self.root / "proc/sys/net" / family / "conf" / name / key

    def _write_usual_switches(self, name: str) -> None:
        """A new link forwards as the kernel's `default` says."""
        for family, more in (("ipv4", ("arp_accept",)), ("ipv6", ("keep_addr_on_down",))):
            devices = f"{self.root}/proc/sys/net/{family}/conf"  # a path for each file of each link takes longer
            try:
                forwards = _text_of(f"{devices}/default/forwarding")
            except FileNotFoundError:
                forwards = "0\n"
            os.makedirs(f"{devices}/{name}", exist_ok=True)  # noqa: PTH103
            _write(f"{devices}/{name}/forwarding", forwards)
            for key in more:
                _write(f"{devices}/{name}/{key}", "0\n")

    def delete(self, name: str) -> None:
        """Delete a link; its ports and VRF members lose their master, as in the kernel."""
        import shutil  # noqa: PLC0415 - who only asks for links is answered a tenth sooner

        self.links.pop(name, None)
        for family in ("ipv4", "ipv6"):
            shutil.rmtree(self.switch(name, family, "forwarding").parent, ignore_errors=True)
        for link in self.links.values():
            if link["master"] == name:
                link["master"] = None


@contextmanager
def locked_state(root: Path) -> Iterator[State]:
    """The node's state under its lock, saved at the end if it has changed."""
    (root / STATE_FOLDER).mkdir(parents=True, exist_ok=True)
    with (root / STATE_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = State(root, read_json(root, "links", {"links": {}, "managed": []}))
        before = json.dumps([state.links, state.managed])
        yield state
        if json.dumps([state.links, state.managed]) != before:
            state.save()


def below(root: Path, path: str) -> Path:
    """The file that `path` means on the node: whoever calls may or may not have put the node's folder in front."""
    given = Path(path)
    return given if given.is_relative_to(root) or root in given.resolve().parents else root / path.lstrip("/")


def mac_of(seed: str) -> str:
    """A locally administered unicast MAC address that depends on `seed` only."""
    data = seed.encode()
    octets = (zlib.crc32(data) << 8 | zlib.adler32(data) & 0xFF).to_bytes(5, "big")
    return ":".join(f"{octet:02x}" for octet in (0x02, *octets))


def read_json(root: Path, name: str, default: Any) -> Any:
    """`<root>/state/<name>.json`, or `default`."""
    try:
        return json.loads(_text_of(f"{root}/{STATE_FOLDER}/{name}.json"))
    except FileNotFoundError:
        return default


def seen_json(root: Path, name: str, default: Any) -> Any:
    """The same, shared with all who ask: nobody may change it."""
    try:
        return seen(f"{root}/{STATE_FOLDER}/{name}.json", lambda: read_json(root, name, default))
    except FileNotFoundError:
        return default


def write_json(root: Path, name: str, value: Any) -> None:
    """Replace `<root>/state/<name>.json` whole."""
    (root / STATE_FOLDER).mkdir(parents=True, exist_ok=True)
    if name in _NEVER_TOLD:
        _replace(root, f"{name}.json", json.dumps(value))
        return
    # Before and after: what is seen of the node in between belongs to neither state.
    forget_answers(root)
    _replace(root, f"{name}.json", json.dumps(value))
    forget_answers(root)


def forget_answers(root: Path) -> None:
    """Something has changed on the node that commands tell of, here or elsewhere: from now on they are asked anew."""
    _replace(root, GENERATION, f"{os.urandom(8).hex()}\n")


def _replace(root: Path, name: str, text: str) -> None:
    draft = f"{root}/{STATE_FOLDER}/.{name}.{os.getpid()}.{get_ident()}"  # two threads may each run a command
    _write(draft, text)
    os.replace(draft, f"{root}/{STATE_FOLDER}/{name}")  # noqa: PTH105 - a path for each takes longer


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - as above
        file.write(text)


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as above
        return file.read()


def is_slow(root: Path, name: str) -> bool:
    """Whether the command has been told to take its time before it fails."""
    fault: dict[str, Any] = seen_json(root, "faults", {}).get(name, {})
    return bool(fault.get("seconds"))
