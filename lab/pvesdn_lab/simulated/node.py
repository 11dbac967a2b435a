"""A simulated node: a folder laid out as a Debian host with PVE, whose commands are in its own `bin`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.called import call, text_of
from pvesdn_lab.simulated.commands import ifupdown
from pvesdn_lab.simulated.commands.answers import RECORD
from pvesdn_lab.simulated.commands.main import COMMANDS
from pvesdn_lab.simulated.commands.state import PHYSICAL, Link, locked_state, read_json, write_json
from pvesdn_lab.simulated.host import Files

INTERFACES = """\
auto lo
iface lo inet loopback

iface eno1 inet manual
	mtu {mtu}

iface eno2 inet manual

auto vmbr0
iface vmbr0 inet static
	address {address}
	gateway {gateway}
	bridge-ports eno1
	bridge-stp off
	bridge-fd 0
	mtu {mtu}

source /etc/network/interfaces.d/*
"""

FRR_CONF = """\
# default to using syslog. /etc/rsyslog.d/45-frr.conf places the log in
# /var/log/frr/frr.log
#
# Note:
# FRR's configuration shell, vtysh, dynamically edits the live, in-memory
# configuration while FRR is running. When instructed, vtysh will persist the
# live configuration to this file, overwriting its contents. If you want to
# avoid this, you can edit this file manually before starting FRR, or instruct
# vtysh to write configuration to a different file.
log syslog informational
"""
"""The frr.conf of Debian's package."""

FRR_OPTIONAL_DAEMONS = (
    *("bgpd", "ospfd", "ospf6d", "ripd", "ripngd", "isisd", "pimd", "pim6d", "ldpd", "nhrpd", "eigrpd"),
    *("babeld", "sharpd", "pbrd", "bfdd", "fabricd", "vrrpd", "pathd"),
)


def _frr_daemons() -> str:
    """Debian's /etc/frr/daemons without its long comment: every optional daemon off, and options of each."""
    switches = [f"{daemon}=no" for daemon in FRR_OPTIONAL_DAEMONS]
    options = [f'{daemon}_options="  -A 127.0.0.1"' for daemon in ("zebra", *FRR_OPTIONAL_DAEMONS)]
    return "\n".join([*switches, "", "vtysh_enable=yes", *options, ""])


SWITCHES = {
    "net/ipv4/ip_forward": "0",
    "net/ipv4/conf/all/rp_filter": "2",
    "net/ipv4/conf/default/rp_filter": "2",
    "net/ipv4/conf/all/forwarding": "0",
    "net/ipv4/conf/default/forwarding": "0",
    "net/ipv4/fib_multipath_use_neigh": "0",
    "net/ipv4/fib_multipath_hash_policy": "0",
    "net/ipv6/fib_multipath_hash_policy": "0",
    "net/ipv6/conf/all/forwarding": "0",
    "net/ipv6/conf/default/forwarding": "0",
}
"""Files below proc/sys with the kernel's defaults; rp_filter as Debian's systemd sets it."""


class SimulatedNode(Files):
    """One node's folder; to the node program it is what ``PVESDN_ROOT`` names.

    :param root: the folder, made by `install`.
    :param name: the node's name in the cluster.
    """

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self.name = name

    def install(
        self,
        address: IPv4Interface | IPv6Interface,
        *,
        versions: Mapping[str, str],
        mtu: int = 1550,
    ) -> None:
        """Lay the folder out and boot the node: vmbr0 over eno1 with `address`, a free eno2, FRR off as PVE leaves it.

        :param versions: packages that dpkg-query knows.
        :param mtu: of the physical interfaces, bytes.
        """
        gateway = address.network[-2]
        self.write("/etc/hostname", f"{self.name}\n")
        self.write("/etc/network/interfaces", INTERFACES.format(address=address, gateway=gateway, mtu=mtu))
        for folder in (
            "etc/network/interfaces.d",
            "etc/sysctl.d",
            "etc/systemd/system",
            "var/lib",
            "run/systemd/system",
            "bin",
        ):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for key, value in SWITCHES.items():
            self.write(f"/proc/sys/{key}", f"{value}\n")
        if "frr" in versions:
            self.write("/etc/frr/frr.conf", FRR_CONF)
            self.write("/etc/frr/daemons", _frr_daemons())
        for name in COMMANDS:
            self._install_command(name)
        write_json(self.root, "versions", dict(versions))
        with locked_state(self.root) as state:
            state.add("lo", PHYSICAL, mtu=65536, address="00:00:00:00:00:00", addresses=["127.0.0.1/8", "::1/128"])
            state.managed.append("lo")
            state.add("eno1", PHYSICAL, mtu=mtu)
            state.add("eno2", PHYSICAL)
        ifupdown.ifreload(self.root, ["-a"])

    def _install_command(self, name: str) -> None:
        file = self.root / "bin" / name
        file.write_text(text_of(name), "utf-8")
        file.chmod(0o755)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the node's own commands, recorded as any other call, in this process if it can be."""
        done = call(self.root / "bin" / command, arguments)
        return self.start(command, *arguments) if done is None else done

    def start(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own, as a shell on the node would."""
        argv = [str(self.root / "bin" / command), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    def commands(self) -> tuple[tuple[str, ...], ...]:
        """The argv of every command that ran on the node, oldest first."""
        record = self.root / RECORD
        lines = record.read_text("utf-8").splitlines() if record.is_file() else []
        return tuple(tuple(json.loads(line)["argv"]) for line in lines)

    def forget_commands(self) -> None:
        """Begin a new record."""
        (self.root / RECORD).unlink(missing_ok=True)

    def links(self) -> dict[str, Link]:
        """The node's network links as the kernel would have them, by name."""
        links: dict[str, Link] = read_json(self.root, "links", {"links": {}})["links"]
        return links

    def frr(self) -> dict[str, Any]:
        """FRR's state: enabled, running, daemons, config (the live text), reloads, restarts."""
        frr: dict[str, Any] = read_json(self.root, "frr", {})
        return frr

    def plug_guest(self, bridge: str, vmid: int, address: str = "") -> str:
        """Start a guest with its first interface in `bridge`; the result is the name of its port, ``tap<vmid>i0``.

        :param address: its own, which others have heard of; empty for none.
        """
        port = f"tap{vmid}i0"
        with locked_state(self.root) as state:
            state.add(port, "tun", master=bridge, info={"type": "tap"}, guest_address=address)
        return port

    def unplug_guest(self, vmid: int) -> None:
        """Stop the guest."""
        with locked_state(self.root) as state:
            state.delete(f"tap{vmid}i0")

    def lose_flood_entries(self, device: str) -> None:
        """What a withdrawn type-3 route does to a plain VXLAN: its all-zero FDB entries go."""
        with locked_state(self.root) as state:
            state.links[device]["fdb"] = []

    def set_version(self, package: str, version: str | None) -> None:
        """Install another version of a package; None removes it."""
        versions = read_json(self.root, "versions", {})
        versions.pop(package, None)
        with locked_state(self.root):
            write_json(self.root, "versions", versions | ({package: version} if version else {}))

    def break_command(
        self, command: str, *, status: int = 1, stderr: str = "", seconds: float = 0, times: int | None = None
    ) -> None:
        """Make `command` fail in its place: `seconds` of silence, then `stderr` and `status`; `times`
        None is for good.
        """
        with locked_state(self.root):
            faults = read_json(self.root, "faults", {})
            faults[command] = {"status": status, "stderr": stderr, "seconds": seconds, "times": times}
            write_json(self.root, "faults", faults)

    def mend_command(self, command: str) -> None:
        """Undo `break_command`."""
        with locked_state(self.root):
            faults = read_json(self.root, "faults", {})
            faults.pop(command, None)
            write_json(self.root, "faults", faults)
