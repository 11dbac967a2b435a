"""`pvesdn report`: what is in the page, who may read it, and what is in no page."""

from __future__ import annotations

import html
import re
import shutil
import stat
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.cli.screens.report import report_parts, verdict
from pvesdn.model.status import Beside
from pvesdn.model.verification import Discrepancy, Subject, Verification
from pvesdn.resources import data_dir
from tests.cli.kit import UCAST, call
from tests.cli.test_status import large
from tests.cli.test_topology import stored
from tests.cli.test_verify import HEALTHY, healthy
from tests.fakes import FakeCluster

UNITS = ("pvesdn-report.service", "pvesdn-report.timer")


@pytest.fixture
def applied(settings: Path) -> FakeCluster:
    """A cluster in which one apply has been carried out."""
    return healthy(settings, UCAST, "--comment", "for the <shop>")


def section(page: str, heading: str) -> str:
    """What a page says below that heading, as text."""
    return html.unescape(page.partition(f">{heading}</h2>")[2].partition("</section>")[0])


def test_what_is_wrong_is_in_it_with_what_to_do_next(tmp_path: Path) -> None:
    done = call("report", "--from", stored("session-blocked", tmp_path), "-o", tmp_path / "report.html")
    assert (done.status, done.out) == (0, "")
    page = (tmp_path / "report.html").read_text()
    assert 'class="verdict bad"' in page
    findings = section(page, "Findings")
    assert "node1: BGP session to node3 (192.168.0.3)" in findings
    assert "TCP port 179 does not get through" in findings
    assert "on node1: ip route get 192.168.0.3 from 192.168.0.1" in findings
    assert "BAD: 2 bad; node1: BGP session to node3" in section(page, "Status")
    assert "No changes. Nodes match the configuration." in section(page, "Plan")
    assert "Not known" in section(page, "History")


def test_only_its_owner_can_read_it_and_it_replaces_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the one before")
    file.chmod(0o644)
    assert call("report", "--from", HEALTHY, "-o", file).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().startswith("<!doctype html>")
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_well_is_said_to_be_well() -> None:
    done = call("report", "--from", HEALTHY)
    assert done.status == 0
    assert 'class="verdict ok"' in done.out
    assert "Nothing is wrong, as far as it was looked at." in section(done.out, "Findings")
    assert "None was found." in section(done.out, "Drift")
    assert "No packets were sent between the nodes" in done.out


def test_what_somebody_has_edited_is_drift(tmp_path: Path) -> None:
    done = call("report", "--from", stored("interfaces-edited", tmp_path))
    assert "/etc/network/interfaces.d/pvesdn" in section(done.out, "Drift")


def test_a_node_that_did_not_answer_is_in_it_as_not_known(tmp_path: Path) -> None:
    done = call("report", "--from", stored("node-not-reached", tmp_path))
    assert done.status == 4
    assert "1 node did not answer: node2." in done.out
    assert 'class="item card unknown"' in done.out
    assert "warning: not asked: node2: " in done.err


def test_a_node_whose_answer_is_unreadable_did_not_answer(tmp_path: Path) -> None:
    snapshot = read_snapshot(HEALTHY)
    commands = {**snapshot.nodes["node2"].commands, "ip-link": "no list"}
    nodes = {**snapshot.nodes, "node2": replace(snapshot.nodes["node2"], commands=commands)}
    write_snapshot(tmp_path / "snapshot", replace(snapshot, nodes=nodes))
    done = call("report", "--from", tmp_path / "snapshot")
    assert done.status == 4
    assert "1 node did not answer: node2." in done.out
    assert "warning: not asked: node2: " in done.err


def test_it_is_made_without_a_picture_where_graphviz_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dot").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    done = call("report", "--from", HEALTHY)
    assert done.status == 0
    assert "the page has no picture: dot has not laid the picture out: exit status 3" in done.err
    assert "Zones and VNets" in done.out
    assert "<svg" not in done.out


def test_it_says_at_the_top_when_it_was_made(applied: FakeCluster, settings: Path) -> None:
    page = call("--config", settings, "report", cluster=applied).out
    assert re.search(r'class="kicker">[^<]* as of \d{4}-\d\d-\d\d \d\d:\d\d UTC<', page)
    assert re.search(r'id="age" data-made="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"', page)


def test_one_of_a_snapshot_does_not_say_that_it_is_so_now() -> None:
    page = call("report", "--from", HEALTHY).out
    assert re.search(r'class="kicker">[^<]* of a snapshot, made \d{4}-\d\d-\d\d \d\d:\d\d UTC<', page)
    assert 'id="age"' not in page


def test_plan_and_history_of_a_cluster_are_in_it(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n\n"
    done = call("--config", settings, "report", cluster=applied)
    assert done.status == 0
    assert "+ vmbr4" in section(done.out, "Plan")
    assert "Plan: 6 to add" in section(done.out, "Plan")
    assert "for the <shop>" in section(done.out, "History")
    assert "<shop>" not in done.out


def test_what_cannot_be_planned_is_told(applied: FakeCluster, settings: Path) -> None:
    applied.nodes.pve_files["/etc/pve/sdn/zones.cfg"] = "vxlan: pvx\n\tnodes nobody\n\tpeers x\n\n"
    done = call("--config", settings, "report", cluster=applied)
    assert done.status == 0
    assert "It cannot be planned:" in section(done.out, "Plan")
    assert "zones.cfg:" in section(done.out, "Plan")


def test_no_page_holds_a_secret(applied: FakeCluster, settings: Path) -> None:
    secret = "Tr0ub4dor"
    for name in ("node1", "node2", "node3"):
        files = applied.nodes[name].files
        files["/etc/frr/frr.conf"] = f"router bgp 65000\n neighbor 192.0.2.9 password {secret}\n"
        ours = "/etc/network/interfaces.d/pvesdn"
        files[ours] = f"{files[ours]}\tpost-up wpa_supplicant --password {secret}\n"
    done = call("--config", settings, "report", cluster=applied)
    assert done.status == 0
    assert "/etc/network/interfaces.d/pvesdn" in section(done.out, "Findings")
    assert secret not in done.out + done.err


def test_no_reason_of_a_node_s_brings_a_secret_in(
    applied: FakeCluster, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = ("history and locks: node1: ssh: proxy said token Tr0ub4dor", "open applies on node2: connection timed out")
    monkeypatch.setattr("pvesdn.cli.verbs.report.look_beside", lambda *_: Beside(unknown=told))
    done = call("--config", settings, "report", cluster=applied)
    assert "history and locks: node1: ssh: proxy " in done.out
    assert "open applies on node2: connection timed out" in done.out
    assert "Tr0ub4dor" not in done.out


def test_a_timer_may_have_it_written_and_nothing_enables_that() -> None:
    service, timer = ((data_dir("hooks") / name).read_text() for name in UNITS)
    assert "WantedBy=timers.target" in timer
    assert "[Install]" not in service
    assert "--output /var/lib/pvesdn/report.html" in service


def test_no_unit_hides_from_pvesdn_what_ifupdown2_keeps_below_var_tmp() -> None:
    services = [path.read_text().splitlines() for path in data_dir("hooks").glob("*.service")]
    assert len(services) == 3
    assert not [line for lines in services for line in lines if line.startswith("PrivateTmp=")]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed: apt install systemd"
)
def test_systemd_takes_its_units() -> None:
    units = [str(data_dir("hooks") / name) for name in UNITS]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "pvesdn-report" in line]) == (0, [])


def test_hundreds_of_findings_have_an_end() -> None:
    found = tuple(Discrepancy("node1", Subject.DEVICE, f"vxlan_{n}", "there", "absent", "-", "-") for n in range(250))
    parts = report_parts(replace(large(1, 1), verification=Verification(found, nodes=("node1",))))
    told = next(part for part in parts if part.title == "Findings")
    assert len(told.findings) == 200
    assert told.intro == "250 findings; 50 are left out: pvesdn verify tells them all."


def test_a_look_at_nothing_is_no_good_news() -> None:
    assert verdict(replace(large(1, 1), verification=Verification())).state.name == "unknown"


@pytest.mark.parametrize("name", ["x.svg", "x.PNG", "x.pdf", "x.mmd"])
def test_a_report_is_not_written_into_a_picture(name: str, tmp_path: Path) -> None:
    done = call("report", "--from", HEALTHY, "-o", tmp_path / name)
    assert done.status == 1
    assert f"a report is an HTML page, and no {name[2:].lower()}; name it .html; pvesdn topology --live" in done.err
    assert not (tmp_path / name).exists()
    for page in ("x.html", "x.HTM", "x"):
        assert call("report", "--from", HEALTHY, "-o", tmp_path / page).status == 0


def test_a_report_says_once_that_no_packets_were_sent() -> None:
    page = call("report", "--from", HEALTHY).out
    assert page.count("No packets were sent") == 1
    assert "status sends none" not in page
