"""What the node program reads of a node, and what it refuses to read."""

from __future__ import annotations

import os
import platform
import shutil
import signal
from pathlib import Path

import pytest

from pvesdn.node.program import Machine, Refused
from tests.noderoot import FRR, OURS, NodeRoot
from tests.unit.node.asking import Asking


def test_files_that_are_not_there_are_not_in_the_answer(program: Asking, node: NodeRoot) -> None:
    node.write(OURS, "auto x\n")
    assert program.value("read", files=[OURS, FRR, "/nowhere/at/all", "/nowhere/*"]) == {"files": {OURS: "auto x\n"}}


def test_wildcards_match_files_and_no_folders(program: Asking, node: NodeRoot) -> None:
    for name in ("b", "a", "ab"):
        node.write(f"/etc/network/interfaces.d/{name}", name)
    node.place("/etc/network/interfaces.d/afolder").mkdir()
    files = program.value("read", files=["/etc/network/interfaces.d/a*"])["files"]
    assert list(files) == ["/etc/network/interfaces.d/a", "/etc/network/interfaces.d/ab"]


def test_wildcards_do_not_match_what_is_staged(program: Asking, node: NodeRoot) -> None:
    assert program.problems(node.entry(OURS, "auto x\n")) == []
    assert node.leftovers() != []
    assert program.value("read", files=["/etc/network/interfaces.d/*", "/etc/network/interfaces.d/.*"]) == {"files": {}}


def test_a_dotfile_is_read_when_it_is_named(program: Asking, node: NodeRoot) -> None:
    node.write("/etc/pve/sdn/.running-config", "{}")
    assert program.value("read", files=["/etc/pve/sdn/.running-config"])["files"] == {
        "/etc/pve/sdn/.running-config": "{}"
    }


@pytest.mark.parametrize(
    "path", ["etc/frr", "/etc/../root/.ssh/id", "/etc//frr", "/etc/frr/", "//etc/frr", "/a\nb", "", "/a\0"]
)
def test_only_absolute_normalized_paths_are_read(program: Asking, path: str) -> None:
    assert "is not an absolute, normalized path" in program.refusal("read", files=[path])


def test_wildcards_belong_into_the_last_two_components(program: Asking) -> None:
    assert "only the last component and its folder" in program.refusal("read", files=["/*/frr/frr.conf"])


@pytest.mark.parametrize("files", ["/etc/hostname", [1], {"a": 1}, None])
def test_a_request_of_the_wrong_shape_is_refused(program: Asking, files: object) -> None:
    assert program.refusal("read", files=files) == "argument 'files' is of the wrong type"


def test_a_link_out_of_its_folder_is_not_followed(program: Asking, node: NodeRoot) -> None:
    node.write("/root/secret", "hunter2")
    node.place(OURS).symlink_to(node.place("/root/secret"))
    for pattern in (OURS, "/etc/network/interfaces.d/*"):
        assert program.refusal("read", files=[pattern]).startswith(
            f"{OURS} is a symbolic link that leads out of its folder; put "
        )


def test_a_link_within_its_folder_is_followed(program: Asking, node: NodeRoot) -> None:
    node.write("/etc/frr/frr.conf.real", "hostname pve1\n")
    node.place(FRR).symlink_to("frr.conf.real")
    assert program.value("read", files=[FRR])["files"] == {FRR: "hostname pve1\n"}


def test_the_folder_itself_may_be_a_link_as_etc_pve_is_on_a_simulated_node(
    program: Asking, node: NodeRoot, tmp_path: Path
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "zones.cfg").write_text("vxlan: z\n")
    node.place("/etc/pve/sdn").rmdir()
    node.place("/etc/pve/sdn").symlink_to(tmp_path / "shared")
    assert program.value("read", files=["/etc/pve/sdn/zones.cfg"])["files"] == {"/etc/pve/sdn/zones.cfg": "vxlan: z\n"}


def test_what_is_no_text_is_refused_with_its_place(program: Asking, node: NodeRoot) -> None:
    node.place(OURS).write_bytes(b"auto x\n# caf\xe9\n")
    line = f"{OURS} is not UTF-8 text: byte 0xe9 in line 2; save it as UTF-8"
    assert program.refusal("read", files=[OURS]) == line


def test_a_file_of_more_than_8_mib_is_refused(program: Asking, node: NodeRoot) -> None:
    with node.place(OURS).open("wb") as file:
        file.truncate(8 * 1024 * 1024 + 1)
    assert f"{OURS} is larger than 8 MiB" in program.refusal("read", files=[OURS])


def test_a_named_pipe_does_not_keep_us_waiting(program: Asking, node: NodeRoot) -> None:
    os.mkfifo(node.place(OURS))
    assert program.refusal("read", files=[OURS]) == f"{OURS} is not a regular file"


@pytest.mark.parametrize("name", ["commit.json", "written.json"])
def test_a_pipe_in_the_place_of_what_we_remember_does_not_keep_us_waiting(
    program: Asking, node: NodeRoot, name: str
) -> None:
    place = node.place(f"/var/lib/pvesdn/{name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(place)
    refusal = program.refusal("observe", files=[], commands=["sysctl"])
    assert refusal == f"/var/lib/pvesdn/{name} is not a regular file"
    assert place.is_fifo()


def test_a_file_that_may_not_be_read_is_named(program: Asking, node: NodeRoot) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything: run the tests as another user")
    node.write(OURS, "x")
    node.place(OURS).chmod(0)
    assert program.refusal("read", files=[OURS]) == f"{OURS}: Permission denied"


@pytest.mark.parametrize("swapped", ["uplink", "interfaces.d"])
def test_a_file_that_is_swapped_for_a_link_in_a_race_is_not_read(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    node.write("/etc/network/interfaces.d/uplink", "auto eno1\n")
    node.write("/root/uplink", "secret")
    victim = node.place("/etc/network/interfaces.d") / ("uplink" if swapped == "uplink" else "")
    real_open = os.open

    def racing(path: object, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if str(path).endswith("/uplink") and not victim.is_symlink():
            victim.rename(node.place("/away"))
            victim.symlink_to(node.place("/root") / ("uplink" if swapped == "uplink" else ""))
        return real_open(path, flags, mode, dir_fd=dir_fd)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", racing)
    answer = program.answer("read", files=["/etc/network/interfaces.d/uplink"])
    assert not answer["ok"]
    assert "secret" not in str(answer)


class TestObserve:
    def test_commands_are_answered_with_the_json_they_print(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", prints='[{"ifname": "lo", "addr_info": [{"local": "::1"}]}]')
        names = ["ip-addr", "ip-link", "ip-route", "ip-route6"]
        answer = program.value("observe", files=[], commands=names)
        held = [{"ifname": "lo", "addr_info": [{"local": "::1"}]}]
        assert answer["commands"] == {**dict.fromkeys(names, held), "ip-link": [{"ifname": "lo"}]}
        assert node.calls() == ["ip -j -d address", "ip -j route", "ip -j -6 route"]

    def test_rules_are_read_of_both_families(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", prints='[{"priority": 0, "src": "all", "table": "local"}]')
        program.value("observe", files=[], commands=["ip-rule", "ip-rule6"])
        assert node.calls() == ["ip -j rule", "ip -j -6 rule"]

    def test_a_kernel_without_policy_routing_has_no_rules(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", complains="RTNETLINK answers: Operation not supported", status=2)
        assert program.value("observe", commands=["ip-rule"])["commands"] == {"ip-rule": []}

    def test_a_command_without_anything_to_tell_has_told_of_nothing(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", prints=" \n")
        assert program.value("observe", commands=["ip-route"])["commands"] == {"ip-route": []}

    def test_hostname_and_files_come_along(self, program: Asking, node: NodeRoot) -> None:
        node.write("/etc/hostname", "pve7.example.org\n")
        assert program.value("observe", files=["/etc/hostname"]) == {
            "hostname": "pve7",
            "files": {"/etc/hostname": "pve7.example.org\n"},
            "commands": {},
        }

    def test_forwarding_switches_are_read_from_the_kernel(self, program: Asking, node: NodeRoot) -> None:
        node.write("/proc/sys/net/ipv4/ip_forward", "1\n")
        assert program.value("observe", commands=["sysctl"])["commands"]["sysctl"] == {"net.ipv4.ip_forward": "1"}

    def test_modes_of_the_interfaces_files_that_people_write(self, program: Asking, node: NodeRoot) -> None:
        for path, mode in (("/etc/network/interfaces", 0o600), ("/etc/network/interfaces.d/uplink", 0o640)):
            node.write(path, "auto lo\n")
            node.place(path).chmod(mode)
        node.place("/etc/network/interfaces.d/folder").mkdir()
        node.place("/etc/network/interfaces.d/gone").symlink_to("nowhere")
        assert program.value("observe", commands=["modes"])["commands"]["modes"] == {
            "/etc/network/interfaces": "0600",
            "/etc/network/interfaces.d/uplink": "0640",
        }

    def test_guests_devices_with_an_mtu_of_their_own_and_nothing_else_of_their_files(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.write(
            "/etc/pve/qemu-server/101.conf",
            "#net9: virtio=02:00:00:00:00:09,bridge=web,mtu=9000\ncipassword: $5$secret\n"
            "net0: virtio=02:00:00:00:00:01,bridge=web,firewall=1,mtu=9000,tag=5\n"
            "net1: virtio=02:00:00:00:00:02,bridge=web\nnet2: e1000=02:00:00:00:00:03,mtu=1400\n"
            "[before]\nnet3: virtio=02:00:00:00:00:04,bridge=web,mtu=9000\n",
        )
        node.write("/etc/pve/lxc/102.conf", "net0: name=eth0,bridge=web,hwaddr=02:00:00:00:00:05,mtu=1,type=veth\n")
        node.write("/etc/pve/qemu-server/notes.conf", "net0: virtio=02:00:00:00:00:06,bridge=web,mtu=9000\n")
        node.write("/etc/pve/qemu-server/103.conf", "net0: bridge=$(reboot),mtu=9000\nnet1: bridge=web,mtu=9e9\n")
        node.place("/etc/pve/qemu-server/104.conf").write_bytes(b"\xff\n")
        node.place("/etc/pve/qemu-server/105.conf").symlink_to("/etc/passwd")
        assert program.value("observe", commands=["nics"])["commands"]["nics"] == [
            {"guest": 101, "device": 0, "bridge": "web", "mtu": 9000},
            {"guest": 102, "device": 0, "bridge": "web", "mtu": 1},
        ]

    def test_where_guests_are_plugged_in_and_in_which_vlans(self, program: Asking, node: NodeRoot) -> None:
        node.write(
            "/etc/pve/qemu-server/101.conf",
            "#net9: virtio=02:00:00:00:00:09,bridge=web\ncipassword: $5$secret\n"
            "net0: virtio=02:00:00:00:00:01,bridge=web,firewall=1,tag=5,trunks=7-9;20\n"
            "net1: virtio=02:00:00:00:00:02,bridge=web,link_down=1\nnet2: e1000=02:00:00:00:00:03\n"
            "net3: virtio=02:00:00:00:00:04,bridge=web,tag=5a\nnet4: virtio=02:00:00:00:00:05,bridge=web,trunks=7;;9\n"
            "[PENDING]\nnet5: virtio=02:00:00:00:00:06,bridge=db\n",
        )
        node.write("/etc/pve/lxc/102.conf", "net0: name=eth0,bridge=web,hwaddr=02:00:00:00:00:05,link_down=0\n")
        assert program.value("observe", commands=["guest-plugs"])["commands"]["guest-plugs"] == {
            "answer": [
                {"guest": 101, "device": 0, "bridge": "web", "tag": 5, "trunks": [[7, 9], [20, 20]]},
                {"guest": 101, "device": 1, "bridge": "web", "is_down": True},
                {"guest": 102, "device": 0, "bridge": "web"},
            ]
        }

    def test_guests_whose_files_cannot_be_read_are_not_guests_without_devices(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.write("/etc/pve/qemu-server/101.conf", "net0: virtio=02:00:00:00:00:01,bridge=web\n")
        node.place("/etc/pve/qemu-server/104.conf").write_bytes(b"\xff\n")
        told = program.value("observe", commands=["guest-plugs"])["commands"]["guest-plugs"]
        assert told == {"fault": "/etc/pve/qemu-server/104.conf is not UTF-8 text: byte 0xff in line 1"}

    def test_without_pmxcfs_nobody_knows_of_guests_or_definitions(self, program: Asking, node: NodeRoot) -> None:
        shutil.rmtree(node.place("/etc/pve"))
        node.place("/etc/pve").mkdir()
        why = "/etc/pve is empty, so pmxcfs does not run here"
        assert program.value("observe", commands=["guest-plugs"])["commands"]["guest-plugs"] == {"fault": why}
        for verb in ("read", "observe"):
            refusal = program.refusal(verb, files=["/etc/hostname", "/etc/pve/sdn/pvesdn.cfg"], commands=[])
            assert refusal == f"{why}; systemctl status pve-cluster"

    def test_a_setting_that_cannot_be_read_is_not_one_that_the_kernel_lacks(
        self, program: Asking, node: NodeRoot
    ) -> None:
        node.place("/proc/sys/net/ipv4/ip_forward").mkdir(parents=True)
        told = program.value("observe", commands=["settings"])["commands"]["settings"]
        assert told == {"fault": "Is a directory"}

    def test_vlans_of_ports_are_told_in_numbers_alone(self, program: Asking, node: NodeRoot) -> None:
        flags = '"flags": ["PVID", "Egress Untagged"]'
        vlans = f'[{{"vlan": 5, {flags}}}, {{"vlan": 7, "vlanEnd": 9}}]'
        node.command("bridge", prints=f'[{{"ifname": "tap101i0", "vlans": {vlans}}}]')
        assert program.value("observe", commands=["port-vlans"])["commands"]["port-vlans"] == {
            "answer": [{"ifname": "tap101i0", "vlans": [[5, 5, 3], [7, 9, 0]]}]
        }

    def test_a_machine_without_guests_has_no_such_devices(self, program: Asking) -> None:
        assert program.value("observe", commands=["nics"])["commands"] == {"nics": []}

    def test_versions_of_what_is_installed(self, program: Asking, node: NodeRoot) -> None:
        printed = "ifupdown2\t3.0.0-1.1\tinstalled\nfrr\t8.4.4-1.1\tconfig-files\n"
        node.command("dpkg-query", prints=printed, complains="no packages found", status=1)
        versions = program.value("observe", commands=["versions"])["commands"]["versions"]
        assert versions == {
            "ifupdown2": "3.0.0-1.1",
            "python3": platform.python_version(),
            "kernel": platform.release(),
        }

    def test_an_frr_without_its_reload_is_told_from_one_that_nobody_asked_about(
        self, program: Asking, node: NodeRoot
    ) -> None:
        def version(printed: str) -> str | None:
            node.command("dpkg-query", prints=printed)
            versions = program.value("observe", commands=["versions"])["commands"]["versions"]
            return versions.get("frr-pythontools")

        frr = "frr\t10.4.1-1+pve1\tinstalled\n"
        assert version(frr) == ""
        assert version(f"{frr}frr-pythontools\t10.4.1-1+pve1\tconfig-files\n") == ""
        assert version(f"{frr}frr-pythontools\t10.4.1-1+pve1\tinstalled\n") == "10.4.1-1+pve1"
        assert version("ifupdown2\t3.3.0-1+pmx11\tinstalled\n") is None

    def test_a_node_of_pve_without_dnsmasq_says_so(self, program: Asking, node: NodeRoot) -> None:
        def version(printed: str) -> str | None:
            node.command("dpkg-query", prints=printed)
            found: str | None = program.value("observe", commands=["versions"])["commands"]["versions"].get("dnsmasq")
            return found

        pve = "libpve-network-perl\t1.3.0\tinstalled\n"
        assert version(pve) == ""
        assert version(f"{pve}dnsmasq\t2.91-1\tinstalled\n") == "2.91-1"
        assert version("frr\t10.4\tinstalled\n") is None

    def test_a_machine_without_dpkg_has_no_packages(self, program: Asking) -> None:
        assert set(program.value("observe", commands=["versions"])["commands"]["versions"]) == {"python3", "kernel"}

    def test_a_failing_command_is_shown_with_its_last_words(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", complains="Object is confused\n", status=255)
        refusal = program.refusal("observe", commands=["ip-addr"])
        assert refusal == "ip -j -d address ended with status 255: Object is confused"

    def test_a_command_that_prints_no_json_is_named(self, program: Asking, node: NodeRoot) -> None:
        node.command("ip", prints="1: lo: <LOOPBACK>")
        assert program.refusal("observe", commands=["ip-link"]).startswith("ip -j -d address printed no JSON")

    def test_an_absent_command_is_named(self, program: Asking) -> None:
        assert program.refusal("observe", commands=["ip-link"]) == "ip is not installed"

    def test_a_node_is_asked_nothing_else(self, program: Asking) -> None:
        assert program.refusal("observe", commands=["rm -rf /"]) == "'rm -rf /' is not a command of the node program"


@pytest.mark.parametrize("request_", [b"", b"{", b"[]", b'{"verb": "read"}', b'{"verb": [], "arguments": {}}', b"\xff"])
def test_a_garbled_request_is_answered_all_the_same(program: Asking, request_: bytes) -> None:
    from pvesdn.node.program import answer

    document = answer(program.machine, request_)
    assert document["ok"] is False
    assert "please report it" in document["hint"]


def test_a_command_that_never_stops_printing_is_ended(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.machine.LARGEST_OUTPUT", 1 << 20)
    for script in ("exec cat /dev/zero", "exec cat /dev/zero >&2"):
        node.command("ip", script=script)
        assert program.refusal("observe", commands=["ip-link"]) == "ip -j -d address printed more than 1 MiB"


def test_a_child_that_outlives_its_command_is_not_waited_for(node: NodeRoot) -> None:
    node.command("ip", script=f"setsid sleep 60 &\necho $! > {node.folder}/pid\nexit 0")
    with pytest.raises(Refused, match=r"ip -j -d link did not finish within 0\.5 s"):
        Machine(str(node.folder)).run(["ip", "-j", "-d", "link"], 0.5)
    os.kill(int((node.folder / "pid").read_text()), signal.SIGKILL)


def test_files_that_are_too_much_together_are_refused(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pvesdn.node.program.read.LARGEST_READ", 1 << 20)
    for name in "abc":
        node.write(f"/etc/network/interfaces.d/{name}", "#" * 400_000)
    assert program.refusal("read", files=["/etc/network/interfaces.d/*"]) == (
        "the files up to /etc/network/interfaces.d/c have more than 1 MiB; are these the right files?"
    )


@pytest.mark.parametrize("name", [b"\xff", b"a\nb", b"\x1b[2J"])
def test_a_file_whose_name_is_no_text_is_named(program: Asking, node: NodeRoot, name: bytes) -> None:
    node.write("/etc/network/interfaces.d/good", "")
    (node.place("/etc/network/interfaces.d") / os.fsdecode(name)).touch()
    assert "has a file whose name is not printable text: " in program.refusal(
        "read", files=["/etc/network/interfaces.d/*"]
    )


def test_devices_may_have_names_that_json_should_not_hold(program: Asking, node: NodeRoot) -> None:
    node.command("ip", script='printf \'[{"ifname":"a\\001b"},{"ifname":"a\\377b"}]\'')
    names = [row["ifname"] for row in program.value("observe", commands=["ip-link"])["commands"]["ip-link"]]
    assert names == ["a\x01b", "a\N{REPLACEMENT CHARACTER}b"]


def test_an_answer_nested_without_end_is_no_json(program: Asking, node: NodeRoot) -> None:
    node.command("ip", script="head -c 1000000 /dev/zero | tr '\\0' '['")
    assert program.refusal("observe", commands=["ip-link"]).startswith("ip -j -d address printed no JSON")


def test_settings_that_cannot_be_read_are_a_fault_of_that_question(program: Asking, node: NodeRoot) -> None:
    node.write("/proc/sys/net/ipv4/ip_forward", "1\n")
    node.place("/proc/sys/net/ipv4/conf").write_text("no folder")
    answers = program.value("observe", files=[], commands=["settings", "fdb"])["commands"]
    assert "Not a directory" in answers["settings"]["fault"]
    assert answers["fdb"].keys() <= {"answer", "fault"}
