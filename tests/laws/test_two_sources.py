"""Laws of the two sources: neither says anything about the other, and who writes a file is who puts it there."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.design.cluster import design_node, share
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, SDN_INTERFACES, ChangeSet
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.owners import Writer
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.snapshot import Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.understand import Understanding, understand
from tests.examples import examples
from tests.unit.decode import samples

LAW = settings(deadline=None, max_examples=examples(50))
GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "snapshot").is_dir())
OWN = "pvesdn.cfg"


@cache
def snapshot_of(case: str) -> Snapshot:
    return read_snapshot(GOLDEN / case / "snapshot")


@cache
def understood(case: str) -> Understanding:
    return understand(snapshot_of(case))


@cache
def planned(case: str) -> ChangeSet:
    return plan(snapshot_of(case), Renderer())


@LAW
@given(st.data())
def test_neither_source_changes_what_the_other_defines(data: st.DataObject) -> None:
    files = samples.files(fabrics_cfg=samples.FABRICS)
    whole = decode_sdn(files, intent="pending").config
    kept = data.draw(st.sets(st.sampled_from(sorted(files.keys() - {OWN}))))
    without_own = {name: text for name, text in files.items() if name != OWN}
    assert decode_sdn(without_own, intent="pending").config.pve == whole.pve
    assert decode_sdn(without_own, intent="pending").config.own == OwnSdn()
    some = {name: files[name] for name in kept} | {OWN: files[OWN]}
    assert decode_sdn(some, intent="pending").config.own == whole.own
    assert decode_sdn({OWN: files[OWN]}, intent="pending").config.pve == PveSdn()


@pytest.mark.parametrize("case", CASES)
def test_the_view_over_both_has_each_object_once_in_the_order_of_ids(case: str) -> None:
    sdn = understood(case).given.sdn
    for noun in ("zones", "vnets", "subnets", "controllers"):
        seen = getattr(sdn.both, noun)
        ours = getattr(sdn.own, noun)
        # What is drawn in PVE's panel and carried by a zone of ours counts as ours.
        drawn = {vnet.id for vnet in sdn.own.vnets if vnet.drawn_in is not None}
        pves = [f for f in getattr(sdn.pve, noun) if getattr(f, "vnet", f.id if noun == "vnets" else None) not in drawn]
        halves = (*ours, *pves)
        ids = [found.id for found in seen]
        assert ids == sorted(set(ids))
        assert sorted(map(id, seen)) == sorted(map(id, halves))
    assert sdn.both is sdn.both


@pytest.mark.parametrize("case", CASES)
def test_who_writes_a_file_is_who_puts_it_there(case: str) -> None:
    known = understood(case)
    shared = share(known.given, known.vteps)
    for node in sorted(known.records):
        raw = snapshot_of(case).nodes[node]
        design = design_node(shared, node)
        texts = {file.path: file.text for file in Renderer().render(design, raw.files)}
        owners = design.owners
        block = FRR_LOCAL_BEGIN in (texts.get(FRR_CONF_LOCAL) or "")
        assert (owners.frr_conf is Writer.MERGED) == (owners.frr_conf_local is Writer.PVESDN) == block
        assert owners.frr_conf is not Writer.NOBODY or texts[FRR_CONF] is None
        assert owners.sdn_interfaces is not Writer.NOBODY or texts.get(SDN_INTERFACES) is None
        assert owners.regenerate_frr is None or owners.frr_conf in {Writer.PVESDN, Writer.NOBODY}


@pytest.mark.parametrize("case", CASES)
def test_a_plan_writes_no_file_of_pves(case: str) -> None:
    known = understood(case)
    shared = share(known.given, known.vteps)
    for changes in planned(case).nodes:
        owners = design_node(shared, changes.node).owners
        for file in changes.files:
            assert file.by_pve is owners.is_written_by_pve(file.path)
