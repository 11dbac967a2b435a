"""A cluster of live nodes: the simulated API over real parts, and `pvesdn apply` against it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import pvesdn
from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.plan import NodePlan
from pvesdn_lab.live.testbed.space import PATH, LabFault, Space, wait_for
from pvesdn_lab.live.testbed.wires import Wires
from pvesdn_lab.simulated.pve import SimulatedPve

_APPLY_SECONDS = 900
_SETTINGS = """\
[api]
backend = "https"
host = "127.0.0.1"
port = {port}
user = "{user}"
token_name = "{token_name}"
token_value = "{token_value}"
ca_file = "{ca_file}"

[ssh]
user = "root"
identity_file = "{key}"
known_hosts = "{known_hosts}"
connect_timeout = 30
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One call of pvesdn.

    :param document: its JSON document; empty when there was none.
    :param output: what it printed.
    """

    status: int
    document: Mapping[str, Any]
    complaints: str
    output: str = ""


class Going:
    """A call of pvesdn that goes on."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._output, self._complaints = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - `end` closes
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._complaints,
            env=environment,
            start_new_session=True,
        )

    @property
    def is_over(self) -> bool:
        """It has ended by itself."""
        return self._process.poll() is not None

    def end(self, limit: float = _APPLY_SECONDS) -> Run:
        """Wait until it ends, `limit` seconds at most.

        :raises TimeoutExpired: it takes too long, and was killed.
        """
        with self._output, self._complaints:
            try:
                status = self._process.wait(limit)
            finally:
                self._process.kill()
            output, complaints = (_all_of(file) for file in (self._output, self._complaints))
        try:
            document = json.loads(output)
        except ValueError:
            document = {}
        return Run(status, document, complaints, output)

    def kill(self) -> None:
        """SIGKILL, for it and for what it has started: as if the machine that it runs on had died."""
        with self._output, self._complaints:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _all_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


class LiveCluster:
    """Nodes that run, once `boot` was called, as members of a simulated PVE; whoever makes it is the controller.

    :param folder: everything of the lab, on a file system that goes with it.
    :param nodes: the members.
    :param transits: routers of the underlay, which are no members.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        nodes: Iterable[NodePlan],
        wires: Wires,
        packages: Unpacked,
        *,
        transits: Iterable[NodePlan] = (),
    ) -> None:
        members = list(nodes)
        self.pve = SimulatedPve(folder, name, api_node=members[0].name)
        self.live: dict[str, LiveNode] = {}
        """Everything that was prepared, members or not."""
        self.folder = self.pve.folder
        self._wires = wires
        self._packages = packages
        self._keys = self.folder / "keys"
        self._keys.mkdir()
        _make_key(self._keys / "controller")
        for plan in members:
            self.join(plan)
        for plan in transits:
            self.prepare(plan)

    def prepare(self, plan: NodePlan) -> LiveNode:
        """A node that is installed and not switched on; the one that is there if that was done before."""
        if plan.name in self.live:
            return self.live[plan.name]
        home = self.folder / "nodes" / plan.name
        home.mkdir(parents=True)
        node = LiveNode(plan, home, self._packages, self.pve.world.pmxcfs.folder)
        host_key = _make_key(self._keys / plan.name)
        node.install_disk(host_key, self._keys / "controller.pub")
        with (self._keys / "known_hosts").open("a", encoding="utf-8") as file:
            file.write(f"{plan.name} {' '.join(host_key.with_suffix('.pub').read_text('utf-8').split()[:2])}\n")
        self.live[plan.name] = node
        return node

    def join(self, plan: NodePlan) -> None:
        """A new member, prepared if it was not, and off until `boot`."""
        # Nobody could write its view of the cluster before it has booted.
        self.pve.admit(self.prepare(plan), plan.management.partition("/")[0], is_online=False)

    def boot(self, names: Iterable[str]) -> None:
        """Switch nodes on, all at once; members are online afterwards."""
        wanted = [self.live[name] for name in names]
        with ThreadPoolExecutor(len(wanted)) as pool:
            list(pool.map(self._boot_one, wanted))
        self.pve.come_online(*(node.name for node in wanted if node.name in self.pve.world.members))

    def _boot_one(self, node: LiveNode) -> None:
        node.power_on()
        self._wires.plug(node.plan.cards, node.space)
        node.boot()

    def restart(self, name: str) -> None:
        """`systemctl reboot`: the node goes down in its order, and comes up again."""
        self.live[name].shut_down()
        self.pve.go_offline(name)
        self.boot([name])

    def crash(self, name: str) -> None:
        """Power off without notice; the cluster sees that the member is gone."""
        self.live[name].power_off()
        self.pve.go_offline(name)

    def retire(self, name: str) -> None:
        """A node leaves the cluster for good and is scrapped."""
        node = self.live.pop(name)
        node.power_off()
        self.pve.leave(name)
        shutil.rmtree(node.home)
        for key in (self._keys / name, self._keys / f"{name}.pub"):
            key.unlink()

    # ------------------------------------------------------------------------------------------------- pvesdn

    def write_settings(self) -> Path:
        """The controller's settings file; the API must be served."""
        api = self.pve.token_settings()
        assert api.token_value is not None  # noqa: S101 - token_settings says so
        text = _SETTINGS.format(
            port=api.port,
            user=api.user,
            token_name=api.token_name,
            token_value=api.token_value.get_secret_value(),
            ca_file=api.ca_file,
            key=self._keys / "controller",
            known_hosts=self._keys / "known_hosts",
        )
        file = self.folder / "pvesdn.toml"
        file.write_text(text, "utf-8")
        file.chmod(0o600)
        return file

    def pvesdn(self, *arguments: str, wants_json: bool = True) -> Run:
        """Call pvesdn as a person on the controller would, with ``--json`` where the verb has a document."""
        return self.begin(*arguments, wants_json=wants_json).end()

    def begin(self, *arguments: str, wants_json: bool = True) -> Going:
        """Call pvesdn, and leave it at work."""
        options = ["--config", str(self.folder / "pvesdn.toml"), *(["--json"] if wants_json else [])]
        argv = [sys.executable, "-P", "-m", "pvesdn", arguments[0], *options, *arguments[1:]]
        source = str(Path(pvesdn.__file__).parent.parent)
        environment = {"PATH": PATH, "HOME": str(self.folder), "LC_ALL": "C.UTF-8", "PYTHONPATH": source}
        return Going(argv, environment)

    def wait_for_ssh(self, controller: Space) -> None:
        """Until every running node's sshd answers."""
        for node in self.live.values():
            if node.is_on:
                address = node.plan.management.partition("/")[0]
                wait_for(f"{node.name} listens for SSH", partial(_listens, controller, address))


def _listens(controller: Space, address: str) -> bool:
    return controller.call("bash", "-c", f"exec 3<>/dev/tcp/{address}/22").returncode == 0


def _make_key(path: Path) -> Path:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "pvesdn-lab", "-f", str(path)]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env={**os.environ, "PATH": PATH}
    )
    if done.returncode:
        raise LabFault(f"ssh-keygen: {done.stderr.strip()}")
    return path
