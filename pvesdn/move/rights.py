"""Rights on bridges of the host that become VNets of a zone of PVE's: what has to be given anew, as commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from pvesdn.model.acl import LOCAL_ZONE, AclEntry

_OPTIONS = {"user": "--users", "group": "--groups", "token": "--tokens"}


def commands(acl: Iterable[AclEntry], home: str, vnets: Iterable[str]) -> tuple[str, ...]:
    """One for each entry whose path does not hold any more once the VNets are those of zone `home`.

    Entries above all zones hold for both.
    """
    there = frozenset(vnets)
    return tuple(dict.fromkeys(line for entry in acl for line in _of(entry, home, there)))


def _of(entry: AclEntry, home: str, vnets: frozenset[str]) -> Iterator[str]:
    below = entry.path.removeprefix(f"{LOCAL_ZONE}/")
    if entry.path == LOCAL_ZONE and entry.propagates:
        yield _command(entry, f"/sdn/zones/{home}")
    elif entry.path.startswith(f"{LOCAL_ZONE}/") and below.split("/")[0] in vnets:
        yield _command(entry, f"/sdn/zones/{home}/{below}")


def _command(entry: AclEntry, path: str) -> str:
    words = ["pveum", "acl", "modify", path, _OPTIONS[entry.kind], entry.who, "--roles", entry.role]
    return shlex.join([*words, *(() if entry.propagates else ("--propagate", "0"))])
