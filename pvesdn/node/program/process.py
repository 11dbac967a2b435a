"""The process that runs this program: what it is told to leave alone, and the node that it is on."""

import os
import signal
import sys

from pvesdn.node.program.machine import Machine


def this_machine() -> Machine:
    """The node of this process, which from now on ends what it has begun."""
    # A dropped connection must not end us between two steps: what was begun is finished, or taken back.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    return Machine(os.environ.get("PVESDN_ROOT", ""), globals().get("SOURCE", b""))
