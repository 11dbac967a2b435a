"""pvesdn-vnis.cfg: the VNIs that VNets drawn in PVE's panel were given. Closed, as `pvesdn.cfg` is.

A section is a VNI, so that the grammar itself refuses one that is given twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.entries import Entry, refuse_duplicates
from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.definitions.values import BadValueError, legible
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.findings import Where
from pvesdn.model.primitives import VNI_MAX
from pvesdn.model.snapshot import VNIS_NAME
from pvesdn.model.vnis import GivenVni, VniTable

GRAMMAR: Mapping[str, Words] = {
    "vni": {
        "vnet": Word(values.vnet_id, is_required=True),
        "zone": Word(values.zone_id, is_required=True),
        "former": Word(values.boolean),
    }
}
"""The one section type, and its properties."""
_MEND = "correct it; pvesdn apply writes this file, and nobody else has to"
_VNI = values.integer(1, VNI_MAX)


def read_vnis(sections: Iterable[Section], ledger: Ledger) -> VniTable:
    """The VNIs of the file; faults are entered into `ledger`, and faulty sections left out."""
    entries: list[Entry] = []
    found: list[tuple[Entry, GivenVni]] = []
    for section in sections:
        where = Where(
            file=VNIS_NAME,
            line=section.line,
            kind="VNI",
            id=legible(section.id),
            column=section.column,
            end_column=section.column + len(section.id),
        )
        entry = Entry(section, where, ledger)
        if section.type not in GRAMMAR:
            entry.fail("unknown section type", f"known type: vni; {_MEND}")
            continue
        entry.read(GRAMMAR[section.type], is_pve=False)
        entries.append(entry)
        if (vni := _number(entry)) is not None and (made := entry.build(GivenVni, vni=vni)):
            found.append((entry, made))
    refuse_duplicates(entries, "VNI")
    _refuse_second_of_a_vnet(found)
    good = (given for entry, given in found if entry.is_good)
    return VniTable(given=tuple(sorted(good, key=lambda given: given.vni)))


def _number(entry: Entry) -> int | None:
    try:
        return int(_VNI(entry.section.id))
    except BadValueError as error:
        entry.has_good_id = False
        entry.fail(f"id {error.what}", error.hint)
        return None


def _refuse_second_of_a_vnet(found: Iterable[tuple[Entry, GivenVni]]) -> None:
    """A VNet has one VNI in a zone, besides former ones; in another zone it had another."""
    first: dict[tuple[str, str], GivenVni] = {}
    for entry, given in found:
        if given.is_former:
            continue
        other = first.setdefault((given.vnet, given.zone), given)
        if other is not given:
            what = f"vnet '{given.vnet}' has VNI {other.vni} in zone '{given.zone}' already ({other.where.file}:{other.where.line})"
            entry.fail(what, "remove the one that no node has", at="vnet")
