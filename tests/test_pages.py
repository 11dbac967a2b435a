"""Every page of the project: links and paths lead somewhere, targets exist, lines are short, habits are as written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model import dhcp_unit, files
from pvesdn.node.program.places import CLUSTER_LOCK

ROOT = Path(__file__).resolve().parents[1]
ASIDE = {".venv", ".git", "build", "dist", "node_modules", "snapshot", "expected", ".pytest_cache"}
PAGES = sorted(page for page in ROOT.rglob("*.md") if not ASIDE & set(page.relative_to(ROOT).parts))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")

LONGEST = 120
ROOMS = "pvesdn|lab|templates|hooks|tests|bench|tools|docs"
QUOTED = re.compile(rf"`((?:{ROOMS})/[\w./-]*|\.[a-z][\w./-]*\.(?:md|ya?ml|toml)|[A-Z][A-Z]+\.md)`")
NAMED = re.compile(r"(?<![\w/.`-])(docs/[\w/-]+\.md|[A-Z]{4,}\.md)")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def without_code(text: str) -> str:
    """A page without its fenced blocks: what is in them is typed or printed, not said."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """What links may point to in a page: its headings as they become anchors, and anchors of its own."""
    headings = [
        re.sub(r"<[^>]*>", "", heading) for heading in re.findall(r"^#+ (.+)$", without_code(text), re.MULTILINE)
    ]
    slugs = {re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def dead_links(page: Path) -> Iterator[str]:
    """Links of a page that lead nowhere inside of the project."""
    for target in LINK.findall(without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        place = page.parent / name if name else page
        if not place.exists() or (anchor and anchor not in anchors(place.read_text("utf-8"))):
            yield target


def missing_paths(page: Path) -> set[str]:
    """Files and folders of the project that a page names and that do not exist."""
    text = without_code(page.read_text("utf-8"))
    named = {*QUOTED.findall(text), *NAMED.findall(text)}
    return {path for path in named if not (ROOT / path).exists() and not (page.parent / path).exists()}


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/pve.md", "docs/release.md"} <= set(NAMES)
    assert len(NAMES) > 40


def test_a_link_and_a_path_that_lead_nowhere_are_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One: two\n[a](#one-two) [b](#three) [c](page.md#one-two) [d](other.md) [e](https://example.org)\n"
        "`docs/pve.md` `docs/none.md` `tests/nowhere/` docs/gone.md, CONTRIBUTING.md, NOTHING.md\n"
        "```\n[f](gone.md) `docs/gone-too.md`\n```\n"
    )

    assert list(dead_links(page)) == ["#three", "other.md"]
    assert missing_paths(page) == {"docs/none.md", "tests/nowhere/", "docs/gone.md", "NOTHING.md"}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(dead_links(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert missing_paths(page) == set()


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text("utf-8")

    assert set(re.findall(r"(?:`|^ *\$? ?)make ([a-z][a-z-]+)(?=[` ;,.]|$)", text, re.MULTILINE)) <= TARGETS


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_longer_than_a_screen_is_wide(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()

    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


# --- CONTRIBUTING, the hooks, the templates ---------------------------------------------------------------------------


def test_contributing_lists_the_targets_that_make_help_lists() -> None:
    helped = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))

    assert set(re.findall(r"^\| `make ([a-z-]+)` \|", CONTRIBUTING, re.MULTILINE)) == helped


def test_hooks_of_git_call_make_targets_and_nothing_else() -> None:
    entries = re.findall(r"^ +entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"), re.MULTILINE)

    assert entries
    assert {entry.removeprefix("make ") for entry in entries} <= TARGETS
    assert all(entry.startswith("make ") for entry in entries)


def test_ci_calls_make_test() -> None:
    assert "exec make test" in (ROOT / ".ci/run").read_text("utf-8")


def test_issues_have_templates_that_say_what_they_are_for() -> None:
    templates = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.md"))

    assert len(templates) == 2
    for template in templates:
        assert re.match(r"---\nname: .+\nabout: .+\nlabels: \w+\n---\n", template.read_text("utf-8"))


# --- SECURITY ---------------------------------------------------------------------------------------------------------


def test_security_names_every_file_that_may_be_written() -> None:
    written = {
        files.OUR_INTERFACES,
        files.SDN_INTERFACES,
        files.FRR_CONF,
        files.FRR_CONF_LOCAL,
        files.FRR_DAEMONS,
        files.OUR_SYSCTL,
        dhcp_unit.DhcpUnit("ZONE", "").path,
    }
    section = SECURITY.partition("* write these files and no others:")[2].partition("\n* ")[0]

    assert written | {"/var/lib/pvesdn", "/etc/pve/sdn", CLUSTER_LOCK} == set(re.findall(r"`(/[^`]+)`", section))


def test_security_names_every_command_that_runs_on_a_node() -> None:
    """Those are lists of words in the sources, the first of which is the command; FRR's script is named by its path."""
    section = SECURITY.partition("* run these commands and no others:")[2].partition("\n\n")[0]
    sources = [path.read_text("utf-8") for path in (ROOT / "pvesdn/node").rglob("*.py")]
    lists = [node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.List)]
    first = [node.elts[0] for node in lists if len(node.elts) > 1]
    words = {str(word.value) for word in first if isinstance(word, ast.Constant)}
    run = {word for word in words if re.fullmatch(r"[a-z][a-z0-9-]+", word)}

    assert len(run) > 5
    assert run | {"frr-reload.py"} == set(re.findall(r"`([^`]+)`", section))
