"""The command line: options in; screens, documents and exit statuses out."""

from __future__ import annotations

import gc
import signal
import sys
from typing import NoReturn

from pvesdn.cli.app import run


def main() -> NoReturn:
    """The program `pvesdn`. SIGTERM and a lost terminal are treated like Ctrl-C: what was begun is put back, and the
    state in which things are is reported.
    """
    # Half of the time of a large plan went into looking for cycles among values that have none.
    gc.set_threshold(50_000, 1000)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    status = run(sys.argv[1:])
    gc.freeze()  # the process ends: nothing is left to look for
    sys.exit(status)
