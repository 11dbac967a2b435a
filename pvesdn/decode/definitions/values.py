"""Values of properties: text -> typed value, with an error that says what is wrong and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from pvesdn.decode.definitions.section_config import has_forbidden
from pvesdn.model.fabrics import FabricId, FabricIfName
from pvesdn.model.own_sdn import VniRange
from pvesdn.model.primitives import (
    NAMES_OF_SETTINGS,
    VNI_MAX,
    ControllerId,
    ExitId,
    IfName,
    MacAddress,
    NodeName,
    SdnId,
)

_T = TypeVar("_T")
Reader: TypeAlias = Callable[[str], Any]
"""Turns the text of a property into its value. Raises BadValueError and nothing else."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_ROUTE_TARGET = re.compile(r"([0-9]{1,10}):([0-9]{1,10})")
_TRUE = frozenset({"1", "on", "yes", "true"})
_FALSE = frozenset({"0", "off", "no", "false"})
# PVE's own alphabet for an alias (docs/pve.md §1.6): word characters, white space, '(' and ASCII from ')' to '_'.
_ALIAS = re.compile(r"[\w (-_]{1,256}")
_PVE_INTERFACE = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{1,20}([:.][0-9]{1,10})?")  # PVE's pve-iface (docs/pve.md §1.4)
_VNI_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_ISIS_NET = re.compile(r"[a-fA-F0-9]{2}(\.[a-fA-F0-9]{4}){3,9}\.[a-fA-F0-9]{2}")
_MAX_16_BITS = 65_535
_MAX_32_BITS = 4_294_967_295
_MAC: TypeAdapter[str] = TypeAdapter(MacAddress)
_SHOWN = 60


class BadValueError(ValueError):
    """A value that cannot be used.

    :param what: the predicate of a sentence whose subject is the property, such as ``'x' is not a number``.
    :param hint: what to write instead.
    :param word: the word of a list that is wrong; empty where the whole value is.
    """

    def __init__(self, what: str, hint: str = "", word: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.word = word


def shown(value: str) -> str:
    """A value as a message quotes it: printable, at most one line long, and with what only looks like ASCII named."""
    strange = next((c for c in value[:_SHOWN] if not c.isascii() and c.isprintable()), "")
    return f"'{legible(value)}'" + (f" (with U+{ord(strange):04X})" if strange else "")


def legible(name: str) -> str:
    """A name as messages show it: unchanged if it is printable and short, as every valid name is."""
    name = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return name if name.isprintable() else ascii(name)[1:-1]


def words(value: str) -> tuple[str, ...]:
    """PVE's lists: split at commas, semicolons and blanks."""
    return tuple(word for word in re.split(r"[,; \t]+", value) if word)


def listed(value: str, noun: str) -> tuple[str, ...]:
    """The words of a list that must not be empty. :param noun: what one of them is, for the message."""
    found = words(value)
    if not found:
        raise BadValueError("is an empty list", f"write at least one {noun} or leave the property out")
    return found


def each(value: str, noun: str, read: Callable[[str], _T]) -> tuple[_T, ...]:
    """The words of a list that must not be empty, read one by one."""
    found = []
    for word in listed(value, noun):
        try:
            found.append(read(word))
        except BadValueError as error:
            error.word = error.word or word
            raise
    return tuple(found)


def text(value: str) -> str:
    """Any printable text of one line."""
    if not value.isprintable():
        what = "a line break or a control character" if has_forbidden(value) else "a character that cannot be printed"
        raise BadValueError(f"{shown(value)} contains {what}", "use printable text")
    return value


def integer(low: int | None = None, high: int | None = None) -> Reader:
    """A reader of whole numbers, both bounds included."""
    if low is None or high is None:
        span = "a whole number" if low is None else f"a whole number from {low}"
    else:
        span = f"a number from {low} to {high}"

    def read(value: str) -> int:
        if not _INTEGER.fullmatch(value):
            raise BadValueError(f"{shown(value)} is not a whole number", f"write {span}")
        result = int(value)
        if (low is not None and result < low) or (high is not None and result > high):
            raise BadValueError(f"{result} is out of range", f"write {span}")
        return result

    return read


def vni_range(value: str) -> VniRange:
    """``FIRST-LAST``, both included."""
    match = _VNI_RANGE.fullmatch(value)
    if match is None:
        raise BadValueError(f"{shown(value)} is not a range of VNIs", "write FIRST-LAST such as 10000-10999")
    first, last = int(match[1]), int(match[2])
    if not 1 <= first <= last <= VNI_MAX:
        raise BadValueError(f"{value} is out of range", f"write FIRST-LAST between 1 and {VNI_MAX}, the smaller first")
    return VniRange(first=first, last=last)


def boolean(value: str) -> bool:
    """PVE's spellings of a boolean: 1/0, on/off, yes/no, true/false."""
    word = value.lower()
    if word not in _TRUE | _FALSE:
        raise BadValueError(f"{shown(value)} is not a boolean", "write 1 or 0")
    return word in _TRUE


class Choice:
    """A reader of one of several words, at least one."""

    def __init__(self, *allowed: str) -> None:
        self._allowed = allowed

    @property
    def wanted(self) -> str:
        """The words, as a hint lists them: ``a, b or c``."""
        *others, last = self._allowed
        return f"{', '.join(others)} or {last}" if others else last

    def __call__(self, value: str) -> str:
        """`value`, if it is one of the words. :raises BadValueError: it is not."""
        if value not in self._allowed:
            raise BadValueError(f"{shown(value)} is not a known value", f"write {self.wanted}")
        return value


def _named(type_: Any, noun: str, rule: str) -> Reader:
    adapter: TypeAdapter[str] = TypeAdapter(type_)

    def read(value: str) -> str:
        try:
            return adapter.validate_python(value)
        except ValidationError:
            raise BadValueError(f"{shown(value)} is not {noun}", rule) from None

    return read


zone_id = _named(SdnId, "a zone id", "write 2 to 8 letters and digits, starting with a letter")
vnet_id = _named(SdnId, "a VNet id", "write 2 to 8 letters and digits, starting with a letter")
controller_id = _named(
    ControllerId,
    "a controller id",
    "write 2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit",
)
underlay_id = _named(
    ControllerId,
    "an underlay id",
    "write 2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit",
)
exit_id = _named(
    ExitId,
    "an exit id",
    "write 1 to 32 letters, digits, - and _, starting with a letter and ending with a letter or digit",
)
node = _named(NodeName, "a node name", "write a host name: letters, digits and -, not starting or ending with -")
interface = _named(IfName, "an interface name", "write 1 to 15 letters, digits and _ . + -, not starting with . + or -")

fabric_id = _named(FabricId, "a fabric id", "write 1 to 8 letters, digits and -, not starting or ending with -")
fabric_interface = _named(
    FabricIfName, "an interface name", "write 1 to 15 letters, digits and . _ - @, starting with a letter or digit"
)


def pve_interface(value: str) -> str:
    """A device, or another name of it, as PVE spells them."""
    if not _PVE_INTERFACE.fullmatch(value):
        raise BadValueError(
            f"{shown(value)} is not an interface name",
            "write a letter, then 1 to 20 letters, digits or _, then .NUMBER for a VLAN",
        )
    return value


def pve_interfaces(value: str) -> tuple[str, ...]:
    """A list of devices, at least one, in the order it was given."""
    return each(value, "interface", pve_interface)


def isis_net(value: str) -> str:
    """A network entity title (ISO 10589) in the length that PVE allows."""
    if not _ISIS_NET.fullmatch(value):
        raise BadValueError(f"{shown(value)} is not a NET", "write it like 49.0001.1921.6800.1002.00")
    return value


def own_vnet_id(value: str) -> str:
    """A VNet's id that its bridge can have as a name."""
    if value in NAMES_OF_SETTINGS:
        raise BadValueError(
            f"{shown(value)} cannot be the name of a bridge: the kernel reserves it", "choose another id"
        )
    return str(vnet_id(value))


def nodes(value: str) -> frozenset[str]:
    """A list of node names, at least one."""
    return frozenset(each(value, "node", node))


def mac(value: str) -> str:
    """A unicast MAC address, in the spelling it was given."""
    try:
        return _MAC.validate_python(value)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise BadValueError(
            f"{shown(value)} {reason}", "write six hexadecimal pairs such as 02:00:5e:00:00:01"
        ) from None


def route_targets(value: str) -> tuple[str, ...]:
    """A list of `N:M`, both of 32 bits, at least one."""
    return each(value, "route target", _route_target)


def own_route_targets(value: str) -> tuple[str, ...]:
    """The same, each of which fits: a route target has 6 bytes for both, and AS numbers have 2 or 4 (RFC 4360, RFC
    5668).

    PVE takes any, so this is asked of `pvesdn.cfg` alone.
    """
    return each(value, "route target", _own_route_target)


def _route_target(word: str) -> str:
    pair = _ROUTE_TARGET.fullmatch(word)
    if pair is None or max(int(pair[1]), int(pair[2])) > _MAX_32_BITS:
        raise BadValueError(f"{shown(word)} is not a route target", "write ASN:NUMBER such as 65000:100")
    return word


def _own_route_target(word: str) -> str:
    asn, number = map(int, _route_target(word).split(":"))
    if asn > _MAX_16_BITS and number > _MAX_16_BITS:
        what = f"{shown(word)} does not fit into a route target: after an AS number of 4 bytes the number has 2"
        raise BadValueError(what, f"write a number up to {_MAX_16_BITS} after AS {asn}")
    return word


def alias(value: str) -> str:
    """Free text in PVE's alphabet, without the backslash: at a line's end ifupdown2 would join the next line to it."""
    if "\\" in value:
        raise BadValueError(f"{shown(value)} contains a backslash", "leave it out")
    return pve_alias(value)


def pve_alias(value: str) -> str:
    """Free text in PVE's alphabet. It has no '%': ifupdown2 takes that for a template and runs it as code."""
    if not _ALIAS.fullmatch(text(value)):
        raise BadValueError(
            f"{shown(value)} cannot be an alias",
            "write at most 256 letters, digits, spaces and ( ) * + , - . / : ; < = > ? @ [ ] ^ _",
        )
    return value
