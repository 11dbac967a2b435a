"""What a hint says is the rule: what is written by it to the letter is taken."""

from __future__ import annotations

import pytest

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.values import BadValueError, Reader


def hint_of(reader: Reader, value: str) -> str:
    with pytest.raises(BadValueError) as caught:
        reader(value)
    return caught.value.hint


@pytest.mark.parametrize(
    ("reader", "words", "good", "bad"),
    [
        (values.zone_id, "2 to 8 letters and digits, starting with a letter", ("a1", "A1234567"), ("a", "1a", "a12345678")),
        (values.vnet_id, "2 to 8 letters and digits, starting with a letter", ("ab", "abcdefgh"), ("a-b", "")),
        (
            values.controller_id,
            "2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit",
            ("a1", "a-_b", "a" * 64),
            ("a-", "_a", "a", "a" * 65),
        ),
        (
            values.exit_id,
            "1 to 32 letters, digits, - and _, starting with a letter and ending with a letter or digit",
            ("a", "a_-1", "a" * 32),
            ("a_", "1", "a" * 33),
        ),
        (values.node, "letters, digits and -, not starting or ending with -", ("n", "1a-2"), ("-n", "n-", "n_1")),
        (
            values.interface,
            "1 to 15 letters, digits and _ . + -, not starting with . + or -",
            ("1", "_a", "9e.2+3-4", "e" * 15),
            (".e", "+e", "-e", "e" * 16, "e@f"),
        ),
        (
            values.fabric_id,
            "1 to 8 letters, digits and -, not starting or ending with -",
            ("1", "a-b", "a1234567"),
            ("-a", "a-", "a12345678"),
        ),
        (
            values.fabric_interface,
            "1 to 15 letters, digits and . _ - @, starting with a letter or digit",
            ("1", "e@f._-", "e" * 15),
            ("_e", "@e", "e" * 16),
        ),
        (
            values.pve_interface,
            "a letter, then 1 to 20 letters, digits or _, then .NUMBER for a VLAN",
            ("e1", "e_1", "eno1.20", "e" * 21),
            ("e", "1e", "_e", "e" * 22, "eno1.x"),
        ),
    ],
)  # fmt: skip
def test_a_hint_states_the_whole_rule(reader: Reader, words: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    assert all(reader(value) == value for value in good)
    assert all(words in hint_of(reader, value) for value in bad)


def test_a_missing_property_with_few_values_is_asked_for_with_them() -> None:
    assert [values.Choice(*words).wanted for words in (("main",), ("a", "b"), ("a", "b", "c"))] == [
        "main",
        "a or b",
        "a, b or c",
    ]
