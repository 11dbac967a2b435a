"""Types of options that name files and folders."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path


class _Place(click.Path):
    """A `click.Path` that gives a `pathlib.Path`, and loads pathlib when there is one to give: help must be quick."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        from pathlib import Path  # noqa: PLC0415

        return Path(os.fsdecode(super().convert(value, param, ctx)))


class _Output(_Place):
    """Where a text is written; None for ``-``, which is standard output, as where no place is named."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | None:  # type: ignore[override]
        """The place."""
        return None if os.fsdecode(value) == "-" else super().convert(value, param, ctx)


class _NoOutput(_Place):
    """A place of what standard output cannot have: ``-`` is refused, and no file called that is made.

    :param why: what to name instead.
    """

    def __init__(self, why: str, **more: Any) -> None:
        super().__init__(**more)
        self._why = why

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The place."""
        if os.fsdecode(value) == "-":
            self.fail(f"- is standard output: {self._why}", param, ctx)
        return super().convert(value, param, ctx)


ANY = _Place(allow_dash=True)
OUTPUT = _Output()
NEW_PLAN = _NoOutput("a plan is saved in a file, so name one")
NEW_FOLDER = _NoOutput("this makes a folder, so name one", file_okay=False)
PROPOSAL = _NoOutput("without --output the proposal is printed, and with -q the definitions alone")
FILE = _Place()
FOLDER = _Place(file_okay=False)
