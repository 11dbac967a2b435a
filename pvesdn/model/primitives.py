"""Scalars with their limits: a value of one of these types can be printed in a configuration file unchanged."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_address
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

_Ip = TypeVar(
    "_Ip",
    IPv4Address | IPv6Address,
    IPv4Network | IPv6Network,
    IPv4Interface | IPv6Interface,
)


def _without_zone(value: _Ip) -> _Ip:
    # Python accepts anything after a `%` as the zone of an address (RFC 4007 section 11), even line breaks.
    if "%" in str(value):
        msg = "has a zone after its %; give the address alone"
        raise ValueError(msg)
    return value


IpAddress: TypeAlias = Annotated[IPv4Address | IPv6Address, AfterValidator(_without_zone)]
IpNetwork: TypeAlias = Annotated[IPv4Network | IPv6Network, AfterValidator(_without_zone)]
IpInterface: TypeAlias = Annotated[IPv4Interface | IPv6Interface, AfterValidator(_without_zone)]

Json: TypeAlias = Any
"""A machine's answer before it is decoded."""

NAMES_OF_SETTINGS = frozenset({"all", "default"})
"""No device can have them: the kernel's settings for all devices do (sysctl_dev_name_is_allowed in
net/ipv4/devinet.c).
"""
VNI_MAX = 16_777_214
"""ifupdown2's grammar ends here; RFC 7348 section 5 has 24 bits."""
MTU_MIN, MTU_MAX = 552, 9216
"""What ifupdown2's grammar takes, bytes of an IP packet."""
PORT_MAX = 65535

_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")


def as_address(text: str | None) -> IpAddress | None:
    """The address that a text is; None for an interface, a name, a prefix, and for no text."""
    try:
        return None if text is None else ip_address(text)
    except ValueError:
        return None


def bounded(text: str, most: int) -> int | None:
    """The number that a text of decimal digits says, of any length; None for another text, and for more than `most`."""
    if not (text.isascii() and text.isdecimal()):
        return None
    digits = text.lstrip("0") or "0"
    number = int(digits[: len(str(most)) + 1])  # of 4,301 digits and more `int` makes an error
    return number if number <= most else None


def _unicast_mac(value: str) -> str:
    if not _MAC.fullmatch(value):
        msg = "is not a MAC address"
        raise ValueError(msg)
    if int(value[:2], 16) & 1:
        msg = "is a multicast MAC address; a gateway needs a unicast one"
        raise ValueError(msg)
    return value


def _one_line(value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        msg = "contains a line break or a control character"
        raise ValueError(msg)
    return value


def _ip_text(value: str) -> str:
    _without_zone(ip_address(value))
    return value


def is_sdn_id(text: str) -> bool:
    """Whether a zone or a VNet may be called so, see `SdnId`."""
    return len(text) <= SDN_ID_LENGTH and re.fullmatch(_SDN_ID, text) is not None


def is_writable(name: DeviceName) -> bool:
    """Whether a device's name is an `IfName`."""
    return re.fullmatch(r"[a-zA-Z0-9_][a-zA-Z0-9_.+-]{0,14}", name) is not None


def _split_list(value: object) -> object:
    """PVE's lists: split at commas, semicolons and white space; JSON objects of the running config
    count as their keys.
    """
    if isinstance(value, str):
        return tuple(word for word in re.split(r"[,;\s]+", value) if word)
    if isinstance(value, dict):
        return tuple(sorted(value))
    return value


Vni: TypeAlias = Annotated[int, Field(ge=1, le=VNI_MAX)]
Asn: TypeAlias = Annotated[int, Field(ge=1, le=4_294_967_295)]
Mtu: TypeAlias = Annotated[int, Field(ge=MTU_MIN, le=MTU_MAX)]
PortNumber: TypeAlias = Annotated[int, Field(ge=1, le=PORT_MAX)]
NodeName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$", max_length=63)
]
SDN_ID_LENGTH = 8
_SDN_ID = r"^[a-zA-Z][a-zA-Z0-9]*[a-zA-Z0-9]$"
SdnId: TypeAlias = Annotated[str, StringConstraints(pattern=_SDN_ID, min_length=2, max_length=SDN_ID_LENGTH)]
"""A zone or a VNet: PVE's eight characters, so that every derived device name fits the kernel's fifteen."""
ControllerId: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9_-]*[a-zA-Z0-9]$", min_length=2, max_length=64)
]
ExitId: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$", min_length=1, max_length=32)
]
IfName: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9_][a-zA-Z0-9_.+-]*$", min_length=1, max_length=15)
]
"""A device's name that may be written to a file: no character is special to ifupdown2, FRR, sysctl or a shell."""
DeviceName: TypeAlias = str
"""A device's name as a node reports it: the kernel accepts 15 bytes of nearly anything (dev_valid_name in
net/core/dev.c).
"""
MacAddress: TypeAlias = Annotated[str, AfterValidator(_unicast_mac)]
Line: TypeAlias = Annotated[str, AfterValidator(_one_line), StringConstraints(max_length=256)]
"""Free text of one printable line, such as an alias."""
RouteTarget: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}:[0-9]{1,10}$")]
NodeList: TypeAlias = Annotated[frozenset[NodeName], BeforeValidator(_split_list)]
IpList: TypeAlias = Annotated[tuple[IpAddress, ...], BeforeValidator(_split_list)]
IpText: TypeAlias = Annotated[str, AfterValidator(_ip_text)]
"""An address in the spelling it was given: PVE compares and prints its peers unchanged."""
IpTextList: TypeAlias = Annotated[tuple[IpText, ...], BeforeValidator(_split_list)]
WordList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_list)]
RouteTargetList: TypeAlias = Annotated[tuple[RouteTarget, ...], BeforeValidator(_split_list)]
Upid: TypeAlias = str
