"""A node of the live lab: namespaces with an /etc, /var and /run of their own, and everything in them real."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.disk import install_disk
from pvesdn_lab.live.testbed.layers import make_layers
from pvesdn_lab.live.testbed.plan import NodePlan
from pvesdn_lab.live.testbed.space import PATH, LabFault, Space, start_holder, wait_for
from pvesdn_lab.simulated.host import Files

_SCRIPTS = Path(__file__).parent / "scripts"
_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
_ENTER = ("--net", "--mount", "--uts", "--ipc", "--pid", "--wd")
_BOOT_SECONDS = 300.0
"""For whatever systemd does at boot, or at a shutdown; emulation is slow."""
_RUN_SECONDS = 3600
"""For what PVE runs on a node. With thousands of VNets a reload takes that long; who asked for it has a limit, too."""


class LiveNode(Files):
    """A node that runs; the simulated API reloads it as it reloads the simulated ones.

    :param home: folder of this node's disk and log.
    :param cluster: the folder that stands for the cluster file system.
    """

    def __init__(self, plan: NodePlan, home: Path, packages: Unpacked, cluster: Path) -> None:
        super().__init__(home / "off")
        self.name = plan.name
        self.plan = plan
        self.home = home
        self._packages = packages
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self.space = Space(plan.name, 0)

    @property
    def is_on(self) -> bool:
        """The node has power."""
        return self._process is not None

    def install_disk(self, host_key: Path, authorized_key: Path) -> None:
        """Lay out /etc, /var and /root as an installed PVE node has them."""
        install_disk(self.plan, self.home / "disk", self._packages, host_key, authorized_key)

    # ------------------------------------------------------------------------------------------------------ power

    def power_on(self) -> None:
        """Namespaces that cards can be put into; nothing runs there until `boot`."""
        disk = self.home / "disk"
        layers = make_layers(self.home / "layer", self._packages, self.plan)
        layers_word = ":".join(map(str, layers))
        script = ["bash", str(_SCRIPTS / "boot-node.sh"), self.name, str(disk), layers_word, str(self._cluster)]
        self._process, pid = start_holder(script, _NAMESPACES, self.home / "boot.log", stdin=subprocess.PIPE)
        self.space = Space(self.name, pid, _ENTER)
        self.root = Path(f"/proc/{pid}/root")

    def boot(self) -> None:
        """Let systemd take over, as process 1, and start what is enabled; its cards are there by now.

        :raises LabFault: it does not come up.
        """
        assert self._process is not None  # noqa: S101 - it has power
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        with self._process.stdin as switch:
            switch.write(b"on\n")
        wait_for(f"{self.name} boots", self._is_up, limit=_BOOT_SECONDS)

    def power_off(self) -> None:
        """Pull the plug: every process dies at once, the cards go with the namespace, the disk stays."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self.space.pid, signal.SIGKILL)
        self._has_ended()

    def shut_down(self) -> None:
        """Have the node's systemd end everything in its order; it has no power afterwards, and the disk stays.

        :raises LabFault: it does not end.
        """
        self.space.call("systemctl", "reboot")
        process = self._process
        wait_for(f"{self.name} goes down", lambda: process is None or process.poll() is not None, limit=_BOOT_SECONDS)
        self._has_ended()

    def _has_ended(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            self.root = self.home / "off"

    def _is_up(self) -> bool:
        """Whether all that it starts at boot has been started; a file says so, because each call of systemctl would
        cost a slow kernel as much as a unit.
        """
        process = self._process
        if process is not None and process.poll() is not None:
            log = (self.home / "boot.log").read_text("utf-8", "replace").strip()
            raise LabFault(f"{self.name} does not boot: {log[-500:]}")
        return (self.root / "run/up").exists()

    # ---------------------------------------------------------------------------------------------------- looking

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the node, whatever its exit status."""
        names = {"frr-reload.py": "/usr/lib/frr/frr-reload.py"}
        return self.space.call(names.get(command, command), *arguments, limit=_RUN_SECONDS)

    def popen(self, *command: str) -> subprocess.Popen[bytes]:
        """Run a command on the node with this process's own input and output."""
        return subprocess.Popen(self.space.argv(*command), env={**os.environ, "PATH": PATH})

    def vtysh(self, question: str) -> Any:
        """FRR's answer to ``show … json``."""
        return self.space.json("vtysh", "-c", question)

    def devices(self) -> Mapping[str, Any]:
        """`ip -j -d link` by name."""
        return {link["ifname"]: link for link in self.space.json("ip", "-j", "-d", "link")}

    def flooding(self, device: str) -> set[str]:
        """Where the all-zero entries of a VXLAN device lead."""
        entries = self.space.json("bridge", "-j", "fdb", "show", "dev", device)
        return {entry["dst"] for entry in entries if entry["mac"] == "00:00:00:00:00:00" and "dst" in entry}
