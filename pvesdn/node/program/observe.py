"""The verb `observe`: files and what commands print; nothing is changed."""

import contextlib
import os
import stat
import sys
from typing import Any, Dict, Iterator, Tuple

from pvesdn.node.program.announced import ANNOUNCED
from pvesdn.node.program.causes import CAUSES
from pvesdn.node.program.devices import ADDRESSES, LINKS, links_and_addresses
from pvesdn.node.program.files import matches, text_of
from pvesdn.node.program.guests import nics
from pvesdn.node.program.machine import Machine, Refused, failure, json_of, lacks_ipv6
from pvesdn.node.program.read import read
from pvesdn.node.program.request import VERBS, Value, list_at
from pvesdn.node.program.settings import settings_without_ours
from pvesdn.node.program.shown import ask_together
from pvesdn.node.program.state import QUESTIONS, state_of
from pvesdn.node.program.swap import recover_if_killed

PYTHONTOOLS = "frr-pythontools"
PACKAGES = ("ifupdown2", "frr", PYTHONTOOLS, "libpve-network-perl", "dnsmasq")
IP_COMMANDS = {
    "ip-route": ["ip", "-j", "route"],
    "ip-route6": ["ip", "-j", "-6", "route"],
    "ip-rule": ["ip", "-j", "rule"],
    "ip-rule6": ["ip", "-j", "-6", "rule"],
}
_NO_RULES = ("Operation not supported", "Address family not supported")
"""What a kernel that was built without policy routing says to `ip rule`: it has no rules."""


def observe(machine: Machine, arguments: Value) -> Value:
    """What `read` reads and what commands print: ``{"files", "commands": [names]}`` -> ``{"hostname", "files",
    "commands"}``.

    A commit that was killed half-way (power cut) is taken back first: otherwise the half would look like an edit.
    """
    recover_if_killed(machine)
    machine.vnis = None
    names = list_at(arguments, "commands", str)
    ask_together(machine, names)
    devices = links_and_addresses(machine) if LINKS in names or ADDRESSES in names else {}
    return {
        "hostname": _hostname(machine),
        "files": read(machine, arguments)["files"],
        "commands": {name: devices[name] if name in devices else _ask(machine, name) for name in names},
    }


def _hostname(machine: Machine) -> str:
    name = text_of(machine, "/etc/hostname") if machine.root else None
    return (name or os.uname().nodename).strip().split(".")[0]


def _ask(machine: Machine, name: str) -> Any:
    if name == "versions":
        return _versions(machine)
    if name == "sysctl":
        return settings_without_ours(machine)
    if name == "modes":
        return dict(_modes(machine))
    if name == "nics":
        return nics(machine)
    if name in QUESTIONS or name in CAUSES or name in ANNOUNCED:
        return state_of(machine, name)
    if name not in IP_COMMANDS:
        raise Refused(f"{name!r} is not a command of the node program")
    if "-6" in IP_COMMANDS[name] and lacks_ipv6(machine):
        return []
    return json_of(machine, IP_COMMANDS[name], nothing_for=_NO_RULES if name.startswith("ip-rule") else ())


def _modes(machine: Machine) -> Iterator[Tuple[str, str]]:
    """The interfaces files that people write, with their modes: whoever copies one keeps it as closed as it was."""
    for pattern in ("/etc/network/interfaces", "/etc/network/interfaces.d/*"):
        for path in matches(machine, pattern):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield path, "{:04o}".format(stat.S_IMODE(os.stat(machine.place(path)).st_mode))


def _versions(machine: Machine) -> Dict[str, str]:
    versions = {"python3": sys.version.split()[0], "kernel": os.uname().release}
    if machine.find("dpkg-query") is not None:
        form = "-f=${Package}\\t${Version}\\t${db:Status-Status}\\n"
        argv = ["dpkg-query", "-W", form, *PACKAGES]
        outcome = machine.run(argv, limit=30)
        # 1 says that one of the packages is absent, which is an answer too; 2, that nobody can tell.
        if outcome.status not in (0, 1):
            raise Refused(failure(argv[:2], outcome))
        for line in outcome.output.splitlines():
            package, version, status = (line + "\t\t").split("\t")[:3]
            if package in PACKAGES and version and status == "installed":
                versions[package] = version
    # The empty version of one that is absent tells it from one that nobody asked for.
    if "frr" in versions:
        versions.setdefault(PYTHONTOOLS, "")
    if "libpve-network-perl" in versions:
        versions.setdefault("dnsmasq", "")
    return versions


VERBS.update(observe=observe)
