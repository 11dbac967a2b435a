"""The simulated API itself: it behaves as PVE 7, 8 and 9 were found to behave."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from pvesdn.adapters.pve_api import PveApi
from pvesdn.adapters.pve_api.trust import trust
from pvesdn.errors import ApiRefused
from pvesdn.model.files import FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn_lab.simulated.cluster import SimulatedCluster

ZONES = "simple: lan\n\tipam pve\n\tmtu 1400\n\tnodes pve2,pve1\n\n"
VNETS = "vnet: net1\n\tzone lan\n\talias 100\n\n"
SUBNETS = (
    "subnet: lan-10.0.0.0-24\n\tvnet net1\n\tgateway 10.0.0.1\n\tsnat 1\n"
    "\tdhcp-range start-address=10.0.0.10,end-address=10.0.0.20\n"
    "\tdhcp-range start-address=10.0.0.30,end-address=10.0.0.40\n\n"
)
CONTROLLERS = "evpn: main\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2\n\n"

Start = Callable[..., SimulatedCluster]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a cluster of two; every one that was started is shut down."""
    started: list[SimulatedCluster] = []

    def begin(character: int = 9, **options: Any) -> SimulatedCluster:
        cluster = SimulatedCluster(tmp_path / str(len(started)), ("pve1", "pve2"), character=character, **options)
        started.append(cluster)
        cluster.serve()
        return cluster

    yield begin
    for cluster in started:
        cluster.shut_down()


class TrustsTheLab(HTTPAdapter):
    """PVE's CA has no keyUsage, which a session of requests refuses from Python 3.13 on."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self.context, **options)

    def cert_verify(self, *given: Any) -> None:
        """The context has the CA; requests would add another of its own."""


def call(cluster: SimulatedCluster, method: str, path: str, **values: Any) -> requests.Response:
    """A request as root, for what PveApi has no words for."""
    token = cluster.password_settings()
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", TrustsTheLab(trust(token)))
    with session:
        assert token.password is not None
        login = {"username": "root@pam", "password": token.password.get_secret_value()}
        url = f"{token.url}/api2/json"
        ticket = session.post(f"{url}/access/ticket", data=login).json()["data"]
        headers = {"CSRFPreventionToken": ticket["CSRFPreventionToken"], "Cookie": f"PVEAuthCookie={ticket['ticket']}"}
        place: dict[str, Any] = {"params": values} if method in {"GET", "DELETE"} else {"data": values}
        return session.request(method, f"{url}{path}", headers=headers, **place)


def reload(cluster: SimulatedCluster, node: str = "pve1", regenerate_frr: bool | None = None) -> str:
    upid = PveApi(cluster.token_settings()).reload_network(node, regenerate_frr=regenerate_frr)
    cluster.wait_for_tasks()
    return upid


def apply(cluster: SimulatedCluster) -> str:
    upid = PveApi(cluster.token_settings()).apply_sdn()
    cluster.wait_for_tasks()
    return upid


class TestMembership:
    def test_status_tells_names_addresses_and_which_node_answers(self, start):
        rows = PveApi(start().token_settings()).get("cluster/status")
        assert rows[0] == {"type": "cluster", "id": "cluster", "name": "lab", "version": 1, "nodes": 2, "quorate": 1}
        assert [(row["name"], row["nodeid"], row["ip"], row["online"], row["local"]) for row in rows[1:]] == [
            ("pve1", 1, "192.168.0.1", 1, 1),
            ("pve2", 2, "192.168.0.2", 1, 0),
        ]

    def test_an_offline_member_stays_a_member(self, start):
        cluster = start()
        cluster.go_offline("pve2")
        api = PveApi(cluster.token_settings())
        assert {row["name"]: row["online"] for row in api.get("cluster/status")[1:]} == {"pve1": 1, "pve2": 0}
        assert {row["node"]: row["status"] for row in api.get("nodes")} == {"pve1": "online", "pve2": "offline"}
        assert json.loads(cluster.nodes["pve1"].read("/etc/pve/.members"))["nodelist"]["pve2"]["online"] == 0

    def test_members_come_and_go(self, start):
        cluster = start()
        cluster.join("pve3", "192.168.0.3/24")
        cluster.leave("pve2")
        api = PveApi(cluster.token_settings())
        assert [row["name"] for row in api.get("cluster/status")[1:]] == ["pve1", "pve3"]
        members = json.loads(cluster.nodes["pve3"].read("/etc/pve/.members"))
        assert (members["nodename"], members["nodelist"].keys()) == ("pve3", {"pve1", "pve3"})

    def test_without_quorum_nothing_is_written(self, start):
        cluster = start()
        cluster.write_sdn("zones.cfg", ZONES)
        cluster.lose_quorum()
        api = PveApi(cluster.token_settings())
        assert api.get("cluster/status")[0]["quorate"] == 0
        with pytest.raises(ApiRefused, match="no quorum"):
            api.apply_sdn()
        assert cluster.read_sdn(".running-config") is None
        cluster.regain_quorum()
        assert apply(cluster)

    def test_the_status_needs_a_privilege(self, start):
        with pytest.raises(ApiRefused, match=r"lacks Sys\.Audit on /"):
            PveApi(start().token_settings(("/sdn", "SDN.Audit"))).get("cluster/status")


class TestCommit:
    def test_pending_definitions_become_the_running_config(self, start):
        cluster = start()
        for name, text in {"zones": ZONES, "vnets": VNETS, "subnets": SUBNETS, "controllers": CONTROLLERS}.items():
            cluster.write_sdn(f"{name}.cfg", text)
        apply(cluster)
        assert json.loads(cluster.read_sdn(".running-config")) == {
            "version": 1,
            "zones": {"ids": {"lan": {"type": "simple", "ipam": "pve", "mtu": 1400, "nodes": {"pve1": 1, "pve2": 1}}}},
            "vnets": {"ids": {"net1": {"type": "vnet", "zone": "lan", "alias": "100"}}},
            "subnets": {
                "ids": {
                    "lan-10.0.0.0-24": {
                        "type": "subnet",
                        "vnet": "net1",
                        "gateway": "10.0.0.1",
                        "snat": 1,
                        "dhcp-range": [
                            "start-address=10.0.0.10,end-address=10.0.0.20",
                            "start-address=10.0.0.30,end-address=10.0.0.40",
                        ],
                    }
                }
            },
            "controllers": {"ids": {"main": {"type": "evpn", "asn": 65000, "peers": "192.168.0.1,192.168.0.2"}}},
            "fabrics": {"ids": {}},
        }

    def test_every_commit_counts(self, start):
        cluster = start()
        apply(cluster)
        apply(cluster)
        assert json.loads(cluster.read_sdn(".running-config"))["version"] == 2

    def test_every_node_gets_the_text_of_the_new_version_and_reloads(self, start):
        cluster = start()
        cluster.write_sdn("zones.cfg", "simple: lan\n\n")
        cluster.write_sdn("vnets.cfg", "vnet: office\n\tzone lan\n\n")
        apply(cluster)
        for name, node in cluster.nodes.items():
            assert node.read("/etc/network/interfaces.d/sdn").startswith("#version:1\n")
            assert "office" in node.links(), name
            assert ("ifreload", "-a") in node.commands()

    def test_the_whole_is_one_task_and_every_node_has_its_own(self, start):
        cluster = start()
        whole = apply(cluster)
        assert whole.endswith(":reloadnetworkall::pvesdn@pve!lab:")
        api = PveApi(cluster.token_settings())
        for name in cluster.nodes:
            (upid,) = api.node_tasks(name, kind="srvreload")
            assert upid.endswith(":srvreload:networking:root@pam:")

    def test_a_failing_node_does_not_stop_the_others_and_the_whole_says_ok(self, start):
        cluster = start()
        cluster.nodes["pve1"].break_command("ifreload", stderr="error: net1: it did not work\n")
        whole = apply(cluster)
        api = PveApi(cluster.token_settings())
        assert api.task(whole).exit_status == "OK"
        assert "pve1: error reloading network config: command 'ifreload -a' failed: exit code 1" in api.task_log(whole)
        statuses = {name: api.task(api.node_tasks(name, kind="srvreload")[0]).exit_status for name in cluster.nodes}
        assert statuses == {"pve1": "command 'ifreload -a' failed: exit code 1", "pve2": "OK"}

    def test_an_offline_node_gets_no_task_and_the_whole_says_ok(self, start):
        cluster = start()
        cluster.go_offline("pve2")
        whole = apply(cluster)
        api = PveApi(cluster.token_settings())
        assert api.task(whole).is_good
        assert any("No route to host" in line for line in api.task_log(whole))
        cluster.come_online("pve2")
        assert api.node_tasks("pve2", kind="srvreload") == ()

    def test_committing_needs_a_privilege_but_not_the_nodes_own(self, start):
        cluster = start()
        api = PveApi(cluster.token_settings(("/sdn", "SDN.Allocate")))
        assert api.apply_sdn()
        cluster.wait_for_tasks()
        with pytest.raises(ApiRefused, match=r"lacks Sys\.Modify on /nodes/pve1"):
            api.reload_network("pve1", regenerate_frr=None)


class TestReload:
    def test_staged_edits_of_the_gui_come_into_force(self, start):
        cluster = start()
        node = cluster.nodes["pve1"]
        edited = node.read("/etc/network/interfaces") + "\nauto vmbr9\niface vmbr9 inet manual\n\tbridge-ports none\n"
        node.write("/etc/network/interfaces.new", edited)
        reload(cluster)
        assert node.read("/etc/network/interfaces") == edited
        assert node.read("/etc/network/interfaces.new") is None
        assert "vmbr9" in node.links()

    def test_pve_9_truncates_its_file_where_nothing_was_ever_applied(self, start):
        cluster = start(9)
        node = cluster.nodes["pve1"]
        node.write("/etc/network/interfaces.d/sdn", "auto x1\niface x1\n\tbridge-ports none\n")
        reload(cluster)
        assert node.read("/etc/network/interfaces.d/sdn") == ""

    @pytest.mark.parametrize("character", [7, 8])
    def test_older_ones_leave_it_alone(self, start, character):
        cluster = start(character)
        node = cluster.nodes["pve1"]
        node.write("/etc/network/interfaces.d/sdn", "auto x1\niface x1\n\tbridge-ports none\n")
        reload(cluster)
        assert node.read("/etc/network/interfaces.d/sdn").startswith("auto x1")
        assert "x1" in node.links()

    def test_pve_8_rewrites_its_file_once_something_was_applied(self, start):
        cluster = start(8)
        apply(cluster)
        node = cluster.nodes["pve1"]
        node.write("/etc/network/interfaces.d/sdn", "something else\n")
        reload(cluster)
        assert node.read("/etc/network/interfaces.d/sdn") == "#version:1\n"

    def test_a_failed_ifreload_leaves_frr_alone(self, start):
        cluster = start()
        cluster.nodes["pve1"].break_command("ifreload", stderr="error: x: bad\nnoise\n")
        before = cluster.nodes["pve1"].read("/etc/frr/frr.conf")
        upid = reload(cluster, regenerate_frr=True)
        api = PveApi(cluster.token_settings())
        assert not api.task(upid).is_good
        assert api.task_log(upid)[0] == "error: x: bad"
        assert "noise" not in api.task_log(upid)
        assert cluster.nodes["pve1"].read("/etc/frr/frr.conf") == before

    def test_a_missing_source_line_is_warned_about(self, start):
        cluster = start()
        cluster.nodes["pve1"].write("/etc/network/interfaces", "auto lo\niface lo inet loopback\n")
        upid = reload(cluster)
        assert "missing 'source" in PveApi(cluster.token_settings()).task_log(upid)[0]


class TestFrr:
    OURS = "hostname mine\n"

    def frr_after(self, cluster: SimulatedCluster, regenerate_frr: bool | None) -> str:
        cluster.nodes["pve1"].write("/etc/frr/frr.conf", self.OURS)
        reload(cluster, regenerate_frr=regenerate_frr)
        return cluster.nodes["pve1"].read("/etc/frr/frr.conf") or ""

    def test_without_controllers_it_is_left_alone(self, start):
        cluster = start()
        assert self.frr_after(cluster, None) == self.OURS
        assert self.frr_after(cluster, False) == self.OURS

    def test_who_asks_for_it_gets_it_wiped(self, start):
        assert self.frr_after(start(), True).startswith("frr version 10.4.1\n")

    def test_with_a_controller_it_is_pves(self, start):
        cluster = start()
        cluster.write_sdn("controllers.cfg", CONTROLLERS)
        apply(cluster)
        assert self.frr_after(cluster, None).startswith("frr version")
        assert self.frr_after(cluster, False) == self.OURS

    def test_a_local_part_makes_it_pves_too(self, start):
        cluster = start()
        cluster.nodes["pve1"].write("/etc/frr/frr.conf.local", "ip prefix-list A seq 5 permit 10.0.0.0/8\n")
        assert "ip prefix-list A seq 5" in self.frr_after(cluster, None)

    def test_what_pvesdn_put_into_the_local_part_is_merged_like_anybodys(self, start):
        cluster = start()
        lines = ("ip prefix-list B seq 5 permit 10.0.0.0/8", "vrf vrf_ours", " vni 20001", "exit-vrf")
        cluster.nodes["pve1"].write("/etc/frr/frr.conf.local", "\n".join((FRR_LOCAL_BEGIN, *lines, FRR_LOCAL_END, "")))
        text = self.frr_after(cluster, None)
        assert lines[0] in text.splitlines()
        assert "vrf vrf_ours\n vni 20001\n" in text

    def test_removing_the_last_controller_writes_it_once_more(self, start):
        cluster = start()
        cluster.write_sdn("controllers.cfg", CONTROLLERS)
        apply(cluster)
        cluster.write_sdn("controllers.cfg", "")
        cluster.nodes["pve2"].write("/etc/frr/frr.conf", self.OURS)
        apply(cluster)
        assert cluster.nodes["pve2"].read("/etc/frr/frr.conf").startswith("frr version")
        cluster.nodes["pve2"].write("/etc/frr/frr.conf", self.OURS)
        apply(cluster)
        assert cluster.nodes["pve2"].read("/etc/frr/frr.conf") == self.OURS

    def test_it_is_switched_on_and_takes_the_text(self, start):
        cluster = start()
        reload(cluster, regenerate_frr=True)
        frr = cluster.nodes["pve1"].frr()
        assert (frr["enabled"], frr["running"], frr["config"][:11]) == (True, True, "frr version")

    def test_fabrics_switch_daemons_and_others_are_switched_off(self, start):
        cluster = start()
        node = cluster.nodes["pve1"]
        node.write("/etc/frr/daemons", node.read("/etc/frr/daemons").replace("ospfd=no", "ospfd=yes"))
        cluster.write_sdn(
            "fabrics.cfg",
            "openfabric_fabric: fab\n\nopenfabric_node: fab_pve1\n\tip 10.9.9.1\n\tinterfaces name=eno2\n\n",
        )
        apply(cluster)
        daemons = node.read("/etc/frr/daemons").splitlines()
        assert {"ospfd=no", "fabricd=yes", "bgpd=no"} <= set(daemons)
        assert "fabricd" in node.frr()["daemons"]

    def test_pve_8_writes_it_at_every_reload_with_a_controller(self, start):
        cluster = start(8)
        assert self.frr_after(cluster, None) == self.OURS
        cluster.write_sdn("controllers.cfg", CONTROLLERS)
        apply(cluster)
        assert self.frr_after(cluster, None).startswith("frr version")


class TestVersions:
    @pytest.mark.parametrize(("character", "version"), [(7, "7.4-20"), (8, "8.4.14"), (9, "9.1.5")])
    def test_each_says_which_it_is(self, start, character, version):
        assert PveApi(start(character).token_settings()).get("version")["version"] == version

    @pytest.mark.parametrize("ask", [lambda api: api.get("cluster/sdn"), lambda api: api.apply_sdn()])
    def test_pve_7_has_no_sdn(self, start, ask):
        with pytest.raises(ApiRefused) as caught:
            ask(PveApi(start(7).token_settings()))
        assert caught.value.status == 501

    @pytest.mark.parametrize("character", [7, 8])
    def test_older_ones_do_not_know_the_frr_parameter(self, start, character):
        api = PveApi(start(character).token_settings())
        with pytest.raises(ApiRefused, match="regenerate-frr") as caught:
            api.reload_network("pve1", regenerate_frr=False)
        assert caught.value.status == 400

    @pytest.mark.parametrize(
        ("method", "path"),
        [("POST", "/cluster/sdn/lock"), ("POST", "/cluster/sdn/rollback"), ("GET", "/cluster/sdn/fabrics/all")],
    )
    def test_pve_8_has_no_lock_no_rollback_and_no_fabrics(self, start, method, path):
        assert call(start(8), method, path).status_code == 501
        assert call(start(9), method, path).status_code != 501

    def test_pve_8_does_not_take_a_lock_token(self, start):
        assert call(start(8), "PUT", "/cluster/sdn", **{"lock-token": "x"}).status_code == 400

    def test_two_characters_in_one_process_do_not_mix(self, start):
        old, new = start(8), start(9)
        with pytest.raises(ApiRefused):
            reload(old, regenerate_frr=False)
        assert reload(new, regenerate_frr=False)

    def test_fabrics_are_in_the_index_of_pve_9_only(self, start):
        names = [[row["id"] for row in PveApi(start(n).token_settings()).get("cluster/sdn")] for n in (8, 9)]
        assert ["fabrics" in listed for listed in names] == [False, True]


class TestLock:
    def test_while_it_is_held_only_the_token_commits(self, start):
        cluster = start()
        token = call(cluster, "POST", "/cluster/sdn/lock").json()["data"]
        assert cluster.read_sdn(".lock") == token
        with pytest.raises(ApiRefused, match="invalid lock token"):
            PveApi(cluster.token_settings()).apply_sdn()
        assert call(cluster, "PUT", "/cluster/sdn", **{"lock-token": token}).ok
        assert cluster.read_sdn(".lock") == token  # the documented default is not filled in
        assert call(cluster, "PUT", "/cluster/sdn", **{"lock-token": token, "release-lock": 1}).ok
        assert cluster.read_sdn(".lock") is None

    def test_it_is_refused_with_pending_changes_unless_told(self, start):
        cluster = start()
        cluster.write_sdn("zones.cfg", ZONES)
        assert call(cluster, "POST", "/cluster/sdn/lock").status_code == 500
        assert call(cluster, "POST", "/cluster/sdn/lock", **{"allow-pending": 1}).ok
        assert call(cluster, "POST", "/cluster/sdn/lock", **{"allow-pending": 1}).status_code == 500

    def test_force_breaks_it(self, start):
        cluster = start()
        call(cluster, "POST", "/cluster/sdn/lock")
        assert call(cluster, "DELETE", "/cluster/sdn/lock").status_code == 500
        assert call(cluster, "DELETE", "/cluster/sdn/lock", force=1).ok
        assert cluster.read_sdn(".lock") is None

    def test_a_rollback_brings_the_definitions_back(self, start):
        cluster = start()
        for name, text in {"zones": ZONES, "vnets": VNETS, "subnets": SUBNETS}.items():
            cluster.write_sdn(f"{name}.cfg", text)
        apply(cluster)
        committed = json.loads(cluster.read_sdn(".running-config"))
        cluster.write_sdn("zones.cfg", "")
        cluster.write_sdn("vnets.cfg", "")
        assert call(cluster, "POST", "/cluster/sdn/rollback").ok
        apply(cluster)
        assert json.loads(cluster.read_sdn(".running-config")) == committed | {"version": 2}

    def test_a_dry_run_shows_what_would_be_written(self, start):
        cluster = start()
        apply(cluster)
        # frr.conf is compared whether or not PVE would write it.
        assert "interfaces-diff" not in call(cluster, "GET", "/cluster/sdn/dry-run", node="pve1").json()["data"]
        cluster.write_sdn("zones.cfg", ZONES)
        cluster.write_sdn("vnets.cfg", VNETS)
        diff = call(cluster, "GET", "/cluster/sdn/dry-run", node="pve1").json()["data"]["interfaces-diff"]
        assert "+iface net1" in diff
        assert "net1" not in cluster.nodes["pve1"].read("/etc/network/interfaces.d/sdn")


class TestListings:
    def test_pending_lists_what_is_new_changed_and_deleted(self, start):
        cluster = start()
        cluster.write_sdn(
            "zones.cfg", "simple: gone\n\nsimple: same\n\tmtu 1400\n\nsimple: other\n\tmtu 1400\n\tipam pve\n\n"
        )
        apply(cluster)
        cluster.write_sdn(
            "zones.cfg", "simple: same\n\tmtu 1400\n\nsimple: other\n\tmtu 1300\n\nvxlan: born\n\tpeers 192.0.2.1\n\n"
        )
        api = PveApi(cluster.token_settings())
        rows = {row["zone"]: row for row in api.get("cluster/sdn/zones?pending=1")}
        assert rows["gone"] == {"zone": "gone", "type": "simple", "state": "deleted", "pending": {}}
        assert rows["same"] == {"zone": "same", "type": "simple", "mtu": 1400}
        assert rows["other"]["state"] == "changed"
        assert rows["other"]["pending"] == {"mtu": 1300, "ipam": "deleted"}
        assert rows["other"]["mtu"] == 1400
        assert rows["born"] == {"zone": "born", "type": "vxlan", "state": "new", "pending": {"peers": "192.0.2.1"}}
        assert {row["zone"] for row in api.get("cluster/sdn/zones?running=1")} == {"gone", "same", "other"}
        assert {row["zone"] for row in api.get("cluster/sdn/zones")} == {"same", "other", "born"}

    def test_only_what_the_asker_may_see_is_listed(self, start):
        cluster = start()
        cluster.write_sdn("zones.cfg", "simple: aa\n\nsimple: bb\n\n")
        api = PveApi(cluster.token_settings(("/sdn/zones/bb", "SDN.Audit")))
        assert [row["zone"] for row in api.get("cluster/sdn/zones")] == ["bb"]


class TestDrawing:
    CONTROLLER = ("POST", "/cluster/sdn/controllers")

    def test_a_controller_that_a_zone_has_cannot_be_deleted(self, start):
        cluster = start()
        call(cluster, *self.CONTROLLER, controller="ctl", type="evpn", asn=65000, peers="192.0.2.1")
        call(cluster, "POST", "/cluster/sdn/zones", zone="zo", type="evpn", controller="ctl", **{"vrf-vxlan": 5000})
        assert cluster.read_sdn("controllers.cfg") == "evpn: ctl\n\tasn 65000\n\tpeers 192.0.2.1\n\n"
        refused = call(cluster, "DELETE", "/cluster/sdn/controllers/ctl")
        assert (refused.status_code, "used by zo" in refused.text) == (500, True)
        for path in ("zones/zo", "controllers/ctl"):
            assert call(cluster, "DELETE", f"/cluster/sdn/{path}").ok
        assert cluster.read_sdn("controllers.cfg") == ""

    def test_something_can_happen_once_before_a_call_is_answered(self, start):
        cluster, seen = start(), []
        cluster.sim.before["PUT", "/cluster/sdn"] = lambda: seen.append(cluster.read_sdn(".running-config"))
        apply(cluster)
        apply(cluster)
        assert seen == [None]
