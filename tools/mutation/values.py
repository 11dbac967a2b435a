"""What mutants are, for those who make, meet and count them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("pvesdn/compare", "pvesdn/node")


@dataclass(frozen=True)
class Mutant:
    """One function with one change.

    :param name: by which the trampoline knows it, with its module.
    :param text_lines: where what is changed is in `Mutated.text`, in the function as it was: first and last line.
    :param text_span: where all of that function is.
    :param path: of its module, from the checkout's root.
    :param function: with its class, if it has one.
    :param line: the first that differs, in the module.
    :param old: the lines that differ, each stripped and joined by ` ⏎ `, as they are.
    :param new: the same lines in the mutant.
    """

    name: str
    text_lines: tuple[int, int]
    text_span: tuple[int, int]
    path: str
    function: str
    line: int
    old: str
    new: str

    @property
    def change(self) -> str:
        """What it is known by from one run to the next: numbers move when a function is edited."""
        return f"{self.path}: {self.function}: {self.old} -> {self.new}"


@dataclass(frozen=True)
class Mutated:
    """A module with all its mutants.

    :param spans: mutants by name with their first and last line in `text`.
    """

    module: str
    path: str
    text: str
    mutants: tuple[Mutant, ...]
    spans: Mapping[str, tuple[int, int]]
