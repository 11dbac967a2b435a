"""What the node program makes the node's daemons and kernel do, and the one file it writes for the cluster."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
from typing import ClassVar

import pytest

from pvesdn.node.program import Machine, answer
from tests.noderoot import FRR, RECORD, SYSCTL, NodeRoot
from tests.unit.node.asking import Asking

SEEN = "/etc/pve/sdn/pvesdn-seen.json"


@pytest.fixture
def frr(node: NodeRoot) -> NodeRoot:
    """FRR running, enabled and content."""
    node.command("vtysh")
    node.command("systemctl")
    node.command("frr-reload.py", prints="Called via Namespace\n")
    return node


class TestFrr:
    def test_it_is_reloaded(self, program: Asking, frr: NodeRoot) -> None:
        assert program.value("frr", action="reload") == {"log": ["Called via Namespace"]}
        assert frr.calls()[-1] == f"frr-reload.py --reload {FRR}"

    def test_it_is_restarted_when_told(self, program: Asking, frr: NodeRoot) -> None:
        assert program.value("frr", action="restart") == {"log": []}
        assert frr.calls() == ["systemctl is-enabled frr", "systemctl reset-failed frr", "systemctl restart frr"]

    def test_when_it_is_stopped_a_reload_becomes_a_restart_and_says_so(self, program: Asking, frr: NodeRoot) -> None:
        frr.command("systemctl", script='[ "$1" = is-active ] && { echo inactive; exit 3; }')
        log = program.value("frr", action="reload")["log"]
        assert log == ["FRR was not running: restarting instead of reloading"]
        assert "frr-reload.py" not in " ".join(frr.calls())
        assert frr.calls()[-1] == "systemctl restart frr"

    def test_when_a_daemon_is_absent_a_reload_becomes_a_restart_and_says_so(
        self, program: Asking, frr: NodeRoot
    ) -> None:
        frr.command("frr-reload.py", complains="bgpd is not running\n", status=1)
        log = program.value("frr", action="reload")["log"]
        assert log == ["bgpd is not running", "a daemon of FRR was not running: restarting instead of reloading"]
        assert frr.calls()[-1] == "systemctl restart frr"

    @pytest.mark.parametrize(
        ("daemon", "lines"),
        [
            ("bgpd", "router bgp 65000\nexit"),
            ("bfdd", "router bgp 65000\n neighbor VTEP bfd\nexit"),
            ("bfdd", "bfd\nexit"),
            ("vrrpd", "interface a\n vrrp 5 version 3\nexit"),
            ("ospfd", "router ospf\nexit"),
            ("fabricd", "router openfabric lab\nexit"),
            ("isisd", "router isis core\nexit"),
        ],
    )
    def test_frr_reload_would_leave_out_the_lines_of_a_daemon_that_died_so_it_is_restarted(
        self, program: Asking, frr: NodeRoot, daemon: str, lines: str
    ) -> None:
        frr.write(FRR, f"hostname pve1\n{lines}\n")
        frr.write("/etc/frr/daemons", "bgpd=yes\nbfdd=yes\nvrrpd=yes\nospfd=yes\nfabricd=yes\nisisd=yes\n")
        alive = {"bgpd", "bfdd", "vrrpd", "ospfd-1", "fabricd", "isisd"} - {daemon, f"{daemon}-1"}
        frr.command("vtysh", prints=f" zebra {' '.join(alive)} staticd\n")
        log = program.value("frr", action="reload")["log"]
        assert log == [f"{daemon} was not running: restarting instead of reloading"]
        assert frr.calls()[-3:] == ["vtysh -c show daemons", "systemctl reset-failed frr", "systemctl restart frr"]

    def test_one_that_nothing_needs_or_nobody_switched_on_restarts_nothing(
        self, program: Asking, frr: NodeRoot
    ) -> None:
        frr.write(FRR, "router bgp 65000\n neighbor VTEP description no bfd here\nexit\n! router ospf\n")
        frr.write("/etc/frr/daemons", "bgpd=yes\nospfd=yes\nbfdd=no\n")
        frr.command("vtysh", prints=" zebra bgpd staticd\n")
        assert program.value("frr", action="reload") == {"log": ["Called via Namespace"]}

    def test_without_frr_reload_it_is_restarted_and_the_package_named(self, program: Asking, frr: NodeRoot) -> None:
        (frr.folder / "bin" / "frr-reload.py").unlink()
        log = program.value("frr", action="reload")["log"]
        assert log == [
            "/usr/lib/frr/frr-reload.py is absent (apt install frr-pythontools): restarting instead of reloading"
        ]

    def test_a_reload_that_fails_for_another_reason_interrupts_nobodys_traffic(
        self, program: Asking, frr: NodeRoot
    ) -> None:
        frr.command("frr-reload.py", complains="% Unknown command: banana\n", status=1)
        refusal = program.refusal("frr", action="reload")
        assert "frr-reload.py" in refusal
        assert "ended with status 1: % Unknown command: banana; see /var/log/frr/frr-reload.log" in refusal
        assert "systemctl restart frr" not in frr.calls()

    def test_frr_that_would_not_start_at_boot_is_enabled(self, program: Asking, frr: NodeRoot) -> None:
        frr.command("systemctl", script='[ "$1" = is-enabled ] && { echo disabled; exit 1; }')
        assert program.value("frr", action="reload")["log"][0] == "FRR was not enabled at boot: enabled"
        assert "systemctl enable frr" in frr.calls()

    def test_a_restart_that_fails_is_shown(self, program: Asking, frr: NodeRoot) -> None:
        frr.command(
            "systemctl",
            complains="Job for frr.service failed\n",
            script='[ "$1" = is-enabled ] && { echo enabled; exit 0; }',
            status=1,
        )
        refusal = program.refusal("frr", action="restart")
        assert refusal.endswith(
            "systemctl restart frr ended with status 1: Job for frr.service failed; journalctl -u frr says why"
        )

    def test_a_node_without_frr_is_told_to_install_it(self, program: Asking) -> None:
        assert program.refusal("frr", action="reload") == "FRR is not installed; apt install frr frr-pythontools"

    @pytest.mark.parametrize("action", ["stop", "none", ""])
    def test_it_can_be_told_nothing_else(self, program: Asking, frr: NodeRoot, action: str) -> None:
        assert program.refusal("frr", action=action) == f"{action!r} is not an action of FRR"
        assert frr.calls() == []


class TestSysctl:
    def test_settings_are_loaded_from_our_file(self, program: Asking, node: NodeRoot) -> None:
        node.write(SYSCTL, "# ours\nnet.ipv4.ip_forward = 1\n")
        node.command("sysctl", prints="net.ipv4.ip_forward = 1\n")
        assert program.value("sysctl", file=SYSCTL) == {"log": ["net.ipv4.ip_forward = 1"]}
        assert node.calls() == [f"sysctl -p {SYSCTL}"]

    def test_a_setting_that_the_kernel_refuses_is_shown(self, program: Asking, node: NodeRoot) -> None:
        node.write(SYSCTL, "net.x = 1\n")
        node.command("sysctl", complains="sysctl: cannot stat /proc/sys/net/x: No such file\n", status=1)
        assert "cannot stat /proc/sys/net/x" in program.refusal("sysctl", file=SYSCTL)

    def test_from_no_other_file(self, program: Asking, node: NodeRoot) -> None:
        assert "is not a file of pvesdn's kernel settings" in program.refusal("sysctl", file="/etc/sysctl.conf")
        assert node.calls() == []


class TestSettingsThatGo:
    FORWARD, LEARNED = "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/neigh/eno2.7/base_reachable_time_ms"
    TEXT = "# ours\nnet.ipv4.ip_forward = 1\n-net/ipv4/neigh/eno2.7/base_reachable_time_ms = 3000\n"
    SET = 'set_() { printf \'%s\\n\' "$2" > "$folder/proc/sys/$1"; }\n'

    @pytest.fixture(autouse=True)
    def _kernel(self, node: NodeRoot) -> None:
        node.write(self.FORWARD, "0\n")
        node.write(self.LEARNED, "30000\n")
        node.write(SYSCTL, self.TEXT)
        loads = (
            f"folder={shlex.quote(str(node.folder))}\n{self.SET}"
            'case "$1 $2" in "-w net.ipv4.ip_forward=0") set_ net/ipv4/ip_forward 0 ;;'
            ' -w*) set_ net/ipv4/neigh/eno2.7/base_reachable_time_ms "${2#*=}" ;;'
            " *) set_ net/ipv4/ip_forward 1; set_ net/ipv4/neigh/eno2.7/base_reachable_time_ms 3000 ;; esac"
        )
        node.command("sysctl", script=loads)

    def test_a_setting_that_has_gone_is_as_it_was_before(self, program: Asking, node: NodeRoot) -> None:
        program.value("sysctl", file=SYSCTL)
        assert (node.text(self.FORWARD), node.text(self.LEARNED)) == ("1\n", "3000\n")
        node.write(SYSCTL, "net.ipv4.ip_forward = 1\n")
        program.value("sysctl", file=SYSCTL)
        assert node.calls()[-1] == "sysctl -w net/ipv4/neigh/eno2.7/base_reachable_time_ms=30000"
        node.place(SYSCTL).unlink()
        program.value("sysctl", file=SYSCTL)
        assert node.calls()[-1] == "sysctl -w net.ipv4.ip_forward=0"
        assert (node.text(self.FORWARD), node.text(self.LEARNED)) == ("0\n", "30000\n")

    def test_loading_twice_does_not_take_our_value_for_the_one_before(self, program: Asking, node: NodeRoot) -> None:
        program.value("sysctl", file=SYSCTL)
        program.value("sysctl", file=SYSCTL)
        node.place(SYSCTL).unlink()
        program.value("sysctl", file=SYSCTL)
        assert node.text(self.FORWARD) == "0\n"

    def test_a_setting_that_somebody_has_changed_since_stays(self, program: Asking, node: NodeRoot) -> None:
        program.value("sysctl", file=SYSCTL)
        node.write(self.LEARNED, "500\n")
        node.place(SYSCTL).unlink()
        program.value("sysctl", file=SYSCTL)
        assert node.text(self.LEARNED) == "500\n"

    def test_what_is_observed_is_what_the_node_would_have_without_us(self, program: Asking, node: NodeRoot) -> None:
        program.value("sysctl", file=SYSCTL)
        assert node.text(self.FORWARD) == "1\n"
        assert program.value("observe", commands=["sysctl"])["commands"]["sysctl"]["net.ipv4.ip_forward"] == "0"

    def test_a_record_of_settings_that_is_damaged_is_named(self, program: Asking, node: NodeRoot) -> None:
        node.write(RECORD, '{"format": 1, "files": {}, "unfinished": false, "sysctl": {"net.ipv4.ip_forward": 1}}')
        assert f"{RECORD} is not what this version writes" in program.refusal("sysctl", file=SYSCTL)


class TestFlood:
    FDB = (
        '[{"mac":"aa:bb:cc:00:00:01","ifname":"vxlan_web","master":"web"},'
        '{"mac":"00:00:00:00:00:00","ifname":"vxlan_web","dst":"192.168.0.2","flags":["self"]},'
        '{"mac":"00:00:00:00:00:00","ifname":"vxlan_web","dst":"fd00::2","flags":["self"]},'
        '{"mac":"00:00:00:00:00:00","ifname":"vxlan_db","dst":"192.168.0.2","flags":["self"]},'
        '{"mac":"aa:bb:cc:00:00:02","ifname":"vxlan_web","dst":"192.168.0.3"}]'
    )

    def test_missing_entries_are_restored_and_the_others_left(self, program: Asking, node: NodeRoot) -> None:
        node.command("bridge", prints=self.FDB)
        ports = {"vxlan_web": ["192.168.0.2", "192.168.0.3", "FD00:0::2"], "vxlan_db": ["192.168.0.2"]}
        assert program.value("flood", ports=ports) == {"restored": {"vxlan_web": ["192.168.0.3"]}}
        assert node.calls() == [
            "bridge -j fdb show",
            "bridge fdb append 00:00:00:00:00:00 dev vxlan_web dst 192.168.0.3",
        ]

    def test_entries_that_cannot_be_looked_at_are_not_taken_for_missing(self, program: Asking, node: NodeRoot) -> None:
        node.command("bridge", script='echo "it broke" >&2; exit 1')
        assert program.refusal("flood", ports=self.PORTS) == "bridge -j fdb show ended with status 1: it broke"
        assert node.calls() == ["bridge -j fdb show"]

    PORTS: ClassVar = {"vxlan_a": ["192.168.0.2"], "vxlan_b": ["192.168.0.3"]}

    def test_a_device_that_is_not_there_has_no_list_and_does_not_hide_the_others(
        self, program: Asking, node: NodeRoot
    ) -> None:
        missing = 'case "$*" in *vxlan_a*) echo "Cannot find device" >&2; exit 1;; esac'
        node.command("bridge", script=missing, prints="[]")
        node.command("ip", script=missing)
        assert program.value("flood", ports=self.PORTS) == {"restored": {"vxlan_b": ["192.168.0.3"]}}
        assert node.calls()[-1] == "bridge fdb append 00:00:00:00:00:00 dev vxlan_b dst 192.168.0.3"

    def test_a_device_that_takes_no_entry_is_named_and_does_not_hide_the_others(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.command("bridge", script='case "$*" in *vxlan_a*) echo "it broke" >&2; exit 1;; esac', prints="[]")
        node.command("ip", prints='[{"ifname": "vxlan_a"}]')
        refusal = program.refusal("flood", ports=self.PORTS)
        added = "bridge fdb append 00:00:00:00:00:00 dev vxlan_a dst 192.168.0.2"
        assert refusal == f"{added} ended with status 1: it broke"
        assert node.calls()[-1] == "bridge fdb append 00:00:00:00:00:00 dev vxlan_b dst 192.168.0.3"

    @pytest.mark.parametrize("address", ["", "banana", "192.168.0.2/24", "-h"])
    def test_what_is_no_address_reaches_no_command(self, program: Asking, node: NodeRoot, address: str) -> None:
        assert program.refusal("flood", ports={"vxlan_web": [address]}) == f"{address!r} is not an IP address"
        assert node.calls() == []

    def test_ports_are_named_one_by_one(self, program: Asking) -> None:
        assert program.refusal("flood", ports=["vxlan_web"]) == "argument 'ports' is missing or of the wrong type"


class TestPut:
    def test_a_file_of_ours_is_written_whole(self, program: Asking, node: NodeRoot) -> None:
        for text in ("{}\n", "{1}\n"):
            assert program.value("put", path=SEEN, text=text) == {}
            assert node.text(SEEN) == text
        assert [path.name for path in node.place("/etc/pve/sdn").iterdir()] == ["pvesdn-seen.json"]

    @pytest.mark.parametrize("name", ["zones.cfg", ".running-config", "../user.cfg", "pvesdn/../../x", "pvesdn x"])
    def test_nothing_else_is(self, program: Asking, node: NodeRoot, name: str) -> None:
        assert "is not a file that pvesdn may write" in program.refusal("put", path=f"/etc/pve/sdn/{name}", text="x")
        assert list(node.place("/etc/pve/sdn").iterdir()) == []

    def test_a_target_that_cannot_be_replaced_keeps_what_it_was_and_nothing_is_left(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.place(SEEN).mkdir()
        assert program.refusal("put", path=SEEN, text="x") == f"{SEEN}: Is a directory"
        assert list(node.place("/etc/pve/sdn").iterdir()) == [node.place(SEEN)]

    def test_a_device_is_not_replaced(self, program: Asking, node: NodeRoot) -> None:
        node.place(SEEN).parent.mkdir(parents=True, exist_ok=True)
        node.place(SEEN).symlink_to("/dev/null")
        assert program.refusal("put", path=SEEN, text="x") == f"{SEEN} is not a regular file"
        assert node.place(SEEN).is_symlink()

    def test_a_put_that_is_told_to_end_leaves_nothing(self, node: NodeRoot) -> None:
        class Ended(Machine):
            def rename(self, source: str, target: str) -> None:
                raise SystemExit(143)

        request = json.dumps({"verb": "put", "arguments": {"path": SEEN, "text": "x"}}).encode()
        with pytest.raises(SystemExit):
            answer(Ended(str(node.folder)), request)
        assert list(node.place("/etc/pve/sdn").iterdir()) == []

    def test_what_a_killed_put_left_is_taken_away_by_the_next(self, program: Asking, node: NodeRoot) -> None:
        request = json.dumps({"verb": "put", "arguments": {"path": SEEN, "text": "x"}})
        source = (
            "import os, signal, sys\nfrom pvesdn.node.program import Machine, answer\n"
            "class Killed(Machine):\n    def rename(self, source, target): os.kill(os.getpid(), signal.SIGKILL)\n"
            "answer(Killed(sys.argv[1]), sys.argv[2].encode())\n"
        )
        done = subprocess.run([sys.executable, "-c", source, node.folder, request], check=False, timeout=60)
        assert done.returncode == -signal.SIGKILL
        (draft,) = node.place("/etc/pve/sdn").iterdir()
        assert draft.name.startswith("pvesdn-seen.json.tmp.")
        program.value("put", path=SEEN, text="y")
        assert [path.name for path in node.place("/etc/pve/sdn").iterdir()] == ["pvesdn-seen.json"]
        assert node.text(SEEN) == "y"

    @pytest.mark.parametrize(
        ("name", "age", "stays"),
        [
            (f"pvesdn-seen.json.tmp.{os.uname().nodename}.{os.getppid()}", 0, True),
            (f"pvesdn-seen.json.tmp.{os.uname().nodename}.4194304999", 0, False),
            ("pvesdn-seen.json.tmp.pve9.17", 0, True),
            ("pvesdn-seen.json.tmp.pve9.17", 3600, False),
            ("pvesdn.cfg", 3600, True),
            ("pvesdn.cfg.tmp", 3600, True),
            ("zones.cfg.tmp.pve9.17", 3600, True),
        ],
    )
    def test_a_draft_is_left_alone_while_somebody_may_be_writing_it(
        self, program: Asking, node: NodeRoot, name: str, age: int, *, stays: bool
    ) -> None:
        other = f"/etc/pve/sdn/{name}"
        node.write(other, "draft")
        written = node.place(other).stat().st_mtime - age
        os.utime(node.place(other), (written, written))
        program.value("put", path=SEEN, text="x")
        assert node.place(other).exists() is stays

    def test_a_cluster_file_system_that_refuses_is_explained(self, node: NodeRoot) -> None:
        class WithoutQuorum(Machine):
            def rename(self, source: str, target: str) -> None:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)

        request = json.dumps({"verb": "put", "arguments": {"path": SEEN, "text": "x"}}).encode()
        document = answer(WithoutQuorum(str(node.folder)), request)
        assert document["error"] == f"{SEEN}: Permission denied"
        assert document["hint"] == "the cluster file system is read-only without a quorum: pvecm status"
        assert list(node.place("/etc/pve/sdn").iterdir()) == []
