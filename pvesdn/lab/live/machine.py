"""A stock Debian kernel under qemu on this machine's own files, for what the running kernel lacks.

The guest's root is this machine's root, read-only over 9p, under a layer in memory: whatever is here is there, nothing
that the guest writes stays, except in the one folder that is shared for results.
"""

from __future__ import annotations

import gzip
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pvesdn.errors import SettingsError
from pvesdn.lab.live.packages import Unpacked

SHARED = Path("/run/pvesdn-results")
"""Where the guest sees the shared folder."""

_ROOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_STATUS = "exit-status"

_INIT = """\
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for module in {modules}; do $b insmod /modules/$module; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro root /lower
$b mount -t tmpfs -o size=90% tmpfs /upper; $b mkdir /upper/data /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /root
$b mkdir -p /root/run /root/.pvesdn; $b cp /second /root/.pvesdn/init
exec $b switch_root /root /.pvesdn/init
"""

_SECOND = """\
#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run; mkdir -p /run/lock {shared}; hostname pvesdn-lab
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 results {shared}
mkdir -p /lib/modules; mount --bind {modules}/usr/lib/modules /lib/modules
(exec -a modprobe {modules}/usr/bin/kmod -aq vrf vxlan bridge veth dummy 8021q macvlan tun)
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
class Machine:
    """:param packages: holds qemu, busybox, kmod and a kernel.
    :param memory: of the guest, MiB; taken from the host only as it is used.
    """

    packages: Unpacked
    memory: int = 3072
    processors: int = 2

    def run(
        self, argv: Sequence[str], results: Path, *, seconds: float, environment: Mapping[str, str] | None = None
    ) -> int:
        """Boot, run one command as root in the current folder, halt; its output comes out here.

        :param results: a folder that the guest sees as `SHARED`.
        :param seconds: for all of it.
        :returns: the command's exit status.
        :raises SettingsError: the guest did not come up, or not to an end in time.
        """
        results.mkdir(parents=True, exist_ok=True)
        status = results / _STATUS
        status.unlink(missing_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="pvesdn-machine-") as work,
            self.start(argv, results, Path(work), environment) as qemu,
        ):
            try:
                qemu.wait(seconds)
            except BaseException as error:
                os.killpg(qemu.pid, signal.SIGKILL)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise SettingsError(f"the lab's virtual machine did not end within {seconds:g} s") from None
                raise
        if not status.is_file():
            raise SettingsError("the lab's virtual machine ended without a result", hint="see its last lines above")
        code = int(status.read_text("ascii"))
        status.unlink()
        return code

    def start(
        self,
        argv: Sequence[str],
        results: Path,
        work: Path,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | None = None,
        *,
        stays: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Boot and begin the command; qemu leads a session of its own and ends when the command has.

        :param work: a folder that must stay until then.
        :param output: where the command's output goes.
        :param stays: it outlives this process; otherwise it ends with it, whatever ends it.
        """
        image = work / "initramfs.gz"
        image.write_bytes(self._initramfs(argv, environment or {}))
        return subprocess.Popen(
            [*([] if stays else ["setpriv", "--pdeathsig", "KILL", "--"]), *self._qemu(image, results)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._environment(),
            start_new_session=True,
        )

    def _qemu(self, image: Path, results: Path) -> list[str]:
        root = self.packages.root
        share = "-virtfs", f"local,path={results},mount_tag=results,security_model=none"
        return [
            *(
                str(root / "usr/bin/qemu-system-x86_64"),
                "-L",
                str(root / "usr/share/qemu"),
                "-L",
                str(root / "usr/share/seabios"),
            ),
            *("-machine", "q35", "-accel", _accelerator(), "-cpu", "max"),
            *("-smp", str(self.processors), "-m", str(self.memory), "-nodefaults", "-display", "none"),
            *("-serial", "stdio", "-no-reboot", "-kernel", str(self._kernel()), "-initrd", str(image)),
            *("-append", "console=ttyS0 quiet loglevel=0 panic=-1 mitigations=off"),
            *("-virtfs", "local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on"),
            *share,
        ]

    def _environment(self) -> dict[str, str]:
        libraries = sorted((self.packages.root / "usr/lib").glob("*-linux-gnu*"))
        paths = ":".join(str(path) for path in libraries)
        return {**os.environ, "LD_LIBRARY_PATH": paths, "QEMU_MODULE_DIR": str(libraries[0] / "qemu")}

    def _kernel(self) -> Path:
        return next((self.packages.root / "boot").glob("vmlinuz-*"))

    def _initramfs(self, argv: Sequence[str], environment: Mapping[str, str]) -> bytes:
        root = self.packages.root
        modules = load_order(root / "usr/lib/modules" / self._kernel().name.removeprefix("vmlinuz-"), _ROOT_MODULES)
        second = _SECOND.format(
            shared=SHARED,
            status=_STATUS,
            modules=root,
            exports="\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()),
            folder=shlex.quote(str(Path.cwd())),
            command=shlex.join(argv),
        )
        files = {
            "bin/busybox": (root / "usr/bin/busybox").read_bytes(),
            "init": _INIT.format(modules=" ".join(path.name for path in modules)).encode(),
            "second": second.encode(),
            **{f"modules/{path.name}": path.read_bytes() for path in modules},
        }
        folders = ("bin", "modules", "proc", "sys", "dev", "lower", "upper", "root")
        return gzip.compress(cpio(folders, files), compresslevel=1)


def _accelerator() -> str:
    """KVM where the processor says that it has it: /dev/kvm alone is no proof in a guest, where qemu may hang on it."""
    flags = set(Path("/proc/cpuinfo").read_text("ascii", errors="replace").split())
    return "kvm" if flags & {"vmx", "svm"} and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg,thread=multi"


def load_order(tree: Path, wanted: Iterable[str]) -> list[Path]:
    """Files of the modules and of all they need, in the order to load them in (depmod's modules.dep)."""
    rows = [line.partition(":") for line in (tree / "modules.dep").read_text("ascii").splitlines()]
    needs = {Path(file).name.partition(".")[0].replace("-", "_"): [file, *rest.split()] for file, _, rest in rows}
    order: list[str] = []
    for name in wanted:
        order += [file for file in reversed(needs.get(name, [])) if file not in order]
    return [tree / file for file in order]


def cpio(folders: Iterable[str], files: Mapping[str, bytes]) -> bytes:
    """An archive in the kernel's "newc" format (its Documentation/driver-api/early-userspace/buffer-format.rst)."""
    entries = [(name, 0o040755, b"") for name in folders] + [(name, 0o100755, data) for name, data in files.items()]
    parts = []
    for number, (name, mode, data) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode("ascii") + b"\0"
        parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]
    return b"".join(parts)
