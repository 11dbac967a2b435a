"""Each verb needs what is sent and run for it, and nothing else of the program."""

from __future__ import annotations

import ast
import builtins
import json
import os
import re
import subprocess
import symtable
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from pvesdn.node.assembly import (
    OF_THE_WHOLE,
    PARTS,
    SEPARATOR,
    file_of,
    parts_for,
    program,
    sections,
    sent_for,
    verbs,
)
from pvesdn.node.boot import OPTIONS, answer, message
from pvesdn.node.program import VERBS, WITH_VERBS
from tests.noderoot import OURS, NodeRoot
from tests.unit.node.asking import Asking
from tests.unit.node.test_assembly import SOURCES, is_inner, late_imports

ARM = {"id": "one", "who": "a test", "seconds": 100, "frr": "none"}
PROGRAM = "/var/lib/pvesdn/program.py"


def absent(parts: Mapping[str, str], needed: Sequence[str]) -> Iterator[str]:
    """Names that the sections of `needed` use and that would not be there if they were run alone."""
    here = {*dir(builtins), "__name__"}
    tables = {
        part: symtable.symtable(sections({part: parts[part]}).partition("\n")[2], part, "exec") for part in needed
    }
    everywhere = here.union(*(_defined(table) for table in tables.values()))
    for part, table in tables.items():
        yield from (f"{part}: {name}, while it is run" for name in _used(table) - _defined(table) - here)
        here |= _defined(table)
        late = late_imports(ast.parse(parts[part]))
        for function in _inside(table):
            known = everywhere | late.get(function.get_name(), set())
            yield from (f"{part}: {name} in {function.get_name()}" for name in _used(function) - known)


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inside(child)


def _defined(table: symtable.SymbolTable) -> set[str]:
    """What a module's own statements bind."""
    symbols = table.get_symbols()
    return {name.get_name() for name in symbols if name.is_assigned() or name.is_imported() or name.is_namespace()}


def _used(table: symtable.SymbolTable) -> set[str]:
    """Names that are looked for among those of the module."""
    is_module = table.get_type() == "module"
    return {name.get_name() for name in table.get_symbols() if name.is_referenced() and (is_module or name.is_global())}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_no_name_is_missing_where_the_parts_of_a_verb_are_run_alone(verb: str) -> None:
    assert list(absent(SOURCES, parts_for(verb))) == []


def test_nor_in_the_whole() -> None:
    assert list(absent(SOURCES, PARTS)) == []


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"a": "x = y\n"}, "a: y, while it is run"),
        ({"a": "x = y\n", "b": "y = 1\n"}, "a: y, while it is run"),
        ({"a": "def f() -> Told: ...\n"}, "a: Told, while it is run"),
        ({"a": "def f():\n    return [g(x) for x in ()]\n"}, "a: g in listcomp"),
        ({"a": "class A:\n    def f(self):\n        return lambda: told\n"}, "a: told in lambda"),
        (
            {"a": "def f():\n    run_the_rest()\n    from pvesdn.node.program.b import g\n    g()\ndef h(): g()\n"},
            "a: g in h",
        ),
    ],
)
def test_a_name_that_is_missing_is_seen(parts: dict[str, str], fault: str) -> None:
    assert fault in list(absent(parts, list(parts)))


def test_every_verb_is_known_by_its_part_before_any_is_sent() -> None:
    assert set(verbs()) == set(VERBS)
    assert {verb: function.__module__.rpartition(".")[2] for verb, function in VERBS.items()} == dict(verbs())
    assert [function.__name__ for function in VERBS.values()] == list(VERBS)
    assert {part.__name__.rpartition(".")[2] for part in WITH_VERBS} == set(verbs().values())


def test_the_parts_of_a_verb_are_what_they_import() -> None:
    for verb, own in verbs().items():
        needed = parts_for(verb)
        assert {own, "dialogue"} <= set(needed)
        imported = {
            (node.module or "").rpartition(".")[2]
            for part in needed
            for node in ast.parse(SOURCES[part]).body
            if isinstance(node, ast.ImportFrom) and is_inner(node)
        }
        assert set(needed) == imported | {own, "dialogue"}


def test_who_uses_the_whole_text_gets_it() -> None:
    """A text with parts missing must never be left on a node."""
    uses = {part for part, source in SOURCES.items() if re.search(r"\bSOURCE\b|\bmachine\.source\b", source)}
    assert uses - {"process", "machine"} == OF_THE_WHOLE | {"arm"}  # the first two only hand it on
    for verb in VERBS:
        source, names = sent_for(verb)
        whole = not (OF_THE_WHOLE | {"arm"}).isdisjoint(parts_for(verb))
        assert (source == program()) is whole
        assert names == (tuple(map(file_of, parts_for(verb))) if whole else ())


@pytest.mark.parametrize(
    ("verb", "share"),
    [
        *(("observe", 0.4), ("lock", 0.2), ("stage", 0.3), ("arm", 0.45), ("commit", 0.3), ("frr", 0.3)),
        *(("reload", 0.3), ("reload_changed", 0.35), ("flood", 0.2), ("finish", 0.2), ("disarm", 0.3)),
    ],
)
def test_what_an_apply_asks_a_node_runs_little_of_the_program(verb: str, share: float) -> None:
    assert sum(len(SOURCES[part]) for part in parts_for(verb)) < share * len(program())


def ask(node: NodeRoot, verb: str, **arguments: Any) -> Any:
    """The verb as it is sent, in a Python of its own."""
    environment = {**os.environ, "PVESDN_ROOT": str(node.folder)}
    argv = [sys.executable, *OPTIONS]
    done = subprocess.run(argv, input=message(verb, arguments), capture_output=True, check=True, env=environment)
    assert done.stderr == b""
    return answer(done.stdout)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_answers_as_it_is_sent(node: NodeRoot, verb: str) -> None:
    said = ask(node, verb)
    assert said.ok or not said.error.startswith("the node program failed")


def test_a_verb_that_there_is_not_is_named_by_what_is_sent(node: NodeRoot) -> None:
    assert ask(node, "x").error == "the node program has no verb 'x'"


@pytest.fixture
def armed(node: NodeRoot) -> NodeRoot:
    """A node that was changed by an apply; no time has passed since."""
    for name in ("ip", "bridge"):
        node.command(name, prints="[]")
    for name in ("ifreload", "systemctl"):
        node.command(name)
    (node.folder / "run/systemd/system").mkdir(parents=True)
    node.write("/proc/uptime", "1000.0 0.0\n")
    entry = node.entry(OURS, "iface web\n")
    assert ask(node, "stage", files=[entry]).value == {"problems": []}
    assert ask(node, "arm", **ARM).value == {"survives_reboot": True}
    assert ask(node, "commit", files=[entry]).ok
    return node


def test_what_arm_leaves_on_a_node_is_the_whole_program(armed: NodeRoot) -> None:
    assert armed.place(PROGRAM).read_bytes() == program()
    environment = {**os.environ, "PVESDN_ROOT": str(armed.folder)}
    argv = [sys.executable, "-I", str(armed.place(PROGRAM)), "undo"]
    done = subprocess.run(argv, capture_output=True, check=True, env=environment, text=True)
    assert done.stdout.endswith("this node is as it was before\n")
    assert not armed.place(OURS).exists()


@pytest.mark.parametrize(("verb", "arguments"), [("stage", {"files": []}), ("arm", {**ARM, "id": "two"})])
def test_what_an_earlier_apply_has_left_is_put_back_by_parts_that_are_run_only_then(
    armed: NodeRoot, verb: str, arguments: dict[str, Any]
) -> None:
    assert "undo" not in parts_for(verb)
    armed.write("/proc/uptime", "1101.0 0.0\n")
    said = ask(armed, verb, **arguments)
    assert "was left open on this node, and has been dealt with only now (restored)" in said.error
    assert not armed.place(OURS).exists()
    assert not armed.place(PROGRAM).exists()
    assert ask(armed, verb, **arguments).ok


def test_the_same_is_said_where_all_parts_are_modules(armed: NodeRoot) -> None:
    armed.write("/proc/uptime", "1101.0 0.0\n")
    assert "has been dealt with only now (restored)" in Asking(armed).refusal("stage", files=[])


def test_the_rest_runs_once_and_in_the_order_of_the_parts() -> None:
    """What was run before the verb is not run again: what it has defined may be in use."""
    parts = {
        "one": "print(1)\n",
        "rest": SOURCES["rest"],
        "two": "print(2)\n",
        "last": "run_the_rest()\nrun_the_rest()\nprint(3)\n",
    }
    text = SEPARATOR.join(["# in front\n", sections(parts)]).encode()
    names = " ".join(map(file_of, ("rest", "last")))
    sent = b"%d %b\n%b" % (len(text), names.encode(), text)
    done = subprocess.run([sys.executable, *OPTIONS], input=sent, capture_output=True, check=True)
    assert json.loads(f"[{done.stdout.decode().strip().replace(chr(10), ',')}]") == [1, 2, 3]
