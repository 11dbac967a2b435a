"""The node program must run on any node: old syntax, no foreign imports, no shell."""

from __future__ import annotations

import ast
import sys
from importlib.resources import files

SOURCE = files("pvesdn.node").joinpath("program.py").read_text("utf-8")


def test_its_syntax_is_python_3_9() -> None:
    ast.parse(SOURCE, feature_version=(3, 9))


def test_it_imports_the_standard_library_alone() -> None:
    names = set()
    for statement in ast.walk(ast.parse(SOURCE)):
        if isinstance(statement, ast.Import):
            names |= {alias.name.split(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0
            names.add((statement.module or "").split(".")[0])
    assert names - {"__future__"} <= sys.stdlib_module_names
    assert "subprocess" in names


def test_it_knows_no_shell() -> None:
    keywords = {node.arg for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.keyword)}
    assert "shell" not in keywords
    assert "os.system" not in SOURCE
    assert "popen(" not in SOURCE
