"""What ifupdown2 keeps of the interfaces that it has brought up: a file of its own objects, pickled one by one.

Debian's 3.0.0 pickles instances of its class `iface`, which nobody has here: the few opcodes are written as they are.
"""

from __future__ import annotations

from pvesdn_lab.simulated.commands.state import State

MEMORY = "var/tmp/network/ifstatenew"
_NEW_IFACE = b"\x80\x02cifupdown.iface\niface\n)\x81"
_OPTIONS = b"ccollections\nOrderedDict\n)R"
"""Of an interface, in an ordered dictionary; none are told here."""
_SET, _END = b"s", b"b."


def remember(state: State) -> None:
    """Write down what is up, as every `ifreload`, `ifup` and `ifdown` does at its end; not whole at once, as there."""
    place = state.root / MEMORY
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"".join(map(_iface, state.managed)))


def _iface(name: str) -> bytes:
    said = (b"}", _text("name"), _text(name), _SET, _text("config"), _OPTIONS, _SET)
    return _NEW_IFACE + b"".join(said) + _END


def _text(word: str) -> bytes:
    data = word.encode()
    return b"X" + len(data).to_bytes(4, "little") + data
