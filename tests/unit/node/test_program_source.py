"""The node program must run on any node: old syntax, no foreign imports, no shell."""

from __future__ import annotations

import ast
import sys
from importlib.resources import files

import pytest

from pvesdn.node.assembly import PACKAGE, PARTS, program

SENT = program().decode("utf-8")
SOURCES = {part: files(PACKAGE).joinpath(f"{part}.py").read_text("utf-8") for part in PARTS}


def imported(source: str) -> set[str]:
    """The modules that are imported anywhere in `source`."""
    names = set()
    for statement in ast.walk(ast.parse(source)):
        if isinstance(statement, ast.Import):
            names |= {alias.name for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0
            names.add(statement.module or "")
    return names


@pytest.mark.parametrize("source", [*SOURCES.values(), SENT], ids=[*PARTS, "what is sent"])
def test_its_syntax_is_python_3_9(source: str) -> None:
    ast.parse(source, feature_version=(3, 9))


def test_what_is_sent_imports_the_standard_library_alone() -> None:
    names = {name.partition(".")[0] for name in imported(SENT)}
    assert names <= sys.stdlib_module_names
    assert "subprocess" in names


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_the_standard_library_and_other_parts(part: str) -> None:
    foreign = {name for name in imported(SOURCES[part]) if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign <= {f"{PACKAGE}.{other}" for other in PARTS}


def test_it_knows_no_shell() -> None:
    keywords = {node.arg for node in ast.walk(ast.parse(SENT)) if isinstance(node, ast.keyword)}
    assert "shell" not in keywords
    assert "os.system" not in SENT
    assert "popen(" not in SENT


@pytest.mark.parametrize("part", PARTS)
def test_a_part_fits_on_a_few_screens(part: str) -> None:
    assert len(SOURCES[part].splitlines()) <= 300
