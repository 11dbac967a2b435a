"""Laws of section config: nothing is lost on the way through, and the order of sections has no meaning."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pvesdn.decode.definitions.own_scan import parse
from pvesdn.decode.definitions.pve_word_order import UNREAD
from pvesdn.decode.definitions.pve_words import OPEN, WORDS
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.definitions.section_config import Property, Section, scan, write
from pvesdn.encode.canonical import canonical
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.sdn import SdnConfig
from tests.examples import examples
from tests.unit.decode import samples
from tests.unit.decode.samples import pending_changes

LAW = settings(deadline=None, max_examples=examples(50))

NAME = st.from_regex(r"[a-z][a-z0-9_-]{1,8}", fullmatch=True)
ID = st.from_regex(r"[!-~]{1,20}", fullmatch=True).filter(lambda text: text.strip() == text)
KEY = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
VALUE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)
PROPERTY = st.builds(Property, KEY, VALUE.map(str.strip))
SECTION = st.builds(Section, NAME, ID, properties=st.lists(PROPERTY, max_size=4).map(tuple))


def without_lines(sections: tuple[Section, ...]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [(s.type, s.id, [(item.key, item.value) for item in s.properties]) for s in sections]


def without_places(value: Any) -> Any:
    """A configuration as data, without the lines it came from."""
    if isinstance(value, Mapping):
        return {key: without_places(item) for key, item in value.items() if key != "where"}
    return [without_places(item) for item in value] if isinstance(value, list | tuple) else value


def halves(config: SdnConfig) -> tuple[OwnSdn, PveSdn]:
    return config.own, config.pve


@LAW
@given(st.lists(SECTION, max_size=5).map(tuple))
def test_what_is_written_is_read_back(sections: tuple[Section, ...]) -> None:
    text = write(sections)
    assert without_lines(parse(text, "x.cfg")) == without_lines(sections)
    assert without_lines(scan(text).sections) == without_lines(sections)


@LAW
@given(st.lists(SECTION, max_size=5).map(tuple))
def test_pves_own_files_come_back_byte_for_byte(sections: tuple[Section, ...]) -> None:
    text = write(sections)
    assert write(parse(text, "x.cfg")) == text
    assert write(scan(text).sections) == text


@LAW
@given(st.lists(SECTION, max_size=5).map(tuple))
def test_the_canonical_text_is_canonical(sections: tuple[Section, ...]) -> None:
    text = canonical(sections)
    assert canonical(parse(text, "pvesdn.cfg")) == text


@LAW
@given(st.data())
def test_the_order_of_sections_has_no_meaning(data: st.DataObject) -> None:
    files = samples.files(fabrics_cfg=samples.FABRICS)
    shuffled = {
        name: write(data.draw(st.permutations(parse(text, name)))) if name.endswith(".cfg") else text
        for name, text in files.items()
    }
    before = decode_sdn(files, intent="pending")
    after = decode_sdn(shuffled, intent="pending")
    for half, ordered in zip(halves(after.config), halves(before.config), strict=True):
        assert without_places(half.model_dump()) == without_places(ordered.model_dump())
    assert sorted(finding.what for finding in after.findings) == sorted(finding.what for finding in before.findings)
    assert pending_changes(shuffled) == pending_changes(files)


@LAW
@given(st.data())
def test_the_order_of_keys_in_the_running_config_has_no_meaning(data: st.DataObject) -> None:
    def shuffle(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shuffle(value[key]) for key in data.draw(st.permutations(sorted(value)))}
        return value

    texts = [json.dumps(samples.RUNNING), json.dumps(shuffle(samples.RUNNING))]
    before, after = (decode_sdn({".running-config": text}, intent="running") for text in texts)
    assert after == before


REQUIRED_FIRST = st.sampled_from(
    [(file, type_) for file, types in {**WORDS, **UNREAD}.items() if file not in OPEN for type_ in types]
)


@LAW
@given(REQUIRED_FIRST, st.data())
def test_what_pves_writer_writes_of_any_type_comes_back_byte_for_byte(
    kind: tuple[str, str], data: st.DataObject
) -> None:
    """Required properties first, then the others, each in alphabetical order; arrays by line (docs/pve.md §1.2)."""
    file, type_ = kind
    words = {**WORDS, **UNREAD}[file][type_]
    chosen = [name for name, word in words.items() if word.is_required or data.draw(st.booleans())]
    lines = []
    for name in sorted(chosen, key=lambda name: (not words[name].is_required, name)):
        is_switch, number = words[name].is_boolean, data.draw(st.integers(1, 3)) if words[name].is_array else 1
        value = st.sampled_from("01") if is_switch else st.from_regex(r"[a-z0-9]+([,:./=-][a-z0-9]+)*", fullmatch=True)
        lines += [f"\t{name} {data.draw(value)}\n" for _ in range(number)]
    text = f"{type_}: x1\n{''.join(lines)}\n"
    assert write(scan(text).sections) == text
    assert canonical(scan(text).sections, file=f"{file}.cfg") == text
