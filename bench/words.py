"""Figures and rows, as a page has them."""

from __future__ import annotations

from collections.abc import Iterable


def lines(each: Iterable[str]) -> str:
    """One below the other."""
    return "\n".join(each)


def seconds(value: float) -> str:
    """In a unit that needs no leading zeros."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"
