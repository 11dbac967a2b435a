"""`pvesdn plan`: each screen written out whole."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.cli.screens.plan import NO_CHANGES
from tests.cli.kit import UCAST, Result, Terminal, call, snapshot_of
from tests.fake_nodes import RECORD
from tests.fakes import FakeCluster, fake_cluster

KNOWN_MTU = UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n")
OURS = "/etc/network/interfaces.d/pvesdn"
PENDING = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}


def plan(settings: Path, cluster: FakeCluster, *words: str | Path, **given: object) -> Result:
    return call("--config", settings, "plan", *words, cluster=cluster, **given)  # type: ignore[arg-type]


def applied(settings: Path, cluster: FakeCluster) -> FakeCluster:
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    return cluster


def define(cluster: FakeCluster, text: str) -> None:
    cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = text


def test_what_is_new_is_created(settings: Path, cluster: FakeCluster) -> None:
    expected = """\
          + create

        node1-node3
          + /etc/network/interfaces.d/pvesdn
              + vmbr3
              + vxlan_vmbr3

        Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.
        """
    assert plan(settings, cluster) == Result(0, dedent(expected), "")


def test_when_everything_is_in_place_there_is_nothing_to_do(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    assert plan(settings, cluster, "--detailed-exitcode") == Result(0, f"{NO_CHANGES}\n", "")


def test_changes_have_terraforms_signs_and_a_diff_stanza_by_stanza(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    define(cluster, UCAST.replace("tag 3", "tag 4") + "vnet: vmbr5\n\tzone ucast\n\ttag 5\n\n")
    expected = """\
          + create
          ~ change in place
        -/+ delete and create anew

        node2
          ~ /etc/network/interfaces.d/pvesdn
              + vmbr5
            -/+ vxlan_vmbr3  (the kernel cannot change the VNI of a live device)
                  vxlan-id 3 -> 4
              + vxlan_vmbr5
              --- /etc/network/interfaces.d/pvesdn
              +++ /etc/network/interfaces.d/pvesdn
              @@ -11,0 +12,10 @@ vmbr5
              +
              +auto vmbr5
              +iface vmbr5
              +	bridge-ports vxlan_vmbr5
              +	bridge-stp off
              +	bridge-fd 0
              +	bridge-hashel 16
              +	bridge-hashmax 4096
              +	bridge-ports-condone-regex ^(tap|veth|fwpr)[0-9].*
              +	mtu 1500
              @@ -12,7 +22,7 @@ vxlan_vmbr3
        {SPACE}
               auto vxlan_vmbr3
               iface vxlan_vmbr3
              -	vxlan-id 3
              +	vxlan-id 4
               {TAB}vxlan-local-tunnelip 192.168.0.2
               {TAB}vxlan-remoteip 192.168.0.1
               {TAB}vxlan-remoteip 192.168.0.3
              @@ -19,0 +30,8 @@ vxlan_vmbr5
              +
              +auto vxlan_vmbr5
              +iface vxlan_vmbr5
              +	vxlan-id 5
              +	vxlan-local-tunnelip 192.168.0.2
              +	vxlan-remoteip 192.168.0.1
              +	vxlan-remoteip 192.168.0.3
              +	mtu 1500

        What this means for traffic:
          ! node2: VNet vmbr3 is interrupted between nodes for one reload: its VXLAN device is recreated

        Plan: 2 to add, 0 to change, 0 to destroy, 1 to replace on 1 of 1 nodes.
        """
    result = plan(settings, cluster, "--diff", "--node", "node2")
    assert result.out == dedent(expected).replace("{SPACE}", " " * 7).replace("{TAB}", "\t")


def test_under_an_interface_stand_the_attributes_that_change(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    define(cluster, UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1400\n\tpeers 192.168.0.2,192.168.0.9\n"))
    expected = """\
          ~ change in place

        node1
          ~ /etc/network/interfaces.d/pvesdn
              ~ vmbr3
                  mtu 1500 -> 1400
              ~ vxlan_vmbr3
                  mtu 1500 -> 1400
                  vxlan-remoteip 192.168.0.3 -> 192.168.0.9

        """
    assert plan(settings, cluster, "--node", "node1").out.startswith(dedent(expected))


def test_nodes_of_which_the_same_is_true_are_named_once(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    define(cluster, UCAST + "vnet: vmbr5\n\tzone ucast\n\ttag 5\n\tnodes node1,node3\n\n")
    cluster.nodes["node3"].files["/etc/network/interfaces.new"] = "auto lo\n"
    lines = plan(settings, cluster).out.splitlines()
    assert lines[3:9] == [
        "node1, node3",
        "  ~ /etc/network/interfaces.d/pvesdn",
        "      + vmbr5",
        "      + vxlan_vmbr5",
        "",
        "node3",
    ]
    assert lines[9].startswith("    blocked: /etc/network/interfaces.new holds")


def test_a_vnet_that_goes_is_destroyed_and_its_guests_block_it(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    cluster.plug("node1", "vmbr3", "tap100i0")
    cluster.plug("node1", "vmbr3", "tap101i0")
    define(cluster, "")
    expected = """\
        attention: /etc/pve/sdn/pvesdn.cfg is empty, so this plan removes the only VNet from node1
          - destroy

        node1
          - /etc/network/interfaces.d/pvesdn
              - vmbr3
              - vxlan_vmbr3
            blocked: vmbr3 would be removed with 2 guest ports in it (tap100i0, tap101i0); move the guests first, or use --detach-guests

        What this means for traffic:
          ! node1: VNet vmbr3 is removed with guests in it: guests 100, 101

        Plan: 0 to add, 0 to change, 2 to destroy on 1 of 1 nodes.
        """
    assert plan(settings, cluster, "--node", "node1").out == dedent(expected)
    decided = plan(settings, cluster, "--node", "node1", "--detach-guests")
    assert "blocked: " not in decided.out
    assert "    vmbr3 is removed with 2 guest ports in it, which it unplugs: tap100i0, tap101i0\n" in decided.out


def test_somebody_elses_file_blocks_the_plan_until_overwritten(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node1"].files[OURS] = "# mine\n"
    refused = plan(settings, cluster, "--node", "node1")
    why = "it exists, but this node has no record of pvesdn writing it"
    assert f"    blocked: {OURS}: {why}; check it with --diff, then use --overwrite to replace it\n" in refused.out
    decided = plan(settings, cluster, "--node", "node1", "--overwrite")
    assert "blocked: " not in decided.out
    assert f"      overwritten: {why}\n" in decided.out


def test_unapplied_edits_of_interfaces_block_the_plan_until_allowed(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node1"].files["/etc/network/interfaces.new"] = "auto lo\n"
    assert "blocked: /etc/network/interfaces.new" in plan(settings, cluster).out
    assert "blocked: " not in plan(settings, cluster, "--with-interfaces-new").out


def test_a_node_that_does_not_answer_is_said_to_be_unchecked_and_makes_status_4(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    cluster.nodes["node3"].off = "connection timed out"
    result = plan(settings, cluster, "--detailed-exitcode")
    assert result.status == 4
    assert result.out.splitlines()[-2:] == [
        "not checked: node3: connection timed out",
        "Plan: 4 to add, 0 to change, 0 to destroy on 2 of 3 nodes.",
    ]


def test_nodes_that_did_not_answer_are_not_said_to_match(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    cluster.nodes["node3"].off = "connection timed out"
    result = plan(settings, cluster)
    assert result.out.splitlines() == [
        "not checked: node3: connection timed out",
        "No changes. Nodes that answered match the configuration.",
    ]


def test_an_offline_member_is_said_to_be_unchecked(settings: Path) -> None:
    result = plan(settings, fake_cluster(KNOWN_MTU, offline=("node3",)))
    assert result.status == 0
    assert result.out.splitlines()[-3:] == [
        "not checked: node3: offline",
        "Order: one node at a time, because the cluster would lose its quorum with one node less.",
        "Plan: 4 to add, 0 to change, 0 to destroy on 2 of 3 nodes.",
    ]


def test_a_node_without_changes_is_named_beside_those_with(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    del cluster.nodes["node2"].files[OURS]
    result = plan(settings, cluster)
    assert "No changes on node1, node3.\n" in result.out
    assert result.out.endswith("Plan: 2 to add, 0 to change, 0 to destroy on 1 of 3 nodes.\n")


def test_an_apply_that_was_cut_off_is_taken_up_again(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    files = cluster.nodes["node1"].files
    files[RECORD] = json.dumps({**json.loads(files[RECORD]), "unfinished": True})
    expected = """\
        node1
          the last apply did not finish here: apply completes it

        No changes on node2, node3.
        Plan: 0 to add, 0 to change, 0 to destroy on 1 of 3 nodes.
        """
    assert plan(settings, cluster).out == dedent(expected)


def test_what_pve_has_pending_is_listed(settings: Path) -> None:
    result = plan(settings, fake_cluster(pve_files=PENDING), "--node", "node1")
    expected = """\
          + create

        node1
          + /etc/network/interfaces.d/sdn (written by PVE when its SDN is applied)
              + office

        PVE's SDN: 1 vnet, 1 zone pending: committed by PUT /cluster/sdn as the last step
            + vnet office: zone lan
            + zone lan

        Plan: 1 to add, 0 to change, 0 to destroy on 1 of 1 nodes.
        """
    assert result == Result(0, dedent(expected), "")


def test_the_committed_definitions_can_be_planned_instead(settings: Path) -> None:
    cluster = fake_cluster(pve_files={**PENDING, ".running-config": '{"version": 1}'})
    assert plan(settings, cluster, "--intent", "running").out == f"{NO_CHANGES}\n"


def test_nodes_whose_frr_changes_are_named(settings: Path) -> None:
    cluster = fake_cluster("evpn-controller: main\n\tasn 1234\n\nevpn: l2\n\tcontroller main\n\tirb none\n\n")
    lines = plan(settings, cluster).out.splitlines()
    assert lines[-2] == "FRR changes on node1-node3 (restart)."
    assert "    FRR: restart" in lines


def test_warnings_and_notes_go_to_standard_error(settings: Path) -> None:
    lan = {"zones.cfg": "faucet: lan\n\tdp-id 1\n\tcontroller x\n\n"}
    result = plan(settings, fake_cluster(KNOWN_MTU, pve_files=lan))
    assert result.err == "note: zones.cfg:1: zone 'lan': left to PVE: zone type faucet\n"
    assert "left to PVE" not in result.out


def test_a_warning_is_shown_even_when_quiet(settings: Path) -> None:
    main = "evpn-controller: main\n\tasn 1234\n\nevpn: asym\n\tcontroller main\n\tirb asymmetric\n\tvrf main\n\n"
    result = plan(settings, fake_cluster(main), "-q")
    assert any(line.startswith("warning: pvesdn.cfg:7: zone 'asym': ") for line in result.err.splitlines())


def test_an_uplink_that_leaves_is_taken_down_first(settings: Path) -> None:
    sym = "evpn-controller: main\n\tasn 1234\n\nevpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n\n"
    out = "exit: out\n\tzone sym\n\tnode node1\n\tinterface eno2\n\taddress 172.16.0.1/24\n\tgateways 172.16.0.254\n\n"
    cluster = applied(settings, fake_cluster(sym + out))
    define(cluster, sym)
    result = plan(settings, cluster)
    assert "    taken down before the change: eno2\n" in result.out
    assert "      - eno2\n" in result.out


def test_quiet_leaves_the_last_line_and_complaints(settings: Path) -> None:
    lan = {"zones.cfg": "faucet: lan\n\tdp-id 1\n\tcontroller x\n\n"}
    result = plan(settings, fake_cluster(KNOWN_MTU, pve_files=lan), "-q")
    assert result.out.splitlines() == ["Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes."]
    assert result.err == ""


def test_quiet_does_not_hide_what_apply_would_refuse(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files[OURS] = "# mine\n"
    refused = plan(settings, cluster, "-q")
    assert refused.err.startswith(f"warning: apply would refuse: node3: {OURS}: it exists")
    assert plan(settings, cluster, "-q", "--overwrite").err == ""


def test_verbose_says_which_address_is_a_nodes_vtep_and_why(settings: Path, cluster: FakeCluster) -> None:
    define(cluster, "underlay: cluster\n\tnetwork 192.168.0.0/24\n\n" + UCAST)
    lines = plan(settings, cluster, "-v").out.splitlines()
    assert lines[0] == "VTEP of node1: 192.168.0.1, its address in 192.168.0.0/24"


@pytest.mark.parametrize(
    ("words", "status"),
    [((), 0), (("--detailed-exitcode",), 2), (("--detailed-exitcode", "--json"), 2), (("-q",), 0)],
)
def test_changes_make_status_2_only_when_asked_for(
    settings: Path, cluster: FakeCluster, words: tuple[str, ...], status: int
) -> None:
    assert plan(settings, cluster, *words).status == status


def test_an_unknown_node_is_refused_with_the_names_of_the_members(settings: Path, cluster: FakeCluster) -> None:
    result = plan(settings, cluster, "--node", "node9")
    assert result == Result(1, "", "error: there is no node 'node9'; members are node1, node2, node3\n")


def test_a_plan_from_a_snapshot_is_the_live_plan(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    applied(settings, cluster)
    define(cluster, UCAST.replace("tag 3", "tag 4"))
    folder = snapshot_of(cluster, tmp_path / "snap")
    assert call("plan", "--diff", "--from", folder) == plan(settings, cluster, "--diff")


def test_a_member_that_is_missing_from_a_snapshot_is_said_to_be_unchecked(tmp_path: Path) -> None:
    folder = snapshot_of(fake_cluster(KNOWN_MTU), tmp_path / "snap")
    shutil.rmtree(folder / "nodes" / "node2")
    result = call("plan", "--from", folder)
    assert result.status == 4
    assert "not checked: node2: is not in the snapshot\n" in result.out


def test_a_plan_changes_nothing_anywhere(settings: Path, cluster: FakeCluster) -> None:
    plan(settings, cluster, "--diff", "-v")
    assert {verb for node in cluster.nodes.nodes.values() for verb in node.verbs} <= {"read", "observe"}
    assert {name for name, *_ in cluster.api.calls} == {"get"}


# --- colours ---------------------------------------------------------------------------------------------------------

ESCAPE = "\x1b["


@pytest.mark.parametrize(
    ("terminal", "words", "has_color"),
    [
        (None, (), False),
        ({"TERM": "xterm"}, (), True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, (), False),
        ({"TERM": "xterm", "NO_COLOR": ""}, (), True),
        ({"TERM": "dumb"}, (), False),
        ({"TERM": "xterm"}, ("--no-color",), False),
        ({"TERM": "xterm"}, ("--color=never",), False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, ("--color=always",), True),
        (None, ("--color=always",), True),
        (None, ("--color=auto",), False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    settings: Path, cluster: FakeCluster, terminal: dict[str, str] | None, words: tuple[str, ...], has_color: bool
) -> None:
    out = io.StringIO() if terminal is None else Terminal()
    result = plan(settings, cluster, *words, out=out, environ=terminal)
    assert (ESCAPE in result.out) is has_color


def test_signs_and_diffs_have_terraforms_colours(settings: Path, cluster: FakeCluster) -> None:
    applied(settings, cluster)
    define(cluster, UCAST.replace("tag 3", "tag 4") + "vnet: vmbr5\n\tzone ucast\n\ttag 5\n\n")
    out = plan(settings, cluster, "--diff", "--color=always").out
    assert "\x1b[32m  +\x1b[0m vmbr5\n" in out
    assert "\x1b[33m  ~\x1b[0m /etc/network/interfaces.d/pvesdn\n" in out
    assert "\x1b[31m-\x1b[0m/\x1b[32m+\x1b[0m vxlan_vmbr3" in out
    assert "\x1b[31m-\tvxlan-id 3\x1b[0m\n" in out
    assert "\x1b[32m+\tvxlan-id 4\x1b[0m\n" in out
    assert "\x1b[36m@@ -12,7 +22,7 @@ vxlan_vmbr3\x1b[0m\n" in out


# --- what others wrote -----------------------------------------------------------------------------------------------


def test_no_escape_sequence_of_somebody_elses_reaches_the_terminal(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    cluster.nodes["node1"].files[OURS] = "# \x1b]0;owned\x07\x1b[2J\u202e\x9b31m\r\n"
    cluster.nodes["node3"].off = "no \x1b[31mroute\x1b[0m\nerror: forged"
    result = plan(settings, cluster, "--diff")
    assert not set(result.out + result.err) & set("\x1b\x07\u202e\x9b\r")
    assert "-# \\x1b]0;owned\\x07\\x1b[2J\\u202e\\x9b31m" in result.out
    assert "not checked: node3: no \\x1b[31mroute\\x1b[0m\\x0aerror: forged\n" in result.out


def test_no_password_is_shown_in_a_diff(settings: Path) -> None:
    cluster = fake_cluster("evpn-controller: main\n\tasn 1234\n\nevpn: l2\n\tcontroller main\n\tirb none\n\n")
    cluster.nodes["node1"].files["/etc/frr/frr.conf"] = (
        "router bgp 1\n neighbor 10.0.0.1 password hunter2\npassword x1\n"
    )
    for words in (("--diff",), ("--diff", "--json")):
        out = plan(settings, cluster, *words).out
        assert "hunter2" not in out
        assert "x1" not in out
        assert "neighbor 10.0.0.1 password ********" in out


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_the_document_holds_the_whole_plan(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU, pve_files=PENDING, members=("node1", "node2", "node3"), offline=("node2",))
    cluster.nodes["node3"].off = "refused"
    result = plan(settings, cluster, "--json", "--node", "node1", "--node", "node3")
    assert result.status == 4
    created = {"action": "add", "conflict": "", "differences": []}
    assert json.loads(result.out) == {
        "format_version": 1,
        "kind": "plan",
        "summary": {
            "has_changes": True,
            "has_obstacles": False,
            "add": 3,
            "change": 0,
            "replace": 0,
            "remove": 0,
            "changed_nodes": ["node1"],
            "total_nodes": 2,
            "frr": {},
        },
        "falls": [],
        "consequences": [],
        "nodes": [
            {
                "name": "node1",
                "has_changes": True,
                "is_unfinished": False,
                "frr": "none",
                "reload": {"whole": True, "why": "PVE's definitions are pending", "down": [], "up": []},
                "files": [
                    {
                        "path": OURS,
                        "by_pve": False,
                        **created,
                        "interfaces": [
                            {"name": "vmbr3", "action": "add", "why": "", "differences": []},
                            {"name": "vxlan_vmbr3", "action": "add", "why": "", "differences": []},
                        ],
                    },
                    {
                        "path": "/etc/network/interfaces.d/sdn",
                        "by_pve": True,
                        **created,
                        "interfaces": [{"name": "office", "action": "add", "why": "", "differences": []}],
                    },
                ],
                "drift": [],
                "taken_down": [],
                "deleted_links": [],
                "guest_ports": {},
                "plug_in_again": [],
                "obstacles": [],
            }
        ],
        "order": {"rounds": [["node1"]], "canary": None, "together": False, "reasons": []},
        "pending": [
            {
                "kind": "vnet",
                "id": "office",
                "state": "new",
                "properties": [{"name": "zone", "running": None, "pending": "lan"}],
            },
            {"kind": "zone", "id": "lan", "state": "new", "properties": []},
        ],
        "running": {"version": None, "nodes": []},
        "findings": [],
        "unreachable": {"node3": "node3: refused"},
        "offline": ["node2"],
    }


def test_the_document_has_diffs_when_asked_for(settings: Path, cluster: FakeCluster) -> None:
    document = json.loads(plan(settings, cluster, "--json", "--diff", "--node", "node1").out)
    (file,) = document["nodes"][0]["files"]
    assert file["diff"][:2] == ["--- /dev/null", f"+++ {OURS}"]
    assert "+\tvxlan-id 3" in file["diff"]


def test_with_json_there_is_nothing_else_on_standard_output(settings: Path) -> None:
    lan = {"zones.cfg": "faucet: lan\n\tdp-id 1\n\tcontroller x\n\n"}
    result = plan(settings, fake_cluster(KNOWN_MTU, pve_files=lan), "--json", "-vv")
    document = json.loads(result.out)
    assert document["findings"] == [
        {"severity": "note", "where": "zones.cfg:1: zone 'lan'", "what": "left to PVE: zone type faucet", "hint": ""}
    ]


def test_what_has_gone_wrong_on_a_node_is_shown_with_its_sign_and_healed(settings: Path, cluster: FakeCluster) -> None:
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    node2, node3 = cluster.nodes["node2"], cluster.nodes["node3"]
    for question in ("ip-link", "ip-addr"):
        rows = node2.commands[question]
        rows[:] = [row for row in rows if row["ifname"] != "vxlan_vmbr3"]
    (bridge,) = [row for row in node3.commands["ip-link"] if row["ifname"] == "vmbr3"]
    bridge["mtu"] = 1280
    result = call("--config", settings, "plan", cluster=cluster)
    assert result.out == dedent(
        """\
          + create
          ~ change in place

        node2
          live state, which its files do not explain
              + vxlan_vmbr3: absent, expected there

        node3
          live state, which its files do not explain
              ~ vmbr3, MTU: 1280, expected 1500

        No changes on node1.
        Plan: 1 to add, 1 to change, 0 to destroy on 2 of 3 nodes.
        """
    )
    document = json.loads(call("--config", settings, "plan", "--json", cluster=cluster).out)
    assert [[(i["object"], i["action"]) for i in node["drift"]] for node in document["nodes"]] == [
        [],
        [("vxlan_vmbr3", "add")],
        [("vmbr3", "change")],
    ]
    summary = call("--config", settings, "plan", "--summary", cluster=cluster).out
    assert "live state that is put right: node2, node3" in summary
    assert call("--config", settings, "apply", "--yes", cluster=cluster).status == 0
    assert call("--config", settings, "plan", cluster=cluster).out == "No changes. Nodes match the configuration.\n"
