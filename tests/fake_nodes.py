"""Nodes without a process: the real node program over folders in memory, with commands that are functions.

What a node refuses, stages, swaps and remembers is the program's own doing. Only the machine below it is made up: what
`ip`, `bridge`, `sysctl`, `vtysh` and the others print, as far as the program asks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Self

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.node.program.machine import CommandResult, ended
from pvesdn.node.program.observe import IP_COMMANDS
from pvesdn_lab.simulated import in_process
from pvesdn_lab.simulated.commands.state import State
from pvesdn_lab.simulated.commands.vlans import shown_vlans
from pvesdn_lab.simulated.pmxcfs import Locks, MachineOnPmxcfs

RECORD = "/var/lib/pvesdn/written.json"

_HIDDEN = ("/proc/", "/state/", "/run/", "/var/tmp/network/", "/var/lib/pvesdn/lock")
"""The kernel's, those of the stand-ins, ifupdown2's memory, and the program's lock."""
_FOLDERS = (
    "etc/network/interfaces.d",
    "etc/frr",
    "etc/sysctl.d",
    "etc/pve",
    "etc/systemd/system",
    "proc/sys",
    "var/lib",
)
_SWITCHES = {
    "net/ipv4/ip_forward": "0",
    "net/ipv4/fib_multipath_use_neigh": "0",
    "net/ipv4/fib_multipath_hash_policy": "0",
    "net/ipv6/fib_multipath_hash_policy": "0",
    "net/ipv6/conf/all/forwarding": "0",
    **{f"net/ipv4/conf/{name}/{key}": "0" for name in ("all", "default") for key in ("rp_filter", "forwarding")},
}
_ROUTES = frozenset({"vrf-routes", "evpn-rmacs", "vrrp"})
_NOT_PLAYED = {"fault": "not read"}
_MADE_UP = frozenset({"versions", "sysctl", "modes", "nics"})
"""What the program finds out by itself, unless a node's `commands` say otherwise."""


class Files(MutableMapping[str, str]):
    """Text by absolute path, in a folder. The kernel's files, the cluster's and the program's lock are not shown."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.folder = folder
        self._prefix = prefix

    def place(self, path: str) -> Path:
        """Where a file lies."""
        if not path.startswith(f"{self._prefix}/") or os.path.normpath(path) != path:
            raise ValueError(path)
        return self.folder / path.removeprefix(self._prefix).lstrip("/")

    def __getitem__(self, path: str) -> str:
        try:
            return self.place(path).read_bytes().decode("utf-8", "surrogatepass")
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(path) from None

    def __setitem__(self, path: str, text: str) -> None:
        place = self.place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8", "surrogatepass"))

    def __delitem__(self, path: str) -> None:
        try:
            self.place(path).unlink()
        except FileNotFoundError:
            raise KeyError(path) from None

    def __iter__(self) -> Iterator[str]:
        for folder, _, names in os.walk(self.folder):  # links are not followed
            inner = f"{self._prefix}{folder.removeprefix(str(self.folder))}"
            if not f"{inner}/".startswith(_HIDDEN):
                yield from (path for name in sorted(names) if not (path := f"{inner}/{name}").startswith(_HIDDEN))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def replace(self, files: Mapping[str, str]) -> None:
        """Have these files and no others."""
        for path in [path for path in self if path not in files]:
            del self[path]
        self.update(files)

    def __ior__(self, other: Mapping[str, str]) -> Self:
        self.update(other)
        return self


class FakeNode:
    """One node: its files, and what its commands print.

    :param files: what is there at first; afterwards a view of the node's folder.
    :param commands: by the names of `NODE_COMMANDS`: what `ip` prints, and, where given, what stands in place of what
        the program would find out by itself.
    :ivar off: the message with which every call fails as NodeUnreachable; empty when the node answers.
    :ivar refuses: messages by verb, with which that verb fails as NodeFailed.
    :ivar lost: messages by verb, with which that verb ends as NodeUnreachable.
    :ivar problems: what vtysh says to a staged frr.conf.
    :ivar absent: commands that are not installed.
    :ivar broken: commands that fail.
    :ivar claims: files that its answers hold besides, such as no honest program would send.
    :ivar flood: VTEPs of the all-zero MAC by device.
    :ivar frr: the configuration that FRR runs; None for that of its file.
    :ivar down: peers with which it has no session.
    :ivar others: the other nodes, which it has sessions with.
    :ivar rules: by command, table and chain the rules of netfilter.
    :ivar originals: rows of cards that a stanza has changed, by the question.
    :ivar asked: verbs with their arguments, in order.
    :ivar ran: command lines that change something, in order.
    :ivar on_ifreload: called when the program itself reloads the network.
    """

    def __init__(
        self, name: str, files: Mapping[str, str] | None = None, commands: dict[str, Any] | None = None
    ) -> None:
        self.name = name
        self.root = _folder(self)
        for folder in _FOLDERS:
            (self.root / folder).mkdir(parents=True)
        for key, value in _SWITCHES.items():
            (self.root / "proc/sys" / key).parent.mkdir(parents=True, exist_ok=True)
            (self.root / "proc/sys" / key).write_text(f"{value}\n")
        self._files = Files(self.root)
        self.files.update(files or {})
        self.commands = {} if commands is None else commands
        self.off = ""
        self.refuses: dict[str, str] = {}
        self.lost: dict[str, str] = {}
        self.problems: tuple[str, ...] = ()
        self.absent: set[str] = set()
        self.broken: set[str] = set()
        self.claims: dict[str, str] = {}
        self.flood: dict[str, list[str]] = {}
        self.frr: str | None = None
        self.down: set[str] = set()
        self.others: list[FakeNode] = []
        self.rules: dict[str, list[str]] = {}
        self.originals: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.ran: list[list[str]] = []
        self.on_ifreload: Callable[[], object] = lambda: None

    @property
    def files(self) -> Files:
        return self._files

    @files.setter
    def files(self, files: Mapping[str, str]) -> None:
        if files is not self._files:  # `|=` ends with the view itself
            self._files.replace(files)

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]

    @property
    def record(self) -> dict[str, Any]:
        """What the program remembers of its last write."""
        record: dict[str, Any] = json.loads(self.files.get(RECORD, '{"format": 1, "files": {}, "unfinished": false}'))
        return record

    def devices(self) -> Any:
        """What `ip -d address` prints: the rows of `ip link` with their addresses."""
        rows, held = self.commands.get("ip-link", []), self.commands.get("ip-addr", [])
        if not isinstance(rows, list) or not isinstance(held, list):
            return rows if isinstance(held, list) else held
        addresses = {row.get("ifname"): row.get("addr_info", []) for row in held if isinstance(row, dict)}
        known = {row.get("ifname") for row in rows if isinstance(row, dict)}
        joined = [
            row | {"addr_info": addresses.get(row.get("ifname"), [])} if isinstance(row, dict) else row for row in rows
        ]
        return joined + [row for row in held if not isinstance(row, dict) or row.get("ifname") not in known]

    def links(self) -> list[dict[str, Any]]:
        """The rows of `ip link` that are rows."""
        rows = self.commands.get("ip-link")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


class FakeNodes:
    """A transport to nodes in this process.

    :param pve_files: text by absolute path below /etc/pve, the same for all nodes, as pmxcfs has it.
    :ivar locks: what pmxcfs knows of locks.
    """

    def __init__(self, nodes: Iterable[FakeNode], pve_files: Mapping[str, str] | None = None) -> None:
        self.nodes = {node.name: node for node in nodes}
        for node in self.nodes.values():
            node.others = [other for other in self.nodes.values() if other is not node]
        self.pve_files = Files(_folder(self), "/etc/pve")
        (self.pve_files.folder / "sdn").mkdir()
        (self.pve_files.folder / "priv").mkdir()
        self.locks = Locks()
        self.pve_files.update(pve_files or {})
        for node in self.nodes.values():
            (node.root / "etc/pve").rmdir()
            (node.root / "etc/pve").symlink_to(self.pve_files.folder)

    def __getitem__(self, name: str) -> FakeNode:
        return self.nodes[name]

    def ask(self, node: str, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        there = self.nodes.get(node)
        if there is None:
            raise NodeUnreachable(node, "its address is not known", hint="the cluster gives the node no address")
        there.asked.append((verb, json.loads(json.dumps(dict(arguments)))))
        if there.off:
            raise NodeUnreachable(node, there.off)
        if verb in there.lost:
            raise NodeUnreachable(node, there.lost[verb])
        if verb in there.refuses:
            raise NodeFailed(node, there.refuses[verb])
        value: dict[str, Any] = in_process.ask(FakeMachine(there, self.locks), node, verb, arguments)
        if "files" in value:
            value["files"] |= there.claims
        if verb == "observe":
            made_up = _MADE_UP & there.commands.keys() & value["commands"].keys()
            value["commands"] |= {name: there.commands[name] for name in made_up}
            value["commands"] |= dict.fromkeys(_ROUTES & value["commands"].keys(), _NOT_PLAYED)
        return value


class FakeMachine(MachineOnPmxcfs):
    """The machine below the program, on a fake node."""

    def __init__(self, node: FakeNode, locks: Locks) -> None:
        super().__init__(str(node.root), b"", locks, node.name)
        self._node = node

    def find(self, name: str) -> str | None:
        name = Path(name).name
        known = hasattr(self, f"_{re.sub('[-.]', '_', name)}")
        return name if known and name not in self._node.absent else None

    def run(self, argv: list[str], limit: float) -> CommandResult:
        name = self.find(argv[0])
        if name is None:
            return super().run(argv, limit)
        if name in self._node.broken:
            return CommandResult(1, "", ["it broke"])
        status, printed = getattr(self, f"_{re.sub('[-.]', '_', name)}")(argv)
        return ended(status, printed)

    def _ip(self, argv: list[str]) -> tuple[int, str]:
        shown = self._shown(argv)
        if shown is not None:
            return 0, json.dumps(shown)
        if "vrf" in argv and "show" in argv:
            return 1, "nobody routes here"
        if argv[1:3] == ["link", "set"]:
            return self._set_link(argv)
        if argv[1:2] == ["address"] or "replace" in argv:
            self._node.ran.append(argv)
            return 0, ""
        names = {row.get("ifname") for row in self._node.links()}
        if argv[-1] not in names:
            return 1, f'Cannot find device "{argv[-1]}"\n'
        if argv[1:3] == ["link", "del"]:
            self._node.ran.append(argv)
            for question in ("ip-link", "ip-addr"):
                rows = self._node.commands[question]
                rows[:] = [row for row in rows if not isinstance(row, dict) or row.get("ifname") != argv[-1]]
            self._node.flood.pop(argv[-1], None)  # the kernel's entries go with the device
        return 0, ""

    def _shown(self, argv: list[str]) -> Any:
        """What a question is answered with; None if it is none of them."""
        if argv[-1] == "address":
            return self._node.devices()
        if "neighbour" in argv:
            return []  # nobody has spoken yet
        if argv[-4:-1] == ["table", "main", "match"]:
            rows = self._node.commands.get("ip-route6" if "-6" in argv else "ip-route", [])
            return [row for row in rows if row["dst"] == "default" or ip_address(argv[-1]) in ip_network(row["dst"])]
        # Nobody routes in other tables here, so all tables are the main one.
        asked = argv[:-3] if argv[-3:] == ["show", "table", "all"] else argv
        asked = ["ip", "-j", "-d", "link"] if asked == ["ip", "-j", "link"] else asked
        known = {"ip-link": ["ip", "-j", "-d", "link"], **IP_COMMANDS}
        return next((self._node.commands.get(name, []) for name, command in known.items() if asked == command), None)

    def _set_link(self, argv: list[str]) -> tuple[int, str]:
        self._node.ran.append(argv)
        for row in self._node.links():
            if row.get("ifname") == argv[4]:
                if argv[5] == "nomaster":
                    row.pop("master", None)
                elif len(argv) > 6:
                    row[argv[5]] = int(argv[6]) if argv[5] == "mtu" else argv[6]
        return 0, ""

    def _ifreload(self, argv: list[str]) -> tuple[int, str]:
        self._node.ran.append(argv)
        self._node.on_ifreload()
        return 0, ""

    def _bridge(self, argv: list[str]) -> tuple[int, str]:
        names = {row.get("ifname") for row in self._node.links()}
        if "vlan" in argv:
            return 0, json.dumps([row for row in shown_vlans(State(self._node.root)) if row["ifname"] in names])
        if "dev" not in argv:
            rows = [(name, vtep) for name, vteps in self._node.flood.items() if name in names for vtep in vteps]
            rows += [(row["ifname"], vtep) for row in _announced(self._node) for vtep in _vteps(self._node, _vni(row))]
            rows += _groups(self._node)
            return 0, json.dumps([{"mac": "00:00:00:00:00:00", "ifname": name, "dst": vtep} for name, vtep in rows])
        device = argv[argv.index("dev") + 1]
        if device not in names:
            return 1, f'Cannot find device "{device}"\n'
        there = self._node.flood.setdefault(device, [])
        if "append" in argv:
            self._node.ran.append(argv)
            there.append(argv[-1])
            return 0, ""
        if "del" in argv:
            self._node.ran.append(argv)
            there.remove(argv[-1])
            return 0, ""
        return 0, json.dumps([{"mac": "00:00:00:00:00:00", "dst": address} for address in there])

    def _ifdown(self, argv: list[str]) -> tuple[int, str]:
        self._node.ran.append([word.removeprefix(self.root) for word in argv])
        file, name = Path(argv[argv.index("-i") + 1]), argv[-1]
        if not file.is_file() or not re.search(rf"(?m)^iface {re.escape(name)}\b", file.read_text("utf-8")):
            return 1, f"error: cannot find interfaces: {name}\n"
        return 0, ""

    def _ifup(self, argv: list[str]) -> tuple[int, str]:
        self._node.ran.append([word.removeprefix(self.root) for word in argv])
        return 0, ""

    def _sysctl(self, argv: list[str]) -> tuple[int, str]:
        lines = argv[2:] if argv[1] == "-w" else Path(argv[2]).read_text("utf-8").splitlines()
        status, printed = 0, []
        for line in lines:
            key, _, value = (word.strip() for word in line.partition("="))
            if not value or key.startswith(("#", ";")):
                continue
            may_fail, key = key.startswith("-"), key.removeprefix("-")
            place = self._node.root / "proc/sys" / (key if "/" in key else key.replace(".", "/"))
            if place.is_file():
                place.write_text(f"{value}\n")
                printed.append(f"{key} = {value}")
            elif not may_fail:
                status = 255
                printed.append(f"sysctl: cannot stat /proc/sys/{key}: No such file or directory")
        return status, "\n".join(printed)

    def _iptables(self, argv: list[str]) -> tuple[int, str]:
        command, _, _, _, table, action, chain, *rule = argv
        there = self._node.rules.setdefault(f"{command} {table} {chain}", [])
        if action == "-D":
            self._node.ran.append(argv)
            there.remove(" ".join(rule))
            return 0, ""
        return 0, "".join(f"-A {chain} {line}\n" for line in there)

    _ip6tables = _iptables

    def _vtysh(self, argv: list[str]) -> tuple[int, str]:
        if argv[1:] == ["-c", "show daemons"]:
            switches = self._node.files.get("/etc/frr/daemons", "")
            return 0, " ".join(["zebra", *re.findall(r"(?m)^(\w+d)=yes$", switches), "staticd"])
        if argv[1:] == ["-c", "show running-config"]:
            return 0, f"Current configuration:\n!\n{running(self._node)}end\n"
        if argv[1:] == ["-c", "show bgp neighbors json"]:
            return 0, json.dumps(_sessions(self._node))
        if argv[1:] == ["-c", "show evpn vni detail json"]:
            return 0, json.dumps(_vnis(self._node))
        if argv[2].startswith("show bgp l2vpn evpn"):
            known = [row for row in _vnis(self._node) if row["type"] == "L2"]
            return 0, json.dumps({str(row["vni"]): _of_bgp(row["vni"]) for row in known})
        lines = Path(argv[-1]).read_text("utf-8").splitlines()
        wrong = [
            f"line {number}: % Unknown command[0]: {line}"
            for number, line in enumerate(lines, 1)
            if not re.match(r"\s*([a-z!#]|$)", line)
        ]
        said = [*wrong, *self._node.problems]
        return (2 if said else 0), "\n".join(said)

    def _frr_reload_py(self, argv: list[str]) -> tuple[int, str]:
        self._node.ran.append([word.removeprefix(self.root) for word in argv])
        self._node.frr = None
        return 0, ""

    def _systemctl(self, argv: list[str]) -> tuple[int, str]:
        if argv[1] in {"is-active", "is-enabled"}:
            return 0, {"is-active": "active\n", "is-enabled": "enabled\n"}[argv[1]]
        self._node.ran.append(argv)
        self._node.frr = None
        return 0, ""


def _of_bgp(vni: int) -> dict[str, Any]:
    """A VNI as bgpd has it, and the route that it makes of it."""
    return {"vni": vni, "originatorIp": "192.0.2.1", "[3]:[0]:[32]:[192.0.2.1]": {}}


def running(node: FakeNode) -> str:
    """The configuration that FRR runs."""
    return node.files.get("/etc/frr/frr.conf", "") if node.frr is None else node.frr


def _sessions(node: FakeNode) -> dict[str, Any]:
    """Of `show bgp neighbors json` what the program asks for."""
    text = running(node)
    sources = dict(re.findall(r"(?m)^ neighbor (\S+) update-source (\S+)$", text))
    found = {}
    for peer, group in re.findall(r"(?m)^ neighbor (\S+) peer-group (\S+)$", text):
        is_up = peer not in node.down
        found[peer] = {
            "bgpState": "Established" if is_up else "Active",
            "hostLocal": sources.get(group, sources.get(peer, "Unknown")) if is_up else "Unknown",
            "peerBfdInfo": {"status": "Up" if is_up else "Down"},
        }
    return found


def _announced(node: FakeNode) -> list[dict[str, Any]]:
    """VXLAN devices of EVPN."""
    if "advertise-all-vni" not in running(node):
        return []
    ports = [row for row in node.links() if _info(row).get("info_kind") == "vxlan"]
    return [row for row in ports if row["linkinfo"].get("info_slave_data", {}).get("learning") is False]


def _vni(row: dict[str, Any]) -> int:
    vni: int = row["linkinfo"]["info_data"]["id"]
    return vni


def _info(row: dict[str, Any]) -> dict[str, Any]:
    found = row.get("linkinfo")
    return found if isinstance(found, dict) else {}


def _groups(node: FakeNode) -> list[tuple[str, str]]:
    """The entry that the kernel makes of a multicast group."""
    found = [(str(row.get("ifname")), _info(row).get("info_data", {})) for row in node.links()]
    return [(name, data[key]) for name, data in found for key in ("group", "group6") if data.get(key)]


def _vteps(node: FakeNode, vni: int) -> list[str]:
    """Those that announce a VNI of guests to the node."""
    if re.search(rf"(?m)^ vni {vni}$", running(node)):
        return []
    return [
        row["linkinfo"]["info_data"]["local"] for other in node.others for row in _announced(other) if _vni(row) == vni
    ]


def _vnis(node: FakeNode) -> list[dict[str, Any]]:
    """Of `show evpn vni detail json` what the program asks for."""
    rows = {row.get("ifname"): row for row in node.links()}
    l3vnis = {int(vni): vrf for vrf, vni in re.findall(r"(?m)^vrf (\S+)\n vni (\d+)$", running(node))}
    found = []
    for row in _announced(node):
        vni, bridge = _vni(row), rows.get(row.get("master", ""), {})
        if vni in l3vnis:
            more = {"type": "L3", "vrf": l3vnis[vni], "state": "Up", "routerMac": bridge.get("address", "")}
        else:
            more = {"type": "L2", "vrf": bridge.get("master", "default")}
        found.append({"vni": vni, "vxlanInterface": row["ifname"], **more})
    return found


def _folder(owner: object) -> Path:
    """A folder that goes when its owner does."""
    path = tempfile.mkdtemp(prefix="pvesdn-fake-")
    weakref.finalize(owner, shutil.rmtree, path, ignore_errors=True)
    return Path(path).resolve()
