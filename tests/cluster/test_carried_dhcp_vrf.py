"""DHCP of PVE's in a zone that is carried by a VRF: dnsmasq runs there, whoever restarts it, and leaves it again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn.model.dhcp_unit import DhcpUnit
from pvesdn.model.execution import RestartDhcp
from pvesdn.model.flags import PlanFlags
from pvesdn.workflows.look import Looker
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.dhcp_units import Unit
from pvesdn_lab.simulated.commands.state import read_json
from pvesdn_lab.simulated.node import SimulatedNode
from tests.cluster.kit import apply_in, apply_to, errors, install_dnsmasq, plan_of, serving, world_of
from tests.cluster.test_carried import OURS, agree, failed, is_nothing, panel, press_apply

UNIT = DhcpUnit("lan", "vrf_prod")
FOLDER = UNIT.path.rpartition("/")[0]


@pytest.fixture
def drawn(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A zone with DHCP and two VNets in one VRF is pending."""
    with serving(tmp_path, OURS) as made:
        install_dnsmasq(made)
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve", dhcp="dnsmasq")
        for vnet, network in (("web", 2), ("db", 3)):
            panel(made, "create", "vnets", vnet=vnet, zone="lan")
            values = {"subnet": f"10.0.{network}.0/24", "gateway": f"10.0.{network}.1", "type": "subnet"}
            panel(made, "create", f"vnets/{vnet}/subnets", **values, **{"dhcp-dns-server": "10.0.2.53"})
        yield made


@pytest.fixture
def served(drawn: SimulatedCluster) -> SimulatedCluster:
    """The same, applied."""
    agree(drawn)
    return drawn


def unit(node: SimulatedNode) -> Unit:
    found: Unit = read_json(node.root, "dhcp-units", {}).get("dnsmasq@lan", {})
    return found


def vrfs(cluster: SimulatedCluster) -> list[object]:
    """Where each node's dnsmasq runs; None where it does not."""
    units = map(unit, cluster.nodes.values())
    return [one["vrf"] if one.get("active") else None for one in units]


def reloads(node: SimulatedNode) -> int:
    return sum(call[0] == "ifreload" for call in node.commands())


def restarts(node: SimulatedNode) -> int:
    return sum(call[:2] == ("systemctl", "restart") and "dnsmasq@lan" in call[2] for call in node.commands())


def run_outside(node: SimulatedNode) -> None:
    """Its dnsmasq was started before systemd had read the drop-in."""
    text = node.read(UNIT.path) or ""
    node.write(UNIT.path, "")
    node.run("systemctl", "daemon-reload")
    node.run("systemctl", "restart", "dnsmasq@lan")
    node.write(UNIT.path, text)


def test_the_first_apply_has_dnsmasq_run_in_the_vrf_and_a_second_one_does_nothing(served: SimulatedCluster) -> None:
    assert vrfs(served) == ["vrf_prod"] * 3
    assert failed(served) == []
    assert is_nothing(plan_of(served))


def test_a_zone_without_a_vrf_has_no_drop_in(tmp_path: Path) -> None:
    with serving(tmp_path, "vxlan: prod\n\tcarries lan\n\tvni-range 10000-10999\n") as made:
        install_dnsmasq(made)
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve", dhcp="dnsmasq")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        agree(made)
        assert [node.read(UNIT.path) for node in made.nodes.values()] == [None] * 3
        assert vrfs(made) == [""] * 3


def test_pves_own_reload_leaves_it_there_and_so_does_one_by_hand(served: SimulatedCluster) -> None:
    press_apply(served)
    served.nodes["pve2"].run("ifreload", "-a")
    assert vrfs(served) == ["vrf_prod"] * 3
    assert failed(served) == []


def test_a_vrf_that_is_gone_does_not_end_pves_reload(served: SimulatedCluster) -> None:
    """PVE's reload ends where a dnsmasq does not start, before it has loaded any interface."""
    node = served.nodes["pve2"]
    node.run("ip", "link", "delete", "vrf_prod")
    before = reloads(node)
    press_apply(served)
    assert reloads(node) == before + 1
    assert unit(node)["active"] is False
    assert failed(served) == ["pve2: dnsmasq@lan : does not run"]
    agree(served)
    assert vrfs(served) == ["vrf_prod"] * 3


def test_without_the_condition_it_would(served: SimulatedCluster) -> None:
    node = served.nodes["pve2"]
    text = node.read(UNIT.path) or ""
    node.write(UNIT.path, re.sub(r"(?m)^ConditionPathExists=.*\n", "", text))
    node.run("systemctl", "daemon-reload")
    node.run("ip", "link", "delete", "vrf_prod")
    before = reloads(node)
    press_apply(served)
    assert reloads(node) == before


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["systemctl", "stop", "dnsmasq@lan"], "pve2: dnsmasq@lan : does not run"),
        (["rm", "-r", FOLDER], ""),
    ],
    ids=["stopped", "without its drop-in"],
)
def test_one_that_does_not_serve_is_told_and_the_next_apply_heals_it(
    served: SimulatedCluster, command: list[str], told: str
) -> None:
    node = served.nodes["pve2"]
    if command[0] == "rm":
        node.path(UNIT.path).unlink()
        node.path(FOLDER).rmdir()
        node.run("systemctl", "daemon-reload")
        node.run("systemctl", "restart", "dnsmasq@lan")
        told = f"pve2: {UNIT.path} : absent"
    else:
        node.run(*command)
    assert failed(served) == [told]
    agree(served)
    assert vrfs(served) == ["vrf_prod"] * 3
    assert failed(served) == []


def test_one_that_pve_has_not_switched_on_is_told_and_nothing_but_pve_heals_it(served: SimulatedCluster) -> None:
    node = served.nodes["pve2"]
    node.run("systemctl", "disable", "--now", "dnsmasq@lan")
    assert failed(served) == ["pve2: dnsmasq@lan switch: off"]
    assert is_nothing(plan_of(served))
    press_apply(served)
    assert failed(served) == []


def test_one_whose_zone_is_not_committed_is_not_checked(drawn: SimulatedCluster) -> None:
    read = read_cluster(world_of(drawn), has_state=True)
    looker = Looker(understand(read))
    (item,) = looker.left_to_pve()
    assert (item.what, item.why) == (
        "DHCP of zone lan",
        "PVE switches dnsmasq@lan on with its next commit, which is pending",
    )
    agree(drawn)
    assert list(Looker(understand(read_cluster(world_of(drawn), has_state=True))).left_to_pve()) == []


def test_an_apply_that_brings_the_drop_in_has_pves_reload_switch_on_one_that_was_off(drawn: SimulatedCluster) -> None:
    drawn.write_sdn("pvesdn.cfg", "")
    press_apply(drawn)
    drawn.nodes["pve1"].run("systemctl", "disable", "--now", "dnsmasq@lan")
    drawn.write_sdn("pvesdn.cfg", OURS)
    report = apply_to(drawn)
    assert report.is_good, errors(report)
    assert failed(drawn) == []


def test_one_that_was_started_outside_of_the_vrf_is_told_and_healed_by_a_restart_alone(
    served: SimulatedCluster,
) -> None:
    node = served.nodes["pve2"]
    run_outside(node)
    assert failed(served) == ["pve2: dnsmasq@lan VRF: the main table"]
    steps = {changes.node: changes.execution.steps for changes in plan_of(served).nodes}
    assert steps == {"pve1": (), "pve2": (RestartDhcp(("lan",)),), "pve3": ()}
    agree(served)
    assert failed(served) == []


def test_one_that_nobody_can_tell_of_is_not_called_dead(served: SimulatedCluster) -> None:
    served.nodes["pve2"].break_command("systemctl", status=1, stderr="Failed to connect to bus\n")
    assert [line for line in failed(served) if "dnsmasq" in line] == []


def test_where_reloads_are_of_what_changes_it_is_restarted_too(served: SimulatedCluster) -> None:
    served.write_sdn("pvesdn.cfg", OURS.replace("\tvrf-vxlan 4000\n", "\tvrf-vxlan 4000\n\tmac 44:39:39:FF:40:94\n"))
    before = [restarts(node) for node in served.nodes.values()]
    report = apply_in(replace(world_of(served), reloads_changed=True))
    assert report.is_good, errors(report)
    assert [restarts(node) for node in served.nodes.values()] > before
    assert vrfs(served) == ["vrf_prod"] * 3


def test_without_dhcp_the_drop_in_goes_and_so_does_its_folder(served: SimulatedCluster) -> None:
    panel(served, "set", "zones/lan", delete="dhcp")
    agree(served)
    assert [node.path(FOLDER).exists() for node in served.nodes.values()] == [False] * 3
    assert vrfs(served) == [None] * 3
    assert failed(served) == []
    assert is_nothing(plan_of(served))


def test_a_zone_that_is_no_longer_carried_has_dnsmasq_in_the_main_table_again(served: SimulatedCluster) -> None:
    served.write_sdn("pvesdn.cfg", "")
    report = apply_to(served)
    assert report.is_good, errors(report)
    assert [node.path(FOLDER).exists() for node in served.nodes.values()] == [False] * 3
    assert vrfs(served) == [""] * 3


def test_an_apply_that_is_undone_has_it_where_it_was(served: SimulatedCluster) -> None:
    panel(served, "set", "zones/lan", delete="dhcp")
    served.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    assert not apply_to(served).is_good
    assert [node.read(UNIT.path) is not None for node in served.nodes.values()] == [True] * 3
    assert vrfs(served) == ["vrf_prod"] * 3


def test_what_an_apply_has_healed_stays_so_when_it_is_undone(served: SimulatedCluster) -> None:
    node = served.nodes["pve2"]
    run_outside(node)
    served.write_sdn("pvesdn.cfg", OURS.replace("\tvrf-vxlan 4000\n", "\tvrf-vxlan 4000\n\tmac 44:39:39:FF:40:94\n"))
    served.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    report = apply_to(served)
    assert [(one.node, one.left) for one in report.nodes] == [("pve1", ()), ("pve2", ()), ("pve3", ())]
    assert vrfs(served) == ["vrf_prod"] * 3
    assert not node.path("/var/lib/pvesdn/checkpoint.json").exists()


def test_a_first_apply_that_is_undone_leaves_nothing(drawn: SimulatedCluster) -> None:
    drawn.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    assert not apply_to(drawn).is_good
    assert [node.path(FOLDER).exists() for node in drawn.nodes.values()] == [False] * 3


def test_somebody_elses_file_of_that_name_is_not_overwritten_unasked(drawn: SimulatedCluster) -> None:
    drawn.nodes["pve2"].write(UNIT.path, "[Service]\nNice=5\n")
    with pytest.raises(ApplyRefused, match="it exists, but this node has no record of pvesdn writing it"):
        apply_to(drawn)
    assert drawn.nodes["pve2"].read(UNIT.path) == "[Service]\nNice=5\n"
    assert apply_to(drawn, flags=PlanFlags(overwrite=True)).is_good
    assert vrfs(drawn) == ["vrf_prod"] * 3


def test_an_edited_drop_in_is_told_and_kept(served: SimulatedCluster) -> None:
    served.nodes["pve2"].write(UNIT.path, "[Service]\nNice=5\n")
    with pytest.raises(ApplyRefused, match="it was edited after pvesdn wrote it"):
        apply_to(served)
