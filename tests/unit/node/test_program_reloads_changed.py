"""The verb `reload_changed`: which interfaces it takes down and brings up, and when it leaves all to a whole reload."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pvesdn.node.program import changed as changed_part
from pvesdn.node.program import reload as reload_part
from pvesdn.node.program.changed import bring_over
from pvesdn.node.program.machine import CommandResult, Machine, Refused, TooLate
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

OURS = "/etc/network/interfaces.d/pvesdn"
MEMORY = "/var/tmp/network/ifstatenew"
TEXT = """\
auto web
iface web
\taddress 10.0.2.254/24
\thwaddress 02:00:00:00:00:09
\tbridge-ports vxlan_web
\tmtu 1450

auto vxlan_web
iface vxlan_web
\tvxlan-id 2
\tvxlan-local-tunnelip 192.168.0.1
\tmtu 1450
"""
PORT = {"ifname": "vxlan_web", "mtu": 1450, "master": "web", "flags": ["UP"]}
PORT["linkinfo"] = {"info_kind": "vxlan", "info_data": {"id": 2, "local": "192.168.0.1"}}
BRIDGE = {"ifname": "web", "mtu": 1450, "flags": ["UP"], "linkinfo": {"info_kind": "bridge"}}
BRIDGE.update(address="02:00:00:00:00:09", addr_info=[{"local": "10.0.2.254", "prefixlen": 24}])
OLD = {"ifname": "old", "mtu": 1450, "flags": ["UP"], "linkinfo": {"info_kind": "bridge"}}
CALLS = ("ifup", "ifdown", "ifreload")
REMEMBERS = f'touch "${{0%/*}}/..{MEMORY}"'
"""What ifupdown2 does at the end of every command, whatever has become of the interfaces."""


def pickled(name: str) -> bytes:
    """As Debian's ifupdown2 3.0.0 writes an interface, with protocol 5: its options are an OrderedDict."""
    data = name.encode()
    options = b"\x8c\x06config\x94\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94"
    return (
        b"\x80\x05\x8c\x0eifupdown.iface\x94\x8c\x05iface\x94\x93\x94)\x81\x94}\x94(\x8c\x04name\x94\x8c"
        + bytes([len(data)])
        + data
        + b"\x94"
        + options
        + b"\x8c\x03mtu\x94]\x94\x8c\x041450\x94asub."
    )


@pytest.fixture(autouse=True)
def memory(node: NodeRoot) -> Path:
    """ifupdown2 has brought up all that its files say."""
    node.write("/etc/network/interfaces", "source /etc/network/interfaces.d/*\n")
    node.write(OURS, TEXT)
    for command in ("ifup", "ifdown"):
        node.command(command)
    shows(node, BRIDGE, PORT)
    place = node.place(MEMORY)
    place.parent.mkdir(parents=True)
    remembers(place, "web", "vxlan_web")
    return place


def remembers(memory: Path, *names: str) -> None:
    memory.write_bytes(b"".join(map(pickled, names)))


def shows(node: NodeRoot, *rows: dict[str, Any]) -> None:
    node.command("ip", prints=json.dumps(rows))


def called(node: NodeRoot) -> list[str]:
    return [call for call in node.calls() if call.split()[0] in CALLS]


def test_what_goes_is_taken_down_and_what_comes_is_brought_up_with_one_call_each(
    program: Asking, node: NodeRoot, memory: Path
) -> None:
    remembers(memory, "web", "vxlan_web", "old")
    assert program.value("reload_changed", down=["old"], up=["vxlan_web", "web"]) == {"whole": "", "log": []}
    assert called(node) == ["ifdown old", "ifup vxlan_web web"]


def test_names_that_ifupdown2_would_stumble_over_are_left_out(program: Asking, node: NodeRoot) -> None:
    program.value("reload_changed", down=["never_up", "web"], up=["nowhere", "web"])
    assert called(node) == ["ifup web"]  # `web` is in the file again, and does not go


def test_what_somebody_has_written_since_is_loaded_as_a_whole_and_nothing_is_called(
    program: Asking, node: NodeRoot, memory: Path
) -> None:
    after = memory.stat().st_mtime_ns + 1
    node.write("/etc/network/interfaces.d/mine", "auto mine\n")
    os.utime(node.place("/etc/network/interfaces.d/mine"), ns=(after, after))
    answer = program.value("reload_changed", down=[], up=["web"])
    assert answer["whole"] == "/etc/network/interfaces.d/mine has been written since ifupdown2 ran last"
    assert called(node) == []


def test_a_file_that_is_put_back_with_its_old_time_has_been_written_too(
    program: Asking, node: NodeRoot, memory: Path
) -> None:
    file = node.place("/etc/network/interfaces")
    os.utime(memory, (1, 1))
    os.utime(file, (0, 0))
    answer = program.value("reload_changed", down=[], up=["web"])
    assert answer["whole"] == "/etc/network/interfaces has been written since ifupdown2 ran last"


@pytest.mark.parametrize("line", ["source /etc/network/more/*.conf", "source-directory more", "source more/a.conf"])
def test_a_file_counts_from_wherever_it_is_sourced(program: Asking, node: NodeRoot, memory: Path, line: str) -> None:
    node.write("/etc/network/interfaces.d/mine", f"{line}\n")
    node.write("/etc/network/more/a.conf", "iface mine\n")
    remembers(memory, "web", "vxlan_web", "mine")
    assert program.value("reload_changed", down=[], up=["web"])["whole"] == ""
    after = memory.stat().st_mtime_ns + 1
    os.utime(node.place("/etc/network/more/a.conf"), ns=(after, after))
    answer = program.value("reload_changed", down=[], up=["web"])
    assert answer["whole"] == "/etc/network/more/a.conf has been written since ifupdown2 ran last"


def test_an_interface_that_has_left_all_files_is_left_to_a_whole_reload_which_takes_it_down(
    program: Asking, node: NodeRoot, memory: Path
) -> None:
    remembers(memory, "lo", "web", "vxlan_web", "old")
    assert program.value("reload_changed", down=["old"], up=["web"])["whole"] == ""
    node.place("calls").unlink()
    remembers(memory, "web", "vxlan_web", "old", "more")
    answer = program.value("reload_changed", down=["old"], up=["web"])
    assert answer["whole"] == "more, which ifupdown2 has brought up, is in none of its files any more"
    assert called(node) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("source /etc/network/*/*/*\n", "only the last component and its folder may have wildcards"),
        ("source /etc/network/interfaces\nsource /etc/network/interfaces.d/*\n", ""),
    ],
)
def test_sources_that_nobody_can_follow_take_a_whole_reload(
    program: Asking, node: NodeRoot, memory: Path, text: str, why: str
) -> None:
    node.write("/etc/network/interfaces", text)
    remembers(memory, "web", "vxlan_web")
    answer = program.value("reload_changed", down=[], up=["web"])
    assert why in answer["whole"]
    assert bool(answer["whole"]) == bool(why)


def test_what_is_staged_in_pves_panel_is_not_brought_into_force_by_a_whole_reload(
    program: Asking, node: NodeRoot, memory: Path
) -> None:
    node.write("/etc/network/interfaces.new", "auto lo\n")
    assert program.value("reload_changed", down=[], up=["web"])["whole"] == ""
    memory.unlink()
    refusal = program.refusal("reload_changed", down=[], up=["web"])
    assert "/etc/network/interfaces.new, which has come since the plan was made, would come into force" in refusal
    assert called(node) == ["ifup web"]


def test_a_bridge_that_does_not_change_has_to_have_its_port_again(program: Asking, node: NodeRoot) -> None:
    shows(node, BRIDGE, {**PORT, "master": None})
    refusal = program.refusal("reload_changed", down=[], up=["vxlan_web"])
    assert refusal == "ifup ended with status 0; web does not have its port vxlan_web"
    assert called(node) == ["ifup vxlan_web", "ifup web"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(pickled("web")[:-3], id="cut off"),
        pytest.param(b"\x80\x05K\x01.", id="a number"),
        pytest.param(b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", id="somebody's code"),
        pytest.param(b"(" * 100_000, id="endless"),
    ],
)
def test_a_memory_that_makes_no_sense_is_none(program: Asking, node: NodeRoot, memory: Path, data: bytes) -> None:
    memory.write_bytes(data)
    answer = program.value("reload_changed", down=[], up=["web"])
    assert answer["whole"] == f"{MEMORY}, ifupdown2's memory, is missing or cannot be read"
    assert called(node) == []


def test_a_memory_that_is_a_link_is_not_followed(program: Asking, memory: Path) -> None:
    memory.rename(memory.with_name("other"))
    memory.symlink_to("other")
    assert program.value("reload_changed", down=[], up=["web"])["whole"]


SETTINGS = """\
# directory where the state file is stored
# state_dir will default to /var/tmp/network/
state_dir={}
"""
"""The end of ifupdown2's own settings; Proxmox's build says another folder there than Debian's."""


@pytest.mark.parametrize("folder", ["/run/network/", "/run/network"])
def test_the_memory_lies_where_ifupdown2s_own_settings_say(
    program: Asking, node: NodeRoot, memory: Path, folder: str
) -> None:
    node.write("/etc/network/ifupdown2/ifupdown2.conf", SETTINGS.format(folder))
    answer = program.value("reload_changed", down=["old"], up=["web"])  # what lies elsewhere is not looked at
    assert answer["whole"] == "/run/network/ifstatenew, ifupdown2's memory, is missing or cannot be read"
    assert called(node) == []
    place = node.place("/run/network/ifstatenew")
    place.parent.mkdir(parents=True, exist_ok=True)
    remembers(place, "web", "vxlan_web", "old")
    assert program.value("reload_changed", down=["old"], up=["web"])["whole"] == ""
    assert called(node) == ["ifdown old", "ifup web"]


@pytest.mark.parametrize(
    "text", ["", "state_dir=\n", "#state_dir=/run/network\n", SETTINGS.format("/var/tmp/network/")]
)
def test_without_a_word_of_its_settings_it_lies_where_ifupdown2_puts_it_by_default(
    program: Asking, node: NodeRoot, text: str
) -> None:
    node.write("/etc/network/ifupdown2/ifupdown2.conf", text)
    assert program.value("reload_changed", down=[], up=["web"])["whole"] == ""
    assert called(node) == ["ifup web"]


def test_where_its_settings_cannot_be_read_all_is_reloaded(program: Asking, node: NodeRoot) -> None:
    node.place("/etc/network/ifupdown2/ifupdown2.conf").mkdir(parents=True)
    answer = program.value("reload_changed", down=[], up=["web"])
    assert "/etc/network/ifupdown2/ifupdown2.conf: Is a directory" in answer["whole"]
    assert called(node) == []


def test_a_bridge_in_which_somebody_is_plugged_is_not_taken_down(program: Asking, node: NodeRoot) -> None:
    shows(node, BRIDGE, PORT, OLD, {"ifname": "tap101i0", "master": "old", "flags": ["UP"]})
    refusal = program.refusal("reload_changed", down=["old"], up=[])
    assert refusal.startswith("tap101i0 is plugged into old, which goes: a guest has come since the plan was made; ")
    assert called(node) == []


LACKS = [
    pytest.param([BRIDGE], "vxlan_web is not there", id="absent"),
    pytest.param([BRIDGE, {**PORT, "flags": []}], "vxlan_web is down", id="down"),
    pytest.param([BRIDGE, {**PORT, "mtu": 1500}], "vxlan_web has mtu 1500 and not 1450", id="MTU"),
    pytest.param([BRIDGE, {**PORT, "master": None}], "web does not have its port vxlan_web", id="port"),
    pytest.param(
        [BRIDGE, {**PORT, "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 3}}}],
        "vxlan_web has vxlan-id 3 and not 2",
        id="VNI",
    ),
    pytest.param(
        [BRIDGE, {**PORT, "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 2, "local": "192.168.0.7"}}}],
        "vxlan_web has vxlan-local-tunnelip 192.168.0.7 and not 192.168.0.1",
        id="VTEP",
    ),
    pytest.param(
        [{**BRIDGE, "address": "02:00:00:00:00:01"}, PORT],
        "web has hwaddress 02:00:00:00:00:01 and not 02:00:00:00:00:09",
        id="MAC",
    ),
    pytest.param([{**BRIDGE, "addr_info": []}, PORT], "web does not have address 10.0.2.254/24", id="gateway"),
]


@pytest.mark.parametrize(("rows", "lack"), LACKS)
def test_success_is_judged_by_the_devices_and_not_by_the_exit_status(
    program: Asking, node: NodeRoot, rows: list[dict[str, Any]], lack: str
) -> None:
    shows(node, *rows)
    refusal = program.refusal("reload_changed", down=[], up=["vxlan_web", "web"])
    assert refusal.startswith("ifup ended with status 0; ")
    assert lack in refusal


def test_a_status_other_than_0_is_no_failure_where_all_is_as_it_should_be(program: Asking, node: NodeRoot) -> None:
    node.command("ifup", complains="error: web: a script of somebody's\n", status=1, script=REMEMBERS)
    answer = program.value("reload_changed", down=[], up=["vxlan_web", "web"])
    assert answer == {"whole": "", "log": ["error: web: a script of somebody's"]}
    assert called(node) == ["ifup vxlan_web web"]


@pytest.mark.parametrize("status", [1, 89])
def test_an_ifup_that_has_not_come_as_far_as_any_interface_is_no_success(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(reload_part, "PATIENCE", 0.0)
    node.command("ifup", complains="error: it did not begin\n", status=status)
    refusal = program.refusal("reload_changed", down=[], up=["vxlan_web", "web"])
    assert refusal == f"ifup ended with status {status}: error: it did not begin; no interface was brought up"
    assert called(node) == ["ifup vxlan_web web"] * (1 if status == 89 else 2)


def test_an_ifup_that_begins_at_the_second_attempt_takes_nothing_down(program: Asking, node: NodeRoot) -> None:
    begun = '"${0%/*}/../begun"'
    node.command("ifup", script=f"[ -e {begun} ] || {{ touch {begun}; exit 1; }}")
    assert program.value("reload_changed", down=[], up=["vxlan_web", "web"])["whole"] == ""
    assert called(node) == ["ifup vxlan_web web"] * 2


def test_an_address_of_ipv6_may_come_with_the_second_call_where_the_device_has_got_another_mac(
    program: Asking, node: NodeRoot
) -> None:
    text = TEXT.replace("10.0.2.254/24\n", "10.0.2.254/24\n\taddress 2001:DB8::1/64\n")
    node.write(OURS, text)
    assert program.value("reload_changed", down=[], up=["web"])["whole"] == ""
    node.write(OURS, text.replace("\thwaddress 02:00:00:00:00:09\n", ""))
    refusal = program.refusal("reload_changed", down=[], up=["web"])
    assert "web does not have address 2001:DB8::1/64" in refusal
    held = [{"local": "10.0.2.254", "prefixlen": 24}, {"local": "2001:db8::1", "prefixlen": 64}]
    shows(node, {**BRIDGE, "addr_info": held}, PORT)
    assert program.value("reload_changed", down=[], up=["web"])["whole"] == ""


def test_what_has_failed_is_taken_down_before_it_is_tried_again_but_no_bridge_with_guests(
    program: Asking, node: NodeRoot
) -> None:
    tap = {"ifname": "tap101i0", "master": "web", "flags": ["UP"]}
    shows(node, BRIDGE, {**PORT, "master": None}, tap)
    program.refusal("reload_changed", down=[], up=["vxlan_web", "web"])
    assert called(node) == ["ifup vxlan_web web", "ifup web"]
    shows(node, {**BRIDGE, "mtu": 1500}, {**PORT, "mtu": 1500})
    program.refusal("reload_changed", down=[], up=["vxlan_web", "web"])
    assert called(node)[2:] == ["ifup vxlan_web web", "ifdown vxlan_web web", "ifup vxlan_web web"]


def test_what_ifdown_leaves_is_a_failure(program: Asking, node: NodeRoot, memory: Path) -> None:
    remembers(memory, "web", "vxlan_web", "old")
    shows(node, BRIDGE, PORT, OLD)
    node.command("ifdown", complains="error: old: busy\n", status=1)
    refusal = program.refusal("reload_changed", down=["old"], up=["web"])
    assert refusal == "ifdown ended with status 1: error: old: busy; still there: old"
    assert called(node) == ["ifdown old"]


@pytest.mark.parametrize("name", ["-a", "web;reboot", "x" * 16, ""])
def test_names_are_checked(program: Asking, node: NodeRoot, name: str) -> None:
    assert "is not an interface name" in program.refusal("reload_changed", down=[name], up=[])
    assert "is not an interface name" in program.refusal("reload_changed", down=[], up=[name])
    assert called(node) == []


def test_files_are_swapped_only_while_ifupdown2_cannot_begin(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reload_part, "PATIENCE", 0.0)
    lock = node.place("/run/network/.lock")
    lock.parent.mkdir(parents=True)
    new = node.entry(OURS, TEXT.replace("1450", "1400"))
    assert program.problems(new) == []
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refusal = program.refusal("commit", files=[new], is_alone=True)
        assert refusal.startswith("a reload of the network has not ended within 0 s: /run/network/.lock is held")
        assert node.text(OURS) == TEXT
    program.value("commit", files=[new], is_alone=True)
    assert "1400" in node.text(OURS)
    with lock.open("w") as free:
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)  # it is not held any longer


@pytest.mark.parametrize("leaving", [[], [{"file": OURS, "interface": "eno2"}]])
def test_no_port_is_deleted_before_ifupdown2_is_kept_from_starting(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, leaving: list[dict[str, str]]
) -> None:
    monkeypatch.setattr(reload_part, "PATIENCE", 0.0)
    lock = node.place("/run/network/.lock")
    lock.parent.mkdir(parents=True)
    new = node.entry(OURS, TEXT.replace("\t2\n", "\t3\n"))
    assert program.problems(new) == []
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refusal = program.refusal("commit", files=[new], ifdown=leaving, delete_links=["vxlan_web"], is_alone=True)
    assert refusal.startswith("a reload of the network has not ended within 0 s")
    assert node.calls() == [f"{command} -i {OURS} eno2" for command in ("ifdown", "ifup") if leaving]
    assert node.text(OURS) == TEXT


class Clock:
    """In place of `time`: what passes by what is waited for and run alone."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Slow(Machine):
    """Each of ifupdown2's commands takes its time, or is kept waiting by another one for so long; none makes devices.

    :param takes: seconds.
    :param busy: seconds from the start in which another one runs.
    """

    def __init__(self, node: NodeRoot, clock: Clock, *, takes: float, busy: float = 0.0) -> None:
        super().__init__(str(node.folder))
        self.clock, self.takes, self.busy = clock, takes, busy
        self.ran: list[str] = []

    def run(self, argv: list[str], limit: float) -> CommandResult:
        if argv[0] not in CALLS:
            return super().run(argv, limit)
        if self.clock.now < self.busy:
            return CommandResult(89, "", [])
        self.ran.append(argv[0])
        self.clock.sleep(min(self.takes, limit))
        if self.takes > limit:
            raise TooLate(f"{argv[0]} did not finish")
        os.utime(self.place(MEMORY), (self.clock.now, self.clock.now))
        return CommandResult(1, "", ["error: slow"])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for part in (reload_part, changed_part):
        monkeypatch.setattr(part, "time", made)
    return made


@pytest.mark.parametrize("busy", [0, 100, 119])
@pytest.mark.parametrize("takes", [1, 100, 170, 200, 400, 1000])
def test_waiting_and_running_together_end_before_the_call_does(
    node: NodeRoot, clock: Clock, busy: float, takes: float
) -> None:
    shows(node, BRIDGE, {**PORT, "mtu": 1500}, OLD)
    machine = Slow(node, clock, takes=takes, busy=busy)
    with pytest.raises(Refused):
        bring_over(machine, [], ["vxlan_web", "web"])
    assert clock.now <= 540
    assert machine.ran in (["ifup"], ["ifup", "ifdown", "ifup"])


def test_nothing_is_taken_down_that_there_is_no_time_to_bring_up_again(node: NodeRoot, clock: Clock) -> None:
    shows(node, BRIDGE, {**PORT, "mtu": 1500})
    machine = Slow(node, clock, takes=200)
    with pytest.raises(Refused, match="ifup ended with status 1: error: slow; vxlan_web has mtu 1500 and not 1450"):
        bring_over(machine, [], ["vxlan_web", "web"])
    assert machine.ran == ["ifup"]
