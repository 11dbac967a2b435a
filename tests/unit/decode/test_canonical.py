from __future__ import annotations

import pytest

from pvesdn.decode.canonical import canonical
from pvesdn.decode.section_config import Property, Section, parse
from pvesdn.errors import SdnConfigError
from tests.unit.decode.samples import PVE


def test_required_properties_come_first_each_kind_in_alphabetical_order() -> None:
    text = "vnet: web\n  vlanaware yes\n\tzone  tun\n\talias x\n\ttag 2\nvxlan: tun\n"
    assert canonical(parse(text, "pvesdn.cfg")) == (
        "vnet: web\n\ttag 2\n\tzone tun\n\talias x\n\tvlanaware 1\n\nvxlan: tun\n\n"
    )


def test_which_properties_are_required_depends_on_the_file() -> None:
    sections = parse("vnet: web\n\tzone tun\n\ttag 2\n\talias x\n", "vnets.cfg")
    assert canonical(sections, file="vnets.cfg") == "vnet: web\n\tzone tun\n\talias x\n\ttag 2\n\n"


@pytest.mark.parametrize("file", ["vnets.cfg", "subnets.cfg", "controllers.cfg"])
def test_what_pve_wrote_is_canonical_already(file: str) -> None:
    text = PVE[file]
    assert canonical(parse(text, file), file=file) == text


def test_lines_of_an_array_keep_their_order_and_unknown_words_are_kept() -> None:
    properties = (Property("zz", "2"), Property("dhcp-range", "b"), Property("dhcp-range", "a"), Property("snat", "?"))
    text = canonical([Section("subnet", "x-y-z", properties=properties)], file="subnets.cfg")
    assert text == "subnet: x-y-z\n\tdhcp-range b\n\tdhcp-range a\n\tsnat ?\n\tzz 2\n\n"
    assert canonical([Section("what", "x", properties=properties)], file="other.cfg").startswith(
        "what: x\n\tdhcp-range b\n"
    )


def test_a_value_with_a_line_break_is_not_written() -> None:
    with pytest.raises(SdnConfigError, match="value of alias cannot be written"):
        canonical([Section("vnet", "web", properties=(Property("alias", "x\n\tzone y"),))])
