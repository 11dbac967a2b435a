"""The scenarios that come with pvesdn: whatever they say can be done, and their definitions are definitions."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.nodes.hand_written import decode_hand_written
from pvesdn.errors import SettingsError
from pvesdn_lab.live import verbs
from pvesdn_lab.live.outside.holder import divide
from pvesdn_lab.live.outside.kernel import REQUIRED, Kernel
from pvesdn_lab.live.scenario import Scenario, all_scenarios, choose, read_scenario
from pvesdn_lab.live.testbed.disk import INTERFACES
from pvesdn_lab.live.testbed.topology import read_topology
from pvesdn_lab.live.verbs import table
from pvesdn_lab.live.verbs.losses import edited
from pvesdn_lab.live.verbs.table import VERBS

SCENARIOS = all_scenarios()
ORDINARY = [scenario for scenario in SCENARIOS if not scenario.apart]
EVERYTHING = frozenset({*REQUIRED, "vrf", "dummy", "vlan", "macvlan", "bond", "openvswitch"})


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.name)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """Each of them."""
    found: Scenario = request.param
    return found


def test_every_step_is_a_verb_with_its_arguments(scenario: Scenario) -> None:
    for step in scenario.steps:
        inspect.signature(VERBS[step.verb]).bind(None, **step.arguments)


def is_verb(function: object) -> bool:
    """It takes the context, keywords, and nothing else, and tells something."""
    if not inspect.isfunction(function) or function.__name__.startswith("_"):
        return False
    signature = inspect.signature(function)
    if not signature.parameters:
        return False
    context, *others = signature.parameters.values()
    return (context.annotation, signature.return_annotation) == ("Context", "str") and {
        parameter.kind for parameter in others
    } <= {inspect.Parameter.KEYWORD_ONLY}


def test_every_function_that_is_a_verb_is_in_the_table() -> None:
    modules = [
        importlib.import_module(f"{verbs.__name__}.{found.name}") for found in pkgutil.iter_modules(verbs.__path__)
    ]
    found = {function for module in modules for function in vars(module).values() if is_verb(function)}
    assert found == set(VERBS.values())


def test_no_two_verbs_have_one_name() -> None:
    assert len({verb.__name__ for verb in VERBS.values()}) == len(VERBS) == len(table.ALL)


def test_every_scenario_proves_something(scenario: Scenario) -> None:
    assert any(step.proves for step in scenario.steps)


def test_who_has_joined_has_left_again_at_the_end(scenario: Scenario) -> None:
    """Others may come after it in the same lab."""
    members: set[str] = set()
    for step in scenario.steps:
        if step.verb == "join":
            members.add(step.arguments["node"])
        if step.verb == "leave":
            members.discard(step.arguments["node"])
    assert members == set()


def test_what_is_drawn_through_the_api_is_erased_again_at_the_end(scenario: Scenario) -> None:
    """PVE would commit it in the scenario that comes after it."""
    drawn: list[str] = []
    for step in scenario.steps:
        if step.verb == "draw":
            drawn.append(step.arguments["definitions"])
        if step.verb == "erase":
            drawn.remove(step.arguments["definitions"])
    assert drawn == []


def test_nodes_are_held_against_what_they_had_under_the_same_definitions(scenario: Scenario) -> None:
    """Those that the scenario before it has left would be taken away, and missed."""
    applied = remembered = ""
    for step in scenario.steps:
        applied = step.arguments.get("definitions", applied)
        if step.verb == "remember":
            assert applied, "whatever the scenario before has left"
            remembered = applied
        if step.verb == "as_before":
            assert applied == remembered


def test_every_folder_of_definitions_is_there_and_decodes(scenario: Scenario) -> None:
    folders = {step.arguments["definitions"] for step in scenario.steps if step.arguments.get("definitions")}
    assert folders or hand_written(scenario)
    for folder in folders:
        texts = {file.name: file.read_text() for file in (scenario.folder / folder).iterdir()}
        decode_sdn(texts, intent="pending")


def test_what_a_step_replaces_is_there_once_and_what_comes_of_it_decodes(scenario: Scenario) -> None:
    for step in scenario.steps:
        if replaced := step.arguments.get("replaced"):
            text = (scenario.folder / step.arguments["definitions"] / "pvesdn.cfg").read_text()
            decode_sdn({"pvesdn.cfg": edited(text, replaced)}, intent="pending")


def test_what_runs_apart_runs_where_it_is_named_and_not_with_all() -> None:
    assert choose([]) == ORDINARY
    assert len(ORDINARY) < len(SCENARIOS)
    assert [scenario.name for scenario in choose(["hitless-pve"])] == ["hitless-pve"]


def test_at_the_end_pve_reloads_again(scenario: Scenario) -> None:
    """Others may come after it in the same lab."""
    assert ["api", *(step.arguments["way"] for step in scenario.steps if "way" in step.arguments)][-1] == "api"


def test_each_pair_that_a_change_touches_is_one_that_pings(scenario: Scenario) -> None:
    pairs = {name for step in scenario.steps if step.verb == "pairs" for name in step.arguments["of"]}
    assert {name for step in scenario.steps for name in step.arguments.get("touches", ())} <= pairs


def hand_written(scenario: Scenario) -> list[Path]:
    """Folders with what somebody wrote by hand."""
    return [scenario.folder / step.arguments["files"] for step in scenario.steps if step.verb == "by_hand"]


def test_a_hand_written_set_up_has_on_every_node_the_devices_that_it_loses(scenario: Scenario) -> None:
    topology = read_topology(scenario.topology)
    lost = [step.arguments["becomes"].keys() for step in scenario.steps if step.verb == "import_shows"]
    for folder in hand_written(scenario):
        assert lost
        for plan in topology.nodes:
            files = [folder / plan.name / "interfaces", *sorted((folder / plan.name / "interfaces.d").glob("*"))]
            texts = {f"/etc/network/{path.relative_to(folder / plan.name)}": path.read_text() for path in files}
            found = decode_hand_written(plan.name, texts)
            assert found.devices.keys() >= set().union(*lost)
            assert "vxlan-id" in {option.name for device in found.devices.values() for option in device.options}


def test_a_hand_written_set_up_leaves_the_nodes_own_network_as_it_was(scenario: Scenario) -> None:
    topology = read_topology(scenario.topology)
    for folder in hand_written(scenario):
        for plan in topology.nodes:
            text = (folder / plan.name / "interfaces").read_text()
            own = INTERFACES.format(management=plan.management, underlay=plan.underlay, mtu=plan.mtu, more="")
            for stanza in own.split("\n\n"):
                assert stanza in text or "eno2" in stanza


def test_every_guest_is_plugged_into_a_node_of_the_topology(scenario: Scenario) -> None:
    topology = read_topology(scenario.topology)
    nodes = {plan.name for plan in (*topology.nodes, *topology.spare)}
    started = [guest for step in scenario.steps if step.verb == "guests" for guest in step.arguments["start"]]
    assert {guest[1] for guest in started} <= nodes


def test_every_vtep_that_a_scenario_names_is_an_address_of_its_node(scenario: Scenario) -> None:
    plans = {plan.name: plan for plan in read_topology(scenario.topology).nodes}
    texts = "".join(file.read_text() for file in scenario.folder.glob("*/fabrics.cfg"))
    for step in scenario.steps:
        for node, address in step.arguments["of"].items() if step.verb == "vteps" else ():
            assert f"address {address}/" in plans[node].interfaces or f"\tip {address}\n" in texts


def test_what_the_kernel_lacks_runs_elsewhere() -> None:
    here, elsewhere = divide(SCENARIOS, Kernel(EVERYTHING - {"vrf"}))
    assert {scenario.name for scenario in here} >= {"unicast", "multicast", "evpn-l2"}
    assert "symmetric" in {scenario.name for scenario in elsewhere}
    assert divide(SCENARIOS, Kernel(EVERYTHING)) == (SCENARIOS, [])


def test_an_unknown_scenario_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"there is no scenario 'unicats'; there are .*unicast"):
        choose(["unicats"])


def test_a_folder_is_a_scenario_too(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text('title = "mine"\n[[step]]\ndo = "apply"\n')
    (found,) = choose([str(tmp_path)])
    assert (found.name, found.title) == (tmp_path.name, "mine")


@pytest.mark.parametrize("scenario", all_scenarios(), ids=lambda scenario: scenario.name)
def test_a_scenario_has_room_for_its_title_in_a_headline_of_the_evidence(scenario: Scenario) -> None:
    assert len(f"## {scenario.name}: {scenario.title}") <= 120


def test_a_scenario_without_a_title_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "scenario.toml").write_text('[[step]]\ndo = "apply"\n')
    with pytest.raises(SettingsError, match=r"scenario\.toml: 'title'"):
        read_scenario(tmp_path)
