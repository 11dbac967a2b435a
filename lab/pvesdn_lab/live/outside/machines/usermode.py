"""Debian's kernel as a process: user-mode Linux. Programs run at the processor's own speed, only system calls, page
faults and new processes cost more.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.outside.machines.machine import SHARED, VirtualMachine
from pvesdn_lab.live.packages import Bundle, Unpacked

USER_MODE = Bundle("user-mode", always=("kmod", "user-mode-linux"))
NEWEST = Bundle("user-mode-newest", always=("user-mode-linux",), suite="unstable")
"""Debian's newest kernel: since 6.16 it catches system calls by seccomp, and starts Python in a third of the time."""

_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_OWN_LOADER = "usr/bin/linux.uml.own-loader"
_DEBIANS_LOADER = b"/lib64/ld-linux-x86-64.so.2\0"
_LOADER = Path("/run/pvesdn-loader")
"""Not longer than Debian's."""

# The kernel sees this machine's root as its own; from there on a layer in memory lies over it.
_INIT = """\
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t tmpfs -o size=90% tmpfs /run
mkdir -p /run/layer/data /run/layer/work /run/new
(exec -a insmod {kmod} {overlay})
mount -t overlay -o lowerdir=/,upperdir=/run/layer/data,workdir=/run/layer/work overlay /run/new
mkdir -p /run/new/.before
cd /run/new
pivot_root . .before
umount -l /.before/proc
"""


_OPTIONS = (
    "root=/dev/root",
    "rootfstype=hostfs",
    "rootflags=/",
    "ro",
    "con=null",
    "con0=null,fd:1",
    "quiet",
    "loglevel=0",
)
_BOOT_SECONDS = 20.0
"""A kernel that has not begun its first program by then never does; it takes one or two."""


@dataclass(frozen=True, slots=True)
class UserMode(VirtualMachine):
    """Has one processor: user-mode Linux knows no more.

    :param newest: another kernel than the release's, with the libraries that it needs.
    """

    newest: Unpacked | None = None

    def _prepare(self, inside: str, results: Path, work: Path) -> list[str]:  # noqa: ARG002 - the script mounts them
        script = work / "init"
        kmod, overlay = self.packages.root / "usr/bin/kmod", self._release() / "kernel/fs/overlayfs/overlay.ko"
        script.write_text(
            _INIT.format(kmod=shlex.quote(str(kmod)), overlay=shlex.quote(str(overlay))) + inside, "utf-8"
        )
        script.chmod(0o755)
        return [
            *(linux(self.newest) if self.newest else releases_linux(self.packages)),
            *(f"mem={self.memory}M", f"init={script}", *_OPTIONS),
        ]

    def _environment(self) -> dict[str, str]:
        return {}

    def _modules(self) -> Path:
        return self._release().parent

    def _share(self, results: Path) -> str:
        return f"mount -t hostfs -o {shlex.quote(str(results.resolve()))} results {SHARED}"

    def _release(self) -> Path:
        return next(((self.newest or self.packages).root / "usr/lib/uml/modules").iterdir())


def releases_linux(release: Unpacked) -> list[str]:
    """The words that start the release's kernel."""
    return [str(release.root / "usr/bin/linux.uml")]


def linux(newest: Unpacked) -> list[str]:
    """The words that start the newest kernel, with the C library that was unpacked with it."""
    return ["env", f"LD_LIBRARY_PATH={newest.root / _LIBRARIES}", str(newest.root / _OWN_LOADER)]


def make_ready(newest: Unpacked) -> None:
    """Let that kernel find the newer C library that it needs: by its loader, which is named in the program itself.

    A loader that is given the program leaves it no memory where it wants some.
    """
    program, own = newest.root / "usr/bin/linux.uml", newest.root / _OWN_LOADER
    name = b"%b\0" % os.fsencode(_LOADER)
    # Both put in place whole: another lab may be starting, or run the very file.
    draft = own.with_name(f"{own.name}.{os.getpid()}")
    draft.write_bytes(program.read_bytes().replace(_DEBIANS_LOADER, name.ljust(len(_DEBIANS_LOADER), b"\0")))
    draft.chmod(0o755)
    draft.replace(own)
    link = _LOADER.with_name(f".{_LOADER.name}.{os.getpid()}")
    link.symlink_to(newest.root / _LIBRARIES / "ld-linux-x86-64.so.2")
    link.replace(_LOADER)


def boots(program: Sequence[str]) -> bool:
    """Whether a kernel comes up on this machine so far that it runs a program.

    Up to 6.12 it keeps a program's registers in a frame that is too small for those of a processor with AMX: it panics
    then, or hangs.

    :param program: the words that start it.
    """
    with tempfile.TemporaryDirectory(prefix="pvesdn-boots-") as folder:
        script = Path(folder) / "init"
        script.write_text("#!/bin/sh\necho it runs\n", "ascii")
        script.chmod(0o755)
        argv = ["unshare", "--pid", "--fork", "--kill-child", "--", *program, "mem=128M", f"init={script}", *_OPTIONS]
        with subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            late = threading.Timer(_BOOT_SECONDS, process.kill)
            late.start()
            try:
                return any(b"it runs" in line for line in process.stdout or ())
            finally:
                late.cancel()
                process.kill()  # without its first program it panics, or stays
