"""What the node program tells of the type-3 routes that FRR has of the node's own. The answers are FRR 8.4.4's."""

from __future__ import annotations

import json
from typing import Any

from pvesdn.node.program.machine import CommandResult
from pvesdn.node.program.observe import observe
from tests.noderoot import NodeRoot
from tests.unit.node.test_program_commands import Scripted, printed

VNIS = "vtysh -c show bgp l2vpn evpn vni json"
ROUTES = "vtysh -c show bgp l2vpn evpn route vni all vtep 192.0.2.1 json"


def vni(number: int, vtep: str = "192.0.2.1") -> dict[str, Any]:
    return {"vni": number, "type": "L2", "inKernel": "True", "rd": f"{vtep}:3", "originatorIp": vtep, "importRTs": []}


def routes(number: int, *names: str) -> dict[str, Any]:
    return {"vni": number, **{name: {"prefix": name, "prefixLen": 352, "paths": [[]]} for name in names}}


def announced(node: NodeRoot, **answers: object) -> Any:
    calls = {"vnis": VNIS, "routes": ROUTES}
    said = {calls[name]: a if isinstance(a, CommandResult) else printed(json.dumps(a)) for name, a in answers.items()}
    found = observe(Scripted(node, said), {"files": [], "commands": ["evpn-announced"]})
    return found["commands"]["evpn-announced"]


def test_vnis_with_a_type_3_route_of_its_own_are_told_and_those_with_guests_alone_are_not(node: NodeRoot) -> None:
    known = {"advertiseAllVnis": "Enabled", "numVnis": 3, "20": vni(20), "10": vni(10), "30": vni(30)}
    guest, own = "[2]:[0]:[48]:[02:00:00:00:00:20]", "[3]:[0]:[32]:[192.0.2.1]"
    there = {"20": routes(20, guest, own), "10": routes(10, own), "30": routes(30, guest)}
    assert announced(node, vnis=known, routes=there) == {"answer": [10, 20]}


def test_without_a_vni_nothing_more_is_asked(node: NodeRoot) -> None:
    assert announced(node, vnis={"numVnis": 0}) == {"answer": []}
    assert announced(node, vnis=printed("")) == {"answer": []}


def test_a_vtep_that_is_no_ipv4_address_is_no_part_of_a_question(node: NodeRoot) -> None:
    assert announced(node, vnis={"10": vni(10, "192.0.2.1 json; reboot")}) == {"answer": []}


def test_an_answer_that_is_no_json_is_a_fault(node: NodeRoot) -> None:
    assert "printed no JSON" in announced(node, vnis=printed("% Unknown command"))["fault"]
