"""What is made in README.md and docs/ is as `make docs` makes it, and what is quoted there is what pvesdn says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from pvesdn import __version__
from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn.decode.definitions.own_scan import parse
from pvesdn.decode.definitions.own_words import REQUIRED
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.definitions.section_config import Property, Section, write
from pvesdn.errors import SdnConfigError
from pvesdn.model.base import Model
from pvesdn.settings import Settings, load_settings
from tools.pages.__main__ import PAGES
from tools.pages.blocks import definitions, filled
from tools.pages.messages import exists, quoted
from tools.pages.reference import example_files, reference, shown_examples
from tools.pages.sample import Sample

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference.md"
IMPORT = (ROOT / "docs" / "import.md").read_text()
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text()
BROKEN = 2
"""Definitions of docs/troubleshooting.md, all of them wrong on purpose."""

DEFINITIONS = [(page, text) for page in PAGES for text in definitions((ROOT / page).read_text())]
WHOLE = [(page, text) for page, text in DEFINITIONS if page != "docs/troubleshooting.md"] + [
    (f"docs/examples/{name}", text) for name, text in example_files().items()
]
PROPERTIES = [(kind, name) for kind, section in SECTIONS.items() for name in section.words]
TABLES: dict[str, type[Model]] = {
    name: next(kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type))
    for name, field in Settings.model_fields.items()
}
KEYS = [(table, key) for table, model in TABLES.items() for key in model.model_fields]


def test_the_reference_is_what_the_grammar_and_the_settings_say() -> None:
    assert REFERENCE.read_text() == reference(), "run: make docs"


@pytest.mark.parametrize("page", PAGES)
def test_pictures_and_answers_on_a_page_are_those_of_pvesdn(page: str) -> None:
    text = (ROOT / page).read_text()

    assert filled(text) == text, "run: make docs"


def test_a_page_with_a_forged_answer_is_found_out() -> None:
    page = (
        "```cfg\nvxlan: ucast\n\nvnet: web\n\tzone ucast\n\ttag 2\n```\n```console\n$ pvesdn plan\nNo changes.\n```\n"
    )

    assert "Plan: 6 to add" in filled(page)


def test_a_picture_shows_what_the_definitions_make() -> None:
    page = (
        "```cfg\nvxlan: tun\n\nvnet: web\n\tzone tun\n\ttag 77\n\tnodes node1,node3\n```\n```picture\nanything\n```\n"
    )
    first, *_, last = filled(page).partition("```picture\n")[2].splitlines()[:-1]

    assert re.findall(r"node\d", first) == ["node1", "node2", "node3"]
    assert filled(page).count("VNI 77") == 2
    assert "(nothing)" in filled(page)
    assert "flooded to every other VTEP" in last


@pytest.mark.parametrize(("page", "text"), WHOLE, ids=[f"{page}-{i}" for i, (page, _) in enumerate(WHOLE)])
def test_definitions_on_a_page_can_be_planned(page: str, text: str, tmp_path: Path) -> None:
    printed = Sample.made(tmp_path, text).typed("$ pvesdn -q plan --detailed-exitcode")

    assert "error" not in printed
    assert re.search(r"^Plan: [1-9]", printed, re.MULTILINE)


def test_the_broken_definitions_of_troubleshooting_are_refused(tmp_path: Path) -> None:
    broken = definitions(TROUBLESHOOTING)

    assert len(broken) == BROKEN
    for text in broken:
        assert "error: pvesdn.cfg:" in Sample.made(tmp_path, text).typed("$ pvesdn plan")


@pytest.mark.parametrize("message", quoted(TROUBLESHOOTING))
def test_a_message_that_troubleshooting_quotes_exists(message: str) -> None:
    assert exists(message), f"pvesdn does not say {message!r} any more: quote what it says now"


@pytest.mark.parametrize("words", ["blocked", "taken down before that"])
def test_words_that_an_import_is_to_look_for_in_a_plan_exist(words: str) -> None:
    assert f"`{words}`" in IMPORT
    assert exists(f"{words}: ")


def test_a_message_that_nobody_prints_does_not_exist() -> None:
    assert len(quoted(TROUBLESHOOTING)) > 30
    assert not exists("the flux of … is not compensated")


# --- the grammar ------------------------------------------------------------------------------------------------------


def test_no_section_and_no_property_is_left_out_of_the_reference() -> None:
    text = REFERENCE.read_text()
    chapters = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL))

    assert set(SECTIONS) <= set(chapters)
    for kind, section in SECTIONS.items():
        assert re.findall(r"^\* \*\*`(.+?)`\*\*: .", chapters[kind], re.MULTILINE) == list(section.words)


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_reference_says_of_an_id_what_the_refusal_of_a_wrong_one_says(kind: str) -> None:
    rule = SECTIONS[kind].id.partition(";")[0]
    refusal = " ".join(_complaints(f"{kind}: 9!\n"))

    assert re.sub("[`,]", "", rule) in refusal.replace(",", "")


@pytest.mark.parametrize(("kind", "name"), PROPERTIES, ids=[".".join(pair) for pair in PROPERTIES])
def test_every_property_is_shown_in_an_example(kind: str, name: str) -> None:
    assert any(item.key == name for section in shown_examples()[kind] for item in section.properties)


@pytest.mark.parametrize(("kind", "name"), PROPERTIES, ids=[".".join(pair) for pair in PROPERTIES])
def test_every_property_says_whether_it_is_required(kind: str, name: str) -> None:
    word = SECTIONS[kind].words[name]
    whole = {file: parse(text, file) for file, text in example_files().items()}
    file, section = next(
        (file, section)
        for file, sections in whole.items()
        for section in sections
        if section.type == kind and any(item.key == name for item in section.properties)
    )
    group = {"vrrp-id", "vrrp-priority", "vrrp-address"} if name.startswith("vrrp-") else {name}
    without = _without(section, group)
    complaints = _complaints(write([without if each is section else each for each in whole[file]]))

    assert any(f"{name} is missing" in line for line in complaints) == (word.default == REQUIRED)


@pytest.mark.parametrize(("kind", "name"), PROPERTIES, ids=[".".join(pair) for pair in PROPERTIES])
def test_a_default_that_can_be_written_is_the_default(kind: str, name: str) -> None:
    literal = re.fullmatch(r"`(.+)`", SECTIONS[kind].words[name].default)
    if literal is None:
        assert SECTIONS[kind].words[name].default
        return
    for file, text in example_files().items():
        sections = parse(text, file)
        plain = [_without(section, {name}) if section.type == kind else section for section in sections]
        written = [_with(section, name, literal[1]) if section.type == kind else section for section in plain]

        assert _meaning(write(plain)) == _meaning(write(written))


def _without(section: Section, names: set[str]) -> Section:
    return Section(section.type, section.id, properties=tuple(p for p in section.properties if p.key not in names))


def _with(section: Section, name: str, value: str) -> Section:
    return Section(section.type, section.id, properties=(*section.properties, Property(name, value)))


def _complaints(text: str) -> tuple[str, ...]:
    try:
        decode_sdn({"pvesdn.cfg": text}, intent="pending")
    except SdnConfigError as error:
        return error.lines
    return ()


def _meaning(text: str) -> str:
    """The definitions without the places where they stand."""
    return re.sub(r"line=\d+|'line': \d+", "", str(decode_sdn({"pvesdn.cfg": text}, intent="pending").config))


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("table", "key"), KEYS, ids=[".".join(pair) for pair in KEYS])
def test_every_setting_has_a_meaning_and_an_example_that_loads(table: str, key: str, tmp_path: Path) -> None:
    example = re.search(
        rf"^### \[{table}\]\n.*?^\* \*\*`{key}`\*\*: \S.*?^  \* example: `({key} = .+?)`$",
        REFERENCE.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert example is not None
    ((name, value),) = tomllib.loads(example[1]).items()
    tables: dict[str, dict[str, object]] = {
        "api": {"backend": "https", "host": "pve1", "user": "root@pam"},
        table: {"folder": "/root/cluster"} if table == "lab" else {},
    }
    tables["api"] |= {"backend": "https", "host": "pve1", "user": "root@pam"}
    tables["api"] |= {} if name == "password" else {"token_name": "sdn", "token_value": "0000"}
    tables[table][name] = value
    file = tmp_path / "pvesdn.toml"
    file.write_text("".join(_toml(title, keys) for title, keys in tables.items()))
    file.chmod(0o600)

    assert load_settings(file, {}).warnings == ()


def _toml(title: str, keys: dict[str, object]) -> str:
    lines = (
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}\n" for key, value in keys.items()
    )
    return f"[{title}]\n{''.join(lines)}"


# --- pages as a whole -------------------------------------------------------------------------------------------------


def test_the_status_box_has_the_version() -> None:
    assert f"**Status: {__version__}" in (ROOT / "README.md").read_text()
