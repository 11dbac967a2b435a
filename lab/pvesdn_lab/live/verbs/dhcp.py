"""What scenarios do about DHCP of PVE's: IPAM's entries where guests start, and guests that ask for an address."""

from __future__ import annotations

import sys
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from pvesdn_lab.live.testbed import dhcp_client, dns_client
from pvesdn_lab.live.verbs.context import Context, as_proof, require
from pvesdn_lab.simulated.dhcp import enter_guest

_PATIENCE = 5.0
"""Seconds for an answer; dnsmasq is busy for a moment after each reload."""
_FURTHER = 1.0
"""Seconds for answers of others once there is one; all nodes are a few milliseconds away."""


def starts(context: Context, *, guest: str, zone: str, address: str) -> str:
    """What PVE does when a guest is started: it enters the address that IPAM has for it, on the guest's node alone.

    What other nodes have of it stays there, as with PVE.
    """
    one = context.guest(guest)
    enter_guest(one.node, zone, one.mac, address)
    return f"{guest} has {address} on {one.node.name}"


def gets_address(context: Context, *, guest: str, address: str, mtu: int, times: int = 5) -> str:
    """Each time that a guest asks it is offered this address, once, gets it, and is told the zone's MTU.

    It has the address then.
    """
    one = context.guest(guest)
    found = [_answers(context, guest) for _ in range(times)]
    for answers in found:
        require(answers["offers"] == [address], f"{guest} to be offered {address}, once", answers)
        require(answers["answers"] == [["ack", address]], f"{guest} to get {address}, with one answer", answers)
        require(answers["mtu"] == mtu, f"{guest} to be told MTU {mtu}", answers)
    held = IPv4Interface(f"{address}/{found[0]['mask']}")
    old = [f"address del {before} dev eth0" for before in one.addresses]
    router = found[0]["router"]
    one.host.space.ip(*old, f"address add {held} dev eth0", *([f"route add default via {router}"] if router else []))
    one.addresses = (str(held),)
    return f"{times} times {address}, from one server alone"


def is_offered(context: Context, *, guest: str, addresses: list[str]) -> str:
    """A guest is offered just these addresses, in whatever order; none of them is taken."""
    offers = sorted(_answers(context, guest)["offers"])
    require(offers == sorted(addresses), f"{guest} to be offered {addresses}", offers)
    return f"{guest} is offered {', '.join(offers) or 'nothing'}"


def names_are_answered(context: Context, *, guest: str, server: str) -> str:
    """A question for a name gets an answer from its gateway, whatever that knows."""
    program = str(Path(dns_client.__file__))
    with as_proof():
        found = context.guest(guest).host.space.json(sys.executable, "-P", program, server, str(_PATIENCE))
    require(found["answered"], f"{server} to answer {guest}'s question for a name", found)
    return f"{server} answers {guest} on port 53"


def _answers(context: Context, guest: str) -> Any:
    program = str(Path(dhcp_client.__file__))
    with as_proof():
        return context.guest(guest).host.space.json(
            sys.executable, "-P", program, "eth0", str(_PATIENCE), str(_FURTHER)
        )
