"""The first line of `interfaces.d/sdn`, in which PVE says what the file was made of (docs/pve.md §4.2)."""

from __future__ import annotations

import re

_FIRST_LINE = re.compile(r"#version:([0-9]{1,18})")


def sdn_version(text: str | None) -> int | None:
    """The version that the file was made for; None when it is absent, empty or begins with anything else. Raises
    nothing.
    """
    found = _FIRST_LINE.fullmatch((text or "").split("\n", 1)[0])
    return int(found[1]) if found else None
