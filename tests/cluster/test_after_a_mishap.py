"""What real tools do when something has gone wrong before, and apply has to get along with."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from pvesdn_lab.simulated.commands.state import read_json, write_json
from tests.cluster.kit import ANOTHER_ZONE, EVPN, apply_to, errors, plan_of, serving

WITHOUT_EXIT = EVPN[: EVPN.index("exit: ")]


@pytest.mark.long
def test_an_exit_that_never_came_up_can_be_taken_out_again(tmp_path: Path) -> None:
    """Its stanza is in place, but the reload failed before: `ifdown` knows nothing of it."""
    with serving(tmp_path) as cluster:
        node = cluster.nodes["pve1"]
        node.break_command("ifreload", status=1, stderr="error: it did not work\n", times=1)
        assert "exit code 1" in errors(apply_to(cluster))["pve1"]
        assert "iface eno2" in (node.read("/etc/network/interfaces.d/pvesdn") or "")
        cluster.write_sdn("pvesdn.cfg", WITHOUT_EXIT)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty


def test_a_daemon_that_died_is_started_by_the_apply_that_needs_it(tmp_path: Path) -> None:
    """`frr-reload.py` would leave out its lines, and say nothing."""
    with serving(tmp_path, WITHOUT_EXIT) as cluster:
        assert apply_to(cluster).is_good
        node, alive = cluster.nodes["pve2"], cluster.nodes["pve3"]
        frr = read_json(node.root, "frr", {})
        write_json(node.root, "frr", frr | {"daemons": [name for name in frr["daemons"] if name != "bgpd"]})
        restarts = alive.frr()["restarts"]
        cluster.write_sdn("pvesdn.cfg", f"{WITHOUT_EXIT}\n{ANOTHER_ZONE}")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert "vrf_other" in node.frr()["config"]
        assert node.frr()["config"] == node.read("/etc/frr/frr.conf")
        assert node.frr()["restarts"] == restarts + 1
        assert alive.frr()["restarts"] == restarts
        assert plan_of(cluster).is_empty


def test_a_reload_of_somebody_elses_is_not_disturbed_and_the_next_apply_finishes(tmp_path: Path) -> None:
    with serving(tmp_path, WITHOUT_EXIT) as cluster:
        lock = cluster.nodes["pve3"].path("/run/network/.lock")
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            failed = errors(apply_to(cluster))
        assert set(failed) == {"pve3"}
        assert "exit code 89" in failed["pve3"]
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
