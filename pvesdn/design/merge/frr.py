"""PVE's FRR configuration and ours in one file, where PVE itself writes none: a cluster without its SDN endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from pvesdn.model.frr import BgpRouter, EvpnActivation, FrrConfig, L2vpnEvpn, PeerGroup, Unicast, VrfBinding

_T = TypeVar("_T")


def merge_frr(theirs: FrrConfig, ours: FrrConfig) -> FrrConfig:
    """One configuration for one daemon. A block that both define has the parts of both, PVE's first.

    :param ours: its routers have the AS numbers of PVE's; `check` makes sure of it.
    """
    return replace(
        theirs,
        ip_forwarding=ours.ip_forwarding,
        ipv6_forwarding=ours.ipv6_forwarding,
        vrfs=_merged((*theirs.vrfs, *ours.vrfs), lambda vrf: vrf.name, _vrf),
        routers=_merged((*theirs.routers, *ours.routers), lambda router: router.vrf or "", _router),
        vrrp=ours.vrrp,
    )


def _merged(values: Iterable[_T], key: Callable[[_T], str], join: Callable[[_T, _T], _T]) -> tuple[_T, ...]:
    """Values of one key joined, sorted by key."""
    found: dict[str, _T] = {}
    for value in values:
        name = key(value)
        found[name] = join(found[name], value) if name in found else value
    return tuple(found[name] for name in sorted(found))


def _union(one: tuple[_T, ...], other: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _vrf(one: VrfBinding, other: VrfBinding) -> VrfBinding:
    return VrfBinding(one.name, one.l3vni or other.l3vni, _union(one.routes, other.routes))


def _router(one: BgpRouter, other: BgpRouter) -> BgpRouter:
    evpn = one.evpn or other.evpn
    if one.evpn is not None and other.evpn is not None:
        evpn = _evpn(one.evpn, other.evpn)
    return replace(
        one,
        groups=_merged((*one.groups, *other.groups), lambda group: group.name, _group),
        unicasts=_merged((*one.unicasts, *other.unicasts), lambda family: family.family, _unicast),
        evpn=evpn,
    )


def _group(one: PeerGroup, other: PeerGroup) -> PeerGroup:
    return replace(one, neighbors=_union(one.neighbors, other.neighbors))


def _unicast(one: Unicast, other: Unicast) -> Unicast:
    return replace(
        one,
        redistribute=_union(one.redistribute, other.redistribute),
        import_vrfs=_union(one.import_vrfs, other.import_vrfs),
    )


def _evpn(one: L2vpnEvpn, other: L2vpnEvpn) -> L2vpnEvpn:
    return replace(
        one,
        activations=_merged((*one.activations, *other.activations), lambda activation: activation.group, _activation),
        advertise_all_vni=one.advertise_all_vni or other.advertise_all_vni,
        advertise=_union(one.advertise, other.advertise),
        default_originate=_union(one.default_originate, other.default_originate),
        rt_import=_union(one.rt_import, other.rt_import),
        rt_export=_union(one.rt_export, other.rt_export),
        vnis=_union(one.vnis, other.vnis),
    )


def _activation(one: EvpnActivation, other: EvpnActivation) -> EvpnActivation:
    return replace(one, is_reflector_client=one.is_reflector_client or other.is_reflector_client)
