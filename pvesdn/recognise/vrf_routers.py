"""What the BGP instances of a symmetric zone's VRF say about the zone as a whole."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pvesdn.decode.definitions.values import BadValueError, own_route_targets
from pvesdn.model.hand_written import FrrRouter
from pvesdn.recognise.notebook import Notebook

_ASN = re.compile(r"[0-9]{1,10}")


def advertises_subnets(routers: Mapping[str, FrrRouter | None], exits: frozenset[str]) -> bool:
    """Whether gateways' subnets are announced as type-5 routes by nodes without exits; those with exits announce theirs
    anyway.

    :param routers: of the VRF, by node; None where a node has none.
    """
    plain = [router for node, router in routers.items() if node not in exits and router is not None]
    return not plain or any(router.announced for router in plain)


def imported_targets(routers: Mapping[str, FrrRouter | None], l3vni: int | None, book: Notebook) -> tuple[str, ...]:
    """Route targets that the VRF imports besides its own, which FRR derives from AS number and L3VNI."""
    found: dict[str, tuple[str, ...]] = {}
    for node, router in routers.items():
        if router is None:
            continue
        own = f"{int(router.asn) & 0xFFFF}:{l3vni}" if _ASN.fullmatch(router.asn) else ""
        try:
            found[node] = own_route_targets(" ".join(router.imports)) if router.imports else ()
        except BadValueError as error:
            book.error(node, router.place, f"router bgp {router.asn} vrf {router.vrf}", error.what, error.hint)
            continue
        found[node] = tuple(target for target in found[node] if target != own)
    first = next(iter(found), "")
    for node, targets in found.items():
        if set(targets) != set(found[first]):
            router = routers[node]
            if router is not None:
                said, other = " ".join(targets) or "nothing", " ".join(found[first]) or "nothing"
                what = f"imports {said}, but {other} on {first}"
                hint = "write the same 'route-target import' lines on every node"
                book.error(node, router.place, f"router bgp {router.asn} vrf {router.vrf}", what, hint)
    return found.get(first, ())
