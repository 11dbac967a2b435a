"""What is known of the tests from one run to the next: what each costs, and which lines it runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.mutation.values import Mutant


@dataclass(frozen=True)
class Cost:
    """What a test does without any mutant.

    :param seconds: of processor time.
    :param lines: of each mutated module's text that it runs, by path.
    """

    seconds: float
    lines: Mapping[str, frozenset[int]]

    @property
    def weight(self) -> float:
        """What it costs, and how much it runs: a test of one thing weighs little."""
        return self.seconds * sum(map(len, self.lines.values()))

    def reaches(self, mutant: Mutant) -> bool:
        """It runs one of the lines that are changed."""
        first, last = mutant.text_lines
        return not self.lines.get(mutant.path, frozenset()).isdisjoint(range(first, last + 1))

    def calls(self, mutant: Mutant) -> bool:
        """It runs some line of the function."""
        first, last = mutant.text_span
        return not self.lines.get(mutant.path, frozenset()).isdisjoint(range(first, last + 1))


class Survey:
    """A file of costs. One counts as long as neither the sources nor the test's own file have changed.

    :param root: of the checkout.
    :param paths: of the mutated modules, from there.
    """

    def __init__(self, file: Path, root: Path, paths: Iterable[str]) -> None:
        self._file = file
        self._root = root
        self._paths = tuple(paths)
        self._sources = _digest(sorted((root / "pvesdn").rglob("*.py")))
        self._digests: dict[str, str] = {}
        self._known: dict[str, list[object]] = json.loads(file.read_text("utf-8")) if file.exists() else {}

    def cost(self, test: str) -> Cost | None:
        """None where it has to be found out."""
        match self._known.get(test):
            case [str(made_of), float(seconds), dict(lines)] if made_of == self._made_of(test):
                return Cost(seconds, {str(path): frozenset(numbers) for path, numbers in lines.items()})
        return None

    @property
    def files(self) -> dict[str, str]:
        """The mutated modules: paths by where they lie."""
        return {str((self._root / path).resolve()): path for path in self._paths}

    def learn(self, costs: Mapping[str, Cost]) -> None:
        """Write them down."""
        for test, cost in costs.items():
            lines = {path: sorted(numbers) for path, numbers in cost.lines.items()}
            self._known[test] = [self._made_of(test), cost.seconds, lines]
        self._file.write_text(json.dumps(self._known), "utf-8")

    def _made_of(self, test: str) -> str:
        file = test.partition("::")[0]
        if file not in self._digests:
            self._digests[file] = self._sources + _digest([self._root / file])
        return self._digests[file]


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
