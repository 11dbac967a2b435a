"""A node of the live lab: namespaces with an /etc, /var and /run of their own, and everything in them real."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.ifupdown import allow_vlan_aware_bridges, loosen_bridges, wait_for_links
from pvesdn_lab.live.testbed.space import PATH, LabFault, Space, start_holder, wait_for
from pvesdn_lab.live.testbed.wires import BRIDGES, Card
from pvesdn_lab.simulated.host import Files

_SCRIPTS = Path(__file__).parent / "scripts"
_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
_ENTER = ("--net", "--mount", "--uts", "--ipc", "--pid", "--wd")
_OF_THE_MACHINE = (
    *("alternatives", "debian_version", "iproute2", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("nsswitch.conf", "os-release", "pam.d", "protocols", "services"),
)
"""What a node's /etc takes from the machine's; nothing of it is about networks or accounts.

Of pam.d because FRR's own file there would refuse vtysh: what it does not say, `other` of the machine says.
"""

INTERFACES = """\
auto lo
iface lo inet loopback

auto mgmt0
iface mgmt0 inet static
	address {management}

auto eno1
iface eno1 inet manual
	mtu {mtu}

iface eno2 inet manual

auto vmbr0
iface vmbr0 inet static
	address {underlay}
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
	mtu {mtu}

{more}source /etc/network/interfaces.d/*
"""

_ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
frr:x:991:991::/nonexistent:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""
_GROUP = """\
root:x:0:
adm:x:4:
tty:x:5:
frrvty:x:990:frr
frr:x:991:
nogroup:x:65534:
"""
_SSHD = """\
ListenAddress {address}
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /root/.ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PidFile /run/sshd.pid
MaxStartups 50
"""


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a node is made from.

    :param management: address with prefix length; SSH and the cluster use it.
    :param underlay: address with prefix length on vmbr0, the VTEP's.
    :param mtu: of the underlay, bytes.
    :param cluster: the one it is a member of.
    :param trunks: further cards by name, each with the switch it is wired to, whose MTU it has.
    :param interfaces: what /etc/network/interfaces says of those, and of more addresses on the other devices.
    :param frr: frr.conf as somebody wrote it by hand; FRR then runs from the first boot, with OSPF.
    :param pve_ifupdown2: Debian's ifupdown2 behaves like PVE's build where PVE's stanzas count on it (`ifupdown`).
    """

    name: str
    management: str
    underlay: str
    mtu: int = 1550
    cluster: str = "lab"
    trunks: Mapping[str, str] = field(default_factory=dict)
    interfaces: str = ""
    frr: str = ""
    pve_ifupdown2: bool = False

    @property
    def vtep(self) -> str:
        """The VTEP's address."""
        return self.underlay.partition("/")[0]

    @property
    def cards(self) -> tuple[Card, ...]:
        """Management, underlay, outside, and what there is more."""
        more = (Card(name, switch, BRIDGES[switch]) for name, switch in self.trunks.items())
        return Card("mgmt0", "mgmt"), Card("eno1", "under", self.mtu), Card("eno2", "outer"), *more


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
        """Lay out /etc, /var and /root as an installed PVE node has them: FRR there but off, no SDN anywhere."""
        etc, var, root = (self.home / "disk" / name for name in ("etc", "var", "root"))
        etc.mkdir(parents=True)
        # By cp, because a copy of so many small files takes seconds in Python where system calls are slow.
        _copy(etc, f"{self._packages.root}/etc/.")
        _copy(etc, *(path for name in _OF_THE_MACHINE if (path := Path("/etc") / name).exists()))
        texts = {
            "hostname": f"{self.name}\n",
            "hosts": f"127.0.0.1 localhost\n{self.plan.management.partition('/')[0]} {self.name}\n",
            "passwd": _ACCOUNTS,
            "group": _GROUP,
            "shadow": "root:*:19000:0:99999:7:::\n",
            "network/interfaces": INTERFACES.format(
                management=self.plan.management,
                underlay=self.plan.underlay,
                mtu=self.plan.mtu,
                more=f"{self.plan.interfaces.strip()}\n\n" if self.plan.interfaces else "",
            ),
            "ssh/sshd_config": _SSHD.format(address=self.plan.management.partition("/")[0]),
        }
        for folder in ("network/interfaces.d", "ssh", "sysctl.d", "systemd/system"):
            (etc / folder).mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (etc / name).write_text(text, "utf-8")
        if self.plan.pve_ifupdown2:
            allow_vlan_aware_bridges(etc)
        shutil.copy(host_key, etc / "ssh/ssh_host_ed25519_key")
        (root / ".ssh").mkdir(parents=True, mode=0o700)
        root.chmod(0o700)
        shutil.copy(authorized_key, root / ".ssh/authorized_keys")
        for folder in ("lib/pvesdn", "lib/dpkg/info", "lib/dpkg/updates", "log/frr", "cache", "tmp"):
            (var / folder).mkdir(parents=True)
        (var / "run").symlink_to("../run")
        (var / "lock").symlink_to("../run/lock")
        (var / "lib/dpkg/status").write_text(self._package_states(), "utf-8")
        if self.plan.frr:
            self._configure_frr(etc)
        for path in (etc / "frr", *(etc / "frr").iterdir(), var / "log/frr"):
            os.chown(path, 991, 991)

    def _configure_frr(self, etc: Path) -> None:
        (etc / "frr/frr.conf").write_text(self.plan.frr, "utf-8")
        daemons = etc / "frr/daemons"
        daemons.write_text(daemons.read_text("utf-8").replace("ospfd=no", "ospfd=yes"), "utf-8")
        enabled = etc / "systemd/system/multi-user.target.wants/frr.service"
        enabled.parent.mkdir()
        enabled.touch()

    def _package_states(self) -> str:
        paragraph = "Package: {}\nStatus: install ok installed\nArchitecture: all\nVersion: {}\nMaintainer: -\nDescription: -\n\n"
        return "".join(paragraph.format(name, version) for name, version in self._packages.versions.items())

    # ------------------------------------------------------------------------------------------------------ power

    def power_on(self) -> None:
        """Boot: the namespaces, without cards and services."""
        disk = self.home / "disk"
        layers = f"{self._stand_ins()}:{self._packages.root / 'usr'}:/usr"
        script = ["bash", str(_SCRIPTS / "boot-node.sh"), self.name, str(disk), layers, str(self._cluster)]
        self._process, pid = start_holder(script, _NAMESPACES, self.home / "boot.log")
        self.space = Space(self.name, pid, _ENTER)
        self.root = Path(f"/proc/{pid}/root")
        wait_for(f"{self.name} boots", self._has_booted)

    def _stand_ins(self) -> Path:
        """A layer over /usr with what is not real: systemctl, and for PVE's stanzas parts of ifupdown2."""
        layer = self.home / "stand-ins"
        program = layer / "bin/systemctl"
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_SCRIPTS / "systemctl.sh", program)
        program.chmod(0o755)
        if self.plan.pve_ifupdown2:
            loosen_bridges(self._packages.root / "usr", layer)
            wait_for_links(self._packages.root / "usr", layer)
        return layer

    def start_services(self) -> None:
        """What Debian's boot does once the cards are there."""
        self.space.must("bash", "-c", (_SCRIPTS / "start-services.sh").read_text("utf-8"), limit=300)

    def power_off(self) -> None:
        """Pull the plug: every process dies at once, the cards go with the namespace, the disk stays."""
        process, self._process = self._process, None
        if process is not None:
            os.kill(self.space.pid, signal.SIGKILL)
            process.wait()
            self.root = self.home / "off"

    def _has_booted(self) -> bool:
        process = self._process
        if process is not None and process.poll() is not None:
            log = (self.home / "boot.log").read_text("utf-8", "replace").strip()
            raise LabFault(f"{self.name} does not boot: {log[-500:]}")
        return (self.root / "run/booted").exists()

    # ---------------------------------------------------------------------------------------------------- looking

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the node, whatever its exit status."""
        names = {"frr-reload.py": "/usr/lib/frr/frr-reload.py"}
        return self.space.call(names.get(command, command), *arguments, limit=600)

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


def _copy(target: Path, *sources: str | Path) -> None:
    """Copy files and folders into `target`, links as links."""
    argv = ["cp", "-a", "--", *map(str, sources), str(target)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabFault(f"cp: {done.stderr.strip()}")
