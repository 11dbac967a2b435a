"""Fabrics and their nodes as PVE's API makes and deletes them: one file, which is valid as a whole after each call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import combinations
from pathlib import Path
from typing import Any, NoReturn

from fakepve import PveError

from pvesdn_lab.simulated.sdn_objects import CALLS_OWN, read, write

_SERVER_ERROR = 500
_FAMILIES = (("ip_prefix", "ip"), ("ip6_prefix", "ip6"))
_GOES = {"openfabric": {"hello_interval", "csnp_interval"}, "ospf": {"area"}}
"""What an update takes away from a fabric, by protocol: never a prefix (docs/pve.md §3.6)."""
_GOES_OF_A_NODE = {"interfaces", "ip", "ip6"}
_Sections = dict[str, dict[str, Any]]


def create(sdn: Path, values: Mapping[str, Any]) -> None:
    """Add a fabric.

    :param values: its `id`, its `protocol` and its properties.
    :raises PveError: there is one of that id, or the fabrics would not be valid.
    """
    found = read(sdn, "fabrics")
    name = str(values["id"])
    if name in found:
        _refuse(f"fabric '{name}' already exists in config")
    found[name] = {"type": f"{values['protocol']}_fabric", **_properties(values, {"id", "protocol"})}
    for key in ("ip_prefix", "ip6_prefix"):
        if key in found[name]:
            found[name][key] = str(ip_network(found[name][key], strict=False))
    _store(sdn, found)


def update(sdn: Path, name: str, values: Mapping[str, Any]) -> None:
    """Change properties of a fabric.

    :param values: its `protocol`, the new properties, and as `delete` the names of those that go.
    :raises PveError: there is none of that id and protocol, or the fabrics would not be valid.
    """
    _change(sdn, name, "fabric", values, _GOES[str(values["protocol"])])


def delete(sdn: Path, name: str) -> None:
    """Remove a fabric and its nodes.

    :raises PveError: there is none, or an EVPN controller or a VXLAN zone refers to it.
    """
    found = read(sdn, "fabrics")
    if name not in found:
        _refuse(f"fabric '{name}' does not exist in configuration")
    for kind, type_, noun in (("controllers", "evpn", "EVPN controller"), ("zones", "vxlan", "VXLAN zone")):
        for id_, section in read(sdn, kind).items():
            if section["type"] == type_ and section.get("fabric") == name:
                _refuse(f'this fabric is still used in the {noun} "{id_}"')
    _store(sdn, {id_: one for id_, one in found.items() if id_ != name and not id_.startswith(f"{name}_")})


def create_node(sdn: Path, fabric: str, values: Mapping[str, Any]) -> None:
    """Add a node to a fabric.

    :param values: its `node_id`, the fabric's `protocol`, and its properties.
    :raises PveError: there is no such fabric, it has the node already, or the fabrics would not be valid.
    """
    found = read(sdn, "fabrics")
    name = f"{fabric}_{values['node_id']}"
    if name in found:
        _refuse(f"node '{values['node_id']}' already exists in fabric {fabric}")
    found[name] = {"type": f"{values['protocol']}_node", **_properties(values, {"fabric_id", "node_id", "protocol"})}
    _store(sdn, found)


def update_node(sdn: Path, fabric: str, node: str, values: Mapping[str, Any]) -> None:
    """Change properties of a fabric's node.

    :param values: the `protocol`, the new properties, and as `delete` the names of those that go.
    :raises PveError: the fabric has no such node, or the fabrics would not be valid.
    """
    _change(sdn, f"{fabric}_{node}", "node", values, _GOES_OF_A_NODE)


def delete_node(sdn: Path, fabric: str, node: str) -> None:
    """Remove a node from its fabric.

    :raises PveError: the fabric has no such node.
    """
    found = read(sdn, "fabrics")
    if found.pop(f"{fabric}_{node}", None) is None:
        _refuse(f"node '{node}' does not exist in fabric {fabric}")
    _store(sdn, found)


def _change(sdn: Path, name: str, what: str, values: Mapping[str, Any], may_go: set[str]) -> None:
    found = read(sdn, "fabrics")
    if name not in found:
        _refuse(f"{what} '{name}' does not exist in configuration")
    if found[name]["type"] != f"{values['protocol']}_{what}":
        _refuse("protocols of the fabric and of the update do not match")
    gone = values.get("delete", [])
    gone = [gone] if isinstance(gone, str) else gone
    if strange := set(gone) - may_go:
        raise PveError(400, f"delete: {', '.join(sorted(strange))} is not in the enumeration")
    found[name] |= _properties(values, {"id", "fabric_id", "node_id", "protocol", "delete"})
    for key in gone:
        found[name].pop(key, None)
    _store(sdn, found)


def _properties(values: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    given = {key: value for key, value in values.items() if key not in hidden | CALLS_OWN}
    if isinstance(given.get("interfaces"), str):
        given["interfaces"] = [given["interfaces"]]
    return given


def _store(sdn: Path, found: _Sections) -> None:
    """Write the file, the nodes of each fabric behind it.

    :raises PveError: it would not be valid.
    """
    fabrics = {id_: one for id_, one in sorted(found.items()) if one["type"].endswith("_fabric")}
    _refuse_what_they_share(fabrics, found)
    ordered: _Sections = {}
    for id_, fabric in fabrics.items():
        nodes = {name: one for name, one in sorted(found.items()) if name.startswith(f"{id_}_")}
        _refuse_what_does_not_fit(id_, fabric, nodes)
        ordered |= {id_: fabric, **nodes}
    if len(ordered) != len(found):
        _refuse("a node belongs to a fabric that does not exist in configuration")
    write(sdn, "fabrics", ordered)


def _refuse_what_they_share(fabrics: _Sections, found: _Sections) -> None:
    """Between fabrics: prefixes, areas, and an interface of a node."""
    for (one, first), (other, second) in combinations(fabrics.items(), 2):
        for key, _ in _FAMILIES:
            if key in first and key in second and ip_network(first[key]).overlaps(ip_network(second[key])):
                _refuse(f"prefixes of fabrics {one} and {other} overlap")
    areas = [_area(str(fabric["area"])) for fabric in fabrics.values() if "area" in fabric]
    if len(set(areas)) != len(areas):
        _refuse("fabrics share an OSPF area")
    ports = [(name.partition("_")[2], port) for name, one in found.items() for port in _ports(one)]
    if len(set(ports)) != len(ports):
        _refuse("an interface of a node is in more than one fabric")


def _refuse_what_does_not_fit(name: str, fabric: Mapping[str, Any], nodes: _Sections) -> None:
    """In one fabric: its prefixes, and the addresses of its nodes."""
    if fabric["type"] == "ospf_fabric" and ("ip_prefix" not in fabric or "ip6_prefix" in fabric):
        _refuse(f"fabric {name} needs an IPv4 prefix, and none of IPv6")
    if not fabric.keys() & {"ip_prefix", "ip6_prefix"}:
        _refuse(f"fabric {name} has no prefix")
    for prefix, ip in _FAMILIES:
        addresses = [ip_address(node[ip]) for node in nodes.values() if ip in node]
        if len(addresses) != (len(nodes) if prefix in fabric else 0):
            _refuse(f"fabric {name}: every node has an address if, and only if, the fabric has a prefix")
        if any(address not in ip_network(fabric[prefix]) for address in addresses):
            _refuse(f"fabric {name}: an address lies outside its prefix")
        if len(set(addresses)) != len(addresses):
            _refuse(f"fabric {name}: two nodes have the same address")
    protocol = str(fabric["type"]).removesuffix("_fabric")
    if any(node["type"] != f"{protocol}_node" for node in nodes.values()):
        _refuse(f"fabric {name}: a node has another protocol")


def _area(text: str) -> str:
    return str(IPv4Address(int(text) if text.isdigit() else text))


def _ports(section: Mapping[str, Any]) -> Iterator[str]:
    for item in section.get("interfaces", ()):
        yield dict(word.partition("=")[::2] for word in str(item).split(","))["name"]


def _refuse(what: str) -> NoReturn:
    raise PveError(_SERVER_ERROR, what)
