"""VNIs that were given -> /etc/pve/sdn/pvesdn-vnis.cfg: the inverse of `decode.definitions.vni_file`."""

from __future__ import annotations

from pvesdn.decode.definitions.section_config import Property, Section, write
from pvesdn.model.vnis import TITLE, GivenVni, VniTable


def encode_vnis(table: VniTable) -> str:
    """The text of the whole file, in the order of the VNIs."""
    sections = (Section("vni", str(given.vni), properties=_properties(given), gap=1) for given in table.given)
    return f"{TITLE}\n\n" + write(sections)


def _properties(given: GivenVni) -> tuple[Property, ...]:
    found = (Property("vnet", given.vnet), Property("zone", given.zone))
    return (*found, Property("former", "1")) if given.is_former else found
