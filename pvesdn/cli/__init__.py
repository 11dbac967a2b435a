"""The command line: options in; screens, documents and exit statuses out."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from pvesdn.cli.app import run


def main() -> NoReturn:
    """The program `pvesdn`. SIGTERM is treated like Ctrl-C: it reports the state in which things are."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))
