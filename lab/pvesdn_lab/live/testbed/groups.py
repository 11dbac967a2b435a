"""The control groups that systemd needs on a node: the one thing of a lab that does not go with its processes."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SCRIPT = Path(__file__).parent / "scripts/clear-groups.sh"


def clear_groups(*, patience: int = 0) -> None:
    """Take away the empty ones, of this lab and of those that were killed. One that cannot go stays, and does no harm.

    :param patience: tenths of a second for processes that were killed this moment.
    """
    argv = ["bash", str(_SCRIPT), str(patience)]
    subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False)
