"""The messages that pvesdn can print, read from its sources, so that a page cannot quote one that is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANY = "…"
"""Stands in a message for what differs from case to case."""

_QUOTED = re.compile(r"^\* (`+)(.+)\1$", re.MULTILINE)


def quoted(page: str) -> list[str]:
    """The messages that a page quotes: bullets that hold nothing but code."""
    return [message.strip() for _, message in _QUOTED.findall(page)]


def exists(message: str) -> bool:
    """Whether one text in the sources says this, the whole of it or a part."""
    return any(message in text for text in _texts())


@cache
def _texts() -> frozenset[str]:
    files = [*(ROOT / "pvesdn").rglob("*.py")]
    return frozenset(text for file in files for text in _of(ast.parse(file.read_text("utf-8"))))


def _of(tree: ast.AST) -> Iterator[str]:
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(_text(part) for part in node.values)
        elif isinstance(node, ast.Constant) and not {id(node)} & (parts | docs):
            yield _text(node)


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ANY
