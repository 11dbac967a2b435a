"""Make what is made in README.md and docs/: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tools.pages import vim
from tools.pages.blocks import filled
from tools.pages.reference import reference
from tools.schemas import documents

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/models.md", "docs/safety.md", "docs/troubleshooting.md", "docs/running.md")
"""Pages with blocks that are made."""


def made() -> Iterator[tuple[Path, str]]:
    """Each page that has something made in it, as it has to be."""
    yield ROOT / "docs/reference.md", reference()
    yield ROOT / documents.FILE, documents.text()
    yield ROOT / vim.FILE, vim.syntax()
    for name in PAGES:
        yield ROOT / name, filled((ROOT / name).read_text())


def main() -> int:
    """Write the pages that are not as they have to be."""
    for path, text in made():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"docs: wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
