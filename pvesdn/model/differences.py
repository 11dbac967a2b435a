"""What differs between two versions of something, attribute by attribute."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that changes: of an interface, of FRR, of the kernel's settings.

    :param name: the attribute in the words of its file, such as ``mtu`` or ``vxlan-remoteip``.
    :param old: values that go; empty where the attribute is new. Of a list only those that go.
    :param new: values that come; empty where the attribute goes. Of a list only those that come. A list of which only
        the order changes is whole on both sides.
    """

    name: str
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
