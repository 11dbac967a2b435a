"""Entry of every fake command: ``run.py NAME BIN_FOLDER [ARGUMENT...]``, called by the small shell scripts in a node's
`bin`.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # The scripts start python without site-packages (twice as fast), so the package finds itself by its own place.
    sys.path[0] = str(Path(__file__).resolve().parents[3])
    from pvesdn_lab.simulated.commands.main import main

    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve().parent, sys.argv[3:]))
