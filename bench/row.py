"""One row of the table, in a process of its own: `python -m bench.row WHAT ARGUMENT...`, one line of JSON on standard
output.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

MEASURES = {
    "pvesdn": "printing:measure_pvesdn",
    "floor": "printing:measure_floor",
    "compare": "comparing:measure_compare",
    "plan": "processes:measure_plan",
    "map": "drawing:measure_map",
    "help": "processes:measure_help",
    "node": "reading:measure_node",
    "unchanged": "unchanged:measure_unchanged",
}
"""Module and function of each row. Only its own is imported: the memory of all the others would count as the row's."""


def main(what: str, *arguments: str) -> dict[str, Any]:
    """Seconds of each run, and what else there is to say of them."""
    module, function = MEASURES[what].split(":")
    measured: dict[str, Any] = getattr(import_module(f"bench.{module}"), function)(*arguments)
    return measured | {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
