"""VNIs that were given -> /etc/pve/sdn/pvesdn-vnis.cfg: the inverse of `decode.definitions.vni_file`."""

from __future__ import annotations

from pvesdn.decode.definitions.section_config import Property, Section, write
from pvesdn.model.vnis import GivenVni, VniTable

_HEADER = """\
# VNIs of VNets that are drawn in PVE's panel. Written by `pvesdn apply`: one that is gone keeps its own.

"""


def encode_vnis(table: VniTable) -> str:
    """The text of the whole file, in the order of the VNIs."""
    sections = (Section("vni", str(given.vni), properties=_properties(given), gap=1) for given in table.given)
    return _HEADER + write(sections)


def _properties(given: GivenVni) -> tuple[Property, ...]:
    found = (Property("vnet", given.vnet), Property("zone", given.zone))
    return (*found, Property("former", "1")) if given.is_former else found
