"""debian/copyright: pvesdn's licence, and those of what lies in the package with it, from their own files."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from pathlib import Path

_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pvesdn
Comment: The folders named below come from wheels of the Python Package Index,
 whose versions and digests are in tools/deb/wheels.lock of the sources. The
 compiled module of pydantic-core is linked with the Rust crates that
 pydantic-core.cyclonedx.json in /usr/share/doc/pvesdn names with their
 licences.

Files: *
Copyright: the authors of pvesdn
License: AGPL-3.0-or-later
"""


_OWNER = re.compile(r"^Copyright (?:\(c\) )?((?:[0-9]|Pydantic).*)$", re.MULTILINE)
_COMMON = frozenset({"Apache-2.0"})


def copyright_file(licence: Path, installed: Path) -> str:
    """The whole file.

    :param licence: pvesdn's own.
    :param installed: the folder that the wheels were installed into.
    """
    parts = [_HEAD + _text(licence.read_text("utf-8"))]
    parts += (_paragraph(folder) for folder in _foreign(installed))
    return "\n".join(parts)


def _foreign(installed: Path) -> Iterator[Path]:
    for folder in sorted(installed.glob("*.dist-info")):
        if not folder.name.startswith("pvesdn-"):
            yield folder


def _paragraph(folder: Path) -> str:
    metadata = email.message_from_string((folder / "METADATA").read_text("utf-8"))
    name = str(metadata["Name"])
    texts = {file.name: file.read_text("utf-8") for file in sorted((folder / "licenses").iterdir())}
    text = texts[min(texts)]
    owners = [match[1].rstrip(",") for match in _OWNER.finditer("\n".join(texts.values()))]
    licence = str(metadata["License-Expression"] or metadata["License"])
    if licence in _COMMON:  # Debian has the text, and what came with it is told
        text = "\n".join(
            [f"The text is in /usr/share/common-licenses/{licence}.", *(texts[name] for name in sorted(texts)[1:])]
        )
    files = f"usr/lib/pvesdn/{name.lower().replace('-', '_')}*"
    return f"Files: {files}\nCopyright: {owners[0]}\nLicense: {licence}-{name}\n{_text(text)}"


def _text(text: str) -> str:
    """As the value of a field: indented, with a dot on empty lines."""
    return "".join(f" {line.rstrip()}\n" if line.strip() else " .\n" for line in text.strip("\n").splitlines())
