"""Debian's own kernel under qemu: virtualised where the processor can, else emulated."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.outside.machines.machine import SHARED, VirtualMachine
from pvesdn_lab.live.packages import Bundle

QEMU = Bundle("machine", always=("busybox-static", "kmod"), missing=("qemu-system-x86",), kernel=True)

_ROOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")

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
"""


@dataclass(frozen=True, slots=True)
class Qemu(VirtualMachine):
    """:param accelerator: qemu's ``-accel``."""

    processors: int = 2
    accelerator: str = "tcg,thread=multi"

    @property
    def is_emulated(self) -> bool:
        return self.accelerator.startswith("tcg")

    def _prepare(self, inside: str, results: Path, work: Path) -> list[str]:
        image = work / "initramfs.gz"
        image.write_bytes(self._initramfs(_SECOND + inside))
        root = self.packages.root
        return [
            *(
                str(root / "usr/bin/qemu-system-x86_64"),
                "-L",
                str(root / "usr/share/qemu"),
                "-L",
                str(root / "usr/share/seabios"),
            ),
            *("-machine", "q35", "-accel", self.accelerator, "-cpu", "max"),
            *("-smp", str(self.processors), "-m", str(self.memory), "-nodefaults", "-display", "none"),
            *("-serial", "stdio", "-no-reboot", "-kernel", str(self._kernel()), "-initrd", str(image)),
            *("-append", "console=ttyS0 quiet loglevel=0 panic=-1 mitigations=off"),
            *("-virtfs", "local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on"),
            *("-virtfs", f"local,path={results},mount_tag=results,security_model=none"),
        ]

    def _environment(self) -> dict[str, str]:
        libraries = sorted((self.packages.root / "usr/lib").glob("*-linux-gnu*"))
        paths = ":".join(str(path) for path in libraries)
        return {"LD_LIBRARY_PATH": paths, "QEMU_MODULE_DIR": str(libraries[0] / "qemu")}

    def _modules(self) -> Path:
        return self.packages.root / "usr/lib/modules"

    def _share(self, results: Path) -> str:  # noqa: ARG002 - it is told by its tag
        return f"mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 results {SHARED}"

    def _kernel(self) -> Path:
        return next((self.packages.root / "boot").glob("vmlinuz-*"))

    def _initramfs(self, second: str) -> bytes:
        root = self.packages.root
        modules = load_order(root / "usr/lib/modules" / self._kernel().name.removeprefix("vmlinuz-"), _ROOT_MODULES)
        files = {
            "bin/busybox": (root / "usr/bin/busybox").read_bytes(),
            "init": _INIT.format(modules=" ".join(path.name for path in modules)).encode(),
            "second": second.encode(),
            **{f"modules/{path.name}": path.read_bytes() for path in modules},
        }
        folders = ("bin", "modules", "proc", "sys", "dev", "lower", "upper", "root")
        return gzip.compress(cpio(folders, files), compresslevel=1)


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
