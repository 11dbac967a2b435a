from __future__ import annotations

import pytest

from pvesdn.decode.nodes.interfaces import decode_interfaces, runs_of_lines, split_stanzas
from pvesdn.model.facts import IfaceStanza
from tests.unit.decode.samples import INTERFACES

OURS = """\
# written by pvesdn

auto vmbr2
iface vmbr2
\taddress 10.0.2.254/24
\t# a remark inside
\n\tmtu 1500

auto vxlan_a
iface vxlan_a
\tvxlan-id 2
"""


def test_stanzas_have_method_and_options_with_dashes() -> None:
    found = decode_interfaces(INTERFACES)
    assert found.stanzas == (
        IfaceStanza("lo", "inet loopback", ()),
        IfaceStanza("eno1", "inet manual", (("mtu", "1550"),)),
        IfaceStanza(
            "vmbr0",
            "inet static",
            (
                ("address", "192.168.0.1/24"),
                ("gateway", "192.168.0.254"),
                ("bridge-ports", "eno1 eno3"),
                ("bridge-stp", "off"),
            ),
        ),
        IfaceStanza("vmbr0", "inet6 auto", ()),
    )


def test_sources_and_auto_lines_are_collected() -> None:
    found = decode_interfaces(INTERFACES)
    assert found.sources == ("/etc/network/interfaces.d/*", "/etc/network/more/*")
    assert found.auto == {"lo", "vmbr0", "eno2", "eno4"}


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("iface a\nvxlan_id 2\n", (("vxlan-id", "2"),)),
        ("iface a\n\tvxlan-id\t2\n", (("vxlan-id", "2"),)),
        ("iface a\n\tup ip route add 10.0.0.0/8 dev a\n", (("up", "ip route add 10.0.0.0/8 dev a"),)),
        ("iface a\n\tlonely\n", (("lonely", ""),)),
        ("iface a\n\tmtu 1500\nmapping b\n\tscript x\n", (("mtu", "1500"),)),
        ("iface a\n\tmtu \\\n1500 \\", (("mtu", "1500"),)),
        ("iface a\n# remark \\\n\tmtu 1500\n", ()),
        ("iface a", ()),
    ],
)
def test_options_are_read_as_ifupdown2_reads_them(text: str, options: tuple[tuple[str, str], ...]) -> None:
    (stanza,) = decode_interfaces(text).stanzas
    assert stanza.options == options


def test_what_belongs_to_no_stanza_is_passed_over() -> None:
    found = decode_interfaces("\tmtu 1500\niface\nsource\nauto\n\\")
    assert (found.stanzas, found.sources, found.auto) == ((), (), frozenset())


def test_a_file_is_split_into_the_exact_text_of_each_interface() -> None:
    assert split_stanzas(OURS) == (
        ("", "# written by pvesdn\n"),
        ("vmbr2", "auto vmbr2\niface vmbr2\n\taddress 10.0.2.254/24\n\t# a remark inside\n\n\tmtu 1500\n"),
        ("vxlan_a", "auto vxlan_a\niface vxlan_a\n\tvxlan-id 2\n"),
    )


def test_pves_version_line_belongs_to_no_interface() -> None:
    assert split_stanzas("#version:3\n\nauto a\niface a\n\tmtu 1") == (
        ("", "#version:3\n"),
        ("a", "auto a\niface a\n\tmtu 1"),
    )


def test_two_stanzas_of_one_interface_stand_together_and_sources_are_nobodys() -> None:
    text = "iface a inet static\n\tmtu 1\n\nsource x\n\niface a inet6 auto\n"
    assert split_stanzas(text) == (("a", "iface a inet static\n\tmtu 1\niface a inet6 auto\n"), ("", "source x\n"))


@pytest.mark.parametrize("text", ["", "\n\n", " \n"])
def test_an_empty_file_has_no_interfaces(text: str) -> None:
    assert split_stanzas(text) == ()


def test_an_odd_separator_is_no_line_end() -> None:
    text = "auto a\niface a\n\talias x\x0by\x1cz\u2028iface b\n"
    assert split_stanzas(text) == (("a", text),)


def test_runs_of_lines_leave_no_gap() -> None:
    text = "\n" + OURS + "\n"
    runs = list(runs_of_lines(text))
    assert [name for name, _ in runs] == ["", "vmbr2", "vxlan_a"]
    assert "".join(line for _, lines in runs for line in lines) == text
    assert list(runs_of_lines("\n")) == [("", ["\n"])]


def test_a_file_of_windows_is_read_like_any_other() -> None:
    text = INTERFACES + "\niface long\n\tbridge-ports a \\\n\t\tb\n"
    assert decode_interfaces(text.replace("\n", "\r\n")) == decode_interfaces(text)
