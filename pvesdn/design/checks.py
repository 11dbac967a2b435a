"""What the definitions, the membership and the nodes say together, and what of it cannot be.

One module for each subject; what needs only one section was checked when it was decoded.
"""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.design import (
    check_bgp,
    check_bridges,
    check_devices,
    check_exits,
    check_members,
    check_newer,
    check_null_routes,
    check_pve_sessions,
    check_references,
    check_subnets,
    check_underlay,
    check_vnis,
    check_ways,
)
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> tuple[Finding, ...]:
    """All checks that need more than one object, every fault found: what PVE accepts in its own zones is a warning at most.

    :param vteps: as `choose_vteps` gave them; members without one were reported there.
    """
    return (
        *check_members.check(given),
        *check_references.check(given),
        *check_vnis.check(given),
        *check_bridges.check(given),
        *check_subnets.check(given, vteps),
        *check_exits.check(given, vteps),
        *check_underlay.check(given, vteps),
        *check_bgp.check(given, vteps),
        *check_pve_sessions.check(given),
        *check_devices.check(given, vteps),
        *check_newer.check(given),
        *check_null_routes.check(given),
        *check_ways.check(given),
    )
