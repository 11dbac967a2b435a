"""What a live node has on its disk, and what of the machine's /usr it does not see."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed import layers
from pvesdn_lab.live.testbed.disk import install_disk
from pvesdn_lab.live.testbed.plan import NodePlan

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the files of a node belong to several users: it needs root")
UNITS = Path("etc/systemd/system")
OVS = "auto br0\niface br0\n\tovs_type OVSBridge\n"


@pytest.fixture
def packages(tmp_path: Path) -> Unpacked:
    etc = tmp_path / "packages/etc"
    for name, text in {"frr/daemons": "bgpd=no\nospfd=no\n", "init.d/frr": "#!/bin/sh\n"}.items():
        (etc / name).parent.mkdir(parents=True, exist_ok=True)
        (etc / name).write_text(text)
    return Unpacked(tmp_path / "packages", {"frr": "8.4.4"})


def disk_of(tmp_path: Path, packages: Unpacked, *, frr: str = "", interfaces: str = "") -> Path:
    key = tmp_path / "key"
    key.write_text("a key")
    plan = NodePlan("node1", "10.9.0.1/24", "10.7.0.1/24", frr=frr, interfaces=interfaces)
    install_disk(plan, tmp_path / "disk", packages, key, key)
    return tmp_path / "disk"


def wanted(disk: Path, target: str) -> set[str]:
    return {link.name for link in (disk / UNITS / f"{target}.wants").iterdir()}


def test_a_node_boots_to_its_network_and_ssh_with_frr_off(tmp_path: Path, packages: Unpacked) -> None:
    disk = disk_of(tmp_path, packages)
    assert (disk / UNITS / "default.target").readlink().name == "multi-user.target"
    assert wanted(disk, "basic.target") == {"networking.service"}
    assert wanted(disk, "multi-user.target") == {"ssh.service", "pvesdn-lab-is-up.service"}
    assert (disk / "etc/machine-id").read_text() != "\n"
    assert not (disk / "etc/init.d").exists()


def test_frr_that_is_configured_by_hand_runs_from_the_first_boot(tmp_path: Path, packages: Unpacked) -> None:
    disk = disk_of(tmp_path, packages, frr="router ospf\n")
    assert "frr.service" in wanted(disk, "multi-user.target")
    assert (disk / "etc/frr/frr.conf").read_text() == "router ospf\n"
    assert "bgpd=no\nospfd=yes\n" in (disk / "etc/frr/daemons").read_text()


def test_open_vswitch_runs_where_a_stanza_is_its_own(tmp_path: Path, packages: Unpacked) -> None:
    assert "openvswitch-switch.service" in wanted(disk_of(tmp_path, packages, interfaces=OVS), "multi-user.target")


def test_what_the_machine_would_start_unasked_is_not_seen(
    tmp_path: Path, packages: Unpacked, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, layer = tmp_path / "usr", tmp_path / "layer"
    monkeypatch.setattr(layers, "_MACHINE", machine)
    for folder in ("system/timers.target.wants", "system/ssh.service.d", "system-generators"):
        (machine / "lib/systemd" / folder).mkdir(parents=True)
    (packages.root / "usr/lib/systemd/system/sysinit.target.wants").mkdir(parents=True)
    found = layers.make_layers(layer, packages, NodePlan("node1", "10.9.0.1/24", "10.7.0.1/24"))
    assert found == [layer, packages.root / "usr", machine]
    hidden = {path for path in layer.rglob("*") if stat.S_ISCHR(path.stat().st_mode) and path.stat().st_rdev == 0}
    names = ("system/sysinit.target.wants", "system/timers.target.wants", "system-generators")
    assert hidden == {layer / "lib/systemd" / name for name in names}
