"""What a reload leaves of the new network, put back device by device; and what is told where that fails."""

from __future__ import annotations

import base64
import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.node.program.alone import act
from pvesdn.node.program.arm import arm
from pvesdn.node.program.checkpoint import load_checkpoint, save_checkpoint
from pvesdn.node.program.hold import disarm
from pvesdn.node.program.machine import CommandResult, Refused, ended
from pvesdn.node.program.places import CHECKPOINT, PROGRAM, RUNNING_CONFIG, SDN_INTERFACES
from pvesdn.node.program.undo import undo
from tests.examples import examples
from tests.noderoot import FRR, OURS, NodeRoot
from tests.unit.node.kernel import Device, Kernel, device

SHOWS = "vtysh -c show running-config"

ARM: dict[str, Any] = {"id": "one", "who": "a test", "seconds": 600, "frr": "reload"}
FORWARDING = "/proc/sys/net/ipv4/conf/eno1/forwarding"
STANZAS = "auto vx\niface vx\n\tvxlan-id 10\n\tvxlan-remoteip 192.0.2.2\n\niface web\n\niface eno1\n"


def devices() -> dict[str, Device]:
    return {
        "eno1": device(addresses=["198.51.100.1/24"]),
        "vx": device("vxlan", data={"id": 10, "port": 4789}, master="web", flooding=["192.0.2.2"], mtu=1450),
        "web": device("bridge", mac="02:00:00:00:00:09", addresses=["10.0.0.1/24"]),
        "tap100i0": device("tun", master="web", vlans={"10": ["pvid", "untagged"], "20-30": []}),
        "vmbr0": device("bridge", addresses=["203.0.113.1/24"]),
    }


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return armed(tmp_path, devices())


def armed(folder: Path, before: dict[str, Device], guest: str = "") -> Kernel:
    """A node whose apply has put something in place: its checkpoint has all that was there before.

    :param guest: the configuration of guest 100.
    """
    node = NodeRoot(folder / "node")
    node.write(OURS, STANZAS)
    node.write(FORWARDING, "0\n")
    if guest:
        node.write(GUEST, guest)
    kernel = Kernel(node.folder, before)
    kernel.routes = [
        {"dst": "198.51.100.128/25", "gateway": "198.51.100.9", "dev": "eno1", "metric": 5, "flags": ["onlink"]},
        {"dst": "2001:db8::/64", "dev": "eno1", "protocol": "static"},
        {"dst": "192.0.2.0/24", "gateway": "198.51.100.9", "dev": "eno1", "protocol": "boot", "table": "vrf_a"},
        {"dst": "default", "gateway": "198.51.100.9", "dev": "eno1", "protocol": "static", "table": "vrf_a"},
        {"dst": "192.0.2.128/25", "gateway": "198.51.100.9", "dev": "eno1", "protocol": "static", "nhid": 20},
        {"dst": "203.0.113.0/24", "dev": "vmbr0", "protocol": "kernel"},
    ]
    arm(kernel, ARM)
    has_begun(kernel, "commit")
    return kernel


def has_begun(kernel: Kernel, *steps: str, **more: Any) -> None:
    checkpoint = load_checkpoint(kernel)
    assert checkpoint is not None
    save_checkpoint(kernel, {**checkpoint, "begun": list(steps), **more})


CHANGES: dict[str, Callable[[Kernel], object]] = {
    "a MAC": lambda kernel: kernel.devices["web"].update(mac="02:00:00:00:00:10", link_local=["fe80::10/64"]),
    "a second link-local address": lambda kernel: kernel.devices["web"]["link_local"].append("fe80::10/64"),
    "an MTU": lambda kernel: kernel.devices["web"].update(mtu=1400),
    "an address that went": lambda kernel: kernel.devices["eno1"]["addresses"].clear(),
    "an address that came": lambda kernel: kernel.devices["web"]["addresses"].append("2001:db8::1/64"),
    "a device taken down": lambda kernel: kernel.devices["eno1"].update(up=False),
    "a list of VTEPs": lambda kernel: kernel.devices["vx"].update(flooding=[]),
    "a guest's port without its bridge": lambda kernel: kernel.devices["tap100i0"].update(master=None, up=False),
    "a guest's port in another bridge": lambda kernel: kernel.devices["tap100i0"].update(master="vmbr0"),
    "a port more": lambda kernel: kernel.devices["vmbr0"].update(master="web"),
    "a VLAN that went": lambda kernel: kernel.devices["tap100i0"]["vlans"].pop("20-30"),
    "a VLAN that came": lambda kernel: kernel.devices["tap100i0"]["vlans"].update({"25": []}),
    "a device more": lambda kernel: kernel.devices.update(web2=device("bridge")),
    "a kernel's setting": lambda kernel: Path(kernel.place(FORWARDING)).write_text("1\n", encoding="utf-8"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_an_apply_has_changed_is_put_back(kernel: Kernel, change: Callable[[Kernel], object]) -> None:
    before = copy.deepcopy(kernel.devices)
    names_more(kernel, "web2")
    change(kernel)
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert shape(kernel.devices) == shape(before)
    assert Path(kernel.place(FORWARDING)).read_text(encoding="utf-8") == "0\n"
    assert not Path(kernel.place(CHECKPOINT)).exists()


def names_more(kernel: Kernel, name: str) -> None:
    """The new file names a device that the old one does not."""
    checkpoint = load_checkpoint(kernel)
    assert checkpoint is not None
    save_checkpoint(kernel, {**checkpoint, "touched": [*checkpoint["touched"], name]})


def shape(found: dict[str, Device]) -> dict[str, Device]:
    return {name: {**row, "flooding": sorted(row["flooding"])} for name, row in found.items()}


def odd(names: list[str]) -> st.SearchStrategy[Device]:
    """Whatever somebody may have made of a device."""
    return st.fixed_dictionaries(
        {
            "mtu": st.sampled_from([1400, 1450, 1500]),
            "mac": st.sampled_from(["02:00:00:00:00:01", "02:00:00:00:00:09"]),
            "up": st.booleans(),
            "addresses": st.lists(st.sampled_from(["10.0.0.1/24", "10.0.0.2/24", "2001:db8::1/64"]), unique=True),
            "master": st.sampled_from([None, *names]),
        }
    )


@settings(deadline=None, max_examples=examples(50))
@given(changed=st.fixed_dictionaries({name: odd(["vmbr0"]) for name in ("eno1", "vx", "web")}))
def test_whatever_becomes_of_a_device_it_is_put_back(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Device]
) -> None:
    kernel = armed(tmp_path_factory.mktemp("law"), devices())
    before = copy.deepcopy(kernel.devices)
    for name, values in changed.items():
        kernel.devices[name].update(values)
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    found = {
        name: {key: sorted(value) if key == "addresses" else value for key, value in row.items()}
        for name, row in shape(kernel.devices).items()
    }
    assert found == shape(before)


def test_routes_of_an_uplink_are_asked_for_again_and_the_kernels_and_frrs_own_are_not(kernel: Kernel) -> None:
    undo(kernel, {"id": "one"})
    assert [line for line in kernel.calls if " route " in line] == [
        "ip -4 route replace 198.51.100.128/25 via 198.51.100.9 dev eno1 metric 5 onlink",
        "ip -4 route replace 192.0.2.0/24 via 198.51.100.9 dev eno1 proto boot table vrf_a",
        "ip -6 route replace 2001:db8::/64 dev eno1 proto static",
    ]


def test_an_entry_of_the_new_list_goes_and_one_of_frrs_stays(kernel: Kernel) -> None:
    checkpoint = load_checkpoint(kernel)
    assert checkpoint is not None
    save_checkpoint(kernel, {**checkpoint, "remotes": {"vx": [["192.0.2.2"], ["192.0.2.3"]]}})
    kernel.devices["vx"]["flooding"] = ["192.0.2.3", "192.0.2.77"]
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert sorted(kernel.devices["vx"]["flooding"]) == ["192.0.2.2", "192.0.2.77"]


def test_a_tunnel_that_cannot_be_changed_back_is_deleted_and_told_until_a_reload_has_made_it(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    kernel.devices["vx"]["data"] = {"id": 11, "port": 4789}
    done = undo(kernel, {"id": "one"})
    assert (done["state"], done["left"]) == ("partly", ["vx is not there any more"])
    assert "ip link del vx" in done["log"]
    kernel.devices["vx"] = devices()["vx"]
    assert undo(kernel, {"id": "one"})["state"] == "restored"


def test_a_new_bridge_with_a_guest_in_it_stays_and_nobody_calls_it_left(kernel: Kernel) -> None:
    names_more(kernel, "web2")
    kernel.devices["web2"] = device("bridge")
    kernel.devices["tap101i0"] = device("tun", master="web2")
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert kernel.devices["tap101i0"]["master"] == "web2"


def test_what_pve_has_made_of_its_devices_by_other_definitions_since_is_left_to_pve(tmp_path: Path) -> None:
    node = NodeRoot(tmp_path / "node")
    node.write(OURS, STANZAS)
    node.write(SDN_INTERFACES, "iface office\n\tmtu 1400\n\niface gone\n")
    node.write(RUNNING_CONFIG, '{"version": 1}\n')
    node.write(FORWARDING.replace("eno1", "office"), "0\n")
    kernel = Kernel(node.folder, {**devices(), "office": device("bridge", mtu=1400), "gone": device("bridge")})
    arm(kernel, ARM)
    has_begun(kernel, "commit")
    node.write(RUNNING_CONFIG, '{"version": 2}\n')
    node.write(SDN_INTERFACES, "iface office\n\tmtu 1450\n")
    kernel.devices["office"].update(mtu=1450)
    node.write(FORWARDING.replace("eno1", "office"), "1\n")
    del kernel.devices["gone"]
    CHANGES["a MAC"](kernel)
    done = undo(kernel, {"id": "one"})
    assert (done["state"], done["left"]) == ("restored", [])
    assert (kernel.devices["office"]["mtu"], node.text(FORWARDING.replace("eno1", "office"))) == (1450, "1\n")
    assert kernel.devices["web"]["mac"] == devices()["web"]["mac"]


GUEST = "/etc/pve/qemu-server/100.conf"
NIC = "net0: virtio=02:00:00:00:00:64,bridge={}\n"


@pytest.mark.parametrize("line", [NIC.format("vmbr0,tag=10,trunks=20-30"), NIC.format("web,tag=11,trunks=20-30")])
def test_a_guest_that_somebody_has_plugged_in_otherwise_meanwhile_stays_so(tmp_path: Path, line: str) -> None:
    kernel = armed(tmp_path, devices(), NIC.format("web,tag=10,trunks=20-30"))
    NodeRoot.write(root_of(kernel), GUEST, f"memory: 512\n{line}")
    moved = {"master": "vmbr0" if "vmbr0" in line else "web", "vlans": {"11": ["pvid", "untagged"]}}
    kernel.devices["tap100i0"].update(copy.deepcopy(moved))
    CHANGES["a MAC"](kernel)
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert {key: kernel.devices["tap100i0"][key] for key in moved} == moved
    assert kernel.devices["web"]["mac"] == devices()["web"]["mac"]


@pytest.mark.parametrize("now", [NIC.format("web,tag=10,trunks=20-30,mtu=1400"), None])
def test_a_guest_whose_configuration_has_it_where_it_was_is_plugged_in_again(tmp_path: Path, now: str | None) -> None:
    kernel = armed(tmp_path, devices(), NIC.format("web,tag=10,trunks=20-30"))
    before = copy.deepcopy(kernel.devices)
    if now is None:  # pmxcfs does not run
        shutil.rmtree(kernel.place("/etc/pve"))
        Path(kernel.place("/etc/pve")).mkdir()
    else:
        NodeRoot.write(root_of(kernel), GUEST, now)
    kernel.devices["tap100i0"].update(master=None, vlans={})
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert shape(kernel.devices) == shape(before)


READS = ["bridge -j fdb show", "bridge -j -compressvlans vlan show", "ip -j route show", "ip -j -6 route show"]


@pytest.mark.parametrize("read", READS)
def test_a_node_that_cannot_tell_how_it_is_takes_part_in_no_apply(tmp_path: Path, read: str) -> None:
    node = NodeRoot(tmp_path / "node")
    node.write(OURS, STANZAS)
    kernel = Kernel(node.folder, devices())
    kernel.refuses.add(read)
    with pytest.raises(Refused, match=f"{read}.* ended with status 1: no such thing"):
        arm(kernel, ARM)
    assert load_checkpoint(kernel) is None
    kernel.refuses.clear()
    arm(kernel, ARM)
    assert load_checkpoint(kernel) is not None


@pytest.mark.parametrize("read", READS[:2])
def test_what_cannot_be_read_when_it_is_put_back_is_told_and_is_not_taken_for_none(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    before = copy.deepcopy(kernel.devices)
    CHANGES["a MAC"](kernel)
    kernel.refuses.add(read)
    done = undo(kernel, {"id": "one"})
    fault = f"{read} ended with status 1: no such thing"
    assert (done["state"], done["left"]) == ("partly", [f"it could not be checked: {fault}"])
    assert fault in done["log"]
    assert shape(kernel.devices) == shape(before)
    assert not [line for line in kernel.calls if line.startswith("bridge")]
    kernel.refuses.clear()
    assert undo(kernel, {"id": "one"})["state"] == "restored"


@pytest.mark.parametrize(
    ("change", "refused", "left"),
    [
        ("a MAC", "ip link set dev web", "web: mac is 02:00:00:00:00:10, and was 02:00:00:00:00:09"),
        ("a device taken down", "ip link set dev eno1", "eno1: up is off, and was on"),
        ("an address that went", "ip address add", "eno1: addresses is none, and was 198.51.100.1/24"),
        ("a list of VTEPs", "bridge fdb", "vx: flooding lacks 192.0.2.2, and has none more"),
        ("a guest's port without its bridge", "ip link set dev tap100i0", "tap100i0: master is none, and was web"),
        ("a device more", "ip link del", "web2 is still there"),
    ],
)
def test_what_could_not_be_put_back_is_told_and_tried_again_by_the_next_undo(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, change: str, refused: str, left: str
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    names_more(kernel, "web2")
    CHANGES[change](kernel)
    kernel.refuses.add(refused)
    done = undo(kernel, {"id": "one"})
    assert (done["state"], done["left"]) == ("partly", [left])
    assert any(line.startswith(refused) and line.endswith("no such thing") for line in done["log"])
    kernel.refuses.clear()
    assert undo(kernel, {"id": "one"})["state"] == "restored"


def test_a_setting_that_the_kernel_refuses_is_told(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    place = Path(kernel.place(FORWARDING))
    place.unlink()
    place.mkdir()  # neither root nor anybody else writes there
    kernel_reads(monkeypatch, {FORWARDING.removeprefix("/proc/sys/"): "1"})
    done = undo(kernel, {"id": "one"})
    assert done["left"] == [f"{FORWARDING} is 1, and was 0"]
    assert f"{FORWARDING}: Is a directory" in done["log"]


def kernel_reads(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    monkeypatch.setattr("pvesdn.node.program.repair.setting_now", lambda _machine, path: values.get(path))


def test_an_interface_that_only_the_new_file_names_is_taken_down_with_that_file(kernel: Kernel) -> None:
    kernel.absent.discard("ifdown")
    Path(kernel.place(OURS)).write_text(STANZAS + "\niface vmbr0\n", encoding="utf-8")
    has_begun(kernel, "commit", uplinks=["eno1", "vmbr0"])
    done = undo(kernel, {"id": "one"})
    assert "took down vmbr0" in done["log"]
    assert [line for line in kernel.calls if "ifdown" in line] == [f"ifdown -i {kernel.place(OURS)} vmbr0"]


def test_an_ifdown_that_fails_is_told(kernel: Kernel) -> None:
    kernel.absent.discard("ifdown")
    kernel.refuses.add("ifdown")
    Path(kernel.place(OURS)).write_text(STANZAS + "\niface vmbr0\n", encoding="utf-8")
    has_begun(kernel, "commit", uplinks=["vmbr0"])
    assert "ifdown vmbr0 ended with status 1: no such thing" in undo(kernel, {"id": "one"})["log"]


def test_a_file_that_somebody_edited_meanwhile_is_kept_beside(kernel: Kernel) -> None:
    has_begun(kernel, "commit", written={OURS: "0" * 64})
    Path(kernel.place(OURS)).write_text("# mine\n", encoding="utf-8")
    done = undo(kernel, {"id": "one"})
    assert f"{OURS} had been edited meanwhile: that text is in /var/lib/pvesdn/pvesdn.found" in done["log"]
    assert Path(kernel.place("/var/lib/pvesdn/pvesdn.found")).read_text(encoding="utf-8") == "# mine\n"
    assert Path(kernel.place(OURS)).read_text(encoding="utf-8") == STANZAS


def test_a_file_that_cannot_be_put_back_keeps_nothing_else_from_it(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    Path(kernel.place(OURS)).unlink()
    Path(kernel.place(OURS)).mkdir()
    CHANGES["a MAC"](kernel)
    done = undo(kernel, {"id": "one"})
    assert done["state"] == "partly"
    assert done["left"] == [f"it could not be checked: {OURS}: Is a directory"]
    assert kernel.devices["web"]["mac"] == "02:00:00:00:00:09"


@pytest.mark.parametrize("action", ["reload", "restart"])
def test_frr_takes_its_files_of_before_as_it_took_the_new_ones(kernel: Kernel, action: str) -> None:
    runs_frr(kernel)
    has_begun(kernel, "commit", "frr", frr_action=action, frr={"active": True, "enabled": True, "lines": ["log file"]})
    done = undo(kernel, {"id": "one"})
    assert done["state"] == "restored"
    assert kernel.calls.index("systemctl reset-failed frr") < kernel.calls.index("systemctl restart frr")


def runs_frr(kernel: Kernel) -> None:
    """FRR with one line to tell; without frr-reload.py it is restarted."""
    kernel.absent -= {"vtysh", "systemctl"}
    NodeRoot.write(root_of(kernel), FRR, "log file\n")
    kernel.answers["vtysh -c show running-config"] = ended(0, "!\nlog file\nend\n")
    has_begun(kernel, "commit", files={**files_of(kernel), FRR: held(kernel, FRR)})


def root_of(kernel: Kernel) -> NodeRoot:
    node = object.__new__(NodeRoot)
    node.folder = Path(kernel.root)
    return node


def files_of(kernel: Kernel) -> dict[str, Any]:
    checkpoint = load_checkpoint(kernel)
    assert checkpoint is not None
    return dict(checkpoint["files"])


def held(kernel: Kernel, path: str) -> dict[str, Any]:
    place = Path(kernel.place(path))
    found = place.stat()
    data = base64.b64encode(place.read_bytes()).decode("ascii")
    return {"data": data, "mode": found.st_mode & 0o7777, "uid": found.st_uid, "gid": found.st_gid}


@pytest.mark.parametrize(
    ("before", "answers", "left"),
    [
        (
            {"active": True, "lines": None},
            {"systemctl is-active frr": ended(3, "inactive\n")},
            "FRR does not run; systemctl status frr says why",
        ),
        ({"active": False, "lines": None}, {}, "FRR runs, and did not"),
        ({"active": True, "lines": ["log file other"]}, {}, "FRR's running configuration is not what it was"),
        (
            {"active": True, "lines": ["log file"]},
            {SHOWS: ended(2, "", "no socket")},
            f"nobody can tell whether FRR runs what it did: {SHOWS} ended with status 2: no socket",
        ),
    ],
)
def test_frr_that_is_not_as_it_was_is_told(
    kernel: Kernel,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any],
    answers: dict[str, CommandResult],
    left: str,
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    monkeypatch.setattr("pvesdn.node.program.frr_back.SETTLING", 0.0)
    runs_frr(kernel)
    kernel.answers |= answers
    has_begun(kernel, "commit", "frr", files=files_of(kernel), frr={"enabled": before["active"], **before})
    assert undo(kernel, {"id": "one"})["left"] == [left]


def test_an_empty_block_that_frr_keeps_of_an_interface_is_as_before(kernel: Kernel) -> None:
    runs_frr(kernel)
    kernel.answers["vtysh -c show running-config"] = ended(
        0, "!\nlog file\n!\ninterface eno2\n vrrp 4\nexit\n!\ninterface eno3\nexit\n!\nvrf vrf_a\nexit-vrf\nend\n"
    )
    frr = {"active": True, "enabled": True, "lines": ["log file"]}
    has_begun(kernel, "commit", "frr", files=files_of(kernel), frr=frr)
    assert undo(kernel, {"id": "one"})["state"] == "restored"


def test_frr_that_was_off_and_not_enabled_is_so_again(kernel: Kernel) -> None:
    runs_frr(kernel)
    kernel.answers["systemctl is-active frr"] = ended(3, "inactive\n")
    has_begun(kernel, "frr", files=files_of(kernel), frr={"active": False, "enabled": False, "lines": None})
    assert undo(kernel, {"id": "one"})["state"] == "restored"
    assert [line for line in kernel.calls if "disable" in line or "stop" in line] == [
        "systemctl disable frr",
        "systemctl stop frr",
    ]


@pytest.mark.parametrize(("status", "told"), [(0, False), (3, True)])
def test_a_reload_that_fails_on_the_way_back_is_in_its_log(kernel: Kernel, status: int, *, told: bool) -> None:
    kernel.absent.discard("ifreload")
    kernel.answers["ifreload -a"] = ended(status, "", "error: web" if status else "")
    done = undo(kernel, {"id": "one"})
    assert ("ifreload -a ended with status 3: error: web" in done["log"]) == told


def test_somebody_elses_reload_is_waited_for_and_at_last_told(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvesdn.node.program.reload.PATIENCE", 0.0)
    kernel.absent.discard("ifreload")
    kernel.answers["ifreload -a"] = ended(89, "", "another instance")
    assert "ifreload -a ended with status 89: another instance" in undo(kernel, {"id": "one"})["log"]


def test_a_node_whose_devices_cannot_be_read_is_not_called_restored(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    kernel.refuses.add("ip -j -d address")
    done = undo(kernel, {"id": "one"})
    assert done["left"] == ["it could not be checked: ip -j -d address ended with status 1: no such thing"]


def test_a_person_undoes_by_hand_and_is_told(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    CHANGES["a MAC"](kernel)
    assert act(kernel, []) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "this node is as it was before"
    assert act(kernel, []) == 0
    assert capsys.readouterr().out == "there is no checkpoint\n"


def test_a_person_is_told_what_is_left(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pvesdn.node.program.undo.ROUNDS", 0)
    CHANGES["a MAC"](kernel)
    kernel.refuses.add("ip link set dev web")
    assert act(kernel, []) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[-2:] == ["not as before: web: mac is 02:00:00:00:00:10, and was 02:00:00:00:00:09", "put back in part"]


def test_a_damaged_checkpoint_is_told_with_what_to_do(kernel: Kernel, capsys: pytest.CaptureFixture[str]) -> None:
    Path(kernel.place(CHECKPOINT)).write_text("{}", encoding="utf-8")
    assert act(kernel, []) == 1
    assert "is not what this version writes; keep a copy of it, move it away" in capsys.readouterr().out


def test_the_undo_of_another_apply_is_refused(kernel: Kernel) -> None:
    with pytest.raises(Exception, match="the checkpoint on this node is of another apply, by a test"):
        undo(kernel, {"id": "two"})


def test_a_node_on_which_nothing_was_begun_is_untouched(kernel: Kernel) -> None:
    has_begun(kernel)
    assert undo(kernel, {"id": "one"}) == {"state": "untouched", "left": [], "log": []}


def test_the_program_lies_beside_its_checkpoint_until_the_apply_is_over(tmp_path: Path) -> None:
    node = NodeRoot(tmp_path / "node")
    kernel = Kernel(node.folder, devices())
    kernel.source = b"# the program\n"
    arm(kernel, ARM)
    assert Path(kernel.place(PROGRAM)).read_bytes() == b"# the program\n"
    arm(kernel, ARM)  # the same apply again: its deadline moves on
    disarm(kernel, {"id": "two"})
    assert load_checkpoint(kernel) is not None
    disarm(kernel, {"id": "one"})
    assert load_checkpoint(kernel) is None
    assert not Path(kernel.place(PROGRAM)).exists()


@pytest.mark.parametrize("seconds", [0, -1, 24 * 3600 + 1, "600", None])
def test_a_deadline_out_of_range_is_refused(tmp_path: Path, seconds: object) -> None:
    kernel = Kernel(NodeRoot(tmp_path / "node").folder, devices())
    with pytest.raises(Exception, match="argument 'seconds' is missing or out of range"):
        arm(kernel, {**ARM, "seconds": seconds})


def test_an_apply_that_may_still_be_at_work_keeps_another_one_out(kernel: Kernel) -> None:
    with pytest.raises(Exception, match=r"an apply by a test, begun [0-9]+ s ago, is still open on this node"):
        arm(kernel, {**ARM, "id": "two"})
    has_begun(kernel, "commit", deadline=0.0)
    with pytest.raises(Exception, match="an earlier apply by a test was left open on this node, and has been dealt"):
        arm(kernel, {**ARM, "id": "two"})
    arm(kernel, {**ARM, "id": "two"})
    assert json.loads(Path(kernel.place(CHECKPOINT)).read_text(encoding="utf-8"))["id"] == "two"


def test_an_arm_that_fails_leaves_nothing_staged(tmp_path: Path) -> None:
    node = NodeRoot(tmp_path / "node")
    kernel = Kernel(node.folder, devices())
    kernel.refuses.add("ip -j -d address")
    with pytest.raises(Exception, match="ip -j -d address ended with status 1"):
        arm(kernel, ARM)
    assert node.leftovers() == []
    assert load_checkpoint(kernel) is None
