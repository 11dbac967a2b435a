"""The versions of IP in a trace: both ends need an address of the same one, which is followed there and back."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.trace_names import Named
from pvesdn.compare.trace_scene import Walk
from pvesdn.errors import SettingsError
from pvesdn.model.trace import End, Place, Way


def require_one_family(names: tuple[Named, Named]) -> None:
    """:raises SettingsError: both are addresses, of two versions of IP."""
    one, other = (name.address for name in names)
    if one is not None and other is not None and one.version != other.version:
        what = f"{one} is an address of IPv{one.version}, and {other} of IPv{other.version}"
        raise SettingsError(what, hint="give two addresses of one version, or the ids of guests")


def of_one_family(ends: tuple[End, End]) -> tuple[End, End]:
    """With addresses of one version of IP where both have such; IPv4 goes first."""
    one, other = ends
    version = min(one.versions & other.versions, default=None)
    return ends if version is None else (_of(one, version), _of(other, version))


def _of(end: End, version: int) -> End:
    found = (address for address in (end.address, *end.addresses) if address is not None)
    return replace(end, address=next(address for address in found if address.version == version))


def apart(walk: Walk) -> str:
    """Why no packet goes from one end to the other; empty where it may, as far as their addresses are known."""
    one, other = walk.source, walk.target
    if not one.versions or not other.versions or one.versions & other.versions:
        return ""
    return f"of {one.name} only addresses of {_told(one)} are known, and of {other.name} only of {_told(other)}"


def _told(end: End) -> str:
    return ", ".join(f"IPv{version}" for version in sorted(end.versions))


def noting_family(walk: Walk, way: Way) -> Way:
    """With a note on which version was followed, where packets of another may be routed otherwise."""
    both, followed = sorted(walk.source.versions & walk.target.versions), walk.target.address
    others = [version for version in both if followed is not None and version != followed.version]
    if followed is None or not others or not any(hop.place is Place.ROUTER for hop in way.hops):
        return way
    return way.noting(f"followed for IPv{followed.version}; both have addresses of IPv{others[0]} too")
