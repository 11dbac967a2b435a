"""The version of Debian's package, and its changelog."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from tools.release_check import ENTRY, UNRELEASED, version_of

_WIDTH = 78


@dataclass(frozen=True, slots=True)
class Version:
    """What is packaged.

    :param text: as Debian compares versions: a build before the release sorts below it, one after it above.
    :param when: of the commit, so that the same sources make the same package.
    """

    text: str
    when: datetime


def debian_version(root: Path) -> Version:
    """Of the tree in `root`: that of pvesdn, with the commit where it is no release."""
    upstream = version_of(root)
    stamp = _ask(root, "log", "-1", "--format=%ct %h").split()
    if not stamp:
        return Version(upstream, datetime.now(UTC).replace(microsecond=0))
    when = datetime.fromtimestamp(int(stamp[0]), UTC)
    tag = f"v{upstream}"
    is_changed = bool(_ask(root, "status", "--porcelain", "--untracked-files=no").strip())
    if tag in _ask(root, "tag", "--points-at", "HEAD").split() and not is_changed:
        return Version(upstream, when)
    sign = "+" if tag in _ask(root, "tag", "--merged", "HEAD").split() else "~"
    changed = ".changed" if is_changed else ""
    return Version(f"{upstream}{sign}git{when:%Y%m%d%H%M%S}.{stamp[1]}{changed}", when)


def changelog(root: Path, version: Version, maintainer: str) -> str:
    """debian/changelog: the sections of CHANGELOG.md, the newest first, one entry for each.

    What is not released yet is the entry of this version.
    """
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = list(ENTRY.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    entries = []
    for match, end in zip(found, ends, strict=True):
        items = _items(text[match.end() : end])
        if match[1] == UNRELEASED and (items or not found[1:]):
            entries.append(_entry(version.text, items, version.when, maintainer))
        elif match[1] != UNRELEASED:
            when = datetime.fromisoformat(match[2]).replace(tzinfo=UTC) if match[2] else version.when
            entries.append(_entry(match[1], items, when, maintainer))
    if not entries[0].startswith(f"pvesdn ({version.text})"):
        entries.insert(
            0, _entry(version.text, ["As the release below, from a later commit."], version.when, maintainer)
        )
    return "\n".join(entries)


def _items(section: str) -> list[str]:
    """The points of a section, each as one line without marks."""
    points = re.findall(r"^\* (.+(?:\n  .+)*)", section, re.MULTILINE)
    return [" ".join(point.split()).replace("`", "'") for point in points]


def _entry(version: str, items: list[str], when: datetime, maintainer: str) -> str:
    lines = [f"pvesdn ({version}) unstable; urgency=medium", ""]
    for item in items or ["Nothing that is noticed."]:
        lines += _folded(item)
    return "\n".join([*lines, "", f" -- {maintainer}  {format_datetime(when)}", ""])


def _folded(item: str) -> list[str]:
    lines, begin = [], "  * "
    words = item.split()
    while words:
        line = begin + words.pop(0)
        while words and len(line) + 1 + len(words[0]) <= _WIDTH:
            line += f" {words.pop(0)}"
        lines.append(line)
        begin = "    "
    return lines


def _ask(root: Path, *words: str) -> str:
    """Git's answer; nothing where this is no repository, such as in a source distribution."""
    argv = ["git", "-c", "safe.directory=*", *words]
    done = subprocess.run(argv, cwd=root, check=False, capture_output=True, text=True, timeout=60)
    return done.stdout if done.returncode == 0 else ""
