"""`make release-check`: version, lab, changelog and tag agree, and what is built from the tag says the same.

Exit status 0 when this commit can be published as it is, else 1 with everything that is in the way, a line each.
Nothing is written but `dist/`, and that only when nothing is in the way.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = re.compile(r'^__version__ = "([^"]*)"$', re.MULTILINE)
NUMBERS = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
ENTRY = re.compile(r"^## \[([^\]]+)\](?: - ([0-9]{4}-[0-9]{2}-[0-9]{2}))?$", re.MULTILINE)
UNRELEASED = "Unreleased"


def version_of(root: Path) -> str:
    """What `pvesdn/__init__.py` says; empty when it says none."""
    found = VERSION.search((root / "pvesdn/__init__.py").read_text("utf-8"))
    return found[1] if found else ""


def problems(root: Path) -> Iterator[str]:
    """What is in the way of publishing the commit that is checked out in `root`, each with what to do about it."""
    version = version_of(root)
    if not NUMBERS.fullmatch(version):
        yield f"pvesdn/__init__.py: version '{version}' is not MAJOR.MINOR.PATCH"
        return
    yield from _lab(root, version)
    if f"**Status: {version}" not in (root / "README.md").read_text("utf-8"):
        yield f"README.md: its status box does not say {version}"
    yield from _changelog((root / "CHANGELOG.md").read_text("utf-8"), version)
    yield from _git(root, version)


def _lab(root: Path, version: str) -> Iterator[str]:
    needs = tomllib.loads((root / "lab/pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    if f"pvesdn=={version}" not in needs:
        yield f"lab/pyproject.toml: does not need pvesdn=={version}; set the same version there"


def _changelog(text: str, version: str) -> Iterator[str]:
    entries = ENTRY.findall(text)
    if not entries or entries[0] != (UNRELEASED, ""):
        yield f"CHANGELOG.md: the first section is not [{UNRELEASED}]; put it there"
        return
    unreleased = text.partition(f"## [{UNRELEASED}]\n")[2].partition("\n## [")[0]
    if unreleased.strip():
        yield f"CHANGELOG.md: [{UNRELEASED}] is not empty; put '## [{version}] - DATE' below its heading"
    dates = dict(entries[1:])
    if version not in dates:
        yield f"CHANGELOG.md: has no section [{version}]"
    elif next(iter(dates)) != version:
        yield f"CHANGELOG.md: [{version}] is not the newest section; is the version of pvesdn/__init__.py the right one?"
    elif not dates[version]:
        yield f"CHANGELOG.md: [{version}] has no date; write '## [{version}] - YYYY-MM-DD'"


def _git(root: Path, version: str) -> Iterator[str]:
    if changed := _ask(root, "status", "--porcelain").splitlines():
        yield f"{len(changed)} files are not as committed, such as {changed[0][3:]}; commit or remove them"
    tag = f"v{version}"
    here = _ask(root, "rev-parse", "HEAD").strip()
    found = _ask(root, "for-each-ref", "--format=%(objecttype) %(*objectname)", f"refs/tags/{tag}").split()
    if not found:
        yield f'there is no tag {tag}; git tag -s {tag} -m "pvesdn {version}"'
    elif found[0] != "tag":
        yield f"tag {tag} has no message; a release is an annotated tag"
    elif found[1] != here:
        yield f"tag {tag} is on another commit; a tag that was published stays, so release the next version"


def _ask(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True, timeout=60).stdout


def build(root: Path, target: Path) -> list[Path]:
    """Both wheels and pvesdn's source, from what is committed and from nothing else."""
    with tempfile.TemporaryDirectory() as name:
        clean = Path(name)
        archive = clean / "tree.tar"
        _ask(root, "archive", f"--output={archive}", f"v{version_of(root)}")
        # Not by tarfile: Debian 12's Python has no filter for what it unpacks.
        (clean / "tree").mkdir()
        subprocess.run(["tar", "--extract", f"--file={archive}", "--directory=tree"], cwd=clean, check=True, timeout=60)
        for folder, kind in (("", "wheel"), ("", "sdist"), ("lab", "wheel")):
            argv = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(clean / "made")]
            subprocess.run(argv, cwd=clean / "tree" / folder, check=True, capture_output=True, timeout=300)
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return sorted(Path(shutil.copy(made, target)) for made in (clean / "made").iterdir())


def faults(made: list[Path], version: str) -> Iterator[str]:
    """What is wrong with what was built."""
    wanted = {f"pvesdn-{version}.tar.gz"} | {f"{name}-{version}-py3-none-any.whl" for name in ("pvesdn", "pvesdn_lab")}
    if {path.name for path in made} != wanted:
        yield f"{', '.join(path.name for path in made)} were built instead of {', '.join(sorted(wanted))}"
    for path in made:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
                if f"\nVersion: {version}\n" not in wheel.read(metadata).decode():
                    yield f"{path.name}: its metadata says another version than {version}"


def main() -> int:
    """:returns: the exit status."""
    found = list(problems(ROOT))
    if not found:
        made = build(ROOT, ROOT / "dist")
        found = list(faults(made, version_of(ROOT)))
        for path in made:
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
    for line in found:
        print(f"release-check: {line}", file=sys.stderr)
    if not found:
        print(f"release-check: v{version_of(ROOT)} is ready to be published")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
