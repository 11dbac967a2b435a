"""How PVE 1.3 spells the addresses in its frr.conf: the part written in Rust parses them and prints them again.

What frr.conf.local brings in stays as it was typed, and so does everything in `interfaces.d/sdn`, which Perl prints.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from pvesdn.model.frr import FrrConfig, StaticRoute

_SOURCE = "set src "


@lru_cache(maxsize=4096)  # every node of a full mesh names the same peers
def canonical(text: str) -> str:
    """An address, or an address and a mask, as Rust prints it.

    IPv6 is in the form of RFC 5952, and an IPv4-mapped address ends in a dotted quad (RFC 5952 section 5). Host bits
    stay.

    :raises ValueError: `text` is neither.
    """
    host, slash, mask = text.partition("/")
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"{address if mapped is None else f'::ffff:{mapped}'}{slash}{mask}"


def canonical_frr(config: FrrConfig) -> FrrConfig:
    """`config`, as PVE generates it, with every address in its canonical form."""
    return replace(
        config,
        vrfs=tuple(replace(vrf, routes=_routes(vrf.routes)) for vrf in config.vrfs),
        routers=tuple(
            replace(
                router,
                groups=tuple(replace(g, neighbors=tuple(map(canonical, g.neighbors))) for g in router.groups),
                unicasts=tuple(replace(u, networks=tuple(map(canonical, u.networks))) for u in router.unicasts),
            )
            for router in config.routers
        ),
        access_lists=tuple(replace(access, prefix=canonical(access.prefix)) for access in config.access_lists),
        route_maps=tuple(replace(entry, sets=tuple(map(_set, entry.sets))) for entry in config.route_maps),
        routes=_routes(config.routes),
    )


def _routes(routes: Iterable[StaticRoute]) -> tuple[StaticRoute, ...]:
    return tuple(replace(route, prefix=canonical(route.prefix)) for route in routes)


def _set(line: str) -> str:
    return _SOURCE + canonical(line.removeprefix(_SOURCE)) if line.startswith(_SOURCE) else line
