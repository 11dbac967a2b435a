"""Lines of documentation."""

from __future__ import annotations

import re
import textwrap

WIDTH = 120
"""Columns of a line of documentation."""


_CODE = re.compile(r"`[^`]+`")
_KEPT = "\N{NO-BREAK SPACE}"


def paragraph(text: str, *, first: str = "", then: str = "") -> list[str]:
    """Lines of at most 120 columns; code is not broken over lines.

    :param first: what the first line begins with.
    :param then: what the others begin with.
    """
    whole = _CODE.sub(lambda code: code[0].replace(" ", _KEPT), text)
    lines = textwrap.wrap(
        whole, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_KEPT, " ") for line in lines]
