"""Comments cite sections that the project has: docs/pve.md says what PVE does, nobody's notes do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pvesdn.decode.definitions.pve_word_order import UNREAD
from pvesdn.decode.definitions.pve_words import OPEN, WORDS

ROOT = Path(__file__).resolve().parents[1]
PVE = (ROOT / "docs/pve.md").read_text("utf-8")
FOLDERS = ("pvesdn", "tests", "templates", "hooks", "bench", "tools", "docs", "lab")
TEXTS = {".py", ".j2", ".md", ".service", ".timer", ".toml", ".sh", ""}

SECTION = r"§([0-9]+(?:\.[0-9]+)?)"
CITED = re.compile(rf"docs/pve\.md {SECTION}((?:(?:,| to| and)\s+{SECTION})*)")
HEADING = re.compile(r'^#{2,3} <a id="s([0-9.]+)"></a>([0-9]+(?:\.[0-9]+)?)\.? (\S.*)$', re.MULTILINE)
NOTES = re.compile(r"(?<![\w.])[FNUS]§|[(,] ?F[0-9]{1,2}(\.[0-9]{1,2})?(?=[),;])|\bF[0-9]{1,2}\.[0-9]{1,2}\b")
"""A section of somebody's notes, `F` with one or two numbers: nobody who reads the project has them."""


def files() -> list[Path]:
    """Every text of the project's own: expected output and snapshots quote other people's words."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file() and path.suffix in {".md", ".toml", ""}]
    return sorted(
        path
        for path in found
        if path.suffix in TEXTS
        and path != Path(__file__)
        and not {"__pycache__", "snapshot", "expected"} & set(path.parts)
        and not path.name.startswith(".")
    )


def cited(text: str) -> set[str]:
    """The sections of docs/pve.md that a text cites, wherever its lines are broken."""
    flat = re.sub(r"\s*\n[ #*]*", " ", text)
    return {number for match in CITED.finditer(flat) for number in re.findall(SECTION, match[0])}


SECTIONS = {number for _, number, _ in HEADING.findall(PVE)}


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("as PVE does (docs/pve.md §4.4)", {"4.4"}),
        ("(docs/pve.md §1.5, §1.8, §11)", {"1.5", "1.8", "11"}),
        ("docs/pve.md §6.2 to §6.4.", {"6.2", "6.4"}),
        ("# PVE's lists (docs/pve.md\n    # §7). A member", {"7"}),
        ("see docs/pve.md", set()),
    ],
)
def test_citations_are_found_wherever_lines_break(text: str, sections: set[str]) -> None:
    assert cited(text) == sections


@pytest.mark.parametrize(
    "text",
    ["PVE's alone (F0).", "(F4.4, F12)", "(F1, tags 1.4)", "as in F6.7.", "see F§4.2", "(PVE::Network, F6)", "N§"],
)
def test_a_citation_of_notes_is_recognised(text: str) -> None:
    assert NOTES.search(text)


@pytest.mark.parametrize("text", ["0xF4", "F401", "mac 44:39:39:FF:40:94", "(F)", "docs/pve.md §4.4"])
def test_what_looks_like_a_citation_of_notes_is_none(text: str) -> None:
    assert not NOTES.search(text)


def test_every_cited_section_of_docs_pve_md_exists() -> None:
    missing = {
        f"{path.relative_to(ROOT)}: §{number}"
        for path in files()
        for number in cited(path.read_text("utf-8")) - SECTIONS
    }
    assert missing == set()


def test_code_cites_docs_pve_md() -> None:
    citing = [
        path for path in files() if path.relative_to(ROOT).parts[0] == "pvesdn" and cited(path.read_text("utf-8"))
    ]
    assert len(citing) > 30


def test_no_citation_of_notes_is_left() -> None:
    left = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if NOTES.search(line)
    ]
    assert left == []


def test_every_section_has_an_anchor_of_its_own_number() -> None:
    numbered = HEADING.findall(PVE)

    assert [anchor for anchor, _, _ in numbered] == [number for _, number, _ in numbered]
    assert len(SECTIONS) == len(numbered)
    assert len(re.findall(r"^#{2,} ", PVE, re.MULTILINE)) == len(numbered)


def test_sections_are_in_the_order_of_their_numbers() -> None:
    numbers = [tuple(map(int, number.split("."))) for _, number, _ in HEADING.findall(PVE)]

    assert numbers == sorted(numbers)


def test_sections_that_a_section_names_exist() -> None:
    assert set(re.findall(SECTION, PVE)) <= SECTIONS


def is_sourced(body: str) -> bool:
    """Its last words are where it was learned: a program or file, and the version that was read, run or tried."""
    _, _, source = body.rpartition("\nSource: ")
    return bool(re.search(r"`[^`]+`|proxmoxer", source) and re.search(r"\d\.\d|proxmox-ve-config", source))


@pytest.mark.parametrize(
    "body", ["* A fact.\n", "* A fact.\n\nSource: PVE.\n", "* In `a.pm` 1.3.\n\nSource: `a.pm`.\n"]
)
def test_a_section_without_a_file_or_a_version_is_seen(body: str) -> None:
    assert not is_sourced(body)


def test_every_section_with_facts_names_its_source_and_version() -> None:
    bodies = re.split(r"^#{2,3} .*$", PVE, flags=re.MULTILINE)[1:]
    sections = dict(zip([number for _, number, _ in HEADING.findall(PVE)], bodies, strict=True))
    says_versions = {"0", "13"}
    with_text = {number for number, body in sections.items() if body.strip()}

    assert [number for number in with_text - says_versions if not is_sourced(sections[number])] == []


SECTION_OF = {"zones": "1.5", "vnets": "1.6", "subnets": "1.7", "controllers": "1.8", "fabrics": "1.10"}
SECTION_OF |= dict.fromkeys(UNREAD, "1.9") | dict.fromkeys(OPEN, "1.1")


@pytest.mark.parametrize("collection", [*WORDS, *UNREAD])
def test_every_type_and_property_that_pvesdn_knows_is_in_the_section_of_its_file(collection: str) -> None:
    body = PVE.partition(f'<a id="s{SECTION_OF[collection]}"></a>')[2].partition("\n### ")[0]
    types = {**WORDS, **UNREAD}[collection]
    said = set(re.findall(r"`([a-z0-9_-]+)`", body))

    assert {*types, *(key for words in types.values() for key in words)} <= said
