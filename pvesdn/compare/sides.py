"""The interfaces of a node that changes, before and after: which addresses come and go, and in what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pvesdn.compare.differences import meant
from pvesdn.compare.options import Options, options_by_name, options_of_files
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, OUR_INTERFACES, SDN_INTERFACES, FileChange, NodeChanges
from pvesdn.model.order import Cause

VNI, LOCAL, ADDRESS = "vxlan-id", "vxlan-local-tunnelip", "address"
AGREED: Mapping[str, Cause] = {
    "vxlan-port": Cause.UDP_PORT,
    "vxlan-mcastgrp": Cause.GROUP,
    "vxlan-mcastgrp6": Cause.GROUP,
}
"""Options in which, besides the VNI, the ends of a tunnel have to agree."""
_REMOTE, _PORTS = "vxlan-remoteip", "bridge-ports"


@dataclass(frozen=True)
class Sides:
    """One node: the options of its interfaces by name, as they are, which is read, and as they will be."""

    changes: NodeChanges

    @property
    def node(self) -> str:
        return self.changes.node

    @cached_property
    def before(self) -> Mapping[str, Options]:
        return options_by_name("\n".join(file.old or "" for file in self._interfaces))

    @cached_property
    def after(self) -> Mapping[str, Options]:
        return options_of_files(file.interfaces for file in self._interfaces if file.interfaces is not None)

    @cached_property
    def moved(self) -> dict[str, frozenset[str]]:
        """Options whose values change, by interface that is there before and after."""
        return {
            stanza.name: frozenset(difference.name for difference in stanza.differences)
            for file in self._interfaces
            for stanza in file.stanzas
            if stanza.differences
        }

    @cached_property
    def gateways(self) -> frozenset[str]:
        """Bridges that change and are a gateway before and after, whichever file has the address."""
        return frozenset(stanza.name for file in self._interfaces for stanza in file.stanzas if stanza.keeps_gateway)

    @property
    def moves_as(self) -> bool:
        """Its AS number is another one afterwards, or none."""
        numbers = (file.as_numbers for file in self._frr)
        return any(found.before and found.before != found.after for found in numbers)

    @property
    def moves_vtep(self) -> bool:
        return any(LOCAL in options for options in self.moved.values())

    @property
    def follows_vteps(self) -> bool:
        """It changes where its own packets go: remotes of its devices, or neighbours of its FRR."""
        return bool(self._frr) or any(_REMOTE in options for options in self.moved.values())

    def uplinks(self, *, is_new: bool) -> dict[str, Options]:
        """Interfaces that hold addresses of their own: bridges of VNets hold the same one on every node."""
        found = self.after if is_new else self.before
        return {name: options for name, options in found.items() if ADDRESS in options and _PORTS not in options}

    def leaving(self) -> dict[str, str]:
        """Addresses of its own that it gives up, each with the device that has it now."""
        kept = _hosts_of_all(self.after)
        uplinks = self.uplinks(is_new=False)
        return {host: name for name, options in uplinks.items() for host in _hosts_of(options) - kept}

    def coming(self) -> list[tuple[str, str]]:
        """Addresses of its own that it does not have yet, each behind the device that gets it, sorted."""
        held = _hosts_of_all(self.before)
        uplinks = self.uplinks(is_new=True)
        return sorted((name, host) for name, options in uplinks.items() for host in _hosts_of(options) - held)

    @property
    def _frr(self) -> list[FileChange]:
        return [file for file in self.changes.files if file.path in {FRR_CONF, FRR_CONF_LOCAL}]

    @property
    def _interfaces(self) -> list[FileChange]:
        interfaces = {OUR_INTERFACES, SDN_INTERFACES}
        return [file for file in self.changes.files if not file.by_pve and file.path in interfaces]


def _hosts_of(options: Options) -> frozenset[str]:
    """Its addresses, whatever their prefixes and however they are spelled."""
    return frozenset(meant(ADDRESS, address).partition("/")[0] for address in options.get(ADDRESS, ()))


def _hosts_of_all(interfaces: Mapping[str, Options]) -> frozenset[str]:
    return frozenset(host for options in interfaces.values() for host in _hosts_of(options))
