"""pvesdn-vnis.cfg as a part of a plan: what becomes of it, and what an apply does about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.compare.execution import execution_plan
from pvesdn.compare.fingerprint import result_of
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.secrets.veil import Veil
from pvesdn.encode.vnis import encode_vnis
from pvesdn.errors import NodeFailed
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Where
from pvesdn.model.snapshot import OWN_FILE, VNIS_FILE, VNIS_NAME
from pvesdn.model.vnis import GivenVni, VniTable
from pvesdn.redact.definitions import hide_definitions
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.draft import definitions_change, replace_definitions
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster, fake_cluster

PVE = {"zones.cfg": "simple: lan\n\tmtu 1450\n\n", "vnets.cfg": "vnet: web\n\tzone lan\n\n"}
OURS = "vxlan: prod\n\tcarries lan\n\tvni-range 100-199\n\n"
WEB = "vni: 100\n\tvnet web\n\tzone prod\n\n"
MEMBERS = ["node1", "node2", "node3"]


def drawn(**files: str) -> FakeCluster:
    return fake_cluster(OURS, pve_files={**PVE, **{name.replace("_", "-"): text for name, text in files.items()}})


def planned(made: FakeCluster) -> ChangeSet:
    return plan(read_cluster(made.world()), Renderer())


_WHERE = Where(file="", line=0)
TABLE = VniTable(
    given=(
        GivenVni(where=_WHERE, vni=7, vnet="web", zone="prod"),
        GivenVni(where=_WHERE, vni=99, vnet="web", zone="prod", is_former=True),
        GivenVni(where=_WHERE, vni=100, vnet="db", zone="prod"),
    )
)


def test_what_is_written_can_be_read_back() -> None:
    found = decode_sdn({VNIS_NAME: encode_vnis(TABLE)}, intent="pending").config.vnis
    assert found is not None
    assert found.facts == TABLE.facts


def test_a_snapshot_hides_nothing_of_what_is_written_and_comments_of_others() -> None:
    veil, text = Veil(), encode_vnis(TABLE)
    assert hide_definitions(text, veil) == text
    assert veil.count == 0
    assert "hunter2" not in hide_definitions(f"# of hunter2\n{text}", veil)


@pytest.mark.parametrize("text", [WEB, "# by hand\n\n" + WEB.replace("\n\n", "\n")])
def test_a_file_that_says_everything_is_left_alone(text: str) -> None:
    assert planned(fake_cluster(OURS, pve_files={**PVE, VNIS_NAME: text})).vnis is None


def test_without_zones_that_carry_the_file_is_left_alone() -> None:
    assert planned(fake_cluster("", pve_files={**PVE, VNIS_NAME: WEB})).vnis is None


def test_a_pin_that_changes_a_vni_is_told_as_a_change() -> None:
    pin = "vnet: web\n\tzone prod\n\ttag 7\n"
    change = planned(fake_cluster(OURS + pin, pve_files={**PVE, VNIS_NAME: WEB})).vnis
    assert change is not None
    assert change.old == WEB
    assert [(found.name, found.old, found.new) for found in change.differences] == [
        ("web in prod: VNI", ("100",), ("7",)),
        ("web in prod: former VNI", (), ("100",)),
    ]
    assert change.new is not None
    assert change.new.endswith(f"vni: 7\n\tvnet web\n\tzone prod\n\n{WEB.rstrip()}\n\tformer 1\n\n")


def test_vnis_are_written_before_a_draft() -> None:
    made = drawn()
    snapshot = read_cluster(made.world())
    changes = replace(planned(made), definitions=definitions_change(snapshot, OURS + "# mine\n"))
    assert [write.path for write in execution_plan(changes).definitions] == [VNIS_FILE, OWN_FILE]
    assert list(result_of(changes).cluster["definitions to write"]) == [VNIS_FILE, OWN_FILE]
    world = made.world()
    replace_definitions(world, execution_plan(changes).definitions, MEMBERS)
    assert made.nodes.pve_files[OWN_FILE] == OURS + "# mine\n"
    assert "vni: 100\n\tvnet web\n\tzone prod\n" in made.nodes.pve_files[VNIS_FILE]


def test_vnis_that_somebody_else_has_given_meanwhile_are_not_overwritten() -> None:
    made = drawn()
    changes = planned(made)
    made.nodes.pve_files[VNIS_FILE] = WEB.replace("100", "150")
    with pytest.raises(NodeFailed, match="has changed since it was read"):
        replace_definitions(made.world(), execution_plan(changes).definitions, MEMBERS)
    assert made.nodes.pve_files[VNIS_FILE] == WEB.replace("100", "150")
