"""Prometheus and promtool, as Debian has them: of this machine, or unpacked by `tools/setup test`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "hooks/prometheus/rules.yml"
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), str(ROOT / "build/prometheus/bin")))

PROMTOOL = shutil.which("promtool", path=_PLACES)
PROMETHEUS = shutil.which("prometheus", path=_PLACES)
needed = pytest.mark.skipif(
    PROMTOOL is None or PROMETHEUS is None, reason="no Prometheus here: tools/setup test unpacks Debian's"
)
