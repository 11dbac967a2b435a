"""Mutants of our sources: made by mutmut, and imported in place of the modules that they are of.

mutmut writes every mutant of a function beside it, and a trampoline that calls the one that is under test, so that one
process serves them all. Only functions are mutated, not what is done at import; nor are functions with a decorator.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import pickle
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from mutmut.mutation.file_mutation import mutate_file_contents

from tools.mutation.values import PACKAGES, ROOT, Mutant, Mutated


def make(only: str, memory: Path) -> Iterator[Mutated]:
    """Every module of `PACKAGES`, with those of its mutants that have `only` in `path:function`.

    :param memory: a folder of what this module made of the same text before.
    """
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            path = str(file.relative_to(ROOT))
            found = _remembered(path, file.read_text("utf-8"), memory)
            wanted = tuple(mutant for mutant in found.mutants if only in f"{path}:{mutant.function}")
            yield Mutated(found.module, path, found.text, wanted, found.spans)


def _remembered(path: str, source: str, memory: Path) -> Mutated:
    ours = "".join((ROOT / "tools/mutation" / name).read_text("utf-8") for name in ("mutants.py", "values.py"))
    file = memory / hashlib.sha256(f"{path}\0{source}\0{ours}".encode()).hexdigest()
    if file.exists():
        found: Mutated = pickle.loads(file.read_bytes())
        return found
    found = mutated(path, source)
    file.write_bytes(pickle.dumps(found))
    return found


def mutated(path: str, source: str) -> Mutated:
    """A module with all its mutants. :param path: from the checkout's root."""
    made = mutate_file_contents(path, source)
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    lines = made.code.splitlines()
    spans = {name: (span.start, span.end) for name, span in made.line_span_by_function_name.items()}
    texts = {name: lines[start - 1 : end] for name, (start, end) in spans.items()}
    places = dict(_places(source))
    mutants = []
    for name in made.mutant_names:
        mangled = name.partition("__mutmut_")[0]
        function = mangled.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        span = spans[f"{mangled}__mutmut_orig"]
        was = _plain(texts[f"{mangled}__mutmut_orig"])
        begin = span[1] + 1 - len(was)
        (first, last), old, new = _difference(was, _plain(texts[name]))
        place = begin + first, begin + last
        mutants.append(Mutant(f"{module}.{name}", place, span, path, function, places[function] + first, old, new))
    return Mutated(module, path, made.code, tuple(mutants), {f"{module}.{n}": span for n, span in spans.items()})


def _places(source: str) -> Iterator[tuple[str, int]]:
    """The line of each function's `def`, by the function's name."""
    for node in ast.parse(source).body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef):
                yield (f"{node.name}.{inner.name}" if isinstance(node, ast.ClassDef) else inner.name), inner.lineno


def _plain(text: Sequence[str]) -> list[str]:
    """A function from its `def` on, without mutmut's name for it."""
    begin = next(number for number, line in enumerate(text) if re.match(r"\s*(async )?def ", line))
    return [re.sub(r"\bx[_ǁ][\wǁ]*__mutmut_\w+", "", line) for line in text[begin:]]


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[int, int], str, str]:
    """The first and the last line that differ, counted from the function's, and the lines that do."""
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    found = [code for code in codes if code[0] != "equal"]
    gone = [line for _, i1, i2, _, _ in found for line in old[i1:i2]]
    come = [line for _, _, _, j1, j2 in found for line in new[j1:j2]]
    return (found[0][1], max(found[0][1], found[-1][2] - 1)), _joined(gone), _joined(come)


def _joined(lines: Iterable[str]) -> str:
    return " ⏎ ".join(line.strip() for line in lines)


class Imports(MetaPathFinder):
    """Gives modules their mutants; everything else about them, their files above all, is as it was."""

    def __init__(self, modules: Iterable[Mutated]) -> None:
        self._texts = {made.module: made.text for made in modules}
        if early := self._texts.keys() & sys.modules.keys():
            raise RuntimeError(f"imported before they were mutated: {', '.join(sorted(early))}")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module as it would be found, with another loader."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname in self._texts else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._texts[fullname])
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - as it is called
        code: CodeType = compile(self._text, self.path, "exec", dont_inherit=True)
        return code
