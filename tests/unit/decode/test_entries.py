from __future__ import annotations

import pytest

from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.section_config import Section
from pvesdn.errors import SdnConfigError
from pvesdn.model.findings import Severity, Where
from pvesdn.model.own_sdn import VxlanZone


def test_what_a_value_type_refuses_is_a_fault_like_any_other() -> None:
    ledger = Ledger()
    where = Where(file="x.cfg", line=3, kind="zone", id="tun")
    entry = Entry(Section("vxlan", "tun", 3), where, ledger, values={"mtu": "much"})
    assert entry.build(VxlanZone, id="tun") is None
    with pytest.raises(SdnConfigError, match=r"^x\.cfg:3: zone 'tun': mtu: Input should be a valid integer") as caught:
        ledger.raise_errors()
    assert len(caught.value.lines) == 1


def test_a_ledger_without_errors_raises_nothing_and_sorts_its_remarks() -> None:
    ledger = Ledger()
    for file, line in (("b.cfg", 2), ("a.cfg", 9), ("b.cfg", 1)):
        ledger.add(Severity.NOTE, Where(file=file, line=line), "seen")
    ledger.raise_errors()
    assert [finding.where for finding in ledger.findings] == ["b.cfg:1", "b.cfg:2", "a.cfg:9"]
