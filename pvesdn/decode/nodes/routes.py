"""A row of `ip -j route` or of `ip -j rule` -> what it says. Open: keys that are not known are ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.model.facts import Route
from pvesdn.model.primitives import IpAddress, Json

_UNICAST = "unicast"
_KERNELS_OWN = frozenset({"local", "main", "default"})
"""Tables of the rules that the kernel makes by itself, for packets from everywhere (ip-rule(8))."""
_PLAIN = frozenset({"priority", "src", "table", "protocol"})
"""Keys of a rule that selects nothing."""


def decode_route(row: Mapping[str, Json], command: str, family: int) -> Iterator[Route]:
    """One entry for each next hop; a route that sends packets nowhere has one without a device.

    A route for a `tos` of its own is left out: packets of tunnels and sessions have others.

    :raises WrongShapeError: iproute2 prints no such row.
    """
    if row.get("tos") not in (None, "0", "0x0", "0x00", 0, "default"):
        return
    kind = json_text.string(row.get("type", _UNICAST), f"type of {command}")
    destination = _destination(row.get("dst"), command)
    source = json_text.address(row["prefsrc"], f"prefsrc of {command}") if "prefsrc" in row else None
    for hop in _hops(row, command) if kind == _UNICAST else ({},):
        yield Route(
            destination=destination,
            device=json_text.device(hop["dev"], f"dev of {command}") if "dev" in hop else "",
            source=source,
            gateway=_gateway(hop, command),
            family=family,
            metric=json_text.count(row.get("metric", 0), f"metric of {command}"),
            mtu=_mtu(row, command),
            protocol=json_text.string(row.get("protocol", ""), f"protocol of {command}"),
            kind=kind,
            flags=frozenset({*_flags(row, command), *_flags(hop, command)}),
        )


def decode_rule(row: Mapping[str, Json], command: str) -> Iterator[str]:
    """The rule in the words of `ip rule`, unless it is one of those that every kernel has.

    Those send packets from everywhere to the tables local, main and default, and packets of a VRF to its own
    (`l3mdev`); ifupdown2 adds that a VRF's packets go nowhere else.

    :raises WrongShapeError: iproute2 prints no such row.
    """
    priority = json_text.count(row.get("priority", 0), f"priority of {command}")
    source = json_text.string(row.get("src", "all"), f"src of {command}")
    table = json_text.string(str(row.get("table", "")), f"table of {command}")
    is_of_vrfs = "l3mdev" in row
    selectors = row.keys() - _PLAIN - ({"l3mdev", "action"} if is_of_vrfs else set())
    if source == "all" and not selectors and (is_of_vrfs or table in _KERNELS_OWN):
        return
    length = f"/{json_text.count(row['srclen'], f'srclen of {command}')}" if "srclen" in row else ""
    action = json_text.string(row.get("action", ""), f"action of {command}")
    yield (
        f"{priority}: from {source}{length}" + (f" lookup {table}" if table else "") + (f" {action}" if action else "")
    )


def _hops(row: Mapping[str, Json], command: str) -> tuple[Mapping[str, Json], ...]:
    if "nexthops" in row:
        return tuple(json_text.rows(row["nexthops"], f"nexthops of {command}", absent=True))
    return (row,)


def _flags(row: Mapping[str, Json], command: str) -> Iterator[str]:
    found = row.get("flags")
    for flag in found if isinstance(found, list) else ():
        yield json_text.string(flag, f"flags of {command}")


def _mtu(row: Mapping[str, Json], command: str) -> int | None:
    """The route's own MTU; iproute2 prints the metrics of a route as a list of objects, `mtu lock N` as `mtu N`."""
    found = row.get("metrics")
    metrics = json_text.rows([found] if isinstance(found, dict) else found, f"metrics of {command}", absent=True)
    sizes = [json_text.count(metric["mtu"], f"mtu of {command}") for metric in metrics if "mtu" in metric]
    return min(sizes, default=0) or None


def _gateway(hop: Mapping[str, Json], command: str) -> IpAddress | None:
    if "gateway" in hop:
        return json_text.address(hop["gateway"], f"gateway of {command}")
    if "via" in hop:  # an IPv4 route over an IPv6 router (RFC 5549)
        via = json_text.mapping(hop["via"], f"via of {command}")
        return json_text.address(via.get("host"), f"via of {command}")
    return None


def _destination(value: Json, command: str) -> str:
    text = json_text.string(value, f"dst of {command}")
    if text == "default":
        return text
    try:
        return str(ip_network(text, strict=False))
    except ValueError as error:
        message = f"dst of {command} is neither 'default' nor a network: {text[:80]!a}"
        raise WrongShapeError(message) from error
