"""Print the names of one half of the lab's scenarios, for a run that has no time for all of them.

`lab_half.py NUMBER FILE`: 0 or 1, and the file that gets a line with what is left out.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path

from pvesdn_lab.live.outside.shares import share
from pvesdn_lab.live.scenario import Scenario, choose


def half(number: int) -> list[Scenario]:
    """One of two halves, which take about the same time in each place where scenarios run: on the kernel at hand, on
    one with VRF devices, and on one that translates addresses.
    """
    everything = choose(())
    translating = [scenario for scenario in everything if scenario.nat]
    elsewhere = [scenario for scenario in everything if scenario.devices and not scenario.nat]
    here = [scenario for scenario in everything if not scenario.devices and not scenario.nat]
    # Scenarios with one topology are parted too: a half that had them all would keep one of two machines busy.
    shares = [share(some, 2, builds_fast=True) for some in (here, elsewhere, translating)]
    return [*chain.from_iterable(some[number] for some in shares if len(some) > number)]


def main() -> int:
    """Print the names in a line, and note the others."""
    number, file = int(sys.argv[1]) % 2, Path(sys.argv[2])
    left_out = ", ".join(scenario.name for scenario in half(1 - number))
    with file.open("a", encoding="utf-8") as noted:
        noted.write(f"not tried: the other half of the lab's scenarios, for want of time ({left_out})\n")
    print(*(scenario.name for scenario in half(number)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
