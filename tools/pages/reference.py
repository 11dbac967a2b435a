"""docs/reference.md: every section and property of pvesdn.cfg, and every key of the settings file.

The words come from the grammar and the settings' own fields, the examples of sections from docs/examples/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn.decode.definitions.own_scan import parse
from pvesdn.decode.definitions.own_words import REQUIRED, OwnWord, SectionType
from pvesdn.decode.definitions.section_config import Section, write
from pvesdn.settings import DEFAULT_FILE, Settings
from tools.pages.text import paragraph

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

_HEAD = """\
# Reference

Every section and property of `pvesdn.cfg`, and every key of the settings file. Printed by `make docs`; do not edit.

`docs/models.md` shows what a network needs as a whole, `docs/examples/` has files to start from.
"""

SYNTAX = """\
The file is `/etc/pve/sdn/pvesdn.cfg`. Its syntax is that of PVE's own SDN files: a header `TYPE: ID`, then one property
on each line, indented by a tab; an empty line or the next header ends the section. A line that begins with `#` is a
comment. The order of sections has no meaning.

The grammar is closed: an unknown section type or property is an error, and so are a property given twice and one
without a value. Lists are separated by commas, semicolons or blanks; booleans may also be spelled `on` and `off`, `yes`
and `no`, `true` and `false`. Ids of zones, VNets, subnets and controllers are unique over `pvesdn.cfg` and PVE's own
files together, those of exits within `pvesdn.cfg`.
"""
"""What holds for all of `pvesdn.cfg`; its manual page begins with it too."""

FILE = f"""\
On a node of the cluster no settings are needed. The file is `--config FILE`, else `$PVESDN_CONFIG`, else
`{DEFAULT_FILE}`, which only root can read. It is TOML, and closed like `pvesdn.cfg`: an unknown table
or key is an error. Secrets come from the file or from the environment (`$PVESDN_TOKEN_VALUE`, `$PVESDN_PASSWORD`),
never from arguments. `docs/running.md` shows whole files.
"""
"""What holds for all of the settings file."""


def reference() -> str:
    """The whole page."""
    examples = shown_examples()
    parts = [_HEAD, f"## pvesdn.cfg\n\n{SYNTAX}"]
    parts += (_section(name, section, examples[name]) for name, section in SECTIONS.items())
    parts.append(f"## The settings file\n\n{FILE}")
    parts += (_table(*table) for table in settings_tables())
    return "\n".join(parts)


def example_files() -> dict[str, str]:
    """The text of each file of examples by its name."""
    return {path.name: path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.cfg"))}


def shown_examples() -> Mapping[str, tuple[Section, ...]]:
    """By section type, those sections of the examples that show something no earlier one has shown."""
    shown: dict[str, list[Section]] = {name: [] for name in SECTIONS}
    seen: dict[str, set[str]] = {name: set() for name in SECTIONS}
    for name, text in example_files().items():
        for section in parse(text, name):
            keys = {item.key for item in section.properties}
            if not keys <= seen[section.type]:
                seen[section.type] |= keys
                shown[section.type].append(section)
    return {name: tuple(sections) for name, sections in shown.items()}


def _section(name: str, section: SectionType, examples: tuple[Section, ...]) -> str:
    values = {item.key: item.value for example in reversed(examples) for item in example.properties}
    items = (_property(key, word, values[key]) for key, word in section.words.items())
    blocks = (f"```\n{write([example]).rstrip()}\n```\n" for example in examples)
    return "\n".join((f"### {name}\n", *paragraph(section.meaning), "", f"ID: {section.id}.\n", *items, "", *blocks))


def _property(key: str, word: OwnWord, example: str) -> str:
    return _item(key, word.type, word.default, word.meaning, f"{key} {example}")


def _item(name: str, type_: str, default: str, meaning: str, example: str) -> str:
    """One property: what it means, and below that what may be written, what holds without it, and how it looks."""
    lines = paragraph(f"**`{name}`**: {meaning}", first="* ", then="  ")
    given = REQUIRED if default == REQUIRED else f"default: {default}"
    for text in (f"type: {type_}", given, f"example: `{example}`"):
        lines += paragraph(text, first="  * ", then="    ")
    return "\n".join(lines)


# --- settings ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the settings file, in words."""

    name: str
    type: str
    default: str
    meaning: str
    example: str


def settings_tables() -> Iterator[tuple[str, str, tuple[Key, ...]]]:
    """Each table: its name, what it is about, its keys."""
    schema = Settings.model_json_schema()
    for name, table in schema["properties"].items():
        definition = schema["$defs"][_target(table)]
        required = definition.get("required", ())
        keys = (_key(key, info, is_required=key in required) for key, info in definition["properties"].items())
        yield name, definition["description"], tuple(keys)


def _table(name: str, meaning: str, keys: tuple[Key, ...]) -> str:
    items = (_item(key.name, key.type, key.default, key.meaning, key.example) for key in keys)
    return "\n".join((f"### [{name}]\n", *paragraph(meaning), "", *items, ""))


def _target(table: dict[str, Any]) -> str:
    """The name of the model that a table's schema refers to."""
    options = table.get("anyOf", [table])
    return str(next(option["$ref"] for option in options if "$ref" in option)).rpartition("/")[2]


def _key(name: str, info: dict[str, Any], *, is_required: bool) -> Key:
    default = REQUIRED if is_required else _default(info.get("default"))
    return Key(name, _type(info), default, info["description"], f"{name} = {_toml(info['examples'][0])}")


def _type(info: dict[str, Any]) -> str:
    info = next((option for option in info.get("anyOf", ()) if option["type"] != "null"), info)
    if "enum" in info:
        return ", ".join(f"`{_toml(word)}`" for word in info["enum"])
    match info["type"]:
        case "integer":
            return f"integer, {info['minimum']} to {info['maximum']}"
        case "number":
            return f"number, above {info['exclusiveMinimum']}, at most {info['maximum']}"
        case "boolean":
            return "`true`, `false`"
        case _:
            return "path" if info.get("format") == "path" else "text"


def _default(value: Any) -> str:
    if value is None:
        return "none"
    return f"`{_toml(int(value) if isinstance(value, float) and value.is_integer() else value)}`"


def _toml(value: Any) -> str:
    """A string, number or boolean of TOML, which are spelled as in JSON (TOML 1.0)."""
    return json.dumps(value)
