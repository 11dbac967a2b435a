"""What `make fuzz` has found, each as small as it can be and as a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pvesdn.errors import NodeFailed, SdnConfigError
from pvesdn.model.files import FRR_CONF
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.plan import plan
from pvesdn_lab.simulated import sdn_config
from tests.fuzz.corpus import Draft, start
from tests.fuzz.laws import Outcome, check_snapshot
from tests.fuzz.oddities import nested
from tests.fuzz.putting_in_place import RENDERER
from tests.unit.design.network import PVE_EVPN
from tests.unit.workflows.kit import apply_to, cluster, plan_of


def spoiled(name: str, change: Callable[[Draft], object]) -> Snapshot:
    draft = Draft.of(start(name))
    change(draft)
    return draft.snapshot()


class Always:
    """Chance that takes every law's turn and the first of all choices."""

    def random(self) -> float:
        return 0.0

    def choice(self, options: Any) -> Any:
        return options[0]

    def shuffle(self, items: list[Any]) -> None:
        items.reverse()


def every_law_holds(snapshot: Snapshot) -> Outcome:
    return check_snapshot(snapshot, Always())  # type: ignore[arg-type] # as much of random.Random as laws ask


def test_a_pve_that_does_not_say_its_version_is_planned_to_an_end() -> None:
    every_law_holds(spoiled("golden_pve/evpn-exits, defined", lambda draft: draft.api.pop("version")))


def test_a_property_of_pves_without_a_value_is_not_pending_for_ever() -> None:
    def clear(draft: Draft) -> None:
        draft.pve_files["vnets.cfg"] = draft.pve_files["vnets.cfg"].replace("\ttag 8\n", "\ttag\n")

    every_law_holds(spoiled("golden_pve/qinq, defined", clear))


def test_on_a_pve_without_sdn_the_frr_conf_that_pvesdn_wrote_for_pves_zones_stays() -> None:
    made = cluster("", pve_files=PVE_EVPN, version="7.4.17")
    assert {FRR_CONF} <= {change.path for change in plan_of(made).nodes[0].files}
    assert apply_to(made).is_good
    assert plan_of(made).is_empty


@pytest.mark.parametrize("quoted", ["interfaces.d/\x1b[2J", "a\nb", "\ud800", "\u202e", "\r", "\0"])
def test_an_error_that_quotes_what_would_steer_a_terminal_shows_it_in_numbers(quoted: str) -> None:
    for line in str(SdnConfigError((f"node1: {quoted}: is odd", "zones.cfg:1: too"))).split("\n"):
        assert line.isprintable()
    assert str(SdnConfigError((quoted, "too"))).count("\n") == 1
    assert all(line.isprintable() for line in str(NodeFailed("node1", quoted, hint=quoted)).split("\n"))


def test_a_header_inside_a_section_is_no_section_for_the_lab_either() -> None:
    assert list(sdn_config.read_sections("simple: one\nsimple: two\n\nsimple: three\n")) == ["one", "three"]


@pytest.mark.parametrize("name", ["a b", "", "a\xa0b", "\ud800", "! ---"])
def test_whatever_a_node_calls_its_devices_what_is_remembered_of_it_can_be_read(name: str) -> None:
    def rename(draft: Draft) -> None:
        for row in draft.nodes["node2"].commands["ip-route"]:
            row["dev"] = name

    every_law_holds(spoiled("golden_pve/evpn-exits, applied", rename))
    every_law_holds(spoiled("golden/two-ways, applied", rename))


def test_an_answer_that_is_nested_as_deep_as_json_can_be_costs_its_node_alone() -> None:
    def nest(draft: Draft) -> None:
        draft.nodes["node3"].commands["versions"]["x"] = nested(950, as_list=False)

    snapshot = spoiled("golden/unicast", nest)
    assert (sorted(snapshot.nodes), sorted(snapshot.unreachable)) == (["node1", "node2"], ["node3"])
    every_law_holds(snapshot)


def test_an_answer_of_the_api_that_is_nested_as_deep_as_json_can_be_is_an_error_in_one_line() -> None:
    every_law_holds(spoiled("golden/unicast", lambda draft: draft.api.update(nodes=nested(950, as_list=True))))


def test_an_import_from_a_node_whose_bridge_says_no_size_proposes_none() -> None:
    def spoil(draft: Draft) -> None:
        for link in draft.nodes["node1"].commands["ip-link"]:
            link["mtu"] = 0
        draft.nodes["node3"].commands["ip-link"] = "no answer"

    every_law_holds(spoiled("golden_import/mtu", spoil))


def test_a_master_that_is_no_name_is_left_where_it_is_by_an_import() -> None:
    def spoil(draft: Draft) -> None:
        for row in draft.nodes["node1"].commands["ip-addr"]:
            row["master"] = {"a b": 1}

    every_law_holds(spoiled("golden_import/multicast", spoil))


def test_a_loopback_whose_address_is_none_has_no_address_for_pve() -> None:
    def spoil(draft: Draft) -> None:
        file = "/etc/network/interfaces"
        for node in draft.nodes.values():
            node.files[file] = node.files[file].replace("address 10.255.0.2/32", "address 10.255.0.2/3x2")

    every_law_holds(spoiled("golden_pve/bgp-and-isis, defined", spoil))


def test_a_device_whose_mac_is_none_gives_no_router_id() -> None:
    def spoil(draft: Draft) -> None:
        for node in draft.nodes.values():
            for link in node.commands["ip-link"]:
                link["address"] = "zz:zz:zz:zz:zz:zz"

    every_law_holds(spoiled("golden_pve/evpn-ipv6-underlay, defined", spoil))


@pytest.mark.parametrize("version", ["9.1.5~rc1", "8.4-1+pve1", "7.4-17/513c62be"])
def test_a_version_of_pves_is_in_the_snapshot_as_it_was(version: str) -> None:
    def spoil(draft: Draft) -> None:
        draft.api["version"] = {"version": version}

    every_law_holds(spoiled("golden_pve/no-way-to-peers, applied", spoil))


@pytest.mark.parametrize("ids", [0.0, 0, "", False, []])
def test_objects_that_are_none_are_refused_live_and_in_the_folder_alike(ids: object) -> None:
    def spoil(draft: Draft) -> None:
        document = json.loads(draft.pve_files[".running-config"])
        document["vnets"]["ids"] = ids
        draft.pve_files[".running-config"] = json.dumps(document)

    every_law_holds(spoiled("golden_pve/simple, applied", spoil))


def test_a_device_whose_name_a_shell_would_split_gets_into_no_hook_that_pvesdn_writes() -> None:
    def spoil(draft: Draft) -> None:
        draft.api["cluster/sdn"] = None
        for node in draft.nodes.values():
            node.commands.pop("versions", None)
            text = json.dumps(node.commands).replace('"vmbr0"', '"a;b"')
            node.commands = json.loads(text)

    spoilt = spoiled("golden_pve/simple, defined", spoil)
    changes = plan(spoilt, RENDERER)
    hooked = [node for node in changes.nodes if any("-o a;b" in (file.new or "") for file in node.files)]
    assert hooked
    for node in hooked:
        assert any("a;b" in obstacle.what and "hook" in obstacle.what for obstacle in node.obstacles)
    every_law_holds(spoilt)
