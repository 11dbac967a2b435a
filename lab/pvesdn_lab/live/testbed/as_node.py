"""`pvesdn` on the controller as if it were called on a node: `python -m pvesdn_lab.live.testbed.as_node NODE …`.

The nodes of the lab have no pvesdn and no way to the API, which is the controller's. What is called for one of them so
takes that node for its own, and reaches it by SSH as it does the others.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import replace

from pvesdn.cli.app import run
from pvesdn.ports import Observer
from pvesdn.settings import Settings
from pvesdn.wiring import build_world
from pvesdn.workflows.world import World


def main(node: str, arguments: Sequence[str]) -> int:
    """One call of pvesdn."""

    def world(settings: Settings, observer: Observer) -> World:
        return replace(build_world(settings, observer), local_node=node)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return run(arguments, build_world=world)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
