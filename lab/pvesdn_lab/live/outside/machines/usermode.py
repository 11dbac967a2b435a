"""Debian's kernel as a process: user-mode Linux. Programs run at the processor's own speed, only system calls, page
faults and new processes cost more.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

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


@dataclass(frozen=True, slots=True)
class UserMode(VirtualMachine):
    """Has one processor: user-mode Linux knows no more.

    :param newest: another kernel than the release's, with the libraries that it needs.
    """

    newest: Unpacked | None = None

    def with_nat(self) -> Self:
        """The release's kernel: the newest one is built without NAT for iptables."""
        return replace(self, newest=None)

    def _prepare(self, inside: str, results: Path, work: Path) -> list[str]:  # noqa: ARG002 - the script mounts them
        script = work / "init"
        kmod, overlay = self.packages.root / "usr/bin/kmod", self._release() / "kernel/fs/overlayfs/overlay.ko"
        script.write_text(
            _INIT.format(kmod=shlex.quote(str(kmod)), overlay=shlex.quote(str(overlay))) + inside, "utf-8"
        )
        script.chmod(0o755)
        return [
            *(linux(self.newest) if self.newest else [str(self.packages.root / "usr/bin/linux.uml")]),
            *(f"mem={self.memory}M", "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", f"init={script}"),
            *("con=null", "con0=null,fd:1", "quiet", "loglevel=0"),
        ]

    def _environment(self) -> dict[str, str]:
        return {}

    def _modules(self) -> Path:
        return self._release().parent

    def _share(self, results: Path) -> str:
        return f"mount -t hostfs -o {shlex.quote(str(results.resolve()))} results {SHARED}"

    def _release(self) -> Path:
        return next(((self.newest or self.packages).root / "usr/lib/uml/modules").iterdir())


def linux(newest: Unpacked) -> list[str]:
    """The words that start that kernel, with the C library that was unpacked with it."""
    return ["env", f"LD_LIBRARY_PATH={newest.root / _LIBRARIES}", str(newest.root / _OWN_LOADER)]


def is_fit(newest: Unpacked) -> bool:
    """Whether that kernel starts on this machine, where it is made ready for it.

    It needs a newer C library than the machine has, and so that one's loader, which is named in the program itself: a
    loader that is given the program leaves it no memory where it wants some.
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
    done = subprocess.run([*linux(newest), "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode == 0
