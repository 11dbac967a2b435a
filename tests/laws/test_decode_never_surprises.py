"""Whatever is done to real input, a decoder either understands it or raises one of pvesdn's own errors."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pvesdn.decode.cluster.members import decode_members
from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.decode.definitions.own_scan import parse, scan_own
from pvesdn.decode.definitions.sdn_files import Names, decode_sdn
from pvesdn.decode.definitions.section_config import scan, write
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.decode.nodes.interfaces import decode_interfaces, runs_of_lines, split_stanzas
from pvesdn.decode.nodes.record import decode_record
from pvesdn.encode.seen import encode_seen
from pvesdn.errors import ClusterError, NodeFailed, PvesdnError, SdnConfigError, SnapshotError
from pvesdn.model.findings import Severity
from pvesdn.model.snapshot import NodeRaw
from pvesdn.workflows.check import check_files
from tests.examples import examples
from tests.unit.decode import samples
from tests.unit.decode.samples import pending_changes

LAW = settings(deadline=None, max_examples=examples(80), suppress_health_check=[HealthCheck.too_slow])

ANY_TEXT = st.text(st.characters(), max_size=12)
ODD_TEXT = st.sampled_from(
    ["\n", "\t", "\r", "\0", "\x1b[2J", " ", ": ", "\n\n", "\n\tmtu 1\n", "vxlan: x\n", "#", "\\", "'", '"', "{", "[", "%",
     "$(x)", "\u2028", "\u202e", "\udcff", "\x85", "-", "/", "9" * 30, "fe80::1%x", "::", "0", "-1", "1e9", "1.5"]
)  # fmt: skip
ODD_VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=2**63, max_value=2**80),
    st.floats(),
    ANY_TEXT,
    ODD_TEXT,
    st.just([]),
    st.just({}),
    st.lists(ODD_TEXT, max_size=2),
    st.dictionaries(ODD_TEXT, ODD_TEXT, max_size=2),
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """The text with up to four cuts, insertions and repetitions."""
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 40)))
        middle = draw(st.one_of(ANY_TEXT, ODD_TEXT, st.just(text[start:end] * 2)))
        text = text[:start] + middle + text[end:]
    return text


@st.composite
def deformed(draw: st.DrawFn, document: Any) -> Any:
    """The document with up to three of its parts replaced, removed or joined by an unknown key."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(document))
        if not places:
            return draw(ODD_VALUE)
        holder, key = draw(st.sampled_from(places))
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del holder[key]
        elif action == "add" and isinstance(holder, dict):
            holder[draw(ANY_TEXT)] = draw(ODD_VALUE)
        else:
            holder[key] = draw(ODD_VALUE)
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


T = TypeVar("T")


def holds(error: type[PvesdnError], decode: Callable[[], T]) -> T | None:
    """What `decode` returns, None when it raised the one error that it may raise; that error must be presentable."""
    message = "nothing was raised"
    try:
        return decode()
    except error as raised:
        message = str(raised)
    assert message
    assert all(line.isprintable() for line in message.split("\n"))
    return None


def strings(value: Any) -> Iterator[str]:
    """All strings inside plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from strings(item)


@pytest.mark.parametrize(
    "name", ["pvesdn.cfg", "zones.cfg", "vnets.cfg", "subnets.cfg", "controllers.cfg", "fabrics.cfg"]
)
@LAW
@given(data=st.data())
def test_definitions_are_understood_or_refused(name: str, data: st.DataObject) -> None:
    files = samples.files(fabrics_cfg=samples.FABRICS)
    files[name] = data.draw(mutated(files[name]))
    decoded = holds(SdnConfigError, lambda: decode_sdn(files, intent="pending"))
    pending_changes(files)
    if decoded is not None:
        config = decoded.config
        halves = [half.model_dump(mode="json") for half in (config.own, config.pve)]
        assert all(text.isprintable() for text in strings(halves))


@LAW
@given(document=deformed(samples.RUNNING), intent=st.sampled_from(["pending", "running"]))
def test_a_running_config_is_understood_or_refused(document: Any, intent: Any) -> None:
    files = samples.files() | {".running-config": json.dumps(document)}
    decoded = holds(SdnConfigError, lambda: decode_sdn(files, intent=intent))
    pending_changes(files)
    if decoded is not None:
        config = decoded.config
        halves = [half.model_dump(mode="json") for half in (config.own, config.pve)]
        assert all(text.isprintable() for text in strings(halves))


@LAW
@given(text=mutated(json.dumps(samples.RUNNING)))
def test_a_running_config_with_broken_text_is_understood_or_refused(text: str) -> None:
    holds(SdnConfigError, lambda: decode_sdn({".running-config": text}, intent="running"))


@LAW
@given(text=st.one_of(mutated(samples.OWN), st.text(max_size=60)))
def test_section_config_is_understood_or_refused_and_once_written_stays_the_same(text: str) -> None:
    holds(SdnConfigError, lambda: parse(text, "pvesdn.cfg"))
    for found in (scan(text), scan_own(text, {}), scan_own(text, GRAMMAR)):
        written = write(found.sections)
        again = scan_own(written, {})
        assert (write(again.sections), again.oddities) == (written, ())


@LAW
@given(api=deformed(samples.API))
def test_api_answers_are_understood_or_refused(api: Any) -> None:
    answers = api if isinstance(api, dict) else {"cluster/status": api}
    holds(ClusterError, lambda: decode_cluster(answers))


@LAW
@given(commands=deformed(samples.COMMANDS))
def test_what_iproute2_prints_is_understood_or_refused(commands: Any) -> None:
    answers = commands if isinstance(commands, dict) else {"ip-link": commands}
    holds(NodeFailed, lambda: decode_facts("pve1", NodeRaw(commands=answers)))


LINES = (
    *("auto a", "iface a", "iface a inet static", "auto b", "iface b", "auto ", "iface", "source x", "vlan v"),
    *("\tmtu 1", "\tvlan-id 2", "\tvlan x", "\tauto b", "\tiface b", "\tsource x", "\tallow-hotplug b", " mtu 1", "\t\tmtu 1"),
    *("# c", "\t# d", "", "\t", "\x0c", "auto a b", "auto  a", "\tmtu 1\r"),
)  # fmt: skip
BLOCKS = st.lists(
    st.sampled_from([["auto a", "iface a", "\tmtu 1", ""], ["auto b", "iface b inet6 static", ""], ["# c", ""]])
)


@LAW
@given(
    lines=st.one_of(
        st.lists(st.sampled_from(LINES)), BLOCKS.map(lambda found: [line for block in found for line in block])
    ),
    spoilt=st.tuples(st.integers(0, 20), st.sampled_from(LINES)) | st.none(),
)
def test_a_printed_file_is_cut_as_any_other(lines: list[str], spoilt: tuple[int, str] | None) -> None:
    """`split_stanzas` has a fast way for the texts that pvesdn and PVE print."""
    if spoilt is not None:
        lines.insert(*spoilt)
    text = "\n".join(lines)
    expected: dict[str, str] = {}
    for name, run in runs_of_lines(text):
        filled = [number for number, line in enumerate(run) if line.strip()]
        if filled:
            expected[name] = expected.get(name, "") + "".join(run[filled[0] : filled[-1] + 1])
    assert split_stanzas(text) == tuple(expected.items())


@LAW
@given(text=st.one_of(mutated(samples.INTERFACES), st.text(max_size=60)))
def test_interfaces_are_always_understood(text: str) -> None:
    decode_interfaces(text)
    runs = list(runs_of_lines(text))
    assert "".join(line for _, lines in runs for line in lines) == text
    kept = [line for _, part in split_stanzas(text) for line in part.split("\n")]
    assert sorted(line for line in kept if line.strip()) == sorted(line for line in text.split("\n") if line.strip())


@LAW
@given(document=deformed(samples.MEMBERS))
def test_the_list_of_members_is_understood_or_refused(document: Any) -> None:
    holds(ClusterError, lambda: decode_members(json.dumps(document)))


@LAW
@given(text=mutated(json.dumps(samples.MEMBERS)))
def test_a_broken_list_of_members_is_understood_or_refused(text: str) -> None:
    holds(ClusterError, lambda: decode_members(text))


@LAW
@given(document=deformed(samples.RECORD), text=mutated(json.dumps(samples.RECORD)))
def test_a_record_is_understood_or_refused(document: Any, text: str) -> None:
    holds(SnapshotError, lambda: decode_record(json.dumps(document)))
    holds(SnapshotError, lambda: decode_record(text))


@LAW
@given(document=deformed(samples.SEEN), text=mutated(json.dumps(samples.SEEN)))
def test_seen_vteps_are_understood_or_refused(document: Any, text: str) -> None:
    for given_text in (json.dumps(document), text):
        seen = holds(ClusterError, partial(decode_seen, given_text))
        if isinstance(seen, dict):
            assert decode_seen(encode_seen(seen)) == seen


@LAW
@given(text=st.one_of(mutated(samples.OWN), st.text(max_size=60)))
def test_check_says_of_any_text_where_it_is_wrong_and_agrees_with_a_plan_whether_it_is(text: str) -> None:
    verdict = check_files({"pvesdn.cfg": text}, Names())
    lines = text.split("\n")
    for finding in verdict.findings:
        place = finding.place
        assert place is not None
        assert 1 <= place.line <= len(lines)
        if place.column:
            assert 1 <= place.column <= place.end_column <= len(lines[place.line - 1]) + 2
    errors = [str(finding) for finding in verdict.findings if finding.severity is Severity.ERROR]
    assert len(set(errors)) == len(errors)
    assert set(refused(text)) <= {one_visible_line(line) for line in errors}


def refused(text: str) -> tuple[str, ...]:
    try:
        decode_sdn({"pvesdn.cfg": text}, intent="pending")
    except SdnConfigError as error:
        return error.lines
    return ()


def one_visible_line(text: str) -> str:
    return SdnConfigError((text,)).lines[0]
