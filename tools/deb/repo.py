"""An apt repository as a folder: what a web server, or `file:`, needs to serve the package to apt."""

from __future__ import annotations

import shutil
from pathlib import Path

from tools.deb.build import BUILD
from tools.deb.staging import Failed, run

REPOSITORY = BUILD / "repo"
SUITE = "stable"
"""One package serves Debian 12 and 13, so one suite does."""
KEYRING = "pvesdn-archive-keyring.gpg"


def make_repository(package: Path, key: str, repository: Path = REPOSITORY) -> None:
    """Lay out the repository; an older one in its folder goes.

    :param key: what gpg knows the signing key by; empty for an unsigned one.
    :param repository: its folder.
    :raises Failed: a program is missing, or gpg cannot sign.
    """
    if shutil.which("apt-ftparchive") is None:
        raise Failed("apt-ftparchive is not installed; run: sudo apt-get install apt-utils")
    shutil.rmtree(repository, ignore_errors=True)
    pool = repository / "pool"
    lists = repository / "dists" / SUITE
    index = lists / "main/binary-amd64"
    pool.mkdir(parents=True)
    index.mkdir(parents=True)
    shutil.copy2(package, pool)
    # Paths in the index are relative to the repository's root.
    packages = run(["apt-ftparchive", "packages", "pool"], cwd=repository)
    (index / "Packages").write_text(packages, "utf-8")
    run(["gzip", "--keep", "--no-name", "--best", "Packages"], cwd=index)
    about = {"Origin": "pvesdn", "Label": "pvesdn", "Suite": SUITE, "Codename": SUITE,
             "Architectures": "amd64", "Components": "main"}  # fmt: skip
    options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in about.items()]
    release = run(["apt-ftparchive", *options, "release", f"dists/{SUITE}"], cwd=repository)
    (lists / "Release").write_text(release, "utf-8")
    if key:
        _sign(repository, lists, key)


def how_to_use(repository: Path, *, is_signed: bool) -> str:
    """What to tell people: the line for apt's sources."""
    trust = f"signed-by=/etc/apt/keyrings/{KEYRING}" if is_signed else "trusted=yes"
    return f"deb [{trust}] file:{repository} {SUITE} main"


def _sign(repository: Path, lists: Path, key: str) -> None:
    """Both forms that apt reads, and the public key for whoever is to trust them."""
    if shutil.which("gpg") is None:
        raise Failed("gpg is not installed; run: sudo apt-get install gpg")
    gpg: list[str | Path] = ["gpg", "--batch", "--yes", "--local-user", key]
    run([*gpg, "--clearsign", "--output", "InRelease", "Release"], cwd=lists)
    run([*gpg, "--armor", "--detach-sign", "--output", "Release.gpg", "Release"], cwd=lists)
    public = repository / KEYRING
    run(["gpg", "--batch", "--yes", "--output", public, "--export", key], cwd=lists)
    if not public.stat().st_size:
        raise Failed(f"gpg knows no public key '{key}'")
    public.chmod(0o644)
