"""The disk of a live node: /etc, /var and /root as an installed PVE node has them, FRR there but off, and no SDN."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.ifupdown import allow_vlan_aware_bridges
from pvesdn_lab.live.testbed.plan import NodePlan
from pvesdn_lab.live.testbed.space import LabFault

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
dnsmasq:x:992:65534::/var/lib/misc:/usr/sbin/nologin
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
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /root/.ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
MaxStartups 50
# OpenSSH's first choice, a post-quantum hybrid, takes about as long as all the rest of a connection.
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256
"""

# Debian's unit of ifupdown2 waits for nothing, and nothing that waits for the network waits for it. Its script starts
# ifupdown2 twice more, for classes of interfaces that no node has; where the kernel is slow that doubles the boot.
_NETWORKING = """\
[Unit]
Wants=network.target
After=local-fs.target network-pre.target systemd-sysctl.service
Before=network.target

[Service]
ExecStart=
ExecStart=/bin/sh -c 'rm -f /var/tmp/network/ifstatenew; exec ifup -a --perfmode'
"""
_IS_UP = """\
[Unit]
Description=Tell the lab that this node is up
After=multi-user.target

[Service]
Type=oneshot
ExecStart=/bin/touch /run/up
"""
# The kernel's log and its audit are the machine's, not the node's.
_JOURNALD = """\
[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
"""
_UP = "pvesdn-lab-is-up.service"
_ENABLED = {
    "sysinit.target": ("systemd-journald.service", "systemd-sysctl.service"),
    "sockets.target": ("systemd-journald.socket", "systemd-journald-dev-log.socket"),
    "basic.target": ("networking.service",),
    "multi-user.target": ("ssh.service", _UP),
}
"""What a node starts at boot, by the target that wants it: of all that Debian's packages bring, these and no more."""
_WATCHFRR = """\
# Where the kernel is slow, all daemons together may need longer to start than the usual 20 seconds.
watchfrr_options="--restart-timeout 100"
"""
_FRR, _OPEN_VSWITCH = "frr.service", "openvswitch-switch.service"
_UNITS = "/usr/lib/systemd/system"


def install_disk(plan: NodePlan, disk: Path, packages: Unpacked, host_key: Path, authorized_key: Path) -> None:
    """Lay out a node's disk.

    :param disk: a folder that is not there yet; gets ``etc``, ``var`` and ``root``.
    :param host_key: the node's own, for SSH.
    :param authorized_key: of whoever may log in as root.
    """
    etc, var, root = (disk / name for name in ("etc", "var", "root"))
    _install_etc(plan, etc, packages)
    shutil.copy(host_key, etc / "ssh/ssh_host_ed25519_key")
    (root / ".ssh").mkdir(parents=True, mode=0o700)
    root.chmod(0o700)
    shutil.copy(authorized_key, root / ".ssh/authorized_keys")
    for folder in (
        "lib/pvesdn",
        "lib/systemd",
        "lib/dpkg/info",
        "lib/dpkg/updates",
        "lib/misc",
        "log/frr",
        "cache",
        "tmp",
    ):
        (var / folder).mkdir(parents=True)
    (var / "tmp").chmod(0o1777)
    (var / "run").symlink_to("../run")
    (var / "lock").symlink_to("../run/lock")
    (var / "lib/dpkg/status").write_text(_package_states(packages.versions), "utf-8")
    for path in (etc / "frr", *(etc / "frr").iterdir(), var / "log/frr"):
        os.chown(path, 991, 991)


def _install_etc(plan: NodePlan, etc: Path, packages: Unpacked) -> None:
    etc.mkdir(parents=True)
    # By cp, because a copy of so many small files takes seconds in Python where system calls are slow.
    _copy(etc, f"{packages.root}/etc/.")
    _copy(etc, *(path for name in _OF_THE_MACHINE if (path := Path("/etc") / name).exists()))
    # `systemctl enable` would keep the links of System V up to date too, by a program that nodes do not have.
    shutil.rmtree(etc / "init.d", ignore_errors=True)
    for folder in ("network/interfaces.d", "ssh", "sysctl.d"):
        (etc / folder).mkdir(parents=True, exist_ok=True)
    for name, text in _texts(plan).items():
        (etc / name).parent.mkdir(parents=True, exist_ok=True)
        (etc / name).write_text(text, "utf-8")
    if plan.pve_ifupdown2:
        allow_vlan_aware_bridges(etc)
    _configure_frr(etc, plan.frr)
    _enable(etc, plan)


def _texts(plan: NodePlan) -> dict[str, str]:
    """By their paths in /etc."""
    return {
        "hostname": f"{plan.name}\n",
        "hosts": f"127.0.0.1 localhost\n{plan.management.partition('/')[0]} {plan.name}\n",
        # Without one systemd takes the boot for the first one, and enables everything.
        "machine-id": f"{hashlib.sha256(plan.name.encode()).hexdigest()[:32]}\n",
        "passwd": _ACCOUNTS,
        "group": _GROUP,
        "shadow": "root:*:19000:0:99999:7:::\n",
        "network/interfaces": INTERFACES.format(
            management=plan.management,
            underlay=plan.underlay,
            mtu=plan.mtu,
            more=f"{plan.interfaces.strip()}\n\n" if plan.interfaces else "",
        ),
        "ssh/sshd_config": _SSHD,
        "systemd/journald.conf": _JOURNALD,
        "systemd/system/networking.service.d/order.conf": _NETWORKING,
        f"systemd/system/{_UP}": _IS_UP,
    }


def _configure_frr(etc: Path, text: str) -> None:
    """Let FRR run by hand-written configuration; without any it is there, and off."""
    daemons = etc / "frr/daemons"
    switches = daemons.read_text("utf-8")
    if text:
        (etc / "frr/frr.conf").write_text(text, "utf-8")
        switches = switches.replace("ospfd=no", "ospfd=yes")
    daemons.write_text(f"{switches}\n{_WATCHFRR}", "utf-8")


def _enable(etc: Path, plan: NodePlan) -> None:
    """Link the units that the node starts at boot, as `systemctl enable` does."""
    units = etc / "systemd/system"
    more = {_FRR: bool(plan.frr), _OPEN_VSWITCH: plan.has_open_vswitch}
    wanted = {**_ENABLED, "multi-user.target": (*_ENABLED["multi-user.target"], *(u for u in more if more[u]))}
    for target, names in wanted.items():
        folder = units / f"{target}.wants"
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).symlink_to(f"../{name}" if name == _UP else f"{_UNITS}/{name}")
    (units / "default.target").symlink_to(f"{_UNITS}/multi-user.target")


def _package_states(versions: Mapping[str, str]) -> str:
    paragraph = (
        "Package: {}\nStatus: install ok installed\nArchitecture: all\nVersion: {}\nMaintainer: -\nDescription: -\n\n"
    )
    return "".join(paragraph.format(name, version) for name, version in versions.items())


def _copy(target: Path, *sources: str | Path) -> None:
    """Copy files and folders into `target`, links as links."""
    argv = ["cp", "-a", "--", *map(str, sources), str(target)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabFault(f"cp: {done.stderr.strip()}")
