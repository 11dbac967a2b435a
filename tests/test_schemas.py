"""The schema of the documents: made from the code, it describes whatever is printed, and lets nothing else through."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.kit import call
from tests.documents import SCHEMA, hold_against_schema, schema, validator
from tools.schemas import documents

ROOT = Path(__file__).parents[1]
GOLDEN = sorted(path.parent for path in (ROOT / "tests").glob("golden*/*/snapshot") if "golden_pve" not in str(path))
FORMS = {
    "plan": ("plan", "--diff"),
    "show": ("show",),
    "import": ("import", "--diff"),
    "topology": ("topology", "--live"),
}


def test_the_schema_is_what_the_code_says() -> None:
    assert SCHEMA == ROOT / documents.FILE
    assert SCHEMA.read_text("utf-8") == documents.text(), "run: make docs"


def test_the_schema_is_one_and_each_of_its_parts_is_used() -> None:
    Draft202012Validator.check_schema(schema())
    text = json.dumps(schema())
    assert [name for name in schema()["$defs"] if f'"#/$defs/{name}"' not in text] == []


def test_every_object_is_closed_or_has_names_for_keys() -> None:
    open_ones = [found for found in objects(schema()["$defs"]) if "additionalProperties" not in found]
    assert open_ones == []


def objects(found: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object below `found`."""
    if isinstance(found, dict):
        if found.get("type") == "object":
            yield found
        for inner in found.values():
            yield from objects(inner)
    if isinstance(found, list):
        for inner in found:
            yield from objects(inner)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in GOLDEN])
@pytest.mark.wide
def test_the_documents_of_every_golden_case_fit(case: Path, form: str) -> None:
    document = json.loads(call(*FORMS[form], "--json", "--from", case / "snapshot").out)
    assert document["kind"] in {form, "error"}
    assert not [*validator().iter_errors(document)], "the whole schema refuses what the part of its kind takes"


def example(form: str) -> dict[str, Any]:
    case = "golden_import" if form == "import" else "golden"
    folder = ROOT / "tests" / case / "one-exit" / "snapshot"
    found: dict[str, Any] = json.loads(call(*FORMS[form], "--json", "--from", folder).out)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_nobody_has_described_is_refused_wherever_it_is(form: str) -> None:
    document = example(form)
    places = [at for at in places_of(document) if not is_by_name(at)]
    assert len(places) > 5
    for at in places:
        changed = copy.deepcopy(document)
        thing(changed, at)["novelty"] = 1
        assert not validator(form).is_valid(changed), at
    with pytest.raises(AssertionError, match="describe it in tools/schemas, then run make docs"):
        hold_against_schema(json.dumps({**document, "novelty": 1}, indent=2))


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_is_missing_is_missed(form: str) -> None:
    document = example(form)
    optional = {"definitions", "calls", "diff", "saved", "node"}
    for at in places_of(document):
        for key in thing(document, at):
            if key not in optional and not is_by_name(at):
                changed = copy.deepcopy(document)
                del thing(changed, at)[key]
                assert not validator(form).is_valid(changed), (at, key)


def test_a_document_of_another_version_is_refused() -> None:
    assert not validator().is_valid({**example("plan"), "format_version": 2})
    assert not validator().is_valid({**example("plan"), "kind": "plans"})


def test_what_is_no_document_is_left_alone() -> None:
    hold_against_schema("No changes.\n")


def places_of(found: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every object in a document; of a list to its first item."""
    if isinstance(found, dict):
        yield at
        for key, inner in found.items():
            yield from places_of(inner, (*at, key))
    if isinstance(found, list) and found:
        yield from places_of(found[0], (*at, 0))


def thing(document: Any, at: tuple[str | int, ...]) -> dict[str, Any]:
    for step in at:
        document = document[step]
    assert isinstance(document, dict)
    return document


def is_by_name(at: tuple[str | int, ...]) -> bool:
    """Whether its keys are names of nodes or bridges."""
    return bool(at) and at[-1] in {"frr", "guest_ports", "unreachable", "frr_conf_local"}
