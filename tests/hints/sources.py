"""Every place in pvesdn's pure rooms, its workflows and the verbs that look, where a message says what to do next, read
off the code itself.

A place is a call that enters a message with its advice, or any text that begins like an order. What is filled in at
run time matches anything, so a place knows which messages are its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2] / "pvesdn"
ROOMS = ("design", "decode/definitions", "compare", "recognise", "move", "workflows")
VERBS = tuple(f"cli/verbs/{verb}.py" for verb in ("metrics", "report", "status", "topology", "trace", "verify"))
THEIRS = ("cli/drawing.py", "cli/exposing.py", "cli/scraping.py", "cli/verdict.py", "cli/watch_metrics.py")
"""What these verbs say together."""

_ANY = ".*"
_BETWEEN = "(?:(?:: PVE ignores this line|; the same goes for .*)?; .*|; )"
_MOST = 40
"""Spellings of one text that are told apart."""
_ORDER = re.compile(
    r"(?:add|apply|apt install|bring|check|choose|commit|compare|correct|define|did you mean|drop|end|first set|give"
    r"|install|join|keep|leave|list|make|merge|move|name|plug|put|raise|reflect|remove|rename|reword|run|save|say|see"
    r"|set|take|use|wait|write)\b "
)
_ADVICE = {
    "error": 2,
    "warning": 2,
    "note": 2,
    "fail": 1,
    "warn": 1,
    "BadValueError": 1,
    "add": 3,
    "_fault": 2,
    "LocalFault": 2,
    "Oddity": 2,
    "_odd": 2,
    "_report": 3,
    "_warn": 3,
    "stop": 1,
    "_finding": 3,
    "Found": 6,
}
"""At which argument a call's advice stands; what is wrong stands before it."""
_IN_RECOGNISE = {"error": 4, "lose": 4, "warn": 2, "note": 2}


@dataclass(frozen=True, slots=True)
class Source:
    """One place.

    :param file: below ``pvesdn/``.
    :param pattern: what its messages match, as a regular expression.
    :param hint: what it says to do, with ``.*`` for what is filled in.
    """

    file: str
    pattern: str
    hint: str

    def __str__(self) -> str:
        what = _plain(self.pattern.partition(_BETWEEN)[0]) if _BETWEEN in self.pattern else ""
        return f"{self.file}: {what}; {self.hint}" if what not in ("", _ANY) else f"{self.file}: {self.hint}"

    def says(self, message: str) -> bool:
        """Whether a message can be from here."""
        # The words alone rule out nearly every message, and a hundred times as fast.
        words_are_there = all(words in message for words in self.hint.split(_ANY))
        return words_are_there and re.search(self.pattern, message, re.DOTALL) is not None


@cache
def sources() -> tuple[Source, ...]:
    """All places, each once, file by file."""
    rooms = (file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py")))
    files = (*rooms, *(ROOT / name for name in (*VERBS, *THEIRS)))
    return tuple(dict.fromkeys(source for file in files for source in _of(file)))


def _of(file: Path) -> Iterator[Source]:
    name = file.relative_to(ROOT).as_posix()
    module = _Module(ast.parse(file.read_text()))
    positions = _ADVICE | (_IN_RECOGNISE if name.startswith("recognise/") else {})
    told: set[int] = set()
    for call, function in module.calls:
        if (pair := _arguments(call, positions)) is None:
            continue
        what, hint = pair
        hints = {text for text in module.texts(hint, function, told) if _is_said(text)}
        whats = module.texts(what, function, set()) if what is not None else [_ANY]
        for text in sorted(hints):
            yield Source(name, f"{_either(whats)}{_BETWEEN}{text}", _plain(text))
    for node, function in module.strings:
        if id(node) not in told:
            for text in sorted(set(module.texts(node, function, set()))):
                if _ORDER.match(_plain(text)) and _is_said(text):
                    yield Source(name, f"; .*{text}", _plain(text))


def _arguments(call: ast.Call, positions: dict[str, int]) -> tuple[ast.expr | None, ast.expr] | None:
    """What is wrong, and what to do about it."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {word.arg: word.value for word in call.keywords}
    if "hint" in named:
        return named.get("what") or (call.args[-1] if call.args else None), named["hint"]
    place = positions.get(name)
    if place is None or len(call.args) <= place or any(isinstance(a, ast.Starred) for a in call.args):
        return None
    return call.args[place - 1], call.args[place]


def _either(texts: list[str]) -> str:
    several = sorted(set(texts))
    return several[0] if len(several) == 1 else f"(?:{'|'.join(several)})"


def _plain(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _is_said(text: str) -> bool:
    """There is more in it than what is filled in."""
    return re.search(r"[a-zA-Z]{3}", text.replace(_ANY, "")) is not None


class _Module:
    """A module's texts, with the functions they stand in."""

    def __init__(self, tree: ast.Module) -> None:
        self._constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self._functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.calls: list[tuple[ast.Call, ast.FunctionDef | None]] = []
        self.strings: list[tuple[ast.expr, ast.FunctionDef | None]] = []
        self._walk(tree, None)

    def _walk(self, node: ast.AST, function: ast.FunctionDef | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
                continue  # a docstring
            if isinstance(child, ast.Call):
                self.calls.append((child, function))
            if isinstance(child, ast.JoinedStr) or (isinstance(child, ast.Constant) and isinstance(child.value, str)):
                self.strings.append((child, function))
                continue
            self._walk(child, child if isinstance(child, ast.FunctionDef) else function)

    def texts(self, node: ast.expr, function: ast.FunctionDef | None, told: set[int]) -> list[str]:  # noqa: PLR0911 - one for each kind
        """What an expression may say, as regular expressions. :param told: gets the texts that were used."""
        told.add(id(node))
        match node:
            case ast.Constant(value=str(text)):
                return [re.escape(text)]
            case ast.JoinedStr():
                parts = [
                    [re.escape(str(part.value))] if isinstance(part, ast.Constant) else [_ANY] for part in node.values
                ]
                return ["".join(words) for words in product(*parts)]
            case ast.IfExp():
                return [*self.texts(node.body, function, told), *self.texts(node.orelse, function, told)][:_MOST]
            case ast.BoolOp():
                return [text for value in node.values for text in self.texts(value, function, told)][:_MOST]
            case ast.BinOp(op=ast.Add()):
                both = product(self.texts(node.left, function, told), self.texts(node.right, function, told))
                return ["".join(words) for words in both][:_MOST]
            case ast.Name(id=name):
                return self._named(name, function, told, node.lineno)
            case ast.Call(func=ast.Name(id=name)) if name in self._functions and name != getattr(function, "name", ""):
                found = self._functions[name]
                returned = [n.value for n in ast.walk(found) if isinstance(n, ast.Return) and n.value is not None]
                if not any(isinstance(value, ast.Tuple | ast.Constant) for value in returned):
                    return [text for value in returned for text in self.texts(value, found, told)][:_MOST] or [_ANY]
        return [_ANY]

    def _named(self, name: str, function: ast.FunctionDef | None, told: set[int], line: int) -> list[str]:
        given: list[str] = []
        for node in _in_force(name, function, line):
            if isinstance(node, ast.AugAssign):
                told.update(id(part) for part in ast.walk(node.value))
                given = [f"{text}{_ANY}" for text in given]
            elif node.value is not None:
                given += self.texts(node.value, function, told)
        if given:
            return given[:_MOST]
        return self.texts(self._constants[name], None, told) if name in self._constants else [_ANY]


def _in_force(name: str, function: ast.FunctionDef | None, line: int) -> list[ast.Assign | ast.AugAssign]:
    """The assignments that may give a name its value at a line: the nearest, and those of the branches beside it."""
    found = (
        [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno < line
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id == name
        ]
        if function is not None
        else []
    )
    found.sort(key=lambda node: node.lineno)
    if not found:
        return []
    first = found[-1].lineno
    for node in ast.walk(function) if function is not None else ():
        if (
            isinstance(node, ast.If | ast.Match)
            and (node.end_lineno or 0) < line
            and node.lineno <= found[-1].lineno <= (node.end_lineno or 0)
        ):
            first = min(first, node.lineno)
            if isinstance(node, ast.If) and not node.orelse:
                first = max((other.lineno for other in found if other.lineno < node.lineno), default=first)
    while any(isinstance(node, ast.AugAssign) and node.lineno == first for node in found):
        first = max((node.lineno for node in found if node.lineno < first), default=0)
    return [node for node in found if node.lineno >= first]
