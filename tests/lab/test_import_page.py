"""What scenarios type on the way to pvesdn and back is what docs/import.md tells people to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pvesdn_lab.live.verbs.hand_written import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text()
TYPED = [*re.findall(r"`(rm /etc/frr/frr\.conf\.local)`", PAGE)]
TYPED += [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("line", [line for lines in COMMANDS.values() for line in lines])
def test_a_line_that_a_scenario_types_stands_on_the_page(line: str) -> None:
    assert line in TYPED


def test_the_way_back_has_its_lines_in_the_order_in_which_they_are_typed() -> None:
    wanted = [line for step in ("clear", "restore") for line in COMMANDS[step]]
    at = TYPED.index(wanted[0])
    assert TYPED[at : at + len(wanted)] == wanted
