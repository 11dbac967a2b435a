"""Every command that the program runs: its words, and the seconds that it is given."""

from __future__ import annotations

import fcntl
import io
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.program.commit import commit
from pvesdn.node.program.dialogue import MARKER, answer, main
from pvesdn.node.program.flood import flood
from pvesdn.node.program.frr import FRR_RELOAD, frr
from pvesdn.node.program.machine import CommandResult, Machine, Refused, json_of
from pvesdn.node.program.observe import _ask, observe
from pvesdn.node.program.places import IFUPDOWN_LOCK
from pvesdn.node.program.record import load_record
from pvesdn.node.program.request import Value
from pvesdn.node.program.sysctl import sysctl
from pvesdn.node.program.vtysh import frr_complaints
from tests.noderoot import FRR, OURS, RECORD, SYSCTL, NodeRoot

BAD = CommandResult(1, "", ["it broke"])


class Scripted(Machine):
    """A node whose commands answer what a test has them answer. Unless it is said, FRR runs and is switched on, and
    all else says nothing, with success.
    """

    def __init__(self, node: NodeRoot, answers: Mapping[str, CommandResult] | None = None) -> None:
        super().__init__(str(node.folder))
        self.answers = {IS_ENABLED: printed("enabled\n"), IS_ACTIVE: printed("active\n"), **(answers or {})}
        self.absent: set[str] = set()
        self.ran: list[tuple[str, float]] = []

    def find(self, name: str) -> str | None:
        return None if name in self.absent else name

    def run(self, argv: list[str], limit: float) -> CommandResult:
        line = " ".join(argv).replace(self.root, "")
        self.ran.append((line, limit))
        return self.answers.get(line, CommandResult(0, "", []))


def printed(text: str) -> CommandResult:
    return CommandResult(0, text, text.splitlines())


IS_ENABLED, IS_ACTIVE = "systemctl is-enabled frr", "systemctl is-active frr"
DISABLED = CommandResult(1, "disabled\n", ["disabled"])
DOWN: Value = {"ifdown": [{"file": OURS, "interface": "eno2"}]}
IFDOWN = f"ifdown -i {OURS} eno2"


class TestWhatGoes:
    def test_an_interface_is_taken_down_by_ifupdown2_and_a_link_deleted(self, node: NodeRoot) -> None:
        machine = Scripted(node)
        commit(machine, DOWN | {"delete_links": ["vxlan_a"]})
        assert machine.ran == [(IFDOWN, 60), ("ip link del vxlan_a", 20)]

    def test_of_one_that_stays_up_the_kernel_is_asked(self, node: NodeRoot) -> None:
        machine = Scripted(node, {IFDOWN: BAD, "ip -j link": printed('[{"ifname": "eno2"}]')})
        with pytest.raises(Refused) as refused:
            commit(machine, DOWN)
        assert machine.ran == [(IFDOWN, 60), ("ip -j link", 30)]
        assert refused.value.error == "nothing was written: ifdown eno2 ended with status 1: it broke"
        assert refused.value.hint == ""

    def test_one_that_is_gone_need_not_be_taken_down(self, node: NodeRoot) -> None:
        machine = Scripted(node, {IFDOWN: BAD, "ip -j link": printed('[{"ifname": "lo"}]')})
        assert commit(machine, DOWN) == {"log": ["eno2 does not exist: nothing to take down"]}

    def test_where_the_kernel_does_not_tell_nobody_takes_one_for_gone(self, node: NodeRoot) -> None:
        machine = Scripted(node, {IFDOWN: BAD, "ip -j link": BAD})
        with pytest.raises(Refused) as refused:
            commit(machine, DOWN)
        assert refused.value.error == "ip -j link ended with status 1: it broke"

    @pytest.mark.parametrize("devices", ["", "[]", "[{}]", '[{"ifname": "eno2", "addr_info": []}]'])
    def test_one_that_never_was_up_has_no_address(self, node: NodeRoot, devices: str) -> None:
        never = CommandResult(1, "", ["x (interface was probably never up ?)"])
        there = {"ip -j link": printed('[{"ifname": "eno2"}]')}
        machine = Scripted(node, {IFDOWN: never, "ip -j address show dev eno2": printed(devices), **there})
        assert commit(machine, DOWN) == {"log": ["eno2 was never brought up: nothing to take down"]}
        assert machine.ran[2:] == [("ip -j address show dev eno2", 30)]

    def test_a_link_that_stays_stops_everything_and_what_went_before_comes_back(self, node: NodeRoot) -> None:
        machine = Scripted(node, {"ip link del b": BAD, "ifup a": BAD})
        with pytest.raises(Refused) as refused:
            commit(machine, DOWN | {"delete_links": ["a", "b"]})
        assert refused.value.error == "nothing was written: ip link del b ended with status 1: it broke"
        assert machine.ran[3:] == [(f"ifup -i {OURS} eno2", 60), ("ifup a", 60)]

    @pytest.mark.parametrize("failure", [Refused("no"), OSError(5, "Input/output error")])
    def test_one_that_does_not_come_back_keeps_no_other_from_it(self, node: NodeRoot, failure: Exception) -> None:
        class Stubborn(Scripted):
            def run(self, argv: list[str], limit: float) -> CommandResult:
                outcome = super().run(argv, limit)
                if argv[0] == "ifup":
                    raise failure
                return outcome

        machine = Stubborn(node, {"ip link del b": BAD})
        with pytest.raises(Refused, match="ip link del b"):
            commit(machine, DOWN | {"delete_links": ["a", "b"]})
        assert [line for line, _ in machine.ran[3:]] == [f"ifup -i {OURS} eno2", "ifup a"]

    def test_what_went_comes_back_once_ifupdown2_is_free_and_another_one_has_ended(
        self, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Busy(Scripted):
            def run(self, argv: list[str], limit: float) -> CommandResult:
                outcome = super().run(argv, limit)
                if argv[0] != "ifup":
                    return outcome
                with Path(self.place(IFUPDOWN_LOCK)).open("wb") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return CommandResult(89 if self.ran.count(("ifup a", 60)) == 1 else 0, "", [])

        monkeypatch.setattr("time.sleep", lambda _: None)
        machine = Busy(node, {"ip link del b": BAD})
        with pytest.raises(Refused, match="ip link del b"):
            commit(machine, {"delete_links": ["a", "b"], "is_alone": True})
        assert machine.ran == [("ip link del a", 20), ("ip link del b", 20), *[("ifup a", 60)] * 2]

    def test_every_file_that_stands_in_the_way_is_named(self, node: NodeRoot) -> None:
        for path in (OURS, FRR):
            node.write(path, "edited\n")
        files = [node.entry(path, "x\n") | {"expect": None} for path in (OURS, FRR)]
        with pytest.raises(Refused) as refused:
            commit(Scripted(node), {"files": files})
        assert refused.value.error.startswith(
            f"nothing was written: {OURS} has changed since it was read; {FRR} has changed since it was read; "
        )


class TestFrr:
    RELOAD = f"{FRR_RELOAD} --reload {FRR}"

    def test_a_reload_asks_whether_it_is_enabled_and_runs(self, node: NodeRoot) -> None:
        machine = Scripted(node)
        assert frr(machine, {"action": "reload"}) == {"log": []}
        assert machine.ran == [("systemctl is-enabled frr", 30), ("systemctl is-active frr", 30), (self.RELOAD, 300)]

    def test_a_restart_makes_systemd_forget_earlier_ones_and_its_words_are_told(self, node: NodeRoot) -> None:
        machine = Scripted(node, {"systemctl restart frr": printed("done")})
        assert frr(machine, {"action": "restart"}) == {"log": ["done"]}
        assert machine.ran == [
            ("systemctl is-enabled frr", 30),
            ("systemctl reset-failed frr", 30),
            ("systemctl restart frr", 120),
        ]

    def test_one_that_would_not_start_at_boot_is_enabled(self, node: NodeRoot) -> None:
        machine = Scripted(node, {IS_ENABLED: DISABLED})
        assert frr(machine, {"action": "restart"}) == {"log": ["FRR was not enabled at boot: enabled"]}
        assert machine.ran[1] == ("systemctl enable frr", 60)

    @pytest.mark.parametrize(
        ("command", "hint"),
        [
            ("systemctl enable frr", "systemctl status frr says why"),
            ("systemctl restart frr", "journalctl -u frr says why"),
        ],
    )
    def test_what_systemd_refuses_says_where_to_look(self, node: NodeRoot, command: str, hint: str) -> None:
        machine = Scripted(node, {IS_ENABLED: DISABLED, command: BAD})
        with pytest.raises(Refused) as refused:
            frr(machine, {"action": "restart"})
        assert (refused.value.error, refused.value.hint) == (f"{command} ended with status 1: it broke", hint)

    def test_a_reload_that_fails_leaves_the_choice_to_restart(self, node: NodeRoot) -> None:
        machine = Scripted(node, {self.RELOAD: BAD})
        with pytest.raises(Refused) as refused:
            frr(machine, {"action": "reload"})
        assert refused.value.error.replace(str(node.folder), "") == f"{self.RELOAD} ended with status 1: it broke"
        assert refused.value.hint == (
            "see /var/log/frr/frr-reload.log; `systemctl restart frr` takes the file as a whole but interrupts traffic"
        )

    @pytest.mark.parametrize("question", [IS_ENABLED, IS_ACTIVE])
    def test_frr_is_not_restarted_because_systemd_does_not_answer(self, node: NodeRoot, question: str) -> None:
        machine = Scripted(node, {question: CommandResult(1, "", ["Failed to connect to bus: Connection refused"])})
        with pytest.raises(Refused, match=r"nobody can tell whether frr .*: Failed to connect to bus"):
            frr(machine, {"action": "reload"})
        assert [line for line, _ in machine.ran if "restart" in line or "enable " in line] == []

    def test_frr_that_is_starting_is_waited_for_and_reloaded(
        self, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        machine = Scripted(node, {IS_ACTIVE: CommandResult(3, "activating\n", ["activating"])})
        monkeypatch.setattr("time.sleep", lambda _: machine.answers.update({IS_ACTIVE: printed("active\n")}))
        assert frr(machine, {"action": "reload"}) == {"log": []}
        assert machine.ran[-1] == (self.RELOAD, 300)

    @pytest.mark.parametrize("words", ["bgpd is not running", "vtysh failed to connect to any daemons"])
    def test_a_reload_with_nobody_to_reload_becomes_a_restart(self, node: NodeRoot, words: str) -> None:
        machine = Scripted(node, {self.RELOAD: CommandResult(1, "", [words])})
        assert frr(machine, {"action": "reload"})["log"] == [
            words,
            "a daemon of FRR was not running: restarting instead of reloading",
        ]

    def test_without_systemd_frr_is_reloaded_all_the_same(self, node: NodeRoot) -> None:
        machine = Scripted(node)
        machine.absent = {"systemctl"}
        assert frr(machine, {"action": "reload"}) == {"log": []}
        assert machine.ran == [(self.RELOAD, 300)]

    def test_either_half_of_frr_is_frr(self, node: NodeRoot) -> None:
        for absent in ("vtysh", FRR_RELOAD):
            machine = Scripted(node)
            machine.absent = {absent}
            assert "log" in frr(machine, {"action": "restart"})
        machine.absent = {"vtysh", FRR_RELOAD}
        with pytest.raises(Refused) as refused:
            frr(machine, {"action": "restart"})
        assert (refused.value.error, refused.value.hint) == ("FRR is not installed", "apt install frr frr-pythontools")

    SHOW = "vtysh -c show daemons"

    @pytest.mark.parametrize(
        ("running", "reason"),
        [
            ("zebra bgpd ospfd-1 staticd", ""),
            ("zebra bgpd staticd", "ospfd was not running"),
            ("zebra staticd", "bgpd and ospfd were not running"),
        ],
    )
    def test_daemons_that_the_configuration_needs_have_to_run(self, node: NodeRoot, running: str, reason: str) -> None:
        node.write(FRR, "router bgp 1\nexit\nrouter ospf\nexit\nrouter isis x\n")
        node.write("/etc/frr/daemons", "bgpd=yes\nospfd=yes  \nisisd=no\n")
        machine = Scripted(node, {self.SHOW: printed(running)})
        log = frr(machine, {"action": "reload"})["log"]
        assert log == ([f"{reason}: restarting instead of reloading"] if reason else [])
        assert machine.ran[2] == (self.SHOW, 30)
        machine.answers |= {self.SHOW: CommandResult(1, "", [])}
        assert frr(machine, {"action": "reload"})["log"] == []
        machine.absent = {"vtysh"}
        machine.ran.clear()
        assert frr(machine, {"action": "reload"})["log"] == []
        assert self.SHOW not in [line for line, _ in machine.ran]

    def test_its_own_parser_is_asked_about_a_text(self, node: NodeRoot) -> None:
        machine = Scripted(node)
        assert frr_complaints(machine, f"{node.folder}/x") == []
        assert machine.ran == [("vtysh -C -f /x", 120)]
        machine.answers = {"vtysh -C -f /x": CommandResult(1, "", ["noise", "line 3: % Unknown", "line 4: % Other"])}
        assert frr_complaints(machine, f"{node.folder}/x") == ["line 3: % Unknown", "line 4: % Other"]
        machine.answers = {"vtysh -C -f /x": CommandResult(1, "", ["noise"])}
        assert frr_complaints(machine, f"{node.folder}/x") == ["noise"]
        machine.answers = {"vtysh -C -f /x": CommandResult(7, "", [])}
        assert frr_complaints(machine, f"{node.folder}/x") == ["vtysh -C: exit status 7"]


class TestKernel:
    def test_settings_are_loaded_from_the_file_and_given_back_one_by_one(self, node: NodeRoot) -> None:
        node.write(SYSCTL, "net.ipv4.ip_forward = 1\n")
        node.write("/proc/sys/net/ipv4/ip_forward", "0\n")
        machine = Scripted(node, {f"sysctl -p {SYSCTL}": printed("net.ipv4.ip_forward = 1")})
        assert sysctl(machine, {"file": SYSCTL}) == {"log": ["net.ipv4.ip_forward = 1"]}
        assert machine.ran == [(f"sysctl -p {SYSCTL}", 30)]
        node.write("/proc/sys/net/ipv4/ip_forward", "1\n")
        node.place(SYSCTL).unlink()
        machine = Scripted(node, {"sysctl -w net.ipv4.ip_forward=0": printed("back")})
        assert sysctl(machine, {"file": SYSCTL}) == {"log": ["back"]}
        assert machine.ran == [("sysctl -w net.ipv4.ip_forward=0", 30)]

    ALL_ENTRIES = "bridge -j fdb show"

    def test_flood_entries_are_looked_at_and_added(self, node: NodeRoot) -> None:
        there = (
            '[{"mac": "00:00:00:00:00:00", "ifname": "vxlan_a", "dst": "10.0.0.2"}, '
            '{"mac": "02:00:00:00:00:01", "ifname": "vxlan_a", "dst": "10.0.0.3"}, '
            '{"mac": "00:00:00:00:00:00", "ifname": "vxlan_b", "dst": "10.0.0.3"}, {}]'
        )
        machine = Scripted(node, {self.ALL_ENTRIES: printed(there)})
        restored = flood(machine, {"ports": {"vxlan_a": ["10.0.0.2", "10.0.0.3"], "vxlan_b": ["10.0.0.3"]}})
        assert restored == {"restored": {"vxlan_a": ["10.0.0.3"]}}
        assert machine.ran == [
            (self.ALL_ENTRIES, 30),
            ("bridge fdb append 00:00:00:00:00:00 dev vxlan_a dst 10.0.0.3", 20),
        ]

    def test_without_a_list_nobody_is_asked(self, node: NodeRoot) -> None:
        machine = Scripted(node)
        assert flood(machine, {"ports": {}}) == {"restored": {}}
        assert machine.ran == []

    def test_a_device_to_which_nothing_can_be_added_may_have_gone(self, node: NodeRoot) -> None:
        added = {name: f"bridge fdb append 00:00:00:00:00:00 dev {name} dst 10.0.0.2" for name in "ab"}
        others = {"ip -j link": printed('[{"ifname": "lo"}]')}
        machine = Scripted(node, dict.fromkeys(added.values(), BAD) | others)
        assert flood(machine, {"ports": {"a": ["10.0.0.2"]}}) == {"restored": {}}
        assert machine.ran == [(self.ALL_ENTRIES, 30), (added["a"], 20), ("ip -j link", 30)]
        machine.answers |= {"ip -j link": printed('[{"ifname": "a"}, {"ifname": "b"}]')}
        with pytest.raises(Refused) as refused:
            flood(machine, {"ports": {"a": ["10.0.0.2"], "b": ["10.0.0.2"]}})
        assert refused.value.error == "; ".join(f"{added[name]} ended with status 1: it broke" for name in "ab")

    def test_a_device_is_not_gone_because_nobody_can_tell(self, node: NodeRoot) -> None:
        added = "bridge fdb append 00:00:00:00:00:00 dev a dst 10.0.0.2"
        machine = Scripted(node, {added: BAD, "ip -j link": BAD})
        with pytest.raises(Refused) as refused:
            flood(machine, {"ports": {"a": ["10.0.0.2"]}})
        assert refused.value.error == "ip -j link ended with status 1: it broke"

    @pytest.mark.parametrize("ports", [None, [], "vxlan_a"])
    def test_ports_are_an_object(self, node: NodeRoot, ports: Any) -> None:
        with pytest.raises(Refused) as refused:
            flood(Scripted(node), {"ports": ports})
        assert refused.value.error == "argument 'ports' is missing or of the wrong type"

    def test_what_is_observed_is_asked_of_iproute2_and_dpkg(self, node: NodeRoot) -> None:
        packages = (
            "frr\t10.4\tinstalled\nifupdown2\t3.3\tconfig-files\nfrr\t\tinstalled\nvim\t9\tinstalled\nifupdown2\n"
        )
        asked_for = "ifupdown2 frr frr-pythontools libpve-network-perl dnsmasq"
        query = f"dpkg-query -W -f=${{Package}}\\t${{Version}}\\t${{db:Status-Status}}\\n {asked_for}"
        without_rules = CommandResult(2, "", ["RTNETLINK answers: Operation not supported", "Dump terminated"])
        refusing = {"ip -j rule": without_rules, "ip -j -6 rule": without_rules}
        machine = Scripted(node, {query: printed(packages), **refusing})
        names = ["ip-addr", "ip-link", "ip-route", "ip-route6", "ip-rule", "ip-rule6", "versions"]
        found = observe(machine, {"files": [], "commands": names})["commands"]
        assert {name: found[name] for name in names[:-1]} == {name: [] for name in names[:-1]}
        asked = {key: value for key, value in found["versions"].items() if key not in {"python3", "kernel"}}
        assert asked == {"frr": "10.4", "frr-pythontools": ""}  # the second is known to be absent
        assert machine.ran == [
            ("ip -j -d address", 30),
            ("ip -j route", 30),
            ("ip -j -6 route", 30),
            ("ip -j rule", 30),
            ("ip -j -6 rule", 30),
            (query, 30),
        ]

    @pytest.mark.parametrize("name", ["ip-route", "ip-route6", "ip-rule", "ip-rule6"])
    def test_routes_and_rules_that_could_not_be_asked_for_are_not_none(self, node: NodeRoot, name: str) -> None:
        words = {"ip-route": "route", "ip-route6": "-6 route", "ip-rule": "rule", "ip-rule6": "-6 rule"}[name]
        with pytest.raises(Refused) as refused:
            observe(Scripted(node, {f"ip -j {words}": BAD}), {"files": [], "commands": [name]})
        assert refused.value.error == f"ip -j {words} ended with status 1: it broke"

    def test_what_dpkg_could_not_tell_is_not_taken_for_not_installed(self, node: NodeRoot) -> None:
        class Without(Scripted):
            def run(self, argv: list[str], limit: float) -> CommandResult:
                return (
                    CommandResult(2, "", ["dpkg-query: error: no database"])
                    if "-W" in argv
                    else super().run(argv, limit)
                )

        with pytest.raises(Refused) as refused:
            observe(Without(node), {"files": [], "commands": ["versions"]})
        assert refused.value.error == "dpkg-query -W ended with status 2: dpkg-query: error: no database"

    @pytest.mark.parametrize("printed_in_place", ["{}", "7", "[7]", "null"])
    def test_what_is_no_list_of_devices_is_not_an_empty_one(self, node: NodeRoot, printed_in_place: str) -> None:
        told = observe(
            Scripted(node, {"bridge -j fdb show": printed(printed_in_place)}), {"files": [], "commands": ["fdb"]}
        )["commands"]["fdb"]
        assert told == {"fault": "bridge -j fdb show printed no list of objects"}

    def test_a_command_that_prints_no_json_is_named(self, node: NodeRoot) -> None:
        machine = Scripted(node, {"ip -j route": printed("{")})
        with pytest.raises(Refused) as refused:
            json_of(machine, ["ip", "-j", "route"])
        assert (refused.value.error, refused.value.hint) == ("ip -j route printed no JSON", "is iproute2 too old?")


class TestWhatFails:
    """Whatever happens is an answer."""

    @pytest.mark.parametrize(
        ("failure", "error"),
        [
            (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied"),
            (OSError(28, "No space left on device"), "No space left on device"),
            (OSError("odd"), "odd"),
        ],
    )
    def test_an_error_of_the_system_is_told_with_its_file(self, node: NodeRoot, failure: OSError, error: str) -> None:
        class Failing(Scripted):
            def run(self, argv: list[str], limit: float) -> CommandResult:
                raise failure

        said = answer(Failing(node), b'{"verb": "frr", "arguments": {"action": "restart"}}')
        assert said == {"ok": False, "error": error, "hint": ""}

    def test_a_fault_of_the_program_names_its_kind_its_part_and_its_line(self, node: NodeRoot) -> None:
        said = answer(Scripted(node), b'{"verb": "frr"}')
        assert said["error"].startswith("the node program failed: KeyError in dialogue.py, line ")
        assert (said["ok"], said["hint"]) == (False, "this is a bug in pvesdn: please report it")

    def test_a_verb_that_there_is_not_is_named(self, node: NodeRoot) -> None:
        said = answer(Scripted(node), b'{"verb": "x", "arguments": {}}')
        assert said == {"ok": False, "error": "the node program has no verb 'x'", "hint": ""}


class TestMain:
    """One request on standard input, one answer after the marker, in this process."""

    @pytest.fixture
    def said(self, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
        request = b'{"verb": "read", "arguments": {"files": ["/etc/hostname"]}}'
        monkeypatch.setenv("PVESDN_ROOT", str(node.folder))
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(request)))
        before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
        try:
            main()
            self.handlers = {number: signal.getsignal(number) for number in before}
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return capsys.readouterr().out

    def test_the_answer_is_one_short_line_after_the_marker(self, said: str) -> None:
        answered = '{"ok":true,"value":{"files":{"/etc/hostname":"pve1\\n"}}}'
        assert said == f"\n{MARKER}\n{answered}\n"

    def test_a_dropped_connection_ends_nothing_and_a_term_ends_it_as_a_shell_says(self, said: str) -> None:
        assert said
        assert self.handlers[signal.SIGHUP] is signal.SIG_IGN
        handler = self.handlers[signal.SIGTERM]
        assert callable(handler)
        with pytest.raises(SystemExit) as ended:
            handler(signal.SIGTERM, None)
        assert ended.value.code == 128 + signal.SIGTERM


class TestSettings:
    def set_and_remembered(self, node: NodeRoot, text: str) -> dict[str, Any]:
        node.write(SYSCTL, text)
        sysctl(Scripted(node), {"file": SYSCTL})
        held: dict[str, Any] = load_record(Machine(str(node.folder))).get("sysctl", {})
        return {name: value["ours"] for name, value in held.items()}

    def test_a_line_is_read_as_sysctl_reads_it(self, node: NodeRoot) -> None:
        text = "# a = 1\n; b = 2\nnot a setting\n-kernel.x = c=d\nXkernel.y=1\nk#z = 3\n\n"
        assert self.set_and_remembered(node, text) == {"kernel.x": "c=d", "Xkernel.y": "1", "k#z": "3"}

    def test_names_have_dots_or_slashes(self, node: NodeRoot) -> None:
        node.write("/proc/sys/net/ipv4/neigh/eno2.7/time", "5\n")
        node.write(SYSCTL, "net/ipv4/neigh/eno2.7/time = 3\n")
        sysctl(Scripted(node), {"file": SYSCTL})
        held = load_record(Machine(str(node.folder)))["sysctl"]
        assert held == {"net/ipv4/neigh/eno2.7/time": {"before": "5", "ours": "3"}}

    def test_all_that_go_are_given_back_and_told(self, node: NodeRoot) -> None:
        for name in ("a", "b"):
            node.write(f"/proc/sys/kernel/{name}", "0\n")
        node.write(SYSCTL, "kernel.a = 1\nkernel.b = 1\nkernel.none = 1\n")
        sysctl(Scripted(node), {"file": SYSCTL})
        for name in ("a", "b"):
            node.write(f"/proc/sys/kernel/{name}", "1\n")
        node.place(SYSCTL).unlink()
        back = {f"sysctl -w kernel.{name}=0": printed(f"kernel.{name} = 0") for name in ("a", "b")}
        machine = Scripted(node, back)
        assert sysctl(machine, {"file": SYSCTL}) == {"log": ["kernel.a = 0", "kernel.b = 0"]}
        assert [line for line, _ in machine.ran] == list(back)

    def test_where_nothing_changes_nothing_is_remembered(self, node: NodeRoot) -> None:
        sysctl(Scripted(node), {"file": SYSCTL})
        assert not node.place(RECORD).exists()
        node.write(SYSCTL, "kernel.a = 1\n")
        sysctl(Scripted(node), {"file": SYSCTL})
        written = node.place(RECORD).stat().st_ino
        sysctl(Scripted(node), {"file": SYSCTL})
        assert node.place(RECORD).stat().st_ino == written


def test_a_kernel_without_ipv6_has_no_routes_of_it(node: NodeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ip -6` fails there, on a real machine alone: a folder has the kernel of its host."""

    class Real(Scripted):
        def __init__(self, has_ipv6: bool) -> None:
            super().__init__(node)
            self.root = ""
            real = os.path.exists
            monkeypatch.setattr(os.path, "exists", lambda p: has_ipv6 if p == "/proc/sys/net/ipv6" else real(p))

    for has_ipv6, asked in ((False, ["ip -j route"]), (True, ["ip -j -6 route", "ip -j route"])):
        machine = Real(has_ipv6)
        assert [_ask(machine, name) for name in ("ip-route6", "ip-route")] == [[], []]
        assert [line for line, _ in machine.ran] == asked
