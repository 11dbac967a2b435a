"""The command line: options in, screens, documents and exit statuses out."""

from __future__ import annotations

import sys
from typing import NoReturn

from pvesdn.cli.app import run


def main() -> NoReturn:
    """The program `pvesdn`."""
    sys.exit(run(sys.argv[1:]))
