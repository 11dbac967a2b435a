"""A network that was written down is the one that an apply leaves."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.kit import ANOTHER_ZONE, EVPN, apply_to, draw, plan_of, serving, state_of
from tests.cluster.nodes_alone import traces
from tests.cluster.standing import stand


def test_the_second_time_all_is_as_the_apply_of_the_first_time_left_it(tmp_path: Path) -> None:
    with serving(tmp_path / "applied") as applied, serving(tmp_path / "written") as written:
        stand(applied)
        stand(written)
        assert state_of(written) == state_of(applied)
        assert plan_of(written).is_empty
        assert traces(written) == []
        written.write_sdn("pvesdn.cfg", f"{EVPN}\n{ANOTHER_ZONE}")
        assert apply_to(written).is_good


def test_other_definitions_are_another_network(tmp_path: Path) -> None:
    with serving(tmp_path / "ours") as ours, serving(tmp_path / "beside") as beside:
        draw(beside)
        for cluster in (ours, beside):
            stand(cluster)
            assert plan_of(cluster).is_empty
        assert "office" in beside.nodes["pve1"].links()
        assert "office" not in ours.nodes["pve1"].links()
