"""Lines of documentation."""

from __future__ import annotations

import textwrap

WIDTH = 120
"""Columns of a line of documentation."""


def paragraph(text: str, *, first: str = "", then: str = "") -> list[str]:
    """Lines of at most 120 columns. :param first: what the first line begins with. :param then: and the others."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
