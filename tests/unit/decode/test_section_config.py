from __future__ import annotations

import pytest

from pvesdn.decode.definitions.own_scan import parse
from pvesdn.decode.definitions.section_config import Oddity, Property, Section, has_forbidden, scan, write
from pvesdn.errors import SdnConfigError
from tests.unit.decode.samples import FABRICS, OWN, PVE


@pytest.mark.parametrize("text", [OWN, FABRICS, *PVE.values(), "", "vxlan: ucast\n\n"])
def test_writing_what_was_read_gives_the_same_bytes(text: str) -> None:
    assert write(parse(text, "x.cfg")) == text


def test_blanks_around_a_value_come_back_though_they_do_not_count() -> None:
    text = "vnet: web\n\talias  two words  \n\tzone prod\n\n"
    (section,) = parse(text, "vnets.cfg")
    assert section.properties[0].value == "two words"
    assert write([section]) == text


def test_a_section_has_type_id_line_and_properties() -> None:
    text = "# a comment\n\nVXLAN: ucast\n\tmtu 1450\n\t# another\n  peers 10.0.0.1,10.0.0.2\n"
    properties = (Property("mtu", "1450", 4), Property("peers", "10.0.0.1,10.0.0.2", 6))
    assert parse(text, "pvesdn.cfg") == (Section("vxlan", "ucast", 3, properties),)


def test_a_header_may_stand_close_to_its_id() -> None:
    assert parse("vxlan:ucast", "pvesdn.cfg") == (Section("vxlan", "ucast", 1),)


def test_an_ipv6_subnet_is_an_id_with_colons() -> None:
    (section,) = parse("subnet: prod-2a08:2142::-64\n\tvnet web\n", "subnets.cfg")
    assert (section.type, section.id) == ("subnet", "prod-2a08:2142::-64")


def test_a_property_may_be_given_several_times() -> None:
    (section,) = parse("ospf_node: a_b\n\tinterfaces name=x\n\tinterfaces name=y\n", "fabrics.cfg")
    assert [item.value for item in section.properties] == ["name=x", "name=y"]


def test_a_new_header_ends_a_section_of_pvesdn_cfg() -> None:
    sections = parse("vxlan: a1\n\tmtu 1450\nvxlan: b1\n", "pvesdn.cfg")
    assert [(s.id, len(s.properties)) for s in sections] == [("a1", 1), ("b1", 0)]


def test_a_line_of_blanks_ends_no_section() -> None:
    (section,) = parse("vxlan: a1\n\tmtu 1450\n \t\n\tnodes node1\n", "pvesdn.cfg")
    assert len(section.properties) == 2


def test_for_pve_only_an_empty_line_ends_a_section() -> None:
    result = scan("vxlan: a1\n\tmtu 1450\nvxlan: b1\n \n\tpeers 10.0.0.1\n\nvxlan: c1\n")
    assert [(s.id, len(s.properties)) for s in result.sections] == [("a1", 2), ("c1", 0)]
    assert result.oddities == (
        Oddity(3, "header inside section 'a1'", "put an empty line before it"),
        Oddity(4, "a line of blanks does not end a section", "make the line empty"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\tmtu 1450\n",
            "x.cfg:1: property outside any section; put it under a header without an empty line between",
        ),
        (
            "vxlan: a1\n\n\tmtu 1\n",
            "x.cfg:3: property outside any section; put it under a header without an empty line between",
        ),
        (
            "vxlan: a1\nmtu 1450\n",
            "x.cfg:2: neither 'type: id' nor an indented property; begin each property with a TAB",
        ),
        ("vxlan:\n", "x.cfg:1: header without an id: 'vxlan:'; write 'type: id', such as 'vnet: web'"),
        ("vxlan: \n\tmtu 1450\n", "x.cfg:1: header without an id: 'vxlan:'; write 'type: id', such as 'vnet: web'"),
        (
            "vxlan: a b\n",
            "x.cfg:1: header with more than one id: 'vxlan: a b'; write one id without blanks, such as 'vxlan: a'",
        ),
        (
            "9: a1\n",
            (
                "x.cfg:1: neither 'type: id' nor an indented property; "
                "write a header like 'vnet: web', and begin each property below it with a TAB"
            ),
        ),
        ("vxlan: a1\r\n", "x.cfg:1: character U+000D is not allowed; use printable text and plain line endings"),
        (
            "vxlan: a1\n\tx a\0b\n",
            "x.cfg:2: character U+0000 is not allowed; use printable text and plain line endings",
        ),
        ("#\x1b[2J\n", "x.cfg:1: character U+001B is not allowed; use printable text and plain line endings"),
        ("vxlan: a\udcff\n", "x.cfg:1: character U+DCFF is not allowed; use printable text and plain line endings"),
        (
            "\ufeffvxlan: a1\n\tmtu 1450\n",
            "x.cfg:1: character U+FEFF is not allowed; save the file as UTF-8 without a byte order mark",
        ),
        ("vxlan: a\u2028b\n", "x.cfg:1: character U+2028 is not allowed; use printable text and plain line endings"),
        ("vxlan: a\x85b\n", "x.cfg:1: character U+0085 is not allowed; use printable text and plain line endings"),
    ],
)
def test_what_is_outside_the_grammar_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(SdnConfigError) as caught:
        parse(text, "x.cfg")
    assert caught.value.lines == (message,)


def test_lines_after_an_empty_one_do_not_belong_to_the_header_that_was_lost() -> None:
    with pytest.raises(SdnConfigError) as caught:
        parse("vnet:\n\ttag 1\n\n\ttag 2\n", "x.cfg")
    assert [line.split(":")[1] for line in caught.value.lines] == ["1", "4"]


def test_for_pve_a_header_without_an_id_is_a_line_like_any_other() -> None:
    found = scan("vnet:\n\ttag 1\n").oddities
    assert [(oddity.line, oddity.what) for oddity in found] == [
        (1, "neither 'type: id' nor an indented property"),
        (2, "property outside any section"),
    ]


def test_all_faults_are_reported_at_once_and_what_belongs_to_a_lost_header_is_none() -> None:
    with pytest.raises(SdnConfigError) as caught:
        parse("what\n\tmtu 1\nvxlan: a\rb\n\tmtu 1\n", "x.cfg")
    assert [line.split(":")[1] for line in caught.value.lines] == ["1", "3"]


@pytest.mark.parametrize(
    "section",
    [
        Section("vxlan", "a b"),
        Section("vxlan", ""),
        Section("vxlan", "a\nb"),
        Section("9", "a1"),
        Section("vxlan", "a1", 0, (Property("alias", "x\n\tbridge evil"),)),
        Section("vxlan", "a1", 0, (Property("alias", "x", raw="\talias x\n\tbridge evil"),)),
        Section("vxlan", "a1", 0, (Property("alias", "x\0"),)),
        Section("vxlan", "a1", 0, (Property("#alias", "x"),)),
        Section("vxlan", "a1", 0, (Property("two words", "x"),)),
    ],
)
def test_what_could_not_be_read_back_is_not_written(section: Section) -> None:
    with pytest.raises(SdnConfigError, match="cannot be written"):
        write([section])


def test_a_changed_property_is_written_with_one_tab_and_one_blank() -> None:
    assert write([Section("vnet", "web", 0, (Property("tag", "100"),))]) == "vnet: web\n\ttag 100\n\n"


@pytest.mark.parametrize(("text", "is_forbidden"), [("plain", False), ("a\tb", True), ("a\nb", True), ("\x7f", True)])
def test_a_value_holds_no_control_character(text: str, is_forbidden: bool) -> None:
    assert has_forbidden(text) is is_forbidden
