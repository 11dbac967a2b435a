"""Whether the Python packages of the extra `lab` are there, and how to get them."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from importlib.util import find_spec

_PACKAGES = ("fakepve", "cryptography")
"""Imported in the lab's own process, which starts late: looked for before anything else is done."""


def missing_extra() -> str:
    """Why the lab cannot start, and the command that mends it; empty when the packages are there."""
    absent = [name for name in _PACKAGES if not _is_there(name)]
    if not absent:
        return ""
    verb = "is" if len(absent) == 1 else "are"
    command = f"{sys.executable} -m pip install {_requirement()}"
    return (
        f"{' and '.join(absent)} {verb} not installed, which the lab needs from the extra pvesdn[lab]; run: {command}"
    )


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _requirement() -> str:
    """What pip installs to add the extra to this very installation: from where it came, if that was noted (PEP 610)."""
    try:
        origin = json.loads(metadata.distribution("pvesdn").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        origin = {}
    url = str(origin.get("url", ""))
    if not url or "vcs_info" in origin:
        return "'pvesdn[lab]'"
    if origin.get("dir_info", {}).get("editable"):
        return f"-e '{url.removeprefix('file://')}[lab]'"
    return f"'pvesdn[lab] @ {url}'"
