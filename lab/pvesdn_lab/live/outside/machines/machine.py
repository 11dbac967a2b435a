"""What both kinds of virtual machine have in common: they boot, run one command and halt."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pvesdn.errors import SettingsError
from pvesdn_lab.live.packages import Unpacked

SHARED = Path("/run/pvesdn-results")
"""Where the virtual machine sees the shared folder."""

MODULES = (
    *("ipv6", "vrf", "vxlan", "bridge", "veth", "dummy", "8021q", "macvlan", "tun", "bonding", "openvswitch"),
    *("iptable_nat", "iptable_raw", "xt_nat", "xt_CT", "sch_ingress", "cls_bpf"),
)
"""What the lab needs of the kernel, and what need not be built in."""

_STATUS = "exit-status"

_INSIDE = """\
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run; mkdir -p /run/lock {shared}; hostname pvesdn-lab
{share}
mkdir -p /lib/modules; mount --bind {modules} /lib/modules
(exec -a modprobe {kmod} -aq {wanted})
ip link set lo up
{exports}
cd {folder}
{command}
echo $? > {shared}/{status}
sync; umount {shared}
echo o > /proc/sysrq-trigger
sleep 60
"""


@dataclass(frozen=True, slots=True)
class RunningMachine:
    """A virtual machine while it runs its command."""

    process: subprocess.Popen[bytes]
    status: Path
    printer: threading.Thread

    def wait(self, seconds: float) -> int:
        """The command's exit status.

        :raises SettingsError: the machine did not come up, or did not end in time.
        """
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise SettingsError(f"the lab's virtual machine did not end within {seconds:g} s") from None
        self.printer.join(5)
        if not self.status.is_file():
            raise SettingsError("the lab's virtual machine ended without a result", hint="see its last lines above")
        code = int(self.status.read_text("ascii"))
        self.status.unlink()
        return code


@dataclass(frozen=True, slots=True)
class VirtualMachine(ABC):
    """A virtual machine whose root is the host's own, read-only, under a layer in memory.

    It sees whatever the host has. What it writes is lost when it halts, except in the one folder shared for results.

    :param packages: what the machine and its kernel consist of.
    :param memory: MiB; taken from the host only as it is used.
    :param processors: how many of the host's it has.
    """

    packages: Unpacked
    memory: int = 3072
    processors: int = 1

    @property
    def is_emulated(self) -> bool:
        """Its processor is a program, so slow that whatever has a limit in seconds fails beside other machines."""
        return False

    def side_by_side(self) -> int:
        """How many the host can run at once: as many as it has processors and memory for, and at least one."""
        return max(1, min(len(os.sched_getaffinity(0)) // self.processors, self.in_memory()))

    def in_memory(self) -> int:
        """How many the host has memory for."""
        return _available_memory() // self.memory

    @contextmanager
    def carry(self, argv: Sequence[str], results: Path, environment: Mapping[str, str]) -> Iterator[RunningMachine]:
        """Boot and run one command as root in the current folder; its output comes out here.

        :param results: a folder that the machine sees as `SHARED`.
        """
        results.mkdir(parents=True, exist_ok=True)
        (results / _STATUS).unlink(missing_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="pvesdn-machine-") as work,
            self.start(argv, results, Path(work), environment, subprocess.PIPE) as process,
        ):
            # A machine that had the terminal itself would leave it in a state of its own.
            printer = threading.Thread(target=_pass_on, args=(process.stdout,), daemon=True)
            printer.start()
            try:
                yield RunningMachine(process, results / _STATUS, printer)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def start(
        self,
        argv: Sequence[str],
        results: Path,
        work: Path,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | int | None = None,
        *,
        stays: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Boot and begin the command; the machine leads a session of its own and ends when the command has.

        :param work: a folder that must stay until then.
        :param output: where the command's output goes.
        :param stays: it outlives this process; otherwise it ends with it, whatever ends it.
        """
        return subprocess.Popen(
            [
                *([] if stays else ["setpriv", "--pdeathsig", "KILL", "--"]),
                # It takes what others leave: they have limits in seconds that are shorter.
                *(["nice", "-n", "10"] if self.is_emulated and not stays else []),
                # Process 1 of a namespace: helpers of its own, which user-mode Linux has, end with it.
                *("unshare", "--pid", "--fork", "--kill-child", "--"),
                *self._prepare(self._inside(argv, environment or {}, results), results, work),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            env={**os.environ, **self._environment()},
            start_new_session=True,
        )

    @abstractmethod
    def _prepare(self, inside: str, results: Path, work: Path) -> list[str]:
        """Put what the machine starts from into `work`, and return the command that boots it.

        :param inside: a script for the machine to run once its root is in place.
        """

    @abstractmethod
    def _environment(self) -> dict[str, str]:
        """What the command needs in addition to this process's own environment."""

    @abstractmethod
    def _modules(self) -> Path:
        """The folder that becomes the machine's /lib/modules."""

    @abstractmethod
    def _share(self, results: Path) -> str:
        """The command that mounts `results` on `SHARED` inside the machine."""

    def _inside(self, argv: Sequence[str], environment: Mapping[str, str], results: Path) -> str:
        return _INSIDE.format(
            shared=SHARED,
            share=self._share(results),
            status=_STATUS,
            modules=shlex.quote(str(self._modules())),
            kmod=shlex.quote(str(self.packages.root / "usr/bin/kmod")),
            wanted=" ".join(MODULES),
            exports="\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()),
            folder=shlex.quote(str(Path.cwd())),
            command=shlex.join(argv),
        )


def _available_memory() -> int:
    """What could be used without swapping, MiB."""
    rows = (line.split() for line in Path("/proc/meminfo").read_text("ascii").splitlines())
    return next(int(words[1]) // 1024 for words in rows if words[0] == "MemAvailable:")


def _pass_on(source: IO[bytes] | None) -> None:
    """Print lines as they come."""
    assert source is not None  # noqa: S101 - it was asked for
    for line in source:
        sys.stdout.write(line.decode("utf-8", "replace").replace("\r", ""))
        sys.stdout.flush()
