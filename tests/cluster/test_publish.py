"""`pvesdn publish` on the simulated cluster: VNets of pvesdn.cfg become VNets of PVE's panel, and the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.pve_api import PveApi
from pvesdn.compare.conflicts import digest
from pvesdn.errors import ApiRefused, ApiUnavailable, NodeFailed, NodeUnreachable
from pvesdn.model.dry_run import DryRun
from pvesdn.model.sdn_edits import SdnCall
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import State
from tests.cli.kit import Result, call
from tests.cluster.kit import draw, plan_of, serving, session_of, world_of
from tests.cluster.nodes_alone import pass_time
from tests.cluster.test_alone import Killed, network_of
from tests.cluster.test_former import Shell
from tests.cluster.test_pves_back import DeadToo

OWN = "pvesdn.cfg"
OURS = """# one controller for all
evpn-controller: main
\tasn 1234

# what customers rent
evpn: prod
\tcontroller main
\tirb asymmetric
\tnodes pve1,pve2
\tvrf main
\tmtu 1400

vnet: web
\tzone prod
\t# since 2019
\ttag 20
\talias front (end)

vnet: db
\tzone prod
\ttag 21

# of the front end
subnet: prod-10.0.2.0-24
\tvnet web
\tgateway 10.0.2.1

subnet: prod-10.0.3.0-24
\tvnet db
\tgateway 10.0.3.1

vxlan: plain

vnet: lab
\tzone plain
\ttag 10500
"""
PUBLISHED = """# one controller for all
evpn-controller: main
\tasn 1234

# what customers rent
evpn: prod
\tcontroller main
\tirb asymmetric
\tvrf main
\tmtu 1400
\tcarries prodpve
\tvni-range 11000-11999

vnet: web
\tzone prod
\t# since 2019
\ttag 20

vnet: db
\tzone prod
\ttag 21

# of the front end

vxlan: plain

vnet: lab
\tzone plain
\ttag 10500
"""
PANEL = {
    "zones": {"prodpve": {"type": "simple", "ipam": "pve", "mtu": 1400, "nodes": {"pve1": 1, "pve2": 1}}},
    "vnets": {
        "web": {"type": "vnet", "zone": "prodpve", "alias": "front (end)"},
        "db": {"type": "vnet", "zone": "prodpve"},
    },
    "subnets": {
        "prodpve-10.0.2.0-24": {"type": "subnet", "vnet": "web", "gateway": "10.0.2.1"},
        "prodpve-10.0.3.0-24": {"type": "subnet", "vnet": "db", "gateway": "10.0.3.1"},
    },
}


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """The definitions are applied, and a guest is plugged in."""
    with serving(tmp_path / "cluster", OURS) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        cluster.plug_guest("pve2", "web", 100)
        yield shell


def in_the_panel(cluster: SimulatedCluster) -> dict[str, Any]:
    """What PVE has committed."""
    running = sdn_config.running(cluster.world.pmxcfs.sdn)
    return {name: running.get(name, {}).get("ids", {}) for name in ("zones", "vnets", "subnets")}


def is_pending(cluster: SimulatedCluster) -> bool:
    sdn = cluster.world.pmxcfs.sdn
    running = sdn_config.running(sdn)
    return any(running.get(kind, {"ids": {}}) != found for kind, found in sdn_config.pending(sdn).items())


def links(cluster: SimulatedCluster) -> dict[str, Any]:
    """Every node's devices, without those that a reload numbers anew."""
    return {name: State(node.root).links for name, node in cluster.nodes.items()}


def test_vnets_move_to_the_panel_and_nothing_changes_on_the_wire(shell: Shell) -> None:
    cluster = shell.cluster
    before = links(cluster)
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 0, done.err
    assert cluster.read_sdn(OWN) == PUBLISHED
    assert in_the_panel(cluster) == PANEL
    assert links(cluster) == before
    told = done.out
    assert "      ~ web  (/etc/network/interfaces.d/pvesdn has it too, and the device stays)\n" in told
    assert "Plan: 0 to add, 4 to change, 0 to destroy on 3 of 3 nodes." in told
    assert "guests that use it lose their way out" not in told
    assert "The way back: pvesdn rollback 1" in told
    assert plan_of(cluster).has_work is False
    assert "No changes." in shell.run("pvesdn apply --yes").out
    assert not is_pending(cluster)
    assert cluster.read_sdn(".lock") is None


def test_where_others_have_committed_since_the_way_back_is_by_hand_and_leaves_what_is_theirs(shell: Shell) -> None:
    cluster = shell.cluster
    before = links(cluster)
    draw(cluster, {"zones.cfg": "simple: theirs\n\n", "vnets.cfg": "vnet: office\n\tzone theirs\n\n"})
    world_of(cluster).api.apply_sdn()
    cluster.wait_for_tasks(10)
    theirs = in_the_panel(cluster)
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 0, done.err
    assert "pvesdn rollback" not in done.out
    assert "The way back is by hand" in done.out
    assert "2. on a node: `cp /etc/pve/sdn/pvesdn.cfg.before /etc/pve/sdn/pvesdn.cfg`\n" in done.out
    draw(
        cluster, {"zones.cfg": "simple: theirs\n\n", "vnets.cfg": "vnet: office\n\tzone theirs\n\n", "subnets.cfg": ""}
    )
    cluster.write_sdn(OWN, cluster.read_sdn("pvesdn.cfg.before") or "")
    back = shell.run("pvesdn apply --yes")
    assert back.status == 0, back.err
    assert in_the_panel(cluster) == theirs
    assert {name: set(found) - {"office"} for name, found in links(cluster).items()} == {
        name: set(found) for name, found in before.items()
    }


def test_it_has_been_published_once(shell: Shell) -> None:
    assert shell.run("pvesdn publish prod --as lan --vni-range 100-199 --yes").status == 0
    assert "\tcarries lan\n\tvni-range 100-199\n" in (shell.cluster.read_sdn(OWN) or "")
    again = shell.run("pvesdn publish prod --yes")
    assert again.status == 1
    assert (
        "carries zone 'lan' of PVE's already, so its VNets are in the panel; there is nothing to publish" in again.err
    )


def test_the_way_back_is_the_rollback_that_was_named(shell: Shell) -> None:
    cluster = shell.cluster
    before = links(cluster)
    assert shell.run("pvesdn publish prod --yes").status == 0
    done = shell.run("pvesdn rollback 1 --yes")
    assert done.status == 0, done.err
    assert "lose their way out" not in done.out
    assert "so this plan removes" not in done.out + done.err
    assert "Plan: 0 to add, 4 to change, 0 to destroy on 3 of 3 nodes." in done.out
    assert cluster.read_sdn(OWN) == OURS
    assert in_the_panel(cluster) == {"zones": {}, "vnets": {}, "subnets": {}}
    assert links(cluster) == before
    assert plan_of(cluster).has_work is False


def test_rights_that_no_longer_hold_are_listed_as_commands(shell: Shell) -> None:
    cluster, local = shell.cluster, "/sdn/zones/localnetwork"
    cluster.sim.entries = [
        {"path": f"{local}/web", "type": "user", "ugid": "ann@pve", "roleid": "PVESDNUser", "propagate": 1},
        {"path": f"{local}/db/7", "type": "group", "ugid": "ops", "roleid": "PVESDNUser", "propagate": 0},
        {"path": local, "type": "token", "ugid": "ann@pve!ci", "roleid": "PVESDNAdmin", "propagate": 1},
        {"path": f"{local}/vmbr0", "type": "user", "ugid": "bob@pve", "roleid": "PVESDNUser", "propagate": 1},
        {"path": "/sdn/zones", "type": "user", "ugid": "root@pam", "roleid": "PVESDNAdmin", "propagate": 1},
    ]
    hidden = shell.run("pvesdn publish prod")
    assert "PVE does not show them to this user: see Datacenter > Permissions" in hidden.out
    with_more = cluster.sim.allowed
    cluster.sim.allowed = lambda user, path, right: right == "Permissions.Modify" or with_more(user, path, right)
    document = json.loads(shell.run("pvesdn publish prod --yes --json").out)
    assert document["publish"] == {
        "zone": "prod",
        "carries": "prodpve",
        "vni_range": "11000-11999",
        "vnets": ["db", "web"],
        "rights": [
            "pveum acl modify /sdn/zones/prodpve/web --users ann@pve --roles PVESDNUser",
            "pveum acl modify /sdn/zones/prodpve/db/7 --groups ops --roles PVESDNUser --propagate 0",
            "pveum acl modify /sdn/zones/prodpve --tokens 'ann@pve!ci' --roles PVESDNAdmin",
        ],
        "rollback": 1,
    }
    assert document["kind"] == "apply"
    assert document["report"]["is_good"]
    assert document["plan"]["calls"][0] == {
        "method": "POST",
        "path": "/cluster/sdn/zones",
        "values": {"zone": "prodpve", "type": "simple", "ipam": "pve", "mtu": "1400", "nodes": "pve1,pve2"},
    }


# --- what is refused, before anything is touched ---------------------------------------------------------------------

PANELS = "simple: lan\n\tmtu 1450\n\n"
CARRIED = f"{OURS}\nvxlan: rest\n\tcarries lan\n\tvni-range 9000-16777214\n"


@dataclass(frozen=True)
class Refusal:
    """:param words: behind `pvesdn publish`. :param own: pvesdn.cfg. :param drawn: PVE's files, applied too.

    :param said: with its hint.
    :param then: the words that do what it says.
    :param own_then: pvesdn.cfg as it says.
    """

    words: str
    said: str
    then: str
    own: str = OURS
    own_then: str = ""
    drawn: dict[str, str] = field(default_factory=dict)


REFUSED = {
    "no such zone": Refusal(
        "prdo",
        "zone 'prdo': pvesdn.cfg has no such zone; did you mean 'prod'? Otherwise its zones are plain, prod",
        "prod",
    ),
    "some nodes alone": Refusal(
        "plain",
        "vnet 'lab': nodes is for some nodes of the zone, and a VNet of PVE's is on all of them; remove nodes, apply,"
        " and publish then; or give it a zone of its own",
        "plain",
        own=f"{OURS}\tnodes pve1\n",
        own_then=OURS,
    ),
    "no zone of PVE's": Refusal(
        "prod --as pve-zone",
        "'pve-zone' cannot be a zone of PVE's; name one of 2 to 8 letters and digits, with a letter first: --as PVEZONE",
        "prod --as pvezone",
    ),
    "a name that is taken": Refusal(
        "prod --as Plain",
        "zone 'prod': cannot be drawn as 'Plain', which is a zone of pvesdn.cfg already; name another one: --as PVEZONE",
        "prod --as plain2",
    ),
    "a zone of PVE's": Refusal(
        "prod --as lan",
        "zone 'prod': cannot be drawn as 'lan', which is a zone of zones.cfg already; name another one: --as PVEZONE",
        "prod --as lan2",
        drawn={"zones.cfg": PANELS},
    ),
    "a range that is taken": Refusal(
        "prod --vni-range 10000-10999",
        "vni-range 10000-10999 holds 10500, the tag of vnet 'lab' (pvesdn.cfg:34); choose a range without it",
        "prod --vni-range 11000-11999",
    ),
    "a single address in a VRF": Refusal(
        "prod",
        "pvesdn.cfg:27: subnet 'prod-10.0.3.1-32': PVE routes 10.0.3.1/32 in the host's own table, and zone 'prod' has a"
        " VRF; make it larger, apply, and publish then",
        "prod",
        own=OURS.replace("\tvrf main\n", "").replace("10.0.3.0-24", "10.0.3.1-32"),
        own_then=OURS.replace("\tvrf main\n", ""),
    ),
    "no range is free": Refusal(
        "prod",
        "zone 'prod': no block of 1000 VNIs is free for VNets that are drawn later; name a smaller one: --vni-range"
        " FIRST-LAST",
        "prod --vni-range 100-199",
        own=CARRIED.replace("tag 10500", "tag 300"),
        drawn={"zones.cfg": PANELS},
    ),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_published_is_said_and_who_does_what_it_says_gets_through(tmp_path: Path, why: str) -> None:
    row = REFUSED[why]
    with serving(tmp_path / "cluster", row.own) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(row.drawn)
        before = in_the_panel(cluster)
        done = shell.run(f"pvesdn publish {row.words} --yes")
        assert done.status == 1
        assert row.said in done.err
        assert cluster.read_sdn(OWN) == row.own
        assert in_the_panel(cluster) == before
        assert not is_pending(cluster)
        if row.own_then:
            shell.apply({OWN: row.own_then})
        again = shell.run(f"pvesdn publish {row.then} --yes")
        assert again.status == 0, again.err
        assert plan_of(cluster).has_work is False


@pytest.mark.parametrize("span", ["10000", "20-10", "0-5", "1-16777215"])
def test_a_range_is_two_vnis(tmp_path: Path, span: str) -> None:
    with serving(tmp_path / "cluster", OURS) as cluster:
        done = Shell(cluster, tmp_path).run(f"pvesdn publish prod --vni-range {span} --yes")
        assert done.status == 1
        assert f"'{span}' is not a range of VNIs such as 10000-10999" in done.err


def test_a_zone_without_vnets_is_given_to_the_panel_by_hand(tmp_path: Path) -> None:
    own = OURS[: OURS.index("vnet: lab")]
    with serving(tmp_path / "cluster", own) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        done = shell.run("pvesdn publish plain --yes")
        assert "zone 'plain': has no VNet to publish; draw VNets in PVE, and write carries by hand" in done.err
        assert cluster.read_sdn(OWN) == own
        drawn = {"zones.cfg": PANELS, "vnets.cfg": "vnet: lab\n\tzone lan\n\n"}
        shell.apply({**drawn, OWN: f"{own.rstrip()}\n\tcarries lan\n\tvni-range 10000-10999\n"})
        assert plan_of(cluster).has_work is False


def test_what_pve_would_write_has_to_be_known_or_it_is_drawn_by_hand(shell: Shell) -> None:
    """With a newer PVE our bridges would be without addresses from our reload to PVE's."""
    cluster = shell.cluster
    cluster.nodes["pve2"].set_version("libpve-network-perl", "1.4.0")
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 1
    assert (
        "PVE's part cannot be put in place together with ours, and gateways would be gone in between: pve2:" in done.err
    )
    assert "draw the zone in PVE's panel while no guest needs its gateways, and write carries by hand" in done.err
    as_before(cluster, OURS)
    cluster.write_sdn("zones.cfg", "simple: prodpve\n\tipam pve\n\tmtu 1400\n\tnodes pve1,pve2\n\n")
    cluster.write_sdn("vnets.cfg", "vnet: web\n\tzone prodpve\n\talias front (end)\n\nvnet: db\n\tzone prodpve\n\n")
    subnets = "subnet: prodpve-10.0.2.0-24\n\tvnet web\n\tgateway 10.0.2.1\n\n"
    cluster.write_sdn("subnets.cfg", f"{subnets}{subnets.replace('0.2.', '0.3.').replace('web', 'db')}")
    cluster.write_sdn(OWN, PUBLISHED)
    assert shell.run("pvesdn apply --yes --commit-unrehearsed").status == 0
    assert in_the_panel(cluster) == PANEL


def test_edits_of_others_are_named_and_who_reverts_them_gets_through(shell: Shell) -> None:
    shell.cluster.write_sdn("zones.cfg", "simple: theirs\n\n")
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 1
    assert "PVE's definitions have changes that nobody has applied: zone 'theirs' (new)" in done.err
    assert "apply or revert them in PVE's panel, and publish the zone then" in done.err
    shell.cluster.write_sdn("zones.cfg", "")
    assert shell.run("pvesdn publish prod --yes").status == 0


def test_what_is_not_applied_yet_is_not_mixed_into_it(shell: Shell) -> None:
    shell.cluster.write_sdn(OWN, OURS.replace("tag 10500", "tag 10501"))
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 1
    assert "there are changes to apply already, and a rollback of publishing would undo them as well" in done.err
    assert shell.run("pvesdn apply --yes").status == 0
    assert shell.run("pvesdn publish prod --yes").status == 0


def test_a_pve_without_a_lock_is_not_written_to(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", OURS, character=8) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        done = shell.run("pvesdn publish prod --yes")
        assert done.status == 1
        assert (
            "before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could edit its definitions" in done.err
        )
        as_before(cluster, OURS)


def test_without_a_yes_nothing_is_written(shell: Shell) -> None:
    done = shell.run("pvesdn publish prod")
    assert done.status == 1
    assert "Publish zone prod: it carries zone prodpve of PVE's from now on" in done.out
    assert "+ vnet db: zone prodpve" in done.out
    assert "there is no terminal to ask on, so nothing was touched" in done.err
    as_before(shell.cluster, OURS)


def as_before(cluster: SimulatedCluster, own: str) -> None:
    """Both halves are, nothing is pending or locked, and the next plan has nothing to do."""
    assert cluster.read_sdn(OWN) == own
    assert in_the_panel(cluster) == {"zones": {}, "vnets": {}, "subnets": {}}
    assert not is_pending(cluster)
    assert cluster.read_sdn(".lock") is None
    assert plan_of(cluster).has_work is False


# --- what goes wrong -------------------------------------------------------------------------------------------------


class Failing(PveApi):
    """An API of which the edit number `at` fails: before it was heard, or after."""

    def __init__(self, cluster: SimulatedCluster, at: int, *, is_heard: bool) -> None:
        settings = cluster.token_settings()
        super().__init__(settings, session=session_of(cluster, settings))
        self._at, self._is_heard = at, is_heard
        self.made = 0

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        self.made += 1
        if self.made != self._at or self._is_heard:
            super().edit_sdn(call, token)
        if self.made == self._at:
            raise ApiUnavailable("no answer")


EDITS = 5


@pytest.mark.parametrize("is_heard", [False, True], ids=["before it was heard", "after"])
@pytest.mark.parametrize("at", range(1, EDITS + 1))
def test_where_an_edit_fails_both_halves_are_as_before(shell: Shell, at: int, is_heard: bool) -> None:
    api = Failing(shell.cluster, at, is_heard=is_heard)
    done = publish_with(shell, api=api)
    assert done.status != 0
    assert api.made == at
    as_before(shell.cluster, OURS)


def test_there_are_as_many_edits_as_are_made_to_fail(shell: Shell) -> None:
    api = Failing(shell.cluster, 0, is_heard=False)
    assert publish_with(shell, api=api).status == 0
    assert api.made == EDITS


def test_where_a_node_fails_both_halves_are_as_before(shell: Shell) -> None:
    cluster = shell.cluster
    nodes = links(cluster)
    cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
    done = shell.run("pvesdn publish prod --yes")
    assert done.status == 1
    assert "is kept as" not in done.err
    as_before(cluster, OURS)
    assert links(cluster) == nodes
    assert shell.run("pvesdn publish prod --yes").status == 0
    assert cluster.read_sdn(OWN) == PUBLISHED


def test_where_pve_refuses_the_commit_both_halves_are_as_before(shell: Shell) -> None:
    class Refusing(Failing):
        def apply_sdn(self, token: str | None = None) -> str:
            raise ApiRefused("PUT /cluster/sdn: not now", status=500)

    done = publish_with(shell, api=Refusing(shell.cluster, 0, is_heard=False))
    assert done.status == 1
    assert "not now" in done.err
    as_before(shell.cluster, OURS)


def test_who_does_not_confirm_has_both_halves_of_before(shell: Shell) -> None:
    done = shell.run("pvesdn publish prod --yes --confirm 30s")
    assert done.status != 0
    as_before(shell.cluster, OURS)


class Stuck(Failing):
    """An API that neither commits the edits nor takes them back."""

    def apply_sdn(self, token: str | None = None) -> str:
        raise ApiRefused("PUT /cluster/sdn: not now", status=500)

    def roll_back_sdn(self, token: str) -> None:
        raise ApiRefused("POST /cluster/sdn/rollback: not now either", status=500)


def completed(shell: Shell) -> None:
    assert shell.run("pvesdn apply --yes").status == 0
    assert in_the_panel(shell.cluster) == PANEL
    assert plan_of(shell.cluster).has_work is False


def discarded(shell: Shell) -> None:
    """By both commands, in their order."""
    done = shell.cluster.nodes["pve1"].run("pvesh", "create", "/cluster/sdn/rollback")
    assert done.returncode == 0, done.stderr
    shell.cluster.write_sdn(OWN, shell.cluster.read_sdn("pvesdn.cfg.before") or "")
    as_before(shell.cluster, OURS)


@pytest.mark.parametrize("follows", [completed, discarded])
def test_edits_that_cannot_be_taken_back_keep_our_half_and_both_ways_out_are_named(
    shell: Shell, follows: Callable[[Shell], None]
) -> None:
    """One half alone could not be planned: what is left is both, and so is what is completed or discarded."""
    cluster = shell.cluster
    done = publish_with(shell, api=Stuck(cluster, 0, is_heard=False))
    told = " ".join(done.err.split())
    assert "what was edited in PVE's definitions is still pending: POST /cluster/sdn/rollback: not now either;" in told
    assert (
        "; /etc/pve/sdn/pvesdn.cfg is that of this apply, and pvesdn apply completes both; or go back with both: "
        "`pvesh create /cluster/sdn/rollback` on a node discards them; "
        "`cp /etc/pve/sdn/pvesdn.cfg.before /etc/pve/sdn/pvesdn.cfg` on a node puts it back"
    ) in told
    assert cluster.read_sdn(OWN) == PUBLISHED
    assert is_pending(cluster)
    follows(shell)


def lose_our_half(agent: ProgramAgent, *, is_written: bool) -> list[str]:
    """No node answers when it is to write pvesdn.cfg, though the first may have; who was asked, as it goes on."""
    replace_file, gone = agent.replace, list[str]()

    def replaced(node: str, path: str, text: str, *, expect: str | None) -> None:
        if path.endswith(f"/{OWN}"):
            if is_written and not gone:
                replace_file(node, path, text, expect=expect)
            gone.append(node)
            raise NodeUnreachable(node, "does not answer")
        replace_file(node, path, text, expect=expect)

    agent.replace = replaced  # type: ignore[method-assign]
    return gone


@pytest.mark.parametrize("is_written", [False, True], ids=["before it was written", "after"])
def test_edits_that_stay_with_a_pvesdn_cfg_that_nobody_knows_are_told_with_its_digest(
    shell: Shell, is_written: bool
) -> None:
    cluster = shell.cluster
    agent = cluster.agent()
    lose_our_half(agent, is_written=is_written)
    done = publish_with(shell, api=Stuck(cluster, 0, is_heard=False), nodes=agent)
    found = re.search(
        r"`pvesh create /cluster/sdn/rollback` on a node discards them; /etc/pve/sdn/pvesdn.cfg may be that of this apply; "
        r"it is where `sha256sum /etc/pve/sdn/pvesdn.cfg` on a node begins with (\w{12}): then pvesdn apply completes both, "
        r"or, once they are discarded, `cp /etc/pve/sdn/pvesdn.cfg.before /etc/pve/sdn/pvesdn.cfg` on a node puts it back; "
        "else leave it",
        " ".join(done.err.split()),
    )
    assert found, done.err
    is_of_this_apply = digest(cluster.read_sdn(OWN) or "").startswith(found[1])
    assert is_of_this_apply is is_written
    if is_of_this_apply:
        completed(shell)
    else:
        assert cluster.nodes["pve1"].run("pvesh", "create", "/cluster/sdn/rollback").returncode == 0
        as_before(cluster, OURS)


def test_a_pvesdn_cfg_that_was_edited_meanwhile_is_left_alone_and_named(shell: Shell) -> None:
    class Refusing(Failing):
        def apply_sdn(self, token: str | None = None) -> str:
            cluster.write_sdn(OWN, (cluster.read_sdn(OWN) or "") + "# a colleague\n")
            raise ApiRefused("PUT /cluster/sdn: not now", status=500)

    cluster = shell.cluster
    done = publish_with(shell, api=Refusing(cluster, 0, is_heard=False))
    assert done.status == 1
    assert (cluster.read_sdn(OWN) or "").endswith("# a colleague\n")
    assert "/etc/pve/sdn/pvesdn.cfg has been edited during this apply and is left alone, without PVE's half" in done.err
    assert "what it was before is in /etc/pve/sdn/pvesdn.cfg.before" in done.err
    cluster.write_sdn(OWN, (cluster.read_sdn("pvesdn.cfg.before") or "") + "# a colleague\n")
    assert plan_of(cluster).has_work is False


def test_what_was_not_written_yet_is_not_called_that_of_this_apply(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.write_sdn("pvesdn.cfg.before", "# of an earlier apply\n")
    agent = cluster.agent()
    read, api = agent.read, Failing(cluster, 1, is_heard=False)

    def lost(node: str, names: Sequence[str]) -> Mapping[str, str]:
        if api.made and any(name.endswith(f"/{OWN}") for name in names):
            raise NodeFailed(node, "/etc/pve does not answer")
        return read(node, names)

    agent.read = lost  # type: ignore[method-assign, assignment]
    done = publish_with(shell, api=api, nodes=agent)
    assert done.status == 1
    assert "is still that of this apply" not in done.err
    assert "pvesdn.cfg.before" not in done.err
    assert cluster.read_sdn(OWN) == OURS


def test_a_pvesdn_cfg_that_cannot_be_put_back_is_named_with_what_to_do(shell: Shell) -> None:
    cluster = shell.cluster
    agent = cluster.agent()
    replace_file, broken = agent.replace, []

    def refused(node: str, path: str, text: str, *, expect: str | None) -> None:
        if path.endswith(f"/{OWN}") and text == OURS:
            broken.append(node)
            raise NodeFailed(node, "/etc/pve is read-only")
        replace_file(node, path, text, expect=expect)

    agent.replace = refused  # type: ignore[method-assign]
    cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
    done = publish_with(shell, nodes=agent)
    assert broken
    assert "/etc/pve/sdn/pvesdn.cfg is still that of this apply, without PVE's half of it" in done.err
    assert "`cp /etc/pve/sdn/pvesdn.cfg.before /etc/pve/sdn/pvesdn.cfg` on a node puts it back" in done.err
    cluster.write_sdn(OWN, cluster.read_sdn("pvesdn.cfg.before") or "")
    as_before(cluster, OURS)


MAY_BE = re.compile(
    r"/etc/pve/sdn/pvesdn.cfg may be that of this apply, without PVE's half of it: .*; it is where"
    r" `sha256sum /etc/pve/sdn/pvesdn.cfg` on a node begins with (\w{12}): then"
    r" `cp /etc/pve/sdn/pvesdn.cfg.before /etc/pve/sdn/pvesdn.cfg` on a node puts it back; else leave it"
)


@pytest.mark.parametrize("is_written", [False, True], ids=["before it was written", "after"])
def test_where_nobody_knows_what_pvesdn_cfg_is_its_digest_tells_what_to_do(shell: Shell, is_written: bool) -> None:
    cluster = shell.cluster
    cluster.write_sdn("pvesdn.cfg.before", "# of an earlier apply\n")
    agent = cluster.agent()
    read, gone = agent.read, lose_our_half(agent, is_written=is_written)

    def lost(node: str, names: Sequence[str]) -> Mapping[str, str]:
        if gone and any(name.endswith(f"/{OWN}") for name in names):
            raise NodeUnreachable(node, "does not answer")
        return read(node, names)

    agent.read = lost  # type: ignore[method-assign, assignment]
    done = publish_with(shell, nodes=agent)
    assert done.status != 0
    found = MAY_BE.search(" ".join(done.err.split()))
    assert found, done.err
    is_of_this_apply = digest(cluster.read_sdn(OWN) or "").startswith(found[1])
    assert is_of_this_apply is is_written
    if is_of_this_apply:
        cluster.write_sdn(OWN, cluster.read_sdn("pvesdn.cfg.before") or "")
    as_before(cluster, OURS)


def test_an_edit_that_came_before_ours_is_left_alone_and_nothing_else_is_said_of_it(shell: Shell) -> None:
    cluster = shell.cluster
    cluster.write_sdn("pvesdn.cfg.before", "# of an earlier apply\n")

    class Edited(Failing):
        def edit_sdn(self, call: SdnCall, token: str) -> None:
            super().edit_sdn(call, token)
            if self.made == EDITS:
                cluster.write_sdn(OWN, f"{OURS}# a colleague\n")

    done = publish_with(shell, api=Edited(cluster, 0, is_heard=True))
    assert done.status == 1
    assert "/etc/pve/sdn/pvesdn.cfg has changed since it was read; plan again" in done.err
    assert "pvesdn.cfg.before" not in done.err
    as_before(cluster, f"{OURS}# a colleague\n")


class Dying(Failing):
    """An API at whose edit number `at` the run is killed, or when it asks for a dry run: nothing of it comes after."""

    is_dead = False

    def __init__(self, cluster: SimulatedCluster, at: int) -> None:
        super().__init__(cluster, 0, is_heard=True)
        self._dies_at = at

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        super().edit_sdn(call, token)
        self._die(if_it_is=self.made == self._dies_at)

    def dry_run(self, node: str) -> DryRun:
        self._die(if_it_is=True)
        return super().dry_run(node)

    def _die(self, *, if_it_is: bool) -> None:
        if if_it_is or self.is_dead:
            self.is_dead = True
            raise Killed


@pytest.mark.parametrize("at", [1, EDITS, 0], ids=["first edit", "last edit", "all in place"])
def test_what_a_killed_run_leaves_is_reverted_or_completed(shell: Shell, at: int) -> None:
    """Before pvesdn.cfg is written the panel's Revert ends it; from then on both halves are there, and are applied."""
    cluster = shell.cluster
    nodes = network_of(cluster)
    api = Dying(cluster, at)
    with pytest.raises(Killed):
        publish_with(shell, api=api, nodes=ProgramAgent(DeadToo(cluster, api)))
    pass_time(cluster, 181.0)
    assert network_of(cluster) == nodes
    assert cluster.read_sdn(".lock") is None
    assert in_the_panel(cluster) == {"zones": {}, "vnets": {}, "subnets": {}}
    if at:
        sdn_config.roll_back(cluster.world.pmxcfs.sdn)
        as_before(cluster, OURS)
        assert shell.run("pvesdn publish prod --yes").status == 0
    else:
        done = shell.run("pvesdn apply --yes")
        assert done.status == 0, done.err
    assert cluster.read_sdn(OWN) == PUBLISHED
    assert in_the_panel(cluster) == PANEL
    assert plan_of(cluster).has_work is False


def test_a_zone_with_a_vrf_and_an_exit_is_published_too(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        before = links(cluster)
        done = shell.run("pvesdn publish sym --as lan --yes")
        assert done.status == 0, done.err
        assert "lose their way out" not in done.out
        assert links(cluster) == before
        assert plan_of(cluster).has_work is False


TWICE = {
    "zones.cfg": "vlan: wires\n\tbridge vmbr0\n\nvxlan: tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: office\n\tzone wires\n\ttag 100\n\nvnet: far\n\tzone tun\n\ttag 100\n\n",
    "subnets.cfg": "subnet: wires-10.9.0.0-24\n\tvnet office\n\tgateway 10.9.0.1\n\n",
}


def test_vnets_of_other_zones_are_left_alone_though_two_of_them_have_one_tag(tmp_path: Path) -> None:
    """A VLAN and a VNI; the VLAN's VNet has a subnet, without which PVE deletes none."""
    with serving(tmp_path / "cluster", OURS) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(TWICE)
        theirs = in_the_panel(cluster)
        done = shell.run("pvesdn publish plain --yes --json")
        assert done.status == 0, done.err
        calls = json.loads(done.out)["plan"]["calls"]
        assert [(call["method"], call["path"]) for call in calls] == [
            ("POST", "/cluster/sdn/zones"),
            ("POST", "/cluster/sdn/vnets"),
        ]
        now = in_the_panel(cluster)
        assert all(now[kind].items() >= found.items() for kind, found in theirs.items())


def publish_with(shell: Shell, **parts: Any) -> Result:
    """`pvesdn publish prod --yes` in a world with other parts."""
    world = replace(world_of(shell.cluster), **parts)
    there: Any = SimpleNamespace(world=lambda observer, **_: replace(world, observer=observer))
    return call("--config", shell.settings, "publish", "prod", "--yes", cluster=there)
