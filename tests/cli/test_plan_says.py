"""What a plan says besides its lines: before them, below them, and instead of them when there are too many."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.cli.screens.consequences import consequence_lines
from pvesdn.cli.screens.plan import plan_lines, summarized_lines
from pvesdn.cli.screens.screen import Line
from pvesdn.compare.conflicts import digest
from pvesdn.compare.counts import summarize
from pvesdn.model.consequences import Consequence, Effect
from pvesdn.model.files import ChangeSet
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.cli.kit import UCAST, Result, Terminal, call, snapshot_of
from tests.fake_nodes import RECORD
from tests.fakes import FakeCluster, fake_cluster

OWN = "/etc/pve/sdn/pvesdn.cfg"
GUESTS = [
    {"type": "qemu", "vmid": 100, "name": "web-1", "node": "node1", "status": "running"},
    {"type": "lxc", "vmid": 101, "name": "db-1", "node": "node1", "status": "running"},
    {"type": "qemu", "vmid": 102, "node": "node1", "status": "running"},
]
FOUR = UCAST + "".join(f"vnet: v{n}\n\tzone ucast\n\ttag {n}\n\n" for n in range(11, 14))


def plan(settings: Path, cluster: FakeCluster, *words: str | Path, **given: object) -> Result:
    return call("--config", settings, "plan", *words, cluster=cluster, **given)  # type: ignore[arg-type]


def apply(settings: Path, cluster: FakeCluster, *words: str, **given: object) -> Result:
    return call("--config", settings, "apply", *words, cluster=cluster, **given)  # type: ignore[arg-type]


def running(settings: Path, text: str) -> FakeCluster:
    """A cluster on which `text` was applied, with guests in it."""
    cluster = fake_cluster(text)
    assert apply(settings, cluster, "--yes").status == 0
    cluster.api.answers["cluster/resources?type=vm"] = GUESTS
    return cluster


def define(cluster: FakeCluster, text: str | None) -> None:
    if text is None:
        del cluster.nodes.pve_files[OWN]
    else:
        cluster.nodes.pve_files[OWN] = text


# --- first: definitions that go all at once --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "attention: /etc/pve/sdn/pvesdn.cfg does not exist, so this plan removes all 4 VNets from node1-node3"),
        ("", "attention: /etc/pve/sdn/pvesdn.cfg is empty, so this plan removes all 4 VNets from node1-node3"),
        ("\n# later\n", "attention: /etc/pve/sdn/pvesdn.cfg is empty, so this plan removes all 4 VNets from node1-node3"),
        (UCAST, "attention: this plan removes 3 of 4 VNets from node1-node3"),
    ],
)  # fmt: skip
def test_definitions_that_go_all_at_once_are_said_before_everything(
    settings: Path, text: str | None, said: str
) -> None:
    cluster = running(settings, FOUR)
    define(cluster, text)
    for words in ((), ("-q",), ("--summary",), ("--diff",)):
        assert plan(settings, cluster, *words).out.splitlines()[0] == said


def test_the_prompt_says_it_again(settings: Path) -> None:
    cluster = running(settings, FOUR)
    define(cluster, None)
    refused = apply(settings, cluster, typed="no\n")
    assert refused.out.startswith("attention: /etc/pve/sdn/pvesdn.cfg does not exist")
    *_, above, prompt = refused.err.splitlines()[:2]
    assert above.startswith("attention: /etc/pve/sdn/pvesdn.cfg does not exist")
    assert prompt.startswith("Apply this plan?")


@pytest.mark.parametrize("text", [FOUR.replace("vnet: v11\n\tzone ucast\n\ttag 11\n\n", ""), FOUR + "# more\n"])
def test_daily_work_is_no_reason_for_attention(settings: Path, text: str) -> None:
    cluster = running(settings, FOUR)
    define(cluster, text)
    assert "attention" not in plan(settings, cluster).out


def test_a_new_cluster_without_definitions_is_no_reason_for_attention(settings: Path) -> None:
    assert "attention" not in plan(settings, fake_cluster()).out


def test_what_pve_would_delete_all_at_once_is_said_too(settings: Path) -> None:
    committed = {
        "version": 3,
        "zones": {"ids": {"lan": {"type": "simple"}}},
        "vnets": {"ids": {f"v{n}": {"type": "vnet", "zone": "lan"} for n in range(4)}},
    }
    vnets = {"zones.cfg": "simple: lan\n\n", ".running-config": json.dumps(committed)}
    gone = plan(settings, fake_cluster(pve_files=vnets))
    assert gone.out.splitlines()[0] == (
        "attention: /etc/pve/sdn/vnets.cfg does not exist, so this plan removes all 4 VNets"
    )
    fewer = plan(settings, fake_cluster(pve_files=vnets | {"vnets.cfg": "vnet: v0\n\tzone lan\n\n"}))
    assert fewer.out.splitlines()[0] == "attention: this plan removes 3 of 4 VNets of PVE"


def test_the_document_has_it(settings: Path) -> None:
    cluster = running(settings, FOUR)
    define(cluster, None)
    document = json.loads(plan(settings, cluster, "--json").out)
    (fall,) = document["falls"]
    assert fall == {
        "file": "pvesdn.cfg",
        "is_absent": True,
        "kind": "VNet",
        "gone": 4,
        "total": 4,
        "nodes": ["node1", "node2", "node3"],
    }


# --- guests ----------------------------------------------------------------------------------------------------------


def with_guests(settings: Path) -> FakeCluster:
    cluster = running(settings, UCAST)
    for port in ("tap100i0", "veth101i1", "fwpr102p0"):
        cluster.plug("node1", "vmbr3", port)
    return cluster


def test_guests_are_named_by_id_and_name_where_the_api_knows_them(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, "# empty\n")
    out = plan(settings, cluster).out
    assert "with 3 guest ports in it (fwpr102p0, tap100i0 of 100 web-1, veth101i1 of 101 db-1);" in out
    assert "  ! node1-node3: VNet vmbr3 is removed with guests in it: guests 100 web-1, 101 db-1, 102\n" in out
    del cluster.api.answers["cluster/resources?type=vm"]
    assert "with 3 guest ports in it (fwpr102p0, tap100i0, veth101i1);" in plan(settings, cluster).out


def test_a_smaller_mtu_names_the_guests_that_have_to_follow(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1400\n"))
    said = [line for line in plan(settings, cluster).out.splitlines() if "bytes" in line]
    what = "packets larger than 1400 bytes no longer pass VNet vmbr3 (MTU 1500 -> 1400)"
    must = "guests with a larger MTU must be set to 1400: guests 100 web-1, 101 db-1, 102"
    stuck = "with a VirtIO card, guests 100 web-1, 102 cannot be migrated live until restarted"
    assert said == [f"  ! node1-node3: {what}; {must}; {stuck}"]
    document = json.loads(plan(settings, cluster, "--json").out)
    (one,) = (one for one in document["consequences"] if one["effect"] == "mtu-smaller")
    assert [row["guest"] for row in one["restart_before_migration"]] == [100, 102]


def test_guests_whose_configuration_names_a_larger_mtu_are_told_with_it(settings: Path) -> None:
    cluster = with_guests(settings)
    cluster.nodes["node1"].commands["nics"] = [
        {"guest": 100, "device": 0, "bridge": "vmbr3", "mtu": 1500},
        {"guest": 102, "device": 0, "bridge": "vmbr3", "mtu": 1400},  # fits
        {"guest": 103, "device": 0, "bridge": "vmbr0", "mtu": 9000},  # is elsewhere
        {"guest": 104, "device": 1, "bridge": "vmbr3", "mtu": 1},  # follows its bridge
        {"guest": 105, "device": 2, "bridge": "vmbr3", "mtu": 9000},  # is off
    ]
    define(cluster, UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1400\n"))
    (said,) = (line for line in plan(settings, cluster).out.splitlines() if "bytes" in line)
    assert said.endswith("restarted; net0 of 100 web-1 has mtu 1500, net2 of 105 has mtu 9000")
    document = json.loads(plan(settings, cluster, "--json").out)
    (one,) = (one for one in document["consequences"] if one["effect"] == "mtu-smaller")
    assert one["larger"] == [
        {"guest": 100, "name": "web-1", "node": "node1", "device": "net0", "bridge": "vmbr3", "mtu": 1500},
        {"guest": 105, "name": "", "node": "node1", "device": "net2", "bridge": "vmbr3", "mtu": 9000},
    ]


def test_an_answer_about_guests_that_makes_no_sense_is_passed_over(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1400\n"))
    answers: tuple[object, ...] = (
        None,
        {},
        ["x"],
        [{"guest": "100"}],
        [{"guest": 100, "device": 0, "bridge": 7, "mtu": 9000}],
    )
    for answer in answers:
        cluster.nodes["node1"].commands["nics"] = answer
        assert "has mtu" not in plan(settings, cluster).out


def test_detach_guests_lists_the_ports_and_says_how_they_get_back(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, "")
    out = plan(settings, cluster, "--detach-guests").out
    unplugs = "fwpr102p0, tap100i0 of 100 web-1, veth101i1 of 101 db-1"
    assert f"    vmbr3 is removed with 3 guest ports in it, which it unplugs: {unplugs}\n" in out
    commands = """\
        Guest ports without a bridge. Once their VNet is back, these plug them in as configured:
          on node1:
            /usr/libexec/qemu-server/pve-bridge tap100i0  # tap100i0 of 100 web-1
            LXC_NAME=101 /usr/share/lxc/lxcnetaddbr 101 net up veth veth101i1  # veth101i1 of 101 db-1
            /usr/libexec/qemu-server/pve-bridge tap102i0  # fwpr102p0 of 102
        """
    assert dedent(commands) in out


def test_when_the_vnet_comes_back_the_commands_are_said_again(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, "")
    assert apply(settings, cluster, "--yes", "--detach-guests").status == 0
    for link in cluster.nodes["node1"].commands["ip-link"]:
        if link["ifname"] in {"tap100i0", "veth101i1", "fwpr102p0"}:
            link.pop("master", None)
    define(cluster, UCAST)
    out = plan(settings, cluster).out
    assert "    /usr/libexec/qemu-server/pve-bridge tap100i0  # tap100i0 of 100 web-1\n" in out
    document = json.loads(plan(settings, cluster, "--json", "--node", "node1").out)
    assert document["nodes"][0]["plug_in_again"][0] == {
        "port": "tap100i0",
        "guest": 100,
        "command": "/usr/libexec/qemu-server/pve-bridge tap100i0",
    }


def test_before_pve_9_the_script_lies_elsewhere(settings: Path) -> None:
    cluster = with_guests(settings)
    cluster.api.answers["version"]["version"] = "8.4.1"
    define(cluster, "")
    assert "    /var/lib/qemu-server/pve-bridge tap100i0" in plan(settings, cluster, "--detach-guests").out


def test_a_shared_snapshot_has_no_name_of_a_guest_and_its_plan_has_their_ids(settings: Path, tmp_path: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, "")
    folder = tmp_path / "snap"
    assert call("--config", settings, "snapshot", folder, cluster=cluster).status == 0
    assert not any("web-1" in file.read_text() for file in folder.rglob("*") if file.is_file())
    assert "is removed with guests in it: guests 100 hidden-" in call("plan", "--from", folder).out


def test_names_of_guests_cannot_steer_a_terminal(settings: Path) -> None:
    cluster = with_guests(settings)
    cluster.api.answers["cluster/resources?type=vm"] = [{"vmid": 100, "name": "\x1b[2J\u202eweb"}, {"vmid": "x"}, 7, {}]
    define(cluster, "")
    assert not set(plan(settings, cluster).out) & set("\x1b\u202e")


# --- many nodes, many VNets ------------------------------------------------------------------------------------------

MEMBERS = tuple(f"node{n}" for n in range(1, 17))
TENANTS = ("alpha", "brava", "delta", "gamma", "kappa", "omega", "sigma", "zetas")


def network(*, asn: int = 65000, mtu: int = 1450, shift: int = 0, underlay: str = "") -> str:
    """200 VNets, half of them numbered and half not, in one zone with EVPN and one without."""
    names = [f"v{n:03}" for n in range(100)] + [f"{TENANTS[n % 8]}{chr(97 + n // 8)}x" for n in range(100)]
    zones = (
        f"{underlay}evpn-controller: main\n\tasn {asn}\n\n"
        f"evpn: tenant\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 9000\n\tmtu {mtu}\n\n"
        f"vxlan: plain\n\tmtu {mtu}\n\n"
    )
    vnets = (
        f"vnet: {name}\n\tzone {'tenant' if number % 2 else 'plain'}\n\ttag {number + 1000 + shift}\n\n"
        for number, name in enumerate(names)
    )
    return zones + "".join(vnets)


@pytest.fixture(scope="module")
def large() -> Snapshot:
    """Sixteen nodes that have all of it; each has a second address."""
    cluster = fake_cluster(network(), members=MEMBERS)
    for number, name in enumerate(MEMBERS, 1):
        commands, mine = cluster.nodes[name].commands, f"10.99.0.{number}"
        (uplink,) = (link for link in commands["ip-addr"] if link["ifname"] == "eno2")
        uplink["addr_info"] = [{"family": "inet", "local": mine, "prefixlen": 24, "scope": "global"}]
        commands["ip-route"].append({"dst": "10.99.0.0/24", "dev": "eno2", "protocol": "kernel", "prefsrc": mine})
    before = read_cluster(cluster.world())
    nodes = dict(before.nodes)
    for name, files in render_understood(understand(before), Renderer()):
        texts = {file.path: file.text for file in files if file.text is not None}
        digests = {path: digest(text) for path, text in texts.items()}
        record = json.dumps({"format": 1, "files": digests})
        nodes[name] = NodeRaw({**nodes[name].files, **texts, RECORD: record}, nodes[name].commands)
    return replace(before, nodes=nodes)


def planned(snapshot: Snapshot, text: str) -> ChangeSet:
    files = {**snapshot.pve_files, "pvesdn.cfg": text}
    return plan_understood(understand(replace(snapshot, pve_files=files)), Renderer())


def printed(lines: Iterator[Line]) -> list[str]:
    return ["".join(part if isinstance(part, str) else part.text for part in line) for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        network(shift=5000),
        network(mtu=1400),
        network(asn=65001),
        network(underlay="underlay: cluster\n\tnetwork 10.99.0.0/24\n\n"),
        "",
    ],
    ids=["VNIs", "MTU", "AS number", "VTEPs", "all gone"],
)
def test_the_plan_of_sixteen_nodes_with_two_hundred_vnets_can_be_read(large: Snapshot, text: str) -> None:
    changes = planned(large, text)
    assert len(summarize(changes).changed) == 16
    for width in (80, 120):
        lines = printed(plan_lines(changes, summarize(changes), has_diff=False, width=width))
        assert 10 < len(lines) <= 250
        assert [line for line in lines if len(line) > width] == []
        assert len(lines) <= 100 or lines[-1].startswith("This plan has ")


def test_the_first_plan_of_sixteen_nodes_can_be_read_too() -> None:
    changes = planned(read_cluster(fake_cluster(members=MEMBERS).world()), network())
    for width in (80, 120):
        assert len(printed(plan_lines(changes, summarize(changes), has_diff=False, width=width))) <= 250


def test_of_many_nodes_with_values_of_their_own_one_is_shown(large: Snapshot) -> None:
    changes = planned(large, network(underlay="underlay: cluster\n\tnetwork 10.99.0.0/24\n\n"))
    lines = printed(plan_lines(changes, summarize(changes), has_diff=False))
    assert "node1-node16" in lines
    remark = "      each node has values of its own here; those of node1 are shown, --node shows another's"
    assert lines.count(remark) == 2
    (moved,) = (line for line in lines if line.startswith("      node1 192.168.0.1 -> 10.99.0.1, node2 192."))
    assert moved.endswith("node16 192.168.0.16 -> 10.99.0.16")


def test_a_summary_tells_by_zone_and_kind_of_change(large: Snapshot) -> None:
    one, other = "vnet: v000\n\tzone plain\n\ttag 1000\n\n", "vnet: vnew\n\tzone plain\n\ttag 7\n\n"
    changes = planned(large, network(mtu=1400).replace(one, other))
    lines = printed(summarized_lines(changes, summarize(changes)))
    assert lines[:4] == [
        "zone                 create  change  replace  destroy  nodes",
        "plain                2       198     -        -        node1-node16",
        "tenant               -       202     -        -        node1-node16",
        "(no longer defined)  -       -       -        2        node1-node16",
    ]
    assert "  ! node1-node16: VNet v000 is removed; no guest is plugged in there" in lines


def test_a_summary_has_the_last_line_of_the_plan(settings: Path, cluster: FakeCluster) -> None:
    whole, short = plan(settings, cluster), plan(settings, cluster, "--summary")
    assert short.out.splitlines()[-1] == whole.out.splitlines()[-1]
    assert short.out.splitlines()[:2] == [
        "zone   create  change  replace  destroy  nodes",
        "ucast  2       -       -        -        node1-node3",
    ]


# --- width -----------------------------------------------------------------------------------------------------------


def test_a_terminal_has_no_line_that_it_would_break_itself(settings: Path) -> None:
    cluster = with_guests(settings)
    define(cluster, "")
    for columns in (80, 120):
        out = plan(settings, cluster, out=Terminal(), environ={"COLUMNS": str(columns), "NO_COLOR": "1"}).out
        assert [line for line in out.splitlines() if len(line) > columns] == []
    assert any(len(line) > 120 for line in plan(settings, cluster).out.splitlines())


def test_a_snapshot_that_never_had_guests_is_planned_like_any_other(
    settings: Path, cluster: FakeCluster, tmp_path: Path
) -> None:
    folder = snapshot_of(cluster, tmp_path / "snap")
    assert not (folder / "api" / "cluster" / "resources.json").exists()
    assert call("plan", "--from", folder) == plan(settings, cluster)


# --- what several nodes have in common -------------------------------------------------------------------------------


def test_what_blocks_several_nodes_is_told_once_and_names_none_of_them(settings: Path) -> None:
    cluster = fake_cluster(UCAST)
    for name in ("node1", "node2", "node3"):
        cluster.nodes[name].files["/etc/network/interfaces.d/theirs"] = "auto vmbr3\niface vmbr3\n\tbridge-ports none\n"
    why = "blocked: device vmbr3 is also defined in /etc/network/interfaces.d/theirs"
    everywhere = plan(settings, cluster).out
    assert everywhere.count("blocked: ") == 1
    assert f"{why}; remove it there" in everywhere
    summarized = plan(settings, cluster, "--summary").out
    assert f"\nblocked: node1-node3: {why.removeprefix('blocked: ')}; remove it there" in summarized
    del cluster.nodes["node1"].files["/etc/network/interfaces.d/theirs"]
    del cluster.nodes["node3"].files["/etc/network/interfaces.d/theirs"]
    assert f"{why} of node2; remove it there" in plan(settings, cluster).out


def test_what_is_warned_of_on_several_nodes_is_one_line_and_a_document_has_all_of_them(settings: Path) -> None:
    version = {
        "zones.cfg": "simple: lan\n\n",
        ".running-config": '{"version": 3, "zones": {"ids": {"lan": {"type": "simple"}}}}',
    }
    cluster = fake_cluster(pve_files=version)
    said = plan(settings, cluster).err
    assert "warning: node1-node3: /etc/network/interfaces.d/sdn was never generated, but PVE runs version 3" in said
    assert said.count("was never generated") == 1
    found = json.loads(plan(settings, cluster, "--json").out)["findings"]
    assert [f["node"] for f in found if "was never generated" in f["what"]] == ["node1", "node2", "node3"]


def test_an_interface_that_an_exit_lacks_is_told_once_with_its_line(settings: Path) -> None:
    exit_ = "exit: out\n\tzone sym\n\tnode node1\n\tinterface enno2\n\taddress 172.16.0.1/24\n\tgateways 172.16.0.254\n"
    zone = "evpn-controller: main\n\tasn 65000\n\nevpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n\n"
    result = plan(settings, fake_cluster(f"{zone}{exit_}"))
    assert "enno2 does not exist" not in result.err
    hint = "did you mean eno2? Otherwise check its name in {}:12, or wait until it exists"
    blocked = f"blocked: enno2: the interface does not exist, so the reload would fail half-way; {hint}"
    assert blocked.format("pvesdn.cfg") in result.out
    draft = settings.with_name("draft.cfg")
    draft.write_text(f"{zone}{exit_}")
    assert blocked.format(draft) in plan(settings, fake_cluster(), "--definitions", str(draft)).out


def test_of_many_obstacles_a_summary_has_the_first_and_their_number(settings: Path) -> None:
    names = [f"v{number}" for number in range(10, 20)]
    cluster = fake_cluster("vxlan: ucast\n\n" + "".join(f"vnet: {n}\n\tzone ucast\n\ttag {n[1:]}\n\n" for n in names))
    stanzas = "".join(f"auto {name}\niface {name}\n\tbridge-ports none\n\n" for name in names)
    cluster.nodes["node2"].files["/etc/network/interfaces.d/theirs"] = stanzas
    lines = plan(settings, cluster, "--summary").out.splitlines()
    assert len([line for line in lines if line.startswith("blocked: node2: device v")]) == 8
    assert "and 2 more obstacles, which a plan without --summary shows" in lines


# --- how much of a network is reloaded --------------------------------------------------------------------------------


def reloaded_by(settings: Path, way: str) -> Path:
    file = settings.with_name(f"{way}.toml")
    file.write_text(f'{settings.read_text("utf-8")}\n[apply]\nreload = "{way}"\n', "utf-8")
    return file


def test_what_is_reloaded_is_said_where_somebody_asks_for_less_than_all(settings: Path) -> None:
    cluster = running(settings, UCAST)
    define(cluster, FOUR)
    cluster.nodes["node2"].files["/etc/network/interfaces.new"] = "auto lo\n"
    flags = ("--with-interfaces-new",)
    said = plan(reloaded_by(settings, "changed"), cluster, *flags).out
    assert "Network of node1, node3: ifup of 6 interfaces, and nothing else is reloaded.\n" in said
    assert "Network of node2: reloaded as a whole by PVE: /etc/network/interfaces.new comes into force too.\n" in said
    first, second, _third = json.loads(plan(settings, cluster, *flags, "--json").out)["nodes"]
    up = first["reload"].pop("up")
    assert up == [f"vxlan_{bridge}" for bridge in up[3:]] + up[3:]
    assert (len(up), first["reload"]) == (6, {"whole": False, "why": "", "down": []})
    why = "/etc/network/interfaces.new comes into force too"
    assert second["reload"] == {"whole": True, "why": why, "down": [], "up": []}
    for silent in (settings, reloaded_by(settings, "api")):
        assert "Network of" not in plan(silent, cluster, *flags).out


def test_where_pves_definitions_are_pending_all_is_reloaded_and_the_plan_says_why(settings: Path) -> None:
    cluster = fake_cluster(UCAST, pve_files={"zones.cfg": "simple: lan\n\n"})
    said = plan(reloaded_by(settings, "changed"), cluster).out
    assert "Network of node1-node3: reloaded as a whole by PVE: PVE's definitions are pending.\n" in said
    nodes = json.loads(plan(settings, cluster, "--json").out)["nodes"]
    assert [node["reload"]["why"] for node in nodes] == ["PVE's definitions are pending"] * 3
    for silent in (settings, reloaded_by(settings, "api")):
        assert "Network of" not in plan(silent, cluster).out


IPV4, IPV6 = "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"


@pytest.mark.parametrize(
    ("objects", "new", "said"),
    [
        ((IPV4,), "1", f"{IPV4} 0 -> 1: the node forwards IPv4 between all its interfaces from now on"),
        ((IPV6,), "1", f"{IPV6} 0 -> 1: the node forwards IPv6 between all its interfaces from now on"),
        (
            (IPV4, IPV6),
            "1",
            f"{IPV4}, {IPV6} 0 -> 1: the node forwards IPv4 and IPv6 between all its interfaces from now on",
        ),
        ((IPV4,), "", f"{IPV4} is no longer set: it returns to the value that it had before pvesdn"),
        (
            (IPV4, IPV6),
            "",
            f"{IPV4}, {IPV6} are no longer set: they return to the values that they had before pvesdn",
        ),
    ],
)
def test_forwarding_is_told_of_each_family_that_is_switched(objects: tuple[str, ...], new: str, said: str) -> None:
    switched = Consequence(Effect.FORWARDING_SWITCHED, ("node1",), objects, "0", new)
    _, line, _ = consequence_lines([switched], {})
    assert "".join(part if isinstance(part, str) else part.text for part in line) == f"  ! node1: {said}"


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        (("web",), "VNet web gets the VNI of another network: the two may mix until every node has had its turn"),
        (
            ("vrf_prod", "web"),
            "VNet web and routing in vrf_prod get VNIs of other networks: they may mix until every node has had its turn",
        ),
    ],
)
def test_a_vni_that_passes_to_another_network_is_told_of_that_which_gets_it(
    objects: tuple[str, ...], said: str
) -> None:
    _, line, _ = consequence_lines([Consequence(Effect.VNI_TAKEN, ("node1",), objects, "", "")], {})
    assert "".join(part if isinstance(part, str) else part.text for part in line) == f"  ! node1: {said}"
