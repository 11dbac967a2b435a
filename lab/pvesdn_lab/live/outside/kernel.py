"""What the running kernel can do: found by trying, in a namespace that goes at once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

_TRIALS = {
    "bridge": ("ip link add x type bridge",),
    "veth": ("ip link add x type veth peer name y",),
    "vxlan": ("ip link add x type vxlan id 7 dstport 4789",),
    "vrf": ("ip link add x type vrf table 7",),
    "dummy": ("ip link add x type dummy",),
    "vlan": ("ip link add x type veth peer name y", "ip link add z link x type vlan id 7"),
    "bond": ("ip link add x type bond",),
    "openvswitch": ("[ -d /sys/module/openvswitch ] || modprobe -q openvswitch",),
    "macvlan": ("ip link add x type veth peer name y", "ip link add z link x type macvlan mode bridge"),
}
REQUIRED = frozenset({"bridge", "veth", "vxlan"})
"""Without these nothing of the lab runs on a kernel."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """:param devices: the kinds of network device that it makes, of those in `_TRIALS`."""

    devices: frozenset[str]

    def lacks(self, wanted: Iterable[str]) -> list[str]:
        """What of `wanted` it does not have."""
        return sorted((set(wanted) | REQUIRED) - self.devices)


def probe() -> Kernel:
    """Try each kind of device."""
    return Kernel(frozenset(kind for kind, commands in _TRIALS.items() if _succeeds(commands)))


def obstacle() -> str:
    """Why the lab cannot run on this machine at all; empty when it can."""
    if os.geteuid() != 0:
        return "the lab makes network namespaces: it needs root"
    tools = ("apt-get", "dpkg-deb", "unshare", "nsenter", "ip", "tar")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    absent = [tool for tool in tools if shutil.which(tool, path=path) is None]
    if absent:
        return f"the lab needs Debian's {', '.join(absent)}"
    if subprocess.run(
        ["unshare", "--net", "--mount", "--pid", "--fork", "true"], capture_output=True, check=False
    ).returncode:
        return "this root may not make namespaces: an unprivileged container?"
    groups = ["unshare", "--mount", "--cgroup", "mount", "-t", "cgroup2", "cgroup2", "/run"]
    if subprocess.run(groups, capture_output=True, check=False, env={**os.environ, "PATH": path}).returncode:
        return "the lab's nodes run systemd, but control groups (cgroup2) cannot be mounted: an unprivileged container?"
    return ""


def _succeeds(commands: Iterable[str]) -> bool:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    argv = ["unshare", "--net", "sh", "-ec", "\n".join(commands)]
    return subprocess.run(argv, capture_output=True, check=False, env={**os.environ, "PATH": path}).returncode == 0
