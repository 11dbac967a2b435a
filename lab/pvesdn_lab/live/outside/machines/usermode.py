"""Debian's kernel as a process: user-mode Linux. Programs run at the processor's own speed, only system calls cost
more.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.outside.machines.machine import SHARED, VirtualMachine
from pvesdn_lab.live.packages import Bundle

USER_MODE = Bundle("user-mode", always=("kmod", "user-mode-linux"))

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
    """Has one processor: user-mode Linux knows no more."""

    def _prepare(self, inside: str, results: Path, work: Path) -> list[str]:  # noqa: ARG002 - the script mounts them
        script = work / "init"
        kmod, overlay = self.packages.root / "usr/bin/kmod", self._release() / "kernel/fs/overlayfs/overlay.ko"
        script.write_text(
            _INIT.format(kmod=shlex.quote(str(kmod)), overlay=shlex.quote(str(overlay))) + inside, "utf-8"
        )
        script.chmod(0o755)
        return [
            str(self.packages.root / "usr/bin/linux.uml"),
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
        return next((self.packages.root / "usr/lib/uml/modules").iterdir())
