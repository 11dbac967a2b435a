"""The checks across objects: whether the definitions, the membership and the nodes fit together.

One module for each subject. What can be told from one section alone was checked when it was decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pvesdn.design.checks import (
    bgp,
    bridges,
    carried,
    devices,
    exits,
    members,
    null_routes,
    packages,
    pve_exits,
    pve_mtu,
    pve_peers,
    pve_routes,
    pve_sessions,
    references,
    subnets,
    underlay,
    unsupported,
    vnis,
)
from pvesdn.design.checks.pve_paths import PvePaths
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> tuple[Finding, ...]:
    """Everything found by the checks that need more than one object. What PVE accepts in its own zones is at most a
    warning.

    :param vteps: as `choose_vteps` returned them; it has reported the members that lack one.
    """
    return (
        *members.check(given),
        *references.check(given),
        *carried.check(given, vteps),
        *vnis.check(given),
        *bridges.check(given),
        *subnets.check(given, vteps),
        *exits.check(given, vteps),
        *underlay.check(given, vteps),
        *bgp.check(given, vteps),
        *pve_sessions.check(given),
        *pve_peers.check(given),
        *pve_mtu.check(given, PvePaths(given)),
        *pve_exits.check(given),
        *devices.check(given, vteps),
        *packages.check(given),
        *unsupported.check(given),
        *null_routes.check(given),
        *pve_routes.check(given),
    )


def check_definitions(given: DesignInput) -> tuple[Finding, ...]:
    """The checks that ask for nothing but the definitions and the members' names; what the nodes told is left aside.

    Faulty definitions are judged by these as well, and nothing is found that only follows from what could not be read.
    """
    alone = replace(given, facts={}, seen={})
    return (
        *members.check(alone),
        *references.check(alone),
        *carried.check(alone, {}),
        *vnis.check(alone),
        *bridges.check(alone),
        *subnets.check(alone, {}),
        *exits.check(alone, {}),
        *underlay.check_definitions(alone),
        *bgp.check_definitions(alone),
    )
