"""VNets that change their VNIs for those of others: no apply on a part of the nodes joins two networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import serving
from tests.cluster.test_carried import OURS, agree, links, panel
from tests.cluster.test_former import Shell

PLAIN = "vxlan: plain\n\nvnet: db\n\tzone plain\n\ttag 100\n\nvnet: web\n\tzone plain\n\ttag 200\n"
SWAPPED = PLAIN.replace("100", "300").replace("200", "100").replace("300", "200")


def pin(vnet: str, vni: int) -> str:
    return f"\nvnet: {vnet}\n\tzone prod\n\ttag {vni}\n"


def running(cluster: SimulatedCluster, node: str) -> dict[str, int]:
    found = links(cluster, node).links
    return {vnet: found[f"vxlan_{vnet}"]["info"]["id"] for vnet in ("db", "web")}


@contextmanager
def plain(tmp_path: Path) -> Iterator[tuple[SimulatedCluster, Shell]]:
    """A cluster that has what `PLAIN` says, and a shell on it."""
    with serving(tmp_path / "cluster", PLAIN) as cluster:
        agree(cluster)
        yield cluster, Shell(cluster, tmp_path)


def drawn(cluster: SimulatedCluster) -> None:
    panel(cluster, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
    panel(cluster, "create", "vnets", vnet="web", zone="lan")
    panel(cluster, "create", "vnets", vnet="db", zone="lan")


def test_pins_that_change_places_are_not_carried_out_on_one_node(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS) as cluster:
        drawn(cluster)
        agree(cluster)
        for node in cluster.nodes.values():
            node.plug_guest("web", 101)
            node.plug_guest("db", 102)
        cluster.write_sdn("pvesdn.cfg", OURS + pin("web", 10000) + pin("db", 10001))
        shell = Shell(cluster, tmp_path)
        done = shell.run("pvesdn apply --node pve2 --yes")
        assert done.status == 1
        assert done.err.endswith(
            "error: pve2: VNet web gets VNI 10000, which is VNet db's on pve1, pve3 until they have their turn (likewise 1 "
            "more VNI): the two would be one network; add --node pve1 --node pve3, or apply without --node\n"
        )
        assert running(cluster, "pve2") == {"db": 10000, "web": 10001}
        done = shell.run("pvesdn apply --node pve2 --node pve1 --node pve3 --yes")
        assert done.status == 0, done.err
        assert [running(cluster, node) for node in cluster.nodes] == [{"db": 10001, "web": 10000}] * 3


def test_a_former_number_is_nobody_elses_while_a_node_that_is_left_out_runs_with_it(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS + pin("web", 300)) as cluster:
        drawn(cluster)
        agree(cluster)
        shell = Shell(cluster, tmp_path)
        cluster.write_sdn("pvesdn.cfg", OURS + pin("web", 301))
        cluster.go_offline("pve3")
        shell.run("pvesdn apply --yes")
        cluster.come_online("pve3")
        cluster.write_sdn("pvesdn.cfg", OURS + pin("web", 301) + pin("db", 300))
        done = shell.run("pvesdn apply --node pve1 --node pve2 --yes")
        assert done.status == 1
        assert (
            "error: pve1, pve2: VNet db gets VNI 300, which is VNet web's on pve3 until it has its turn: " in done.err
        )
        assert {node: running(cluster, node)["db"] for node in cluster.nodes} == dict.fromkeys(cluster.nodes, 10000)
        done = shell.run("pvesdn apply --yes")
        assert done.status == 0, done.err
        assert [running(cluster, node) for node in cluster.nodes] == [{"db": 300, "web": 301}] * 3


def test_a_member_that_is_off_may_come_back_with_a_number_that_was_given_up_before(tmp_path: Path) -> None:
    with plain(tmp_path) as (cluster, shell):
        cluster.go_offline("pve3")
        free = PLAIN.replace("tag 100", "tag 300")
        cluster.write_sdn("pvesdn.cfg", free)
        shell.run("pvesdn -q apply --yes")
        taken = free.replace("tag 200", "tag 100")
        cluster.write_sdn("pvesdn.cfg", taken)
        told = (
            "warning: pve1, pve2: VNet web gets VNI 100, which was VNet db's; pve3 did not answer and may come back with "
            "it: the two would be one network until the next apply; bring the node back, or choose another VNI\n"
        )
        planned = shell.run("pvesdn plan")
        assert told in planned.err + planned.out
        cluster.write_sdn("pvesdn.cfg", free.replace("tag 200", "tag 201"))
        planned = shell.run("pvesdn plan")
        assert "may come back" not in planned.err + planned.out
        cluster.write_sdn("pvesdn.cfg", taken)
        cluster.come_online("pve3")
        planned = shell.run("pvesdn plan")
        assert "did not answer" not in planned.err + planned.out
        done = shell.run("pvesdn apply --yes")
        assert done.status == 0, done.err
        assert [running(cluster, node) for node in cluster.nodes] == [{"db": 300, "web": 100}] * 3
        moved_on = free.replace("tag 200", "tag 201")
        cluster.write_sdn("pvesdn.cfg", moved_on)
        assert shell.run("pvesdn apply --yes").status == 0
        cluster.go_offline("pve3")
        for now in (taken, moved_on.replace("tag 300", "tag 200")):
            cluster.write_sdn("pvesdn.cfg", now)
            planned = shell.run("pvesdn plan")
            assert "-/+ vxlan_" in planned.out
            assert "pve3 did not answer" not in planned.err + planned.out


def test_what_a_node_may_come_back_with_is_known_until_it_has_had_its_turn(tmp_path: Path) -> None:
    with plain(tmp_path) as (cluster, shell):
        cluster.go_offline("pve3")
        free = PLAIN.replace("tag 100", "tag 300")
        cluster.write_sdn("pvesdn.cfg", free)
        shell.run("pvesdn -q apply --yes")
        cluster.come_online("pve3")
        cluster.nodes["pve3"].break_command("ifreload", times=1)
        done = shell.run("pvesdn apply --yes")
        assert done.status == 1, done.err
        assert running(cluster, "pve3") == {"db": 100, "web": 200}
        cluster.go_offline("pve3")
        cluster.write_sdn("pvesdn.cfg", free.replace("tag 200", "tag 100"))
        planned = shell.run("pvesdn plan")
        assert "VNet web gets VNI 100, which was VNet db's" in planned.err + planned.out


def test_of_a_number_that_comes_and_goes_while_a_member_is_off_it_has_nothing(tmp_path: Path) -> None:
    with plain(tmp_path) as (cluster, shell):
        cluster.go_offline("pve3")
        for tag in (300, 400):
            cluster.write_sdn("pvesdn.cfg", PLAIN.replace("tag 100", f"tag {tag}"))
            shell.run("pvesdn -q apply --yes")
        now = PLAIN.replace("tag 100", "tag 400")
        cluster.write_sdn("pvesdn.cfg", now.replace("tag 200", "tag 300"))
        planned = shell.run("pvesdn plan")
        assert "vxlan-id 200 -> 300" in planned.out
        assert "pve3 did not answer" not in planned.err + planned.out
        cluster.write_sdn("pvesdn.cfg", now.replace("tag 200", "tag 100"))
        planned = shell.run("pvesdn plan")
        assert "VNet web gets VNI 100, which was VNet db's" in planned.err + planned.out


def test_a_node_that_was_left_out_and_went_off_may_come_back_with_what_it_had(tmp_path: Path) -> None:
    with plain(tmp_path) as (cluster, shell):
        free = PLAIN.replace("tag 100", "tag 300")
        cluster.write_sdn("pvesdn.cfg", free)
        done = shell.run("pvesdn -q apply --node pve1 --node pve2 --yes")
        assert done.status == 0, done.err
        cluster.go_offline("pve3")
        cluster.write_sdn("pvesdn.cfg", free.replace("tag 200", "tag 100"))
        planned = shell.run("pvesdn plan")
        assert "VNet web gets VNI 100, which was VNet db's; pve3 did not answer" in planned.err + planned.out


def test_an_l3vni_and_a_tag_that_change_places_are_not_parted(tmp_path: Path) -> None:
    own = OURS + "\nvnet: lab\n\tzone prod\n\ttag 500\n"
    own = own.replace("\tcarries lan\n\tvni-range 10000-10999\n", "")
    with serving(tmp_path / "cluster", own) as cluster:
        agree(cluster)
        swapped = own.replace("vrf-vxlan 4000", "vrf-vxlan 500").replace("tag 500", "tag 4000")
        cluster.write_sdn("pvesdn.cfg", swapped)
        done = Shell(cluster, tmp_path).run("pvesdn apply --node pve2 --yes")
        assert done.status == 1
        assert "error: pve2: zone prod gets VNI 500, which is VNet lab's on pve1, pve3 until they have their turn" in (
            done.err
        )


def test_a_member_that_is_off_may_come_back_with_a_number_that_passes_on(tmp_path: Path) -> None:
    with plain(tmp_path) as (cluster, shell):
        cluster.go_offline("pve3")
        cluster.write_sdn("pvesdn.cfg", SWAPPED)
        planned = shell.run("pvesdn plan")
        assert planned.status == 0
        told = (
            "warning: pve1, pve2: VNet web gets VNI 100, which was VNet db's (likewise 1 more VNI); pve3 did not "
            "answer and may come back with it: the two would be one network until the next apply; bring the node back, "
            "or choose another VNI\n"
        )
        assert told in planned.err + planned.out
        part = shell.run("pvesdn -q apply --node pve1 --node pve2")
        assert "which was VNet db's" in part.err + part.out
        cluster.write_sdn("pvesdn.cfg", SWAPPED.replace("tag 100", "tag 101").replace("tag 200", "tag 201"))
        assert "pve3 did not answer and may" not in shell.run("pvesdn plan").err
        cluster.write_sdn("pvesdn.cfg", SWAPPED)
        cluster.come_online("pve3")
        assert "did not answer" not in shell.run("pvesdn plan").err
        done = shell.run("pvesdn apply --yes")
        assert done.status == 0, done.err
        assert [running(cluster, node) for node in cluster.nodes] == [{"db": 200, "web": 100}] * 3
