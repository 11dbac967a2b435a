"""The other fake commands of a simulated node, and what tests can do to it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.node import FRR_CONF, SimulatedNode

VXLAN = (
    "auto vx\niface vx\n\tvxlan-id 2\n\tvxlan-local-tunnelip 192.168.0.1\n\tvxlan-remoteip 192.168.0.2\n"
    "\tbridge-learning off\n\tbridge-arp-nd-suppress on\n\nauto br\niface br\n\tbridge-ports vx\n\tbridge-vlan-aware yes\n"
)


@pytest.fixture
def node(tmp_path: Path) -> SimulatedNode:
    return SimulatedCluster(tmp_path, ("pve1",)).nodes["pve1"]


@pytest.fixture
def with_vxlan(node: SimulatedNode) -> SimulatedNode:
    node.write("/etc/network/interfaces.d/pvesdn", VXLAN)
    assert node.run("ifreload", "-a").returncode == 0
    return node


class TestIproute:
    def test_addresses_are_told_as_iproute2_tells_them(self, node):
        (row,) = [r for r in json.loads(node.run("ip", "-j", "-d", "address").stdout) if r["ifname"] == "vmbr0"]
        assert row["addr_info"] == [
            {"family": "inet", "local": "192.168.0.1", "prefixlen": 24, "scope": "global", "label": "vmbr0"}
        ]
        assert (row["mtu"], row["linkinfo"]["info_kind"], row["flags"]) == (
            1550,
            "bridge",
            ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
        )

    def test_a_link_tells_its_kind_and_its_masters(self, with_vxlan):
        rows = {row["ifname"]: row for row in json.loads(with_vxlan.run("ip", "-j", "-d", "link").stdout)}
        linkinfo = rows["vx"]["linkinfo"]
        assert linkinfo["info_data"] == {"id": 2, "local": "192.168.0.1", "port": 4789, "learning": True}
        assert (linkinfo["info_slave_kind"], linkinfo["info_slave_data"]["neigh_suppress"]) == ("bridge", True)
        assert linkinfo["info_slave_data"]["learning"] is False
        assert rows["br"]["linkinfo"]["info_data"]["vlan_filtering"] == 1
        assert "linkinfo" not in rows["eno2"]
        assert [row["ifindex"] for row in rows.values()] == [1, 2, 3, 4, 5, 6]

    def test_the_main_table_has_the_default_route_and_the_connected_networks(self, node):
        routes = json.loads(node.run("ip", "-j", "route").stdout)
        assert [(route["dst"], route["dev"]) for route in routes] == [("default", "vmbr0"), ("192.168.0.0/24", "vmbr0")]
        assert json.loads(node.run("ip", "-j", "-6", "route").stdout) == []

    def test_the_rules_are_those_of_every_kernel(self, node):
        tables = {
            family: [rule["table"] for rule in json.loads(node.run("ip", "-j", family, "rule").stdout)]
            for family in ("-4", "-6")
        }
        assert tables == {"-4": ["local", "main", "default"], "-6": ["local", "main"]}

    def test_what_is_in_a_vrf_is_not_in_the_main_table(self, node):
        vrf = (
            "auto vrf_z\niface vrf_z\n\tvrf-table auto\n\nauto eno2\niface eno2\n\taddress 172.16.0.1/24\n\tvrf vrf_z\n"
        )
        node.write("/etc/network/interfaces.d/pvesdn", vrf)
        node.run("ifreload", "-a")
        assert "172.16.0.0/24" not in node.run("ip", "-j", "route").stdout
        shown = json.loads(node.run("ip", "-j", "-d", "link", "show", "eno2").stdout)[0]
        assert (shown["master"], shown["linkinfo"]["info_slave_data"]["table"]) == ("vrf_z", 1001)

    def test_a_virtual_link_can_be_deleted_and_a_physical_one_not(self, with_vxlan):
        assert with_vxlan.run("ip", "link", "del", "br").returncode == 0
        assert with_vxlan.links()["vx"]["master"] is None
        assert with_vxlan.run("ip", "link", "del", "br").stderr == 'Cannot find device "br"\n'
        assert with_vxlan.run("ip", "link", "del", "eno2").returncode == 2

    def test_an_unknown_device_or_word_is_an_error(self, node):
        assert node.run("ip", "link", "show", "dev", "nothing").returncode == 1
        assert node.run("ip", "frobnicate").returncode == 255


class TestBridge:
    def test_the_all_zero_entries_are_the_flood_list(self, with_vxlan):
        rows = json.loads(with_vxlan.run("bridge", "-j", "fdb", "show", "dev", "vx").stdout)
        flooded = [row["dst"] for row in rows if row["mac"] == "00:00:00:00:00:00"]
        assert flooded == ["192.168.0.2"]

    def test_lost_entries_can_be_appended_again(self, with_vxlan):
        with_vxlan.lose_flood_entries("vx")
        assert with_vxlan.links()["vx"]["fdb"] == []
        append = ("fdb", "append", "00:00:00:00:00:00", "dev", "vx", "dst", "192.168.0.2")
        assert with_vxlan.run("bridge", *append).returncode == 0
        assert with_vxlan.run("bridge", *append).returncode == 0
        assert with_vxlan.links()["vx"]["fdb"] == ["192.168.0.2"]
        assert with_vxlan.run("bridge", "fdb", "add", *append[2:]).returncode == 2
        assert with_vxlan.run("bridge", "fdb", "del", *append[2:]).returncode == 0
        assert with_vxlan.links()["vx"]["fdb"] == []

    def test_an_unknown_device_is_an_error(self, node):
        assert node.run("bridge", "-j", "fdb", "show", "dev", "vx").returncode == 1


class TestFrr:
    def test_it_begins_as_the_package_leaves_it(self, node):
        assert node.read("/etc/frr/frr.conf") == FRR_CONF
        assert "bgpd=no\n" in node.read("/etc/frr/daemons")
        assert node.run("systemctl", "is-active", "frr").returncode == 3
        assert node.run("systemctl", "is-enabled", "frr").returncode == 1

    def test_a_start_takes_daemons_and_text_from_the_files(self, node):
        node.write("/etc/frr/daemons", node.read("/etc/frr/daemons").replace("bgpd=no", "bgpd=yes"))
        node.write("/etc/frr/frr.conf", "router bgp 1234\n")
        assert node.run("systemctl", "restart", "frr").returncode == 0
        assert node.run("systemctl", "is-active", "frr").stdout == "active\n"
        assert "bgpd" in node.frr()["daemons"]
        assert node.frr()["config"] == "router bgp 1234\n"

    def test_a_reload_takes_the_new_text(self, node):
        node.run("systemctl", "start", "frr")
        node.write("/etc/frr/frr.conf", "hostname other\n")
        assert node.run("frr-reload.py", "--test", "/etc/frr/frr.conf").returncode == 0
        assert node.frr()["config"] == FRR_CONF
        assert node.run("frr-reload.py", "--reload", str(node.path("/etc/frr/frr.conf"))).returncode == 0
        assert (node.frr()["config"], node.frr()["reloads"]) == ("hostname other\n", 1)

    def test_a_reload_needs_running_daemons(self, node):
        assert "failed to connect to any daemons" in node.run("frr-reload.py", "--reload", "/etc/frr/frr.conf").stderr
        node.run("systemctl", "start", "frr")
        node.write("/etc/frr/frr.conf", "router bgp 1234\n")
        assert node.run("frr-reload.py", "--reload", "/etc/frr/frr.conf").returncode == 0

    @pytest.mark.parametrize(
        ("daemon", "lines"),
        [
            ("bgpd", "router bgp 1234\n neighbor 192.168.0.2 remote-as 1234\nexit\n"),
            ("vrrpd", "interface a\n vrrp 5 version 3\n vrrp 5 ip 10.0.0.1\nexit\n"),
            ("bfdd", "bfd\n profile fast\n exit\nexit\n"),
            ("ospfd", "router ospf\n ospf router-id 192.168.0.1\nexit\n"),
            ("fabricd", "router openfabric x\n net 49.0001.1111.1111.1111.00\nexit\n"),
        ],
    )
    def test_lines_of_a_daemon_that_does_not_run_are_left_out_without_a_word(self, node, daemon, lines):
        node.run("systemctl", "start", "frr")
        node.write("/etc/frr/frr.conf", f"hostname pve1\n{lines}ip forwarding\n")
        node.write("/etc/frr/daemons", node.read("/etc/frr/daemons").replace(f"{daemon}=no", f"{daemon}=yes"))
        result = node.run("frr-reload.py", "--reload", "/etc/frr/frr.conf")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        owned = {line.strip().split()[0] for line in lines.splitlines()} - {"interface", "exit", "profile"}
        assert not owned & {line.strip().split()[0] for line in node.frr()["config"].splitlines() if "host" not in line}
        assert daemon not in node.run("vtysh", "-c", "show daemons").stdout.split()
        node.run("systemctl", "restart", "frr")
        assert node.frr()["config"] == node.read("/etc/frr/frr.conf")
        assert daemon in node.run("vtysh", "-c", "show daemons").stdout.split()

    def test_a_reload_refuses_a_wrong_line_and_changes_nothing(self, node):
        node.run("systemctl", "start", "frr")
        node.write("/etc/frr/frr.conf", "hostname other\nfrobnicate\n")
        result = node.run("frr-reload.py", "--reload", "/etc/frr/frr.conf")
        assert result.returncode == 1
        assert "vtysh failed to process new configuration" in result.stdout
        assert node.frr()["config"] == FRR_CONF

    @pytest.mark.parametrize(("text", "words"), [("", "is an empty file"), (None, "does not exist")])
    def test_a_reload_needs_a_text(self, node, text, words):
        node.run("systemctl", "start", "frr")
        node.path("/etc/frr/frr.conf").unlink()
        if text is not None:
            node.write("/etc/frr/frr.conf", text)
        result = node.run("frr-reload.py", "--reload", "/etc/frr/frr.conf")
        assert (result.returncode, result.stdout) == (1, f"Filename /etc/frr/frr.conf {words}\n")

    def test_vtysh_talks_to_daemons_that_run(self, node):
        result = node.run("vtysh", "-c", "show daemons")
        assert (result.returncode, result.stderr) == (1, "Exiting: failed to connect to any daemons.\n")
        node.run("systemctl", "start", "frr")
        assert node.run("vtysh", "-c", "show daemons").stdout.split() == ["zebra", "mgmtd", "staticd", "watchfrr"]

    def test_starting_what_runs_reads_nothing_anew(self, node):
        for argv in (("start", "frr"), ("start", "frr"), ("enable", "--now", "frr")):
            assert node.run("systemctl", *argv).returncode == 0
            assert node.frr()["restarts"] == 1

    def test_vtysh_refuses_what_cannot_be_a_command(self, node):
        node.write("/etc/frr/frr.conf", "hostname pve1\n!\n  42 is no command\n")
        result = node.run("vtysh", "-C", "-f", str(node.path("/etc/frr/frr.conf")))
        assert (result.returncode, result.stderr) == (2, "line 3: % Unknown command[4]:   42 is no command\n")
        node.write("/etc/frr/frr.conf", "hostname pve1\n!\n# a comment\nvrf v\n vni 4000\nexit-vrf\n")
        assert node.run("vtysh", "-C", "-f", "/etc/frr/frr.conf").returncode == 0
        assert node.run("vtysh", "-C", "-f", "/etc/frr/nothing").returncode == 11

    def test_other_units_and_verbs_are_unknown(self, node):
        assert node.run("systemctl", "restart", "nginx").returncode == 4
        assert node.run("systemctl", "levitate", "frr").returncode == 1


class TestSystem:
    def test_sysctl_writes_the_kernels_files(self, node):
        node.write("/etc/sysctl.d/90-pvesdn.conf", "# why\nnet.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding=1\n")
        assert node.run("sysctl", "-p", "/etc/sysctl.d/90-pvesdn.conf").stdout == (
            "net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n"
        )
        assert node.read("/proc/sys/net/ipv4/ip_forward") == "1\n"

    def test_sysctl_complains_of_what_the_kernel_does_not_have(self, node):
        node.write("/etc/sysctl.d/x.conf", "net.ipv4.no_such_thing = 1\n")
        result = node.run("sysctl", "-p", "/etc/sysctl.d/x.conf")
        assert result.returncode == 1
        assert "No such file" in result.stderr

    def test_sysctl_goes_on_after_what_may_fail_and_after_what_is_none(self, node):
        node.write("/etc/sysctl.d/x.conf", "-net.ipv4.no_such_thing = 1\nwhat is that\nnet.ipv4.ip_forward = 1\n")
        result = node.run("sysctl", "-p", "/etc/sysctl.d/x.conf")
        assert (result.returncode, result.stdout) == (0, "net.ipv4.ip_forward = 1\n")
        assert node.run("sysctl", "-p", "/etc/sysctl.d/nothing.conf").returncode == 1

    @pytest.mark.parametrize("name", ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"])
    def test_a_switch_for_all_switches_each(self, node, name):
        for value in ("1", "0"):
            node.run("sysctl", "-w", f"{name}={value}")
            for path in ("ip_forward", "conf/all/forwarding", "conf/default/forwarding"):
                assert node.read(f"/proc/sys/net/ipv4/{path}") == f"{value}\n"
            assert node.read("/proc/sys/net/ipv6/conf/all/forwarding") == "0\n"

    def test_dpkg_query_fills_any_template(self, node):
        result = node.run("dpkg-query", "-W", "-f=${Package}\\t${Version}\\t${db:Status-Status}\\n", "frr", "nothing")
        assert result.stdout == "frr\t10.4.1-1+pve1\tinstalled\n"
        assert (result.returncode, result.stderr) == (1, "dpkg-query: no packages found matching nothing\n")
        node.set_version("frr", None)
        assert node.run("dpkg-query", "-W", "frr").returncode == 1

    def test_pvesh_without_an_api_says_so(self, node):
        assert "Connection refused" in node.run("pvesh", "get", "/version").stderr


def kept_in(node: SimulatedNode) -> set[Path]:
    """The folders in which answers of a node are kept."""
    return {file.parent for file in node.root.glob("state/answers/**/ip -j rule")}


class TestKeptAnswers:
    """A shell repeats what was answered before (`answers`); nobody may see a difference."""

    ASKED = ("ip", "-j", "-d", "link")

    def test_an_answer_is_repeated_while_the_links_are_the_same(self, node):
        first = node.start(*self.ASKED).stdout
        (kept,) = node.root.glob("state/answers/**/ip -j -d link")
        kept.write_text("echo kept\nexit 0\n")

        assert node.start(*self.ASKED).stdout == "kept\n"
        assert node.start("bridge", *self.ASKED[1:]).stdout != "kept\n"
        assert json.loads(node.start("ip", "-d", "-j", "link").stdout) == json.loads(first)

    def test_a_cluster_may_have_as_many_nodes_as_it_likes(self, tmp_path):
        members = {f"pve{number}": f"192.168.0.{number}/24" for number in range(1, 18)}
        node = SimulatedCluster(tmp_path, members).nodes["pve1"]

        assert json.loads(node.start(*self.ASKED).stdout)
        assert [*node.root.glob("state/answers/**/ip -j -d link")]

    def test_an_answer_is_never_older_than_the_links(self, node):
        node.start(*self.ASKED)
        node.write("/etc/network/interfaces.d/pvesdn", VXLAN)
        node.start("ifreload", "-a")

        assert {"vx", "br"} <= {row["ifname"] for row in json.loads(node.start(*self.ASKED).stdout)}

        node.start("ip", "link", "del", "vx")

        assert "vx" not in {row["ifname"] for row in json.loads(node.start(*self.ASKED).stdout)}

    @pytest.mark.parametrize(
        "asked",
        [
            ("ip", "-j", "-4", "route", "show", "vrf", "nothing"),
            ("bridge", "-j", "fdb", "show"),
            ("vtysh", "-c", "show daemons"),  # fails while FRR is off
            ("vtysh", "-c", "show evpn vni detail json"),
            ("dpkg-query", "-W", "-f=${Package}\\n", "frr", "isn't there"),
        ],
        ids=" ".join,
    )
    @pytest.mark.parametrize("is_on", [True, False], ids=["FRR on", "FRR off"])
    def test_whatever_was_answered_is_repeated_in_all_its_parts(self, node, asked, is_on):
        node.start("systemctl", "start" if is_on else "stop", "frr")
        first = vars(node.start(*asked))
        (kept,) = kept_in(node)
        assert (kept / " ".join(asked)).is_file()

        assert vars(node.start(*asked)) == first
        assert vars(node.run(*asked)) == first

    def test_whoever_answers_one_question_of_a_plan_answers_all(self, node):
        node.start(*self.ASKED)
        (kept,) = kept_in(node)

        assert {"ip -j rule", "bridge -j fdb show", "vtysh -c show running-config"} <= {p.name for p in kept.iterdir()}

    @pytest.mark.parametrize("change", ["systemctl restart frr", "ip link set eno2 down"])
    def test_an_answer_is_never_older_than_what_another_node_has(self, tmp_path, change):
        nodes = SimulatedCluster(tmp_path, ("pve1", "pve2")).nodes
        nodes["pve1"].start(*self.ASKED)
        before = kept_in(nodes["pve1"])
        nodes["pve2"].start(*change.split())
        nodes["pve1"].start(*self.ASKED)

        assert len(kept_in(nodes["pve1"]) - before) == 1

    def test_a_node_that_is_switched_off_or_on_makes_new_answers(self, tmp_path):
        cluster = SimulatedCluster(tmp_path, ("pve1", "pve2"))
        found = []
        for change in (lambda _: None, cluster.go_offline, cluster.come_online):
            change("pve2")
            cluster.nodes["pve1"].start(*self.ASKED)
            found.append(kept_in(cluster.nodes["pve1"]))

        assert [len(names) for names in found] == [1, 2, 3]

    def test_repeated_calls_are_recorded_like_the_first(self, node):
        node.forget_commands()
        for _ in range(3):
            node.start(*self.ASKED)

        assert node.commands() == (self.ASKED,) * 3

    def test_a_broken_command_is_broken_although_its_answer_is_known(self, node):
        node.start(*self.ASKED)
        node.break_command("ip", status=2)

        assert node.start(*self.ASKED).returncode == 2


class TestCallsInThisProcess:
    """`run` starts nothing where it need not; nobody may see a difference."""

    def test_they_answer_and_are_recorded_as_a_process_is(self, with_vxlan):
        calls = [
            ("ip", "-j", "-d", "address"),
            ("ip", "link", "show", "dev", "nothing"),
            ("bridge", "-j", "fdb", "show", "dev", "vx"),
            ("dpkg-query", "-W", "frr", "nothing"),
            ("systemctl", "is-active", "frr"),
            ("vtysh", "-c", "show daemons"),
            ("sysctl", "-w", "net.ipv4.ip_forward=1"),
            ("ifreload",),
            ("ifreload", "-a"),
            ("ifdown", "nothing"),
        ]
        with_vxlan.forget_commands()
        apart = [vars(with_vxlan.start(*argv)) for argv in calls]
        here = [vars(with_vxlan.run(*argv)) for argv in calls]

        assert here == apart
        assert with_vxlan.commands() == (*calls, *calls)

    def test_they_print_nothing_of_this_process_and_catch_nothing_of_it(self, node, capsys):
        assert node.run("ip", "-j", "link").stdout
        assert node.run("ip", "frobnicate").stderr
        assert capsys.readouterr() == ("", "")

    def test_what_somebody_has_put_in_a_commands_place_is_run(self, node):
        node.write("/bin/ip", "#!/bin/sh\necho mine\n")

        assert node.run("ip", "-j", "link").stdout == "mine\n"

    def test_a_command_that_is_not_there_cannot_be_run(self, node):
        node.path("/bin/ip").unlink()

        with pytest.raises(FileNotFoundError):
            node.run("ip", "-j", "link")


class TestFaults:
    def test_a_broken_command_fails_as_often_as_told(self, node):
        node.break_command("ip", status=7, stderr="no\n", times=2)
        assert [node.run("ip", "link").returncode for _ in range(3)] == [7, 7, 0]

    def test_a_broken_command_can_be_mended(self, node):
        node.break_command("ip")
        assert node.run("ip", "link").returncode == 1
        node.mend_command("ip")
        assert node.run("ip", "link").returncode == 0

    def test_every_call_is_recorded_the_failed_ones_too(self, node):
        node.break_command("ip", times=1)
        node.run("ip", "link")
        node.run("ip", "-j", "route")
        assert node.commands() == (("ip", "link"), ("ip", "-j", "route"))
        node.forget_commands()
        assert node.commands() == ()

    @pytest.mark.parametrize("call", [SimulatedNode.run, SimulatedNode.start])
    def test_commands_at_the_same_time_do_not_lose_each_others_work(self, with_vxlan, call):
        peers = [f"192.168.0.{number}" for number in range(10, 18)]

        def append(peer: str) -> None:
            call(with_vxlan, "bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx", "dst", peer)

        threads = [threading.Thread(target=append, args=(peer,)) for peer in peers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(peers) <= set(with_vxlan.links()["vx"]["fdb"])
        assert len(with_vxlan.commands()) == len(peers) + 1


class TestGuests:
    def test_a_guest_has_a_port_in_its_bridge(self, node):
        port = node.plug_guest("vmbr0", 100)
        (row,) = json.loads(node.run("ip", "-j", "-d", "link", "show", "dev", port).stdout)
        assert (row["ifname"], row["master"], row["linkinfo"]["info_kind"]) == ("tap100i0", "vmbr0", "tun")
        node.unplug_guest(100)
        assert port not in node.links()
