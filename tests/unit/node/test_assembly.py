"""What is sent to a node is what the parts say, and means there what it means here."""

from __future__ import annotations

import ast
import builtins
import json
import os
import subprocess
import symtable
import sys
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from pvesdn.node.assembly import PACKAGE, PARTS, SEPARATOR, assembled, program
from pvesdn.node.boot import OPTIONS, answer, message

ROOT = Path(__file__).resolve().parents[3]
SOURCES = {part: files(PACKAGE).joinpath(f"{part}.py").read_text("utf-8") for part in PARTS}


def sections(text: str) -> dict[str, str]:
    """The sections of a program by the line above each, without the preface."""
    named = (section.partition("\n") for section in text.split(SEPARATOR)[1:])
    return {name: source for name, _, source in named}


def is_inner(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pvesdn")


def late_imports(tree: ast.Module) -> dict[str, set[str]]:
    """Names of other parts that functions import behind a `run_the_rest()`, by the function's name."""
    return {
        function.name: {alias.name for alias in after.names}
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for before, after in _neighbours(function)
        if isinstance(after, ast.ImportFrom) and is_inner(after) and ast.unparse(before) == "run_the_rest()"
    }


def _neighbours(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, ast.stmt]]:
    """Statements of a block, each with the next."""
    for node in ast.walk(function):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, [])
            if isinstance(statements, list):
                yield from pairwise(statements)


def described(source: str) -> list[str]:
    """Each statement with its place, imports from other parts left out."""
    return [
        ast.dump(_Without().visit(node), include_attributes=True)
        for node in ast.parse(source).body
        if not is_inner(node)
    ]


class _Without(ast.NodeTransformer):
    """Statements without imports from other parts."""

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom | None:
        return None if is_inner(node) else node


def faults(parts: Mapping[str, str]) -> Iterator[str]:
    """Why the one text of `parts` would mean something else than its parts do as modules."""
    owners = dict.fromkeys(dir(builtins), "Python")
    defined: dict[str, set[str]] = {}
    for part, source in parts.items():
        tree = ast.parse(source)
        if SEPARATOR in source:
            yield f"{part} has a form feed"
        yield from _unlike_modules(part, tree, defined)
        table = symtable.symtable(source, part, "exec").get_symbols()
        imported = dict(_imported(tree))
        defined[part] = {name.get_name() for name in table if name.is_assigned() or name.is_namespace()} - set(imported)
        for name, owner in [*imported.items(), *((name, part) for name in defined[part])]:
            if owners.setdefault(name, owner) != owner:
                yield f"{part}: {name} is of {owner} here and of {owners[name]} elsewhere"


def _unlike_modules(part: str, tree: ast.Module, defined: Mapping[str, set[str]]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            yield f"{part}: line {node.lineno}: binds a global name in a function"
        if isinstance(node, ast.Import) and any(alias.name.startswith("pvesdn") for alias in node.names):
            yield f"{part}: line {node.lineno}: imports a module of pvesdn"
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield f"{part}: line {node.lineno}: another grammar than the other parts"
        if isinstance(node, ast.ImportFrom) and is_inner(node):
            known = defined.get((node.module or "").removeprefix(f"{PACKAGE}."), set())
            is_late = any({alias.name for alias in node.names} <= names for names in late_imports(tree).values())
            if node not in tree.body and not is_late:
                yield f"{part}: line {node.lineno}: not at the top"
            yield from (
                f"{part}: line {node.lineno}: no {alias.name} of an earlier part by that name"
                for alias in node.names
                if alias.asname or alias.name not in known
            )


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that are imported, each with where it comes from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname or alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            where = (node.module or "").removeprefix(f"{PACKAGE}.")
            for alias in node.names:
                yield alias.asname or alias.name, where if is_inner(node) else f"{where}.{alias.name}"


def test_every_module_of_the_room_is_a_part() -> None:
    folder = ROOT / "pvesdn/node/program"
    assert sorted(PARTS) == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def test_each_section_says_what_its_part_says_and_where() -> None:
    found = sections(program().decode("utf-8"))
    assert list(found) == [f"# pvesdn/node/program/{part}.py" for part in PARTS]
    for source, section in zip(SOURCES.values(), found.values(), strict=True):
        assert described(section) == described(source)
        assert not any(is_inner(node) for node in ast.walk(ast.parse(section)))
        assert section.replace("# from pvesdn", "from pvesdn").splitlines()[0] == source.splitlines()[0]


def test_the_parts_mean_the_same_in_one_text() -> None:
    assert list(faults(SOURCES)) == []


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ("def told(): ...\n", "def told(): ...\n", "told is of b here and of a elsewhere"),
        ("_LIMIT = 1\n", "_LIMIT: int = 2\n", "_LIMIT is of b here and of a elsewhere"),
        ("import stat\n", "def stat(): ...\n", "stat is of b here and of stat elsewhere"),
        ("import time\n", "from time import time\n", "time is of time.time here and of time elsewhere"),
        ("", "def open(): ...\n", "open is of b here and of Python elsewhere"),
        ("class Told: ...\n", "from pvesdn.node.program.a import Told as T\n", "no Told of an earlier part"),
        ("from pvesdn.node.program.b import told\n", "def told(): ...\n", "no told of an earlier part"),
        ("import os\n", "from pvesdn.node.program.a import os\n", "no os of an earlier part"),
        ("", "import pvesdn.node.boot\n", "imports a module of pvesdn"),
        ("", "from pvesdn.node import boot\n", "no boot of an earlier part"),
        ("told = 1\n", "def f():\n    from pvesdn.node.program.a import told\n", "not at the top"),
        ("x = 1\n", "def f():\n    global y\n    y = 1\n", "binds a global name"),
        ("from __future__ import annotations\n", "", "another grammar"),
        ("x = 1\n\fy = 2\n", "", "a has a form feed"),
    ],
)
def test_parts_that_would_not_are_seen(first: str, second: str, fault: str) -> None:
    found = list(faults({"a": first, "b": second}))
    assert any(fault in line for line in found), found


def test_an_import_from_another_part_becomes_a_comment_whatever_its_length() -> None:
    source = '"""b"""\nfrom pvesdn.node.program.a import (\n    one,\n    two,\n)\nfrom pvesdn.node.program.a import x\n\nx\n'
    (section,) = sections(assembled({"b": source})).values()
    assert section.splitlines()[1:6] == [
        "# from pvesdn.node.program.a import (",
        "#     one,",
        "#     two,",
        "# )",
        "# from pvesdn.node.program.a import x",
    ]


def test_the_text_is_hardly_larger_than_its_parts() -> None:
    assert len(program()) < 1.05 * sum(len(source.encode()) for source in SOURCES.values())


def test_it_runs_as_a_file_too(tmp_path: Path) -> None:
    place = tmp_path / "left-behind.py"
    place.write_bytes(program())
    request = json.dumps({"verb": "read", "arguments": {"files": ["/etc/hostname"]}})
    environment = {**os.environ, "PVESDN_ROOT": str(tmp_path)}
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("pve1\n")
    done = subprocess.run(
        [sys.executable, "-I", place], input=request.encode(), capture_output=True, check=True, env=environment
    )
    assert answer(done.stdout).value == {"files": {"/etc/hostname": "pve1\n"}}


def test_a_fault_of_the_program_is_found_in_the_part_by_its_line() -> None:
    """Sent, and imported, they are at the same place."""
    asked = message("read", {}).replace(b'{"verb": "read"', b'{"verb": []')
    done = subprocess.run([sys.executable, *OPTIONS], input=asked, capture_output=True, check=True)
    error = answer(done.stdout).error
    words, _, line = error.rpartition(" ")
    assert words == "the node program failed: TypeError in dialogue.py, line"
    assert "VERBS" in SOURCES["dialogue"].splitlines()[int(line) - 1]


def test_a_traceback_names_the_part() -> None:
    broken = assembled(
        {"a": "def f():\n    return 1 / 0\n", "b": "from pvesdn.node.program.a import f\n\nf()\n"}
    ).encode()
    sent = b"%d\n%b" % (len(broken), broken)
    done = subprocess.run([sys.executable, *OPTIONS], input=sent, capture_output=True, check=False)
    lines = done.stderr.decode()
    assert 'File "pvesdn/node/program/b.py", line 3, in <module>' in lines
    assert 'File "pvesdn/node/program/a.py", line 2, in f' in lines


def test_the_source_stays_at_hand_for_what_is_left_behind_where_it_is_whole() -> None:
    shows = b"# a\x0c# b\nimport sys\nsys.stdout.buffer.write(SOURCE)\n"
    for names, source in ((b" b", shows), (b"", b"")):
        sent = b"%d%b\n%b" % (len(shows), names, shows)
        done = subprocess.run([sys.executable, *OPTIONS], input=sent, capture_output=True, check=True)
        assert done.stdout == source


def test_of_the_whole_only_what_is_named_is_run() -> None:
    text = b"# a\nprint(1)\n\x0c# b\nprint(2)\n\x0c# c\nprint(3)\n"
    done = subprocess.run(
        [sys.executable, *OPTIONS], input=b"%d a c\n%b" % (len(text), text), capture_output=True, check=True
    )
    assert done.stdout == b"1\n3\n"
