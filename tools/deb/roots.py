"""Clean roots of Debian's releases, to try the package in: kept as archives in the cache, unpacked for each use."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.packages import cache_folder, mirror
from tools.deb.staging import Failed, run

_FORMAT = "1"
"""Raised when what is in the archives changes."""
_TOOLS = ("bash-completion", "man-db", "systemd", "zsh")
"""What the package is looked at with. Nothing of it is needed by the package, and Python is not among it."""
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SECONDS = 600
_ENTER = """\
mkdir -p "$0/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts" && exec chroot "$0" "$@"
"""
"""With terminals of its own: a shell completes on none but a terminal."""


@dataclass(frozen=True, slots=True)
class Root:
    """A root directory. Commands in it have a mount and a process namespace of their own, and end with it."""

    folder: Path

    def ask(
        self, *words: str, given: str = "", environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command and return whatever comes of it."""
        argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={self.folder}/proc"]
        argv += ["sh", "-c", _ENTER, str(self.folder), *words]
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
            "DEBIAN_FRONTEND": "noninteractive", **(environ or {}),
        }  # fmt: skip
        return subprocess.run(
            argv, input=given, capture_output=True, text=True, check=False, timeout=_SECONDS, env=environment
        )

    def run(self, *words: str, given: str = "", environ: dict[str, str] | None = None) -> str:
        """What a command printed.

        :raises Failed: it ended badly.
        """
        done = self.ask(*words, given=given, environ=environ)
        if done.returncode:
            raise Failed(f"{' '.join(words)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def apt(self, *words: str) -> str:
        """What apt-get printed. Nothing but what is asked for is installed."""
        return self.run("apt-get", "--quiet", "--yes", "--no-install-recommends", *words)

    def bring(self, file: Path) -> str:
        """Copy a file of this machine to /root. :returns: its path there."""
        shutil.copyfile(file, self.folder / "root" / file.name)
        return f"/root/{file.name}"


@contextlib.contextmanager
def clean_root(suite: str) -> Iterator[Root]:
    """A root of that suite of Debian with the tools to look at a package; gone afterwards.

    :raises Failed: this machine cannot make one.
    """
    if os.geteuid() != 0:
        raise Failed("clean roots are made and entered by root; run: sudo make deb-check")
    archive = _archive(suite)
    with tempfile.TemporaryDirectory(prefix=f"pvesdn-{suite}-") as name:
        root = Root(Path(name))
        run(["tar", "--extract", "--numeric-owner", "--file", archive, "--directory", name], cwd=archive.parent)
        (root.folder / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n", "utf-8")
        (root.folder / "usr/sbin/policy-rc.d").chmod(0o755)
        _lend_the_network(root)
        root.apt("update")
        yield root


def _archive(suite: str) -> Path:
    """Made once."""
    home = cache_folder() / f"clean-roots-{_FORMAT}"
    home.mkdir(parents=True, exist_ok=True)
    archive = home / f"{suite}.tar"
    if not archive.exists():
        if shutil.which("mmdebstrap") is None:
            raise Failed("mmdebstrap is not installed; run: sudo apt-get install mmdebstrap")
        part = home / f"{suite}.part.tar"
        source = f"deb [signed-by={_KEYRING}] {mirror()} {suite} main"
        argv: list[str | Path] = [
            "mmdebstrap",
            "--variant=minbase",
            f"--include={','.join(_TOOLS)}",
            suite,
            part,
            source,
        ]
        run(argv, cwd=home, seconds=1800)
        part.rename(archive)
    return archive


def _lend_the_network(root: Root) -> None:
    """Names are looked up, and packages fetched, as on this machine."""
    shutil.copyfile("/etc/resolv.conf", root.folder / "etc/resolv.conf")
    said = run(["apt-config", "dump"], cwd=root.folder).splitlines()
    kept = [line for line in said if line.startswith(("Acquire::http", "Acquire::Check-"))]
    (root.folder / "etc/apt/apt.conf.d/90machine").write_text("\n".join([*kept, ""]), "utf-8")
