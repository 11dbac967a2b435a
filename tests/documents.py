"""Whatever a test has pvesdn print as a document is held against the schema that users have."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "pvesdn-1.json"
_BEGINS = '{\n  "format_version": '


@cache
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return found


@cache
def validator(kind: str | None = None) -> Draft202012Validator:
    """Of documents of a kind, or of all of them."""
    if kind is None:
        return Draft202012Validator(schema())
    parts = schema()["$defs"]
    return Draft202012Validator({"$defs": parts, **parts[f"document-{kind}"]})


def hold_against_schema(printed: str, status: int | None = None) -> None:
    """Where it is a document, it has to fit: a key that the schema does not know is none.

    :param status: with which the program ended, where that is known.
    """
    if not printed.startswith(_BEGINS):
        return
    document = json.loads(printed)
    assert f"document-{document['kind']}" in schema()["$defs"], f"tools/schemas has no {document['kind']}"
    found = best_match(validator(document["kind"]).iter_errors(document))
    assert found is None, f"{found.json_path}: {found.message}; describe it in tools/schemas, then run make docs"
    assert document.get("exit_status", status) == (document.get("exit_status") if status is None else status)
