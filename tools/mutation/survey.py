"""What is known of the tests from one run to the next: what each costs, and which functions it calls."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a test does without any mutant.

    :param seconds: of processor time.
    :param functions: what it calls, by `Mutant.reach`.
    """

    seconds: float
    functions: frozenset[str]


class Survey:
    """A file of costs. One counts as long as neither the sources nor the test's own file have changed.

    :param root: of the checkout.
    """

    def __init__(self, file: Path, root: Path) -> None:
        self._file = file
        self._root = root
        self._sources = _digest(sorted((root / "pvesdn").rglob("*.py")))
        self._digests: dict[str, str] = {}
        self._known: dict[str, list[object]] = json.loads(file.read_text("utf-8")) if file.exists() else {}

    def cost(self, test: str) -> Cost | None:
        """None where it has to be found out."""
        match self._known.get(test):
            case [str(made_of), float(seconds), list(functions)] if made_of == self._made_of(test):
                return Cost(seconds, frozenset(map(str, functions)))
        return None

    def learn(self, costs: Mapping[str, Cost]) -> None:
        """Write them down."""
        self._known |= {t: [self._made_of(t), cost.seconds, sorted(cost.functions)] for t, cost in costs.items()}
        self._file.write_text(json.dumps(self._known), "utf-8")

    def _made_of(self, test: str) -> str:
        file = test.partition("::")[0]
        if file not in self._digests:
            self._digests[file] = self._sources + _digest([self._root / file])
        return self._digests[file]


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
