"""Whether pvesdn-lab is there, which is a distribution of its own, and how to get it."""

from __future__ import annotations

import json
import shlex
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pvesdn import __version__

_NAMES = {"pvesdn_lab": "pvesdn-lab", "fakepve": "fakepve", "cryptography": "cryptography"}
"""Modules that the lab is made of, and what pip calls them.

The last two are imported only in the lab's own process, which starts late: they are looked for before anything is done.
"""

_APART = "python3 -m venv lab && lab/bin/pip install pvesdn-lab"
"""What belongs to Debian's package manager is not mixed with what pip brings (PEP 668)."""


def missing() -> str:
    """Why `pvesdn lab` cannot run, and the command that mends it; empty when everything is there."""
    absent = [name for module, name in _NAMES.items() if not _is_there(module)]
    if not absent:
        return ""
    if "pvesdn-lab" in absent:
        absent = ["pvesdn-lab"]  # brings the others
        if _is_debians():
            return f"the lab is not part of Debian's package; run, in a folder for it: {_APART}=={__version__}"
    verb = "is" if len(absent) == 1 else "are"
    command = shlex.join([sys.executable, "-m", "pip", "install", *_requirements()])
    return f"{' and '.join(absent)} {verb} not installed, which the lab needs; run: {command}"


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _is_debians() -> bool:
    """Whether this pvesdn belongs to dpkg: its package says so where pip would name itself (PEP 376)."""
    try:
        return (metadata.distribution("pvesdn").read_text("INSTALLER") or "").strip() == "dpkg"
    except metadata.PackageNotFoundError:
        return False


def _requirements() -> list[str]:
    """What pip is to install: the lab of this very pvesdn, from where pvesdn came, if that was noted (PEP 610)."""
    try:
        pvesdn = metadata.distribution("pvesdn")
        origin: dict[str, Any] = json.loads(pvesdn.read_text("direct_url.json") or "{}")
    except metadata.PackageNotFoundError:
        return ["pvesdn-lab"]
    except ValueError:
        origin = {}
    match origin:
        case {"url": str(url), "vcs_info": {"vcs": str(tool), "commit_id": str(commit)}}:
            return [f"pvesdn-lab @ {tool}+{url}@{commit}#subdirectory=lab"]
        case {"url": str(url), "dir_info": dict(information)} if (checkout := _checkout(url)) is not None:
            # Both, so that they are of one version whatever the checkout has become.
            option = ["-e"] if information.get("editable") else []
            return [*option, str(checkout), *option, str(checkout / "lab")]
    return [f"pvesdn-lab=={pvesdn.version}"]


def _checkout(url: str) -> Path | None:
    """The folder behind a file URL, if it still holds the lab."""
    folder = Path(unquote(urlsplit(url).path))
    return folder if (folder / "lab/pyproject.toml").is_file() else None
