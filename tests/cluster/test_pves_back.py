"""`pvesdn rollback N` where PVE's own definitions are others than then: written through its API, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.pve_api import PveApi
from pvesdn.cli.former import Former
from pvesdn.errors import ApiRefused, ApiUnavailable, PvesdnError
from pvesdn.model.flags import PlanFlags
from pvesdn.model.manner import AS_USUAL, Manner
from pvesdn.model.primitives import Json
from pvesdn.model.report import ApplyReport
from pvesdn.model.sdn_edits import SdnCall
from pvesdn.workflows.history import apply_on_record, read_history
from pvesdn.workflows.lock import alone
from pvesdn.workflows.read import read_members
from pvesdn.workflows.world import World
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.pve import GRANTS
from tests.cluster.kit import (
    ANOTHER_ZONE,
    EVPN,
    PLANNER,
    draw,
    errors,
    install_dnsmasq,
    plan_of,
    serving,
    state_of,
    world_of,
)
from tests.cluster.nodes_alone import CHECKPOINT, pass_time, traces
from tests.cluster.standing import as_left_by
from tests.cluster.test_alone import Killed, network_of
from tests.cluster.test_former import SINCE, THEN, Shell

OWN = "pvesdn.cfg"
WITH_ALL = {
    "controllers.cfg": "evpn: main\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "zones.cfg": (
        "evpn: fab\n\tcontroller main\n\tvrf-vxlan 4100\n\tmac BC:24:11:00:00:01\n\tnodes pve1,pve2\n\n"
        "simple: lan\n\tdhcp dnsmasq\n\tipam pve\n\n"
    ),
    "vnets.cfg": "vnet: app\n\tzone fab\n\ttag 4101\n\nvnet: db\n\tzone fab\n\ttag 4102\n\nvnet: office\n\tzone lan\n\n",
    "subnets.cfg": (
        "subnet: fab-10.1.0.0-24\n\tvnet app\n\tgateway 10.1.0.1\n\n"
        "subnet: lan-10.2.0.0-24\n\tvnet office\n\tdhcp-range start-address=10.2.0.10,end-address=10.2.0.20\n"
        "\tdhcp-range start-address=10.2.0.30,end-address=10.2.0.40\n\tgateway 10.2.0.1\n\tsnat 1\n\n"
    ),
}
LOCK = ".lock"


@contextmanager
def two_applies(tmp_path: Path) -> Iterator[tuple[SimulatedCluster, Shell]]:
    """Definitions of both kinds have changed since apply 1."""
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)

        def apply_both() -> None:
            shell.apply(THEN)
            shell.apply({**SINCE, OWN: EVPN + ANOTHER_ZONE})

        as_left_by(apply_both, cluster, "two applies")
        yield cluster, shell


def definitions(cluster: SimulatedCluster) -> dict[str, object]:
    """PVE's definitions, whatever the order of their lines; and what is committed of them, with its version."""
    sdn = cluster.world.pmxcfs.sdn
    return {"pending": sdn_config.pending(sdn), "running": sdn_config.running(sdn)}


def is_pending(cluster: SimulatedCluster) -> bool:
    sdn = cluster.world.pmxcfs.sdn
    running = sdn_config.running(sdn)
    return any(running[kind] != found for kind, found in sdn_config.pending(sdn).items())


def go_back(world: World, manner: Manner = AS_USUAL, number: int = 1) -> ApplyReport:
    """What `rollback N --yes` does, as far as the nodes and PVE are concerned."""
    with alone(world, [member.name for member in read_members(world.api).members], tell=print) as there:
        offer = Former(number, PlanFlags(), None).offer(there)
        return apply_on_record(there, offer.changes, PLANNER, manner)


def test_pves_definitions_come_back_with_pvesdn_cfg_and_leave_nothing_to_plan(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert "to be edited over version 2, which is running: written through PVE's API" in done.out
        assert "  - zone wan" in done.out
        assert cluster.read_sdn(OWN) == EVPN
        assert sdn_config.read_sections(cluster.read_sdn("zones.cfg") or "") == {
            "lan": {"type": "simple", "ipam": "pve"},
            "spare": {"type": "simple", "mtu": 1400},
        }
        assert not is_pending(cluster)
        assert plan_of(cluster).is_empty
        assert cluster.read_sdn(LOCK) is None
        entries = read_history(world_of(cluster)).entries
        assert entries[-1].after == entries[0].after
        assert shell.run("pvesdn diff 1").out == "No difference between 1 and now.\n"


def test_everything_that_the_history_keeps_of_pves_goes_and_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", "") as cluster:
        install_dnsmasq(cluster)
        shell = Shell(cluster, tmp_path)
        shell.apply(WITH_ALL)
        full = definitions(cluster)["pending"]
        shell.apply({**dict.fromkeys(WITH_ALL, ""), "zones.cfg": "vlan: fab\n\tbridge vmbr0\n\n"})
        less = definitions(cluster)["pending"]
        for number, expected in ((1, full), (2, less), (1, full)):
            done = shell.run(f"pvesdn rollback {number} --yes")
            assert done.status == 0, done.err
            assert definitions(cluster)["pending"] == expected
            assert plan_of(cluster).is_empty


ON_FABRICS = {
    "fabrics.cfg": (
        "ospf_fabric: lab\n\tip_prefix 10.7.0.0/24\n\tarea 0\n\n"
        "ospf_node: lab_pve1\n\tip 10.7.0.1\n\tinterfaces name=eno2\n\n"
        "ospf_node: lab_pve2\n\tip 10.7.0.2\n\tinterfaces name=eno2\n\n"
        "openfabric_fabric: ring\n\tip_prefix 10.8.0.0/24\n\thello_interval 2\n\n"
        "openfabric_node: ring_pve1\n\tip 10.8.0.1\n\n"
    ),
    "zones.cfg": "vxlan: tun\n\tfabric lab\n\n",
    "vnets.cfg": "vnet: app\n\tzone tun\n\ttag 4101\n\n",
}


def test_fabrics_and_their_nodes_go_and_come_back_with_what_is_built_on_them(tmp_path: Path) -> None:
    other = ON_FABRICS["fabrics.cfg"].replace("10.7.", "10.9.").replace("\thello_interval 2\n", "")
    other = other.replace("\tinterfaces name=eno2\n", "", 1)
    other = other.replace("10.8.0.1\n", "10.8.0.1\n\tinterfaces name=eno2,hello_multiplier=5\n")
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(ON_FABRICS)
        full = definitions(cluster)["pending"]
        shell.apply({"fabrics.cfg": other})
        swapped = definitions(cluster)["pending"]
        shell.apply(dict.fromkeys(ON_FABRICS, ""))
        for number, expected in ((1, full), (2, swapped), (1, full)):
            done = shell.run(f"pvesdn rollback {number} --yes")
            assert done.status == 0, done.err
            assert definitions(cluster)["pending"] == expected
            assert plan_of(cluster).is_empty


RING = (
    "openfabric_fabric: ring\n\tip_prefix 10.8.0.0/24\n\n"
    "openfabric_node: ring_pve1\n\tip 10.8.0.1\n\tinterfaces name=eno2\n\n"
    "openfabric_node: ring_pve2\n\tip 10.8.0.2\n\tinterfaces name=eno2\n\n"
)
TWO_FAMILIES = RING.replace("0/24\n", "0/24\n\tip6_prefix fd00:8::/64\n")
for _host in ("1", "2"):
    TWO_FAMILIES = TWO_FAMILIES.replace(f"\tip 10.8.0.{_host}\n", f"\tip 10.8.0.{_host}\n\tip6 fd00:8::{_host}\n")


ON_RING = "vxlan: tun\n\tfabric ring\n\n"
ON_PEERS = "vxlan: tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"


@pytest.mark.parametrize(("fabrics", "zones"), [("", ON_PEERS), (RING, ON_RING)], ids=["to peers", "to one family"])
def test_what_is_on_a_fabric_that_goes_stays_where_pve_would_not_delete_it(
    tmp_path: Path, fabrics: str, zones: str
) -> None:
    more = {"vnets.cfg": ON_FABRICS["vnets.cfg"], "subnets.cfg": "subnet: tun-10.1.0.0-24\n\tvnet app\n\n"}
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({"fabrics.cfg": fabrics, "zones.cfg": zones, **more})
        full = definitions(cluster)["pending"]
        shell.apply({"fabrics.cfg": TWO_FAMILIES, "zones.cfg": ON_RING})
        in_use = "subnet has addresses in use"
        cluster.sim.fail("DELETE", "/cluster/sdn/vnets/app/subnets/tun-10.1.0.0-24", 500, in_use)
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert definitions(cluster)["pending"] == full
        assert plan_of(cluster).is_empty


def test_where_pve_refuses_a_node_of_a_fabric_nothing_stays_pending(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(ON_FABRICS)
        shell.apply(dict.fromkeys(ON_FABRICS, ""))
        before = definitions(cluster)
        cluster.sim.fail("POST", "/cluster/sdn/fabrics/node/ring", 500, "invalid lock token provided!")
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        assert "POST /cluster/sdn/fabrics/node/ring: 500" in done.err
        assert definitions(cluster) == before
        assert cluster.read_sdn(LOCK) is None


def test_what_pve_does_not_change_in_place_is_made_again(tmp_path: Path) -> None:
    swapped = WITH_ALL["vnets.cfg"].replace("tag 4101", "tag x").replace("4102", "4101").replace("tag x", "tag 4102")
    since = {**WITH_ALL, "vnets.cfg": swapped, "zones.cfg": WITH_ALL["zones.cfg"].replace("\tipam pve\n", "")}
    with serving(tmp_path / "cluster", "") as cluster:
        install_dnsmasq(cluster)
        shell = Shell(cluster, tmp_path)
        shell.apply(WITH_ALL)
        full = definitions(cluster)["pending"]
        shell.apply(since)
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert definitions(cluster)["pending"] == full


def test_the_plan_is_shown_first_and_without_a_yes_nothing_is_written(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        before = definitions(cluster)
        done = shell.run("pvesdn rollback 1")
        assert done.status == 1
        assert "to be edited" in done.out
        assert definitions(cluster) == before


def test_the_calls_are_part_of_the_document(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        done = shell.run("pvesdn rollback 1 --yes --json")
        assert done.status == 0, done.err
        calls = json.loads(done.out)["plan"]["calls"]
        assert calls[0] == {"method": "DELETE", "path": "/cluster/sdn/vnets/guest", "values": {}}
        assert {
            "method": "PUT",
            "path": "/cluster/sdn/vnets/office",
            "values": {"alias": "the office", "delete": "vlanaware"},
        } in calls
        assert not is_pending(cluster)


# --- what goes wrong -------------------------------------------------------------------------------------------------


class Failing(PveApi):
    """An API of which the edit number `at` fails: before it was heard, or after."""

    def __init__(self, cluster: SimulatedCluster, at: int, error: PvesdnError, *, is_heard: bool) -> None:
        super().__init__(cluster.token_settings())
        self._at, self._error, self._is_heard = at, error, is_heard
        self.made: list[SdnCall] = []

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        self.made.append(call)
        if len(self.made) != self._at:
            super().edit_sdn(call, token)
            return
        if self._is_heard:
            super().edit_sdn(call, token)
        raise self._error


EDITS = 6
WAYS: dict[str, tuple[PvesdnError, bool]] = {
    "refused": (ApiRefused("PVE: subnet has addresses in use", status=500), False),
    "cut off before it was heard": (ApiUnavailable("no answer"), False),
    "cut off after": (ApiUnavailable("no answer"), True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", [1, 3, EDITS])
def test_where_an_edit_fails_nothing_stays_pending_and_no_node_was_touched(tmp_path: Path, at: int, way: str) -> None:
    error, is_heard = WAYS[way]
    with two_applies(tmp_path) as (cluster, _):
        before, nodes = definitions(cluster), state_of(cluster)
        api = Failing(cluster, at, error, is_heard=is_heard)
        with pytest.raises(PvesdnError, match=str(error.message)):
            go_back(replace(world_of(cluster), api=api))
        assert len(api.made) == at
        as_before(cluster, before, nodes)
        report = go_back(world_of(cluster))
        assert report.is_good, errors(report)
        assert not is_pending(cluster)


def as_before(cluster: SimulatedCluster, before: dict[str, object], nodes: dict[str, object]) -> None:
    assert definitions(cluster) == before
    assert cluster.read_sdn(LOCK) is None
    assert cluster.read_sdn(OWN) == EVPN + ANOTHER_ZONE
    assert state_of(cluster) == nodes
    assert not [name for name, node in cluster.nodes.items() if (node.root / CHECKPOINT).exists()]


def test_there_are_as_many_edits_as_are_made_to_fail(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        api = Failing(cluster, 0, ApiUnavailable("never"), is_heard=False)
        assert go_back(replace(world_of(cluster), api=api)).is_good
        assert len(api.made) == EDITS


def test_where_a_node_fails_every_node_is_put_back_and_nothing_stays_pending(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        before, nodes = definitions(cluster), state_of(cluster)
        cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
        report = go_back(world_of(cluster))
        assert not report.is_good
        assert "pve2" in errors(report)
        assert definitions(cluster) == before
        assert cluster.read_sdn(LOCK) is None
        assert state_of(cluster) == nodes


def test_who_does_not_confirm_has_the_definitions_of_before(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        before = definitions(cluster)
        report = go_back(world_of(cluster), Manner(confirm_within=30))
        assert report.is_unconfirmed
        assert definitions(cluster) == before
        assert cluster.read_sdn(LOCK) is None


def test_where_pve_refuses_the_commit_nothing_stays_pending(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        before = definitions(cluster)
        world = world_of(cluster)

        def refused(token: str | None = None) -> str:
            raise ApiRefused("PUT /cluster/sdn: not now", status=500)

        world.api.apply_sdn = refused  # type: ignore[method-assign]
        report = go_back(world)
        assert "not now" in report.commit_error
        assert definitions(cluster) == before
        assert cluster.read_sdn(LOCK) is None


def test_an_edit_of_a_pvesdn_cfg_that_was_not_there_before_is_told_from_what_was(tmp_path: Path) -> None:
    """An older text before it is that of another apply, and nothing to go back to."""
    with two_applies(tmp_path) as (cluster, shell):
        (cluster.world.pmxcfs.sdn / OWN).unlink()
        shell.apply({})
        cluster.write_sdn("pvesdn.cfg.before", EVPN)
        before = definitions(cluster)
        world = world_of(cluster)

        def refused(token: str | None = None) -> str:
            cluster.write_sdn(OWN, (cluster.read_sdn(OWN) or "") + "# a colleague\n")
            raise ApiRefused("PUT /cluster/sdn: not now", status=500)

        world.api.apply_sdn = refused  # type: ignore[method-assign]
        report = go_back(world)
        assert "pvesdn.cfg has been edited during this apply and is left alone" in report.commit_error
        assert "there was none before: leave nothing in it but your edit" in report.commit_error
        assert "pvesdn.cfg.before" not in report.commit_error
        assert definitions(cluster) == before
        cluster.write_sdn(OWN, "# a colleague\n")
        assert plan_of(cluster).has_work is False


def test_edits_that_stay_name_our_half_too_where_there_was_none_before(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        (cluster.world.pmxcfs.sdn / OWN).unlink()
        shell.apply({})
        before = definitions(cluster)
        world = world_of(cluster)

        def refused(token: str | None = None) -> str:
            raise ApiRefused("cluster/sdn: not now", status=500)

        world.api.apply_sdn = world.api.roll_back_sdn = refused  # type: ignore[method-assign, assignment]
        told = go_back(world).commit_error
        assert (
            "pvesdn.cfg is that of this apply, and pvesdn apply completes both; or go back with both: `pvesh create "
            "/cluster/sdn/rollback` on a node discards them; there was none before: empty /etc/pve/sdn/pvesdn.cfg"
        ) in told
        assert cluster.nodes["pve1"].run("pvesh", "create", "/cluster/sdn/rollback").returncode == 0
        cluster.write_sdn(OWN, "")
        assert definitions(cluster) == before
        assert plan_of(cluster).has_work is False


def test_what_somebody_else_has_edited_in_the_middle_is_not_dropped(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        world = world_of(cluster)
        asked = world.api.dry_run

        def meanwhile(node: str) -> object:
            (cluster.world.pmxcfs.sdn / LOCK).unlink(missing_ok=True)
            cluster.write_sdn("vnets.cfg", (cluster.read_sdn("vnets.cfg") or "") + "vnet: theirs\n\tzone lan\n\n")
            world.api.dry_run = asked  # type: ignore[method-assign]
            return asked(node)

        world.api.dry_run = meanwhile  # type: ignore[assignment, method-assign]
        report = go_back(world)
        assert not report.is_good
        assert "what was edited in PVE's definitions is still pending" in report.commit_error
        assert "pvesh create /cluster/sdn/rollback" in report.commit_error
        assert "vnet: theirs" in (cluster.read_sdn("vnets.cfg") or "")
        assert cluster.read_sdn(LOCK) is None


class Dying(Failing):
    """An API at whose edit number `at` the run is killed: nothing of it comes after that."""

    is_dead = False

    def __init__(self, cluster: SimulatedCluster, at: int) -> None:
        super().__init__(cluster, 0, ApiUnavailable("never"), is_heard=True)
        self._dies_at = at

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        super().edit_sdn(call, token)
        if len(self.made) == self._dies_at:
            self.is_dead = True
            raise Killed


class DeadToo:
    """A transport that ends with the run."""

    def __init__(self, cluster: SimulatedCluster, api: Any) -> None:
        self._transport, self._api = cluster.agent().transport, api

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        if self._api.is_dead:
            raise Killed
        return self._transport.ask(node, verb, arguments)


@pytest.mark.parametrize("at", [1, EDITS])
def test_a_run_that_is_killed_between_its_edits_leaves_them_pending_and_nothing_else(tmp_path: Path, at: int) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        running, nodes = definitions(cluster)["running"], network_of(cluster)
        api = Dying(cluster, at)
        with pytest.raises(Killed):
            go_back(replace(world_of(cluster), api=api, nodes=ProgramAgent(DeadToo(cluster, api))))
        pass_time(cluster, 181.0)
        assert cluster.read_sdn(LOCK) is None
        assert traces(cluster) == []
        assert network_of(cluster) == nodes
        assert definitions(cluster)["running"] == running
        again = shell.run("pvesdn rollback 1 --yes")
        if at < EDITS:
            assert "PVE's definitions have changes that nobody has applied: vnet 'guest' (deleted)" in again.err
            sdn_config.roll_back(cluster.world.pmxcfs.sdn)
            again = shell.run("pvesdn rollback 1 --yes")
        assert again.status == 0, again.err
        assert plan_of(cluster).is_empty


# --- what is refused at the beginning --------------------------------------------------------------------------------


def test_edits_of_others_are_named_and_who_reverts_them_gets_through(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, shell):
        draw(cluster, {"zones.cfg": SINCE["zones.cfg"] + "simple: theirs\n\n"})
        before = definitions(cluster)
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        assert "PVE's definitions have changes that nobody has applied: zone 'theirs' (new)" in done.err
        assert "apply or revert them in PVE's panel, and run pvesdn rollback 1 again" in done.err
        assert definitions(cluster) == before
        draw(cluster, SINCE)
        assert shell.run("pvesdn rollback 1 --yes").status == 0


def test_without_the_right_to_edit_nothing_is_touched_and_the_right_is_named(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        before, nodes = definitions(cluster), state_of(cluster)
        grants = (("/sdn", "SDN.Audit"), ("/", "Sys.Audit"), ("/", "Sys.Modify"), ("/", "VM.Audit"))
        with pytest.raises(ApiRefused, match=r"SDN\.Allocate"):
            go_back(replace(world_of(cluster), api=PveApi(cluster.token_settings(*grants))))
        as_before(cluster, before, nodes)


def test_with_the_rights_that_readme_names_all_of_it_can_be_done(tmp_path: Path) -> None:
    with two_applies(tmp_path) as (cluster, _):
        report = go_back(replace(world_of(cluster), api=PveApi(cluster.token_settings(*GRANTS))))
        assert report.is_good, errors(report)
        assert not is_pending(cluster)


def test_a_pve_without_a_lock_is_not_written_to(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", character=8) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(THEN)
        shell.apply(SINCE)
        before = definitions(cluster)
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        assert "before libpve-network-perl 1.1.3 PVE has no lock" in done.err
        assert "zone 'wan': was not there; remove it" in done.err
        assert definitions(cluster) == before
