"""What the documents say is so: definitions can be planned, settings load, commands, files and modules exist."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

import click
import pytest

from pvesdn.cli import statuses
from pvesdn.cli.app import pvesdn
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.design.checks.all_checks import check
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.model import dhcp_unit, files, snapshot
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.findings import Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.render.renderer import Renderer
from pvesdn.settings import load_settings
from pvesdn.workflows.apply import _carry_out
from pvesdn.workflows.plan import _plan_node

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
MODELS = (ROOT / "docs" / "models.md").read_text()
RUNNING = (ROOT / "docs" / "running.md").read_text()
SAFETY = (ROOT / "docs" / "safety.md").read_text()
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
FRONT = {
    "README.md": README,
    "models.md": MODELS,
    "running.md": RUNNING,
    "safety.md": SAFETY,
    "troubleshooting.md": TROUBLESHOOTING,
}
"""What used to be one page."""

ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
IMPORT = (ROOT / "docs" / "import.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
MEMBERS = {"node1": "192.168.0.1", "node2": "192.168.0.2", "node3": "192.168.0.3"}


def blocks(language: str, document: str) -> list[str]:
    """Fenced blocks of a page."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    return [text for name, text in fenced if name == language]


def title(definitions: str) -> str:
    """The heading above a model."""
    before = MODELS[: MODELS.index(definitions)]
    found: str = re.findall(r"^## (.+)$", before, re.MULTILINE)[-1]
    return found


def cluster_of(definitions: str) -> DesignInput:
    """A cluster of three nodes that wants these definitions."""
    decoded = decode_sdn({"pvesdn.cfg": definitions}, intent="pending")
    members = tuple(
        Member(name=name, node_id=number, address=IPv4Address(address), is_online=True)
        for number, (name, address) in enumerate(MEMBERS.items(), 1)
    )
    facts = {
        name: NodeFacts(
            node=name,
            links=(Link("vmbr0", mtu=1550, kind="bridge"), Link("eno1", mtu=1550, master="vmbr0"), Link("eno2")),
            addresses=(("vmbr0", IPv4Interface(f"{address}/24")),),
            sources=("/etc/network/interfaces.d/*",),
        )
        for name, address in MEMBERS.items()
    }
    cluster = ClusterState(name="lab", is_quorate=True, members=members, pve_version="9.1.5")
    return DesignInput(sdn=decoded.config, cluster=cluster, facts=facts)


def options(verb: str, further: str = "") -> set[str]:
    """Every spelling of every option of a verb, those before it and of what it is followed by included."""
    group = click.Context(pvesdn)
    command = pvesdn.get_command(group, verb)
    assert command is not None
    below = command.commands.get(further) if isinstance(command, click.Group) else None
    found = (*command.params, *pvesdn.params, *(below.params if below is not None else ()))
    return {word for param in found for word in (*param.opts, *param.secondary_opts)}


def verbs() -> list[str]:
    return pvesdn.list_commands(click.Context(pvesdn))


def commands(document: str) -> list[list[str]]:
    """The words of every `pvesdn ...` in a document, behind the name of the program."""
    typed = [
        line.partition("#")[0].split()[1:]
        for block in re.findall(r"^```sh\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line.startswith("pvesdn ")
    ]
    quoted = [text.split()[1:] for text in re.findall(r"`(pvesdn [^`]+)`", document)]
    return [words for words in typed + quoted if words]


# --- README -----------------------------------------------------------------------------------------------------------


def test_the_models_are_ten() -> None:
    assert [int(title(model).partition(".")[0]) for model in blocks("cfg", MODELS)] == list(range(1, 11))


@pytest.mark.parametrize("model", blocks("cfg", MODELS), ids=title)
def test_every_model_can_be_designed_and_printed_on_three_nodes(model: str) -> None:
    given = cluster_of(model)
    vteps, findings = choose_vteps(given)
    errors = [str(f) for f in (*findings, *check(given, vteps)) if f.severity is Severity.ERROR]
    assert errors == []

    shared = share(given, vteps)
    renderer = Renderer()
    for node in MEMBERS:
        printed = {file.path: file.text for file in renderer.render(design_node(shared, node), {})}
        assert "vxlan_vmbr2" in (printed[files.OUR_INTERFACES] or "")


def test_five_lines_of_definitions_are_five_lines() -> None:
    (definitions,) = blocks("cfg", README)

    assert len(definitions.splitlines()) == 5


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_first_use_names_both_packages_of_frr_for_every_node() -> None:
    chapter = README.split("## First use on a cluster")[1].split("\n## ")[0]

    assert "every node" in chapter
    assert "apt install frr frr-pythontools" in chapter


@pytest.mark.parametrize("settings", blocks("toml", RUNNING))
def test_every_settings_file_of_the_docs_loads(settings: str, tmp_path: Path) -> None:
    file = tmp_path / "pvesdn.toml"
    file.write_text(settings if "[api]" in settings else f'[api]\nbackend = "local"\n{settings}')
    file.chmod(0o600)

    assert load_settings(file, {}).warnings == ()


@pytest.mark.parametrize(
    "words", [words for page in (*FRONT.values(), IMPORT) for words in commands(page)], ids=" ".join
)
def test_every_command_in_the_docs_exists(words: list[str]) -> None:
    verb, *arguments = words

    assert verb in verbs()
    assert {word for word in arguments if word.startswith("-")} <= options(verb, *arguments[:1])


def test_every_option_that_the_docs_name_exists() -> None:
    named = {option for page in FRONT.values() for option in re.findall(r"`(--[a-z-]+)", page)}
    known = set().union(*(options(verb) for verb in verbs()))

    assert named
    assert named <= known


def test_the_page_about_running_names_every_verb() -> None:
    assert {words[0] for words in commands(RUNNING) if words[0] in verbs()} == set(verbs())


def test_the_page_about_safety_lists_every_file_that_may_be_written() -> None:
    table = SAFETY.split("## What it writes")[1].split("## ")[0]
    written = {
        files.OUR_INTERFACES,
        files.SDN_INTERFACES,
        files.FRR_CONF,
        files.FRR_CONF_LOCAL,
        files.FRR_DAEMONS,
        files.OUR_SYSCTL,
        dhcp_unit.DhcpUnit("ZONE", "").path,
        snapshot.SEEN_FILE,
    }

    assert written <= set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE))


def test_the_page_about_safety_names_the_flag_of_each_refusal() -> None:
    table = SAFETY.split("## What it refuses")[1].split("\n## ")[0]
    named = set(re.findall(r"\| `(--[a-z-]+)` \|$", table, re.MULTILINE))
    decisions = {field.name.replace("_", "-") for field in dataclasses.fields(PlanFlags)}

    assert {option.removeprefix("--").removeprefix("with-") for option in named} == decisions
    assert named <= options("apply")


def test_the_page_about_running_lists_the_exit_statuses_that_there_are() -> None:
    table = RUNNING.split("## Exit statuses")[1].split("## ")[0]
    defined = {value for name, value in vars(statuses).items() if name.isupper() and isinstance(value, int)}

    assert {int(status) for status in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == defined


@pytest.mark.parametrize("document", [*FRONT.values(), ARCHITECTURE], ids=[*FRONT, "ARCHITECTURE.md"])
def test_every_make_target_that_is_named_exists(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))

    assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", document, re.MULTILINE)) <= targets


# --- ARCHITECTURE, decisions ------------------------------------------------------------------------------------------


def test_everything_that_architecture_names_exists() -> None:
    named = re.findall(r"`((?:pvesdn|lab|templates|hooks|tests|bench|tools|docs)/[\w./-]*)`", ARCHITECTURE)

    assert [path for path in named if not (ROOT / path).exists()] == []


def test_architecture_names_every_package() -> None:
    packages = {f"pvesdn/{path.parent.name}/" for path in (ROOT / "pvesdn").glob("*/__init__.py")}
    modules = {f"pvesdn/{path.name}" for path in (ROOT / "pvesdn").glob("*.py") if not path.name.startswith("__")}

    assert packages | modules <= set(re.findall(r"`(pvesdn/[\w./]+)`", ARCHITECTURE))


@pytest.mark.parametrize(
    ("workflow", "steps"),
    [
        (
            _carry_out,
            {"Stage": "stage(", "Put in place": "put_in_place(", "Commit": "commit(", "Verify": "proof.check("},
        ),
        (_plan_node, {"Design": "design_node(", "Render": ".render(", "Compare": "compare_node("}),
    ],
    ids=["apply", "plan"],
)
def test_a_workflow_names_its_steps_in_the_words_and_the_order_of_architecture_on_one_screen(
    workflow: Callable[..., object], steps: dict[str, str]
) -> None:
    named = [step for step in re.findall(r"^[0-9]+\. \*\*([^*]+)\*\*", ARCHITECTURE, re.MULTILINE) if step in steps]
    source = inspect.getsource(workflow)
    assert named == list(steps)
    assert sorted(steps.values(), key=source.index) == list(steps.values())
    assert len(source.splitlines()) <= 40


def test_decisions_are_numbered_one_after_the_other_as_their_titles_say() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))

    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for number, page in enumerate(pages, 1):
        assert page.read_text().startswith(f"# {number}. ")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_every_file_of_ours_that_a_page_names_exists(page: Path) -> None:
    named = re.findall(r"`((?:pvesdn|lab|templates|hooks|tests|bench|tools|docs)/[\w./-]*)`", page.read_text())

    assert [path for path in named if not (ROOT / path).exists()] == []
