"""Random networks of PVE's own: definitions of every kind as its panel and API take them, and nodes for them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_interface

from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.read import read_cluster
from pvesdn_lab.simulated import sdn_config
from tests.fakes import cluster_answers, fake_cluster
from tests.fuzz.corpus import Draft
from tests.fuzz.mutations import FRR_LOCAL, INTERFACES
from tests.fuzz.putting_in_place import committed
from tests.laws.definitions import section

NODES = ("node1", "node2", "node3")
PEERS = "192.168.0.1,192.168.0.2,192.168.0.3"
_ZONES = ("zz", "Lan", "prod", "a1b2c3d4", "TeSt", "dmz")
_VNETS = ("web", "Web2", "v3", "guests", "ABCDEFGH", "b6", "vm7", "zoo")
_ADMINS = (
    "ip prefix-list ours seq 5 permit 10.0.0.0/8\n",
    "! a remark\nrouter bgp 65000\n bgp bestpath as-path multipath-relax\nexit\n",
    "router bgp 65000 vrf vrf_prod\n address-family ipv4 unicast\n  redistribute static\n exit-address-family\nexit\n",
    "route-map ours permit 10\n set metric 1\nexit\n",
    "interface eno2\n ip ospf cost 5\nexit\n",
    "ip route 10.99.0.0/16 192.168.0.254\n",
    "access-list old permit 10.0.0.0/8\n",
    "router ospf\n ospf router-id 192.168.0.1\nexit\n",
    "vrf vrf_zz\nexit-vrf\n",
    "\n\n!\n",
)


@dataclass(frozen=True)
class Part:
    """One thing that a network has. :param told: it in words, or the definition itself."""

    told: str
    add: Callable[[Draft], object]


@dataclass(frozen=True)
class _Numbers:
    """Numbers that nothing else has."""

    vnis: Iterator[int]
    vlans: Iterator[int]


@cache
def bare() -> Snapshot:
    """Three nodes of PVE 9, with a bridge each and nothing defined."""
    return read_cluster(fake_cluster().world())


def network(seed: int) -> list[Part]:
    """All that a random network has, each part on its own."""
    rng = random.Random(f"pve {seed}")
    parts = [_definition(*found) for found in _definitions(rng)]
    parts += [part for node in NODES for part in _node(node, rng)]
    if rng.random() < 0.25:
        version = rng.choice(("8.4.1", "8.1.4", "9.0.3"))
        parts.append(Part(f"PVE {version}", lambda draft: draft.api.update(cluster_answers(NODES, (), version))))
    return parts


def built(parts: list[Part], seed: int) -> Snapshot:
    """The network with these parts; in some cases its definitions, or those it had before, are committed."""
    rng = random.Random(f"pve {seed} committed")
    draft = Draft.of(bare())
    for name in sdn_config.KINDS:
        draft.pve_files.setdefault(f"{name}.cfg", "")
    state = rng.choice(("pending", "committed", "empty before"))
    if state == "empty before":
        draft.pve_files[sdn_config.RUNNING] = committed(draft.pve_files)
    for part in parts:
        part.add(draft)
    if state == "committed":
        draft.pve_files[sdn_config.RUNNING] = committed(draft.pve_files)
    return draft.snapshot()


def _definition(file: str, text: str) -> Part:
    def add(draft: Draft) -> None:
        before = draft.pve_files.get(file, "")
        draft.pve_files[file] = f"{before}{text}\n"

    return Part(f"{file}: {text!r}", add)


# --- definitions ------------------------------------------------------------------------------------------------------


def _definitions(rng: random.Random) -> Iterator[tuple[str, str]]:
    """File and section of everything that is defined, references before what refers to them or after it."""
    found: list[tuple[str, str]] = []
    fabrics = list(_fabrics(rng)) if rng.random() < 0.3 else []
    found += fabrics
    fabric_ids = [text.split()[1] for _, text in fabrics if "_fabric:" in text]
    way = {"fabric": rng.choice(fabric_ids)} if fabric_ids and rng.random() < 0.6 else {"peers": _peers(rng)}
    kinds = [rng.choice(("simple", "vlan", "qinq", "vxlan", "evpn", "evpn")) for _ in range(rng.randint(1, 4))]
    if "evpn" in kinds or rng.random() < 0.1:
        found.append(("controllers.cfg", section("evpn", "ctl", asn=65000, **way)))
    for node in NODES:
        found += _controllers(node, rng)
    free = _Numbers(iter(rng.sample(range(1, 16_777_215), 40)), iter(rng.sample(range(2, 4094), 40)))
    zones = [(rng.sample(_ZONES, len(_ZONES))[0], kind) for kind in kinds]
    zones = [(id_, kind) for index, (id_, kind) in enumerate(zones) if id_ not in [z for z, _ in zones[:index]]]
    for id_, kind in zones:
        found.append(("zones.cfg", _zone(id_, kind, free, fabric_ids, rng)))
    for number, vnet in enumerate(rng.sample(_VNETS, rng.randint(0, len(_VNETS)))):
        zone, kind = rng.choice(zones)
        found += _vnet((vnet, number), zone, kind, free, rng)
    if rng.random() < 0.3:
        found += _ours([zone for zone, kind in zones if kind == "evpn"], free, rng)
    rng.shuffle(found)
    yield from found


def _some_nodes(rng: random.Random) -> str:
    return rng.choice((",", ", ", ";")).join(rng.sample(NODES, rng.randint(1, 3)))


def _maybe(rng: random.Random, chance: float, value: object) -> object:
    return value if rng.random() < chance else None


def _peers(rng: random.Random) -> str:
    return rng.choice(
        (
            PEERS,
            PEERS,
            PEERS,
            "192.168.0.3, 192.168.0.1,192.168.0.2",
            f"{PEERS},198.51.100.9",
            "fd00::1,fd00::2,fd00::3",
            "FD00:0:0::2,fd00::1,fd00::3",
            "192.168.0.1",
            "10.77.0.1,10.77.0.2",
        )
    )


def _zone(id_: str, kind: str, free: _Numbers, fabrics: list[str], rng: random.Random) -> str:
    given: dict[str, object] = {
        "nodes": _maybe(rng, 0.3, _some_nodes(rng)),
        "mtu": _maybe(rng, 0.3, rng.choice((1280, 1400, 1450, 1500, 9000))),
        "ipam": _maybe(rng, 0.4, "pve"),
    }
    if kind in ("vlan", "qinq"):
        given["bridge"] = rng.choice(("vmbr0", "vmbr0", "vmbr0", "vmbr9"))
        given["bridge_disable_mac_learning"] = _maybe(rng, 0.2, 1)
    if kind == "qinq":
        given |= {"tag": next(free.vlans), "vlan_protocol": _maybe(rng, 0.5, rng.choice(("802.1q", "802.1ad")))}
    if kind == "vxlan":
        given |= {"fabric": rng.choice(fabrics)} if fabrics and rng.random() < 0.5 else {"peers": _peers(rng)}
        given["vxlan_port"] = _maybe(rng, 0.2, 4790)
    if kind == "evpn":
        exits = _maybe(rng, 0.5, _some_nodes(rng))
        given |= {
            "controller": "ctl",
            "vrf_vxlan": next(free.vnis),
            "mac": _maybe(rng, 0.3, "BC:24:11:AA:BB:CC"),
            "exitnodes": exits,
            "exitnodes_primary": _maybe(rng, 0.5, rng.choice(NODES)) if exits else None,
            "exitnodes_local_routing": _maybe(rng, 0.4, rng.choice((0, 1))),
            "advertise_subnets": _maybe(rng, 0.4, rng.choice((0, 1))),
            "disable_arp_nd_suppression": _maybe(rng, 0.2, 1),
            "rt_import": _maybe(rng, 0.2, "65003:1000,65001:1000"),
            "vxlan_port": _maybe(rng, 0.1, 4790),
        }
    return section(kind, id_, **given)


def _vnet(
    named: tuple[str, int], zone: str, kind: str, free: _Numbers, rng: random.Random
) -> Iterator[tuple[str, str]]:
    id_, number = named
    tags = {
        "vlan": next(free.vlans),
        "qinq": _maybe(rng, 0.7, next(free.vlans)),
        "vxlan": next(free.vnis),
        "evpn": next(free.vnis),
    }
    given: dict[str, object] = {
        "zone": zone,
        "tag": tags.get(kind),
        "alias": _maybe(rng, 0.2, rng.choice(("a web", "x", "(1) - two, three"))),
        "vlanaware": _maybe(rng, 0.2, 1) if kind not in ("evpn", "vlan") else None,
        "isolate_ports": _maybe(rng, 0.1, 1),
    }
    yield "vnets.cfg", section("vnet", id_, **given)
    for third in rng.sample(range(9), rng.choice((0, 0, 1, 1, 2, 3))):
        network, gateway = rng.choice(_subnets(number, third))
        name = f"{zone}-{network.replace('/', '-')}"
        snat = _maybe(rng, 0.4, 1)
        yield "subnets.cfg", section("subnet", name, vnet=id_, gateway=_maybe(rng, 0.8, gateway), snat=snat)


def _subnets(number: int, third: int) -> tuple[tuple[str, str], ...]:
    """Networks and their gateways, as people spell them."""
    return (
        (f"10.{number}.{third}.0/24", f"10.{number}.{third}.1"),
        (f"10.{number}.{third}.0/24", f"10.{number}.{third}.254"),
        (f"203.0.{number}.{third}/32", "203.0.113.1"),
        (f"2001:db8:{number}:{third}::/64", f"2001:db8:{number}:{third}::1"),
        (f"2001:DB8:{number}:{third}::/64", f"2001:DB8:{number}:{third}::1"),
        (f"2001:db8:{number}:{third}:0::/64", f"2001:0db8:{number}:{third}:0::0001"),
        (f"fd00:{number}:{third}::/48", f"fd00:{number}:{third}::ffff"),
    )


def _controllers(node: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    if rng.random() < 0.2:
        bgp = {
            "node": node,
            "asn": rng.choice((65000, 65000, 65001, 4_200_000_000)),
            "peers": rng.choice(("192.168.0.252,192.168.0.253", "fd00::252", "192.168.0.252,fd00::252")),
            "ebgp": _maybe(rng, 0.4, 1),
            "ebgp_multihop": _maybe(rng, 0.2, 3),
            "loopback": _maybe(rng, 0.3, rng.choice(("lo", "dummy1", "eno2"))),
            "bgp_multipath_as_path_relax": _maybe(rng, 0.3, 1),
        }
        yield "controllers.cfg", section("bgp", rng.choice(("bgp", "abgp")) + node, **bgp)
    if rng.random() < 0.1:
        isis = {
            "node": node,
            "isis_domain": rng.choice(("core", "edge")),
            "isis_ifaces": rng.choice(("eno1", "eno2,eno1")),
            "isis_net": f"49.0001.1921.6800.000{node[-1]}.00",
            "loopback": _maybe(rng, 0.3, "lo"),
        }
        yield "controllers.cfg", section("isis", f"isis{node}", **isis)


def _fabrics(rng: random.Random) -> Iterator[tuple[str, str]]:
    for number in range(rng.choice((1, 1, 2))):
        id_, kind = ("lab", "core")[number], rng.choice(("openfabric", "ospf"))
        has_four, has_six = kind == "ospf" or rng.random() < 0.8, kind == "openfabric" and rng.random() < 0.4
        given: dict[str, object] = {
            "ip_prefix": f"172.20.{number}.0/24" if has_four else None,
            "ip6_prefix": f"fd20:{number}::/64" if has_six or not has_four else None,
            "area": rng.choice(("0", "0.0.0.9")) if kind == "ospf" else None,
            "hello_interval": _maybe(rng, 0.3, 2) if kind == "openfabric" else None,
            "csnp_interval": _maybe(rng, 0.3, 20) if kind == "openfabric" else None,
        }
        yield "fabrics.cfg", _with_underscores(section(f"{kind}_fabric", id_, **given))
        for node in rng.sample(NODES, rng.randint(1, 3)):
            member: dict[str, object] = {
                "ip": f"172.20.{number}.{node[-1]}" if has_four else None,
                "ip6": f"fd20:{number}::{node[-1]}" if given["ip6_prefix"] else None,
                "interfaces": _fabric_interface(kind, number, node, rng),
            }
            yield "fabrics.cfg", _with_underscores(section(f"{kind}_node", f"{id_}_{node}", **member))


def _with_underscores(text: str) -> str:
    """fabrics.cfg is written by PVE's Rust, whose words have underscores."""
    return "\n".join(
        "\t" + key.replace("-", "_") + sign + value
        for key, sign, value in (line.strip().partition(" ") for line in text.split("\n")[1:])
        if key
    ).join((text.split("\n", maxsplit=1)[0] + "\n", "\n"))


def _fabric_interface(kind: str, number: int, node: str, rng: random.Random) -> str | None:
    words = [f"name=eno{2 + number}"]
    if kind == "openfabric":
        words += rng.choice(([], ["hello_multiplier=5"]))
    words += rng.choice(([], [f"ip=172.2{number}.9.{node[-1]}/24"]))
    return ",".join(words) if rng.random() < 0.9 else None


def _ours(zones: list[str], free: _Numbers, rng: random.Random) -> Iterator[tuple[str, str]]:
    """What pvesdn.cfg adds beside PVE's zones, or in one of them."""
    yield "pvesdn.cfg", section("underlay", "cluster", network="192.168.0.0/24")
    if zones and rng.random() < 0.7:
        zone, node = rng.choice(zones), rng.choice(NODES)
        gateways = rng.choice(("172.16.0.254", "172.16.0.254,172.16.0.253"))
        given = {"zone": zone, "node": node, "interface": "eno2", "address": "172.16.0.1/24", "gateways": gateways}
        yield "pvesdn.cfg", section("exit", f"{zone}-{node}", **given)
    if zones and rng.random() < 0.5:
        irb = rng.choice(("none", "symmetric", "asymmetric"))
        vni = next(free.vnis) if irb == "symmetric" else None
        yield "pvesdn.cfg", section("evpn", "own", controller="ctl", irb=irb, vrf_vxlan=vni)
        yield "pvesdn.cfg", section("vnet", "ownnet", zone="own", tag=next(free.vnis))
        if irb != "none":
            yield "pvesdn.cfg", section("subnet", "own-10.200.0.0-24", vnet="ownnet", gateway="10.200.0.1")
    elif rng.random() < 0.5:
        yield "pvesdn.cfg", section("vxlan", "flat")
        yield "pvesdn.cfg", section("vnet", "flatnet", zone="flat", tag=next(free.vnis))


# --- nodes ------------------------------------------------------------------------------------------------------------


def _node(node: str, rng: random.Random) -> Iterator[Part]:
    """What is special about a node; most have nothing special."""
    octet = node[-1]
    specials: tuple[tuple[float, str, Callable[[Draft], object]], ...] = (
        (0.15, "no default route", lambda d: _routes(d, node, "ip-route", "default", None)),
        (0.1, "no route at all", lambda d: d.nodes[node].commands.update({"ip-route": []})),
        (0.4, "an IPv6 address", lambda d: _address(d, node, "vmbr0", f"fd00::{octet}/64")),
        (0.3, "an IPv6 default route", lambda d: _routes(d, node, "ip-route6", "default", "fd00::254")),
        (0.2, "an address on lo", lambda d: _address(d, node, "lo", f"10.255.0.{octet}/32")),
        (0.1, "an address on dummy1", lambda d: _address(d, node, "dummy1", f"10.254.0.{octet}/32")),
        (0.3, "a VLAN-aware vmbr0", lambda d: _bridge(d, node, "bridge", 1)),
        (0.1, "vmbr0 of Open vSwitch", lambda d: _bridge(d, node, "openvswitch", None)),
        (0.05, "no vmbr0", lambda d: _bridge(d, node, "", None)),
        (0.1, "another FRR", lambda d: d.nodes[node].commands["versions"].update({"frr": "8.5.2-1+pve1"})),
        (0.1, "no FRR", lambda d: d.nodes[node].commands["versions"].pop("frr", None)),
        (0.05, "no answer", lambda d: (d.nodes.pop(node), d.unreachable.update({node: "timed out"}))),
    )
    for chance, told, add in specials:
        if rng.random() < chance:
            yield Part(f"{node} has {told}", _unless_gone(node, add))
    if rng.random() < 0.3:
        lines = "".join(rng.sample(_ADMINS, rng.randint(1, 3)))
        yield Part(
            f"{node} has {FRR_LOCAL}: {lines!r}",
            _unless_gone(node, lambda d: d.nodes[node].files.update({FRR_LOCAL: lines})),
        )


def _unless_gone(node: str, add: Callable[[Draft], object]) -> Callable[[Draft], object]:
    return lambda draft: add(draft) if node in draft.nodes else None


def _routes(draft: Draft, node: str, command: str, destination: str, gateway: str | None) -> None:
    commands = draft.nodes[node].commands
    commands[command] = [row for row in commands.get(command, []) if row["dst"] != destination]
    if gateway is not None:
        commands[command].append({"dst": destination, "gateway": gateway, "dev": "vmbr0"})


def _address(draft: Draft, node: str, device: str, cidr: str) -> None:
    there = draft.nodes[node]
    held = ip_interface(cidr)
    family = "inet6" if held.version == 6 else "inet"
    info = {"family": family, "local": str(held.ip), "prefixlen": held.network.prefixlen, "scope": "global"}
    rows = there.commands["ip-addr"]
    row = next((row for row in rows if row["ifname"] == device), None)
    if row is None:
        row = {"ifname": device, "addr_info": []}
        rows.append(row)
        there.commands["ip-link"].append({"ifname": device, "mtu": 1500, "linkinfo": {"info_kind": "dummy"}})
    row["addr_info"] = [*row.get("addr_info", []), info]
    there.files[INTERFACES] += f"\nauto {device}\niface {device} {family} static\n\taddress {cidr}\n"
    if device == "vmbr0":
        command = "ip-route6" if held.version == 6 else "ip-route"
        there.commands[command].append({"dst": str(held.network), "dev": device, "prefsrc": str(held.ip)})


def _bridge(draft: Draft, node: str, kind: str, filtering: int | None) -> None:
    links = draft.nodes[node].commands["ip-link"]
    for link in links:
        if link["ifname"] == "vmbr0" and kind:
            data = {} if filtering is None else {"info_data": {"vlan_filtering": filtering}}
            link["linkinfo"] = {"info_kind": kind, **data}
    if not kind:
        links[:] = [link for link in links if link["ifname"] != "vmbr0"]
