"""What an import proposes: definitions, what to remove from each node's files, and what is not carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.cluster import Vtep
from pvesdn.model.findings import Finding
from pvesdn.model.hand_written import Place
from pvesdn.model.sdn import SdnConfig


@dataclass(frozen=True, slots=True)
class TakeOut:
    """A hand-written stanza to remove, or some of its lines.

    :param becomes: the device that comes in its place.
    :param vni: that the kernel would refuse a second device.
    :param options: the lines that go; None for the whole stanza.
    """

    name: str
    place: Place
    becomes: str
    vni: int | None = None
    options: frozenset[Place] | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The set-up as definitions.

    :param sdn: objects of pvesdn.cfg alone.
    :param take_outs: by node, in the order of the node's devices.
    :param vteps: of every member whose VTEP is known, by node.
    :param speakers: members with BGP sessions of the overlay.
    :param lost: what the definitions do not express; each names node, file and line.
    :param findings: decisions and gaps worth knowing.
    :param frr_local: what of a node's frr.conf can be kept: the lines for its frr.conf.local, by node.
    """

    sdn: SdnConfig
    take_outs: Mapping[str, tuple[TakeOut, ...]] = field(default_factory=dict)
    vteps: Mapping[str, Vtep] = field(default_factory=dict)
    speakers: frozenset[str] = frozenset()
    lost: tuple[Finding, ...] = ()
    findings: tuple[Finding, ...] = ()
    frr_local: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
