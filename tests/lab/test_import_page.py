"""What scenarios type on the way to pvesdn and back is what docs/import.md tells people to type."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pvesdn_lab.live.verbs.hand_written import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text()
TYPED = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("line", [line for lines in COMMANDS.values() for line in lines])
def test_a_line_that_a_scenario_types_stands_on_the_page(line: str) -> None:
    assert line in TYPED


@pytest.mark.parametrize("start", ["rm -f /etc/network/interfaces.d/pvesdn", "rm /etc/frr/frr.conf.local"])
def test_the_way_back_has_its_lines_in_the_order_in_which_they_are_typed(start: str) -> None:
    steps = ("ospf", "clear", "restore") if "frr" in start else ("clear", "restore")
    wanted = [line for step in steps for line in COMMANDS[step]]
    at = TYPED.index(start) if "frr" in start else next(n for n, line in enumerate(TYPED) if line.startswith(start))
    assert TYPED[at : at + len(wanted)] == wanted
