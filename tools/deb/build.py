"""The package, made by Debian's own tools in a folder below build/deb."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tools.deb.licences import copyright_file
from tools.deb.staging import HOME, UNIT_KINDS, Failed, run, stage, tidy
from tools.deb.version import changelog, debian_version
from tools.pages.completion import completions
from tools.pages.manual import manual

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "deb"
_PAGES = ("README.md", "SECURITY.md", "LICENSE")
_ADDRESS = "pvesdn@localhost"


def build() -> Path:
    """Make the package of this tree; older ones in the folder go.

    :returns: the .deb.
    :raises Failed: something is missing, or a step could not be done.
    """
    if shutil.which("dpkg-buildpackage") is None or shutil.which("dh") is None:
        raise Failed("dpkg-buildpackage and dh are not installed; run: sudo apt-get install dpkg-dev debhelper")
    shutil.rmtree(BUILD, ignore_errors=True)
    version = debian_version(ROOT)
    tree = BUILD / "pvesdn"
    tree.mkdir(parents=True)
    stage(ROOT, tree / "staged")
    shutil.copytree(ROOT / "debian", tree / "debian")
    (tree / "debian/copyright").write_text(copyright_file(ROOT / "LICENSE", tree / "staged" / HOME), "utf-8")
    tidy(tree / "staged")
    address = os.environ.get("DEBEMAIL", _ADDRESS)
    units = " ".join(path.name for path in sorted((ROOT / "hooks").iterdir()) if path.suffix in UNIT_KINDS)
    for name in ("control", "pvesdn.postinst", "pvesdn.prerm", "pvesdn.postrm"):
        _fill(tree / "debian" / name, {"@MAINTAINER@": address, "@UNITS@": units})
    maintainer = f"The pvesdn developers <{address}>"
    (tree / "debian/changelog").write_text(changelog(ROOT, version, maintainer), "utf-8")
    _pages(tree)
    epoch = str(int(version.when.timestamp()))
    run(
        ["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-check-builddeps"],
        cwd=tree, environ={"SOURCE_DATE_EPOCH": epoch},
    )  # fmt: skip
    (package,) = BUILD.glob("pvesdn_*.deb")
    return package


def _fill(file: Path, words: dict[str, str]) -> None:
    text = file.read_text("utf-8")
    for word, value in words.items():
        text = text.replace(word, value)
    file.write_text(text, "utf-8")


def _pages(tree: Path) -> None:
    """Manual pages, completions, and what is read as it is."""
    for folder, texts in ((tree / "staged/man", manual()), (tree / "staged/usr/share", completions())):
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    for name in _PAGES:
        shutil.copyfile(ROOT / name, tree / name)
    shutil.copytree(ROOT / "docs", tree / "docs")
