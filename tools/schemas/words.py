"""The words in which schemas are written: objects are closed, and what is not said to be optional has to be there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
SWITCH: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}


def one_of(words: Iterable[str | Enum]) -> Schema:
    """A text out of a few."""
    return {"enum": [word.value if isinstance(word, Enum) else word for word in words]}


def part(name: str) -> Schema:
    """What the schema describes under that name."""
    return {"$ref": f"#/$defs/{name}"}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def each(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def by_name(schema: Schema) -> Schema:
    """An object whose keys are names, such as those of nodes."""
    return {"type": "object", "additionalProperties": schema}


def record(description: str, keys: Mapping[str, Schema], *, optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "properties": {**keys, **(optional or {})},
        "required": [*keys],
        "additionalProperties": False,
    }


def also(base: Schema, description: str, keys: Mapping[str, Schema], *, optional: Mapping[str, Schema]) -> Schema:
    """An object with more keys than another."""
    given = base["properties"]
    needed = {key: given[key] for key in base["required"]}
    rest = {key: value for key, value in given.items() if key not in needed}
    return record(description, {**keys, **needed}, optional={**rest, **optional})
