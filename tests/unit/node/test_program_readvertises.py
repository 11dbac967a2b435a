"""Router MACs that a reload has changed: which bridges are taken down and up for it, and when none is."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from pvesdn.node.program import undo
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

L3VNI = {"vni": 4000, "type": "L3", "vrf": "vrf_a", "vxlanIntf": "vrfvx_a"}
"""As `show evpn vni detail json` of FRR 8.4 has it, as far as anybody looks at it."""


def link(name: str, kind: str, mac: str = "02:00:00:00:00:01", master: str = "") -> dict[str, Any]:
    row = {"ifname": name, "address": mac, "linkinfo": {"info_kind": kind}, "flags": ["UP"]}
    return row | ({"master": master} if master else {})


def network(mac: str, gateway_mac: str = "02:00:00:00:00:09") -> list[dict[str, Any]]:
    """A VRF with its L3VNI, and a gateway in it."""
    return [
        link("vrf_a", "vrf"),
        link("vrfvx_a", "vxlan", master="vrfbr_a"),
        link("vrfbr_a", "bridge", mac, master="vrf_a"),
        link("web", "bridge", gateway_mac, master="vrf_a"),
        link("vmbr0", "bridge", mac),
        {"ifname": "lo", "address": "00:00:00:00:00:00"},
    ]


def shows(node: NodeRoot, links: list[dict[str, Any]], *, frr: Any = (L3VNI,)) -> None:
    node.command("ip", prints=json.dumps(links))
    node.command("bridge", prints="[]")
    node.command("vtysh", prints=json.dumps(list(frr)))


@pytest.fixture
def armed(program: Asking, node: NodeRoot) -> NodeRoot:
    """An apply has written down how the node was, and has begun nothing yet."""
    shows(node, network("02:00:00:00:00:01"))
    program.value("arm", id="a1", who="root@pve1", seconds=600, frr="none", rehearses=[])
    node.place("/calls").unlink()
    return node


def cycled(node: NodeRoot) -> list[str]:
    return [line.removeprefix("ip link set dev ") for line in node.calls() if "set dev" in line]


def test_the_bridge_of_an_l3vni_goes_down_and_up_once_for_each_mac(program: Asking, armed: NodeRoot) -> None:
    for mac in ("02:00:00:00:00:02", "02:00:00:00:00:03"):
        shows(armed, network(mac))
        assert program.value("readvertise") == {"bridges": ["vrfbr_a"]}
        assert program.value("readvertise") == {"bridges": []}
    assert cycled(armed) == ["vrfbr_a down", "vrfbr_a up"] * 2


def test_a_bridge_that_is_new_is_withdrawn_too(program: Asking, armed: NodeRoot) -> None:
    more = [link("vrf_b", "vrf"), link("vrfbr_b", "bridge", master="vrf_b"), link("vrfvx_b", "vxlan", master="vrfbr_b")]
    shows(armed, [*network("02:00:00:00:00:01"), *more], frr=[L3VNI, {"type": "L3", "vxlanIntf": "vrfvx_b"}])
    assert program.value("readvertise") == {"bridges": ["vrfbr_b"]}


def test_gateways_and_what_is_in_no_vrf_may_change_their_macs(program: Asking, armed: NodeRoot) -> None:
    links = network("02:00:00:00:00:01", gateway_mac="02:00:00:00:00:0a")
    links[4]["address"] = "02:00:00:00:00:0b"
    shows(armed, links)
    assert program.value("readvertise") == {"bridges": []}
    assert cycled(armed) == []


def test_frr_is_not_asked_where_no_mac_has_changed(program: Asking, armed: NodeRoot) -> None:
    assert program.value("readvertise") == {"bridges": []}
    assert not [line for line in armed.calls() if line.startswith("vtysh")]


def test_without_frr_nothing_is_announced(program: Asking, armed: NodeRoot) -> None:
    shows(armed, network("02:00:00:00:00:02"))
    armed.command("vtysh", status=1, complains="Exiting: failed to connect to any daemons.")
    assert program.value("readvertise") == {"bridges": []}


def test_frr_that_runs_and_does_not_tell_is_not_one_that_announces_nothing(program: Asking, armed: NodeRoot) -> None:
    shows(armed, network("02:00:00:00:00:02"))
    armed.command("vtysh", script='case "$*" in *daemons) echo zebra bgpd; exit 0 ;; esac', status=1, complains="busy")
    refusal = program.refusal("readvertise")
    assert refusal == "vtysh -c show evpn vni detail json ended with status 1: busy"


def test_a_bridge_that_does_not_come_up_is_a_failure_and_tried_again(program: Asking, armed: NodeRoot) -> None:
    links = shlex.quote(json.dumps(network("02:00:00:00:00:02")))
    armed.command("ip", script=f'case "$*" in *up) echo no >&2; exit 2 ;; *down) exit 0 ;; esac; printf %s {links}')
    for _ in range(2):
        assert program.refusal("readvertise") == "ip link set dev vrfbr_a up ended with status 2: no"


def test_a_bridge_that_takes_too_long_keeps_no_other_one_down(program: Asking, armed: NodeRoot) -> None:
    more = [link("vrf_b", "vrf"), link("vrfbr_b", "bridge", master="vrf_b"), link("vrfvx_b", "vxlan", master="vrfbr_b")]
    links = [*network("02:00:00:00:00:02"), *more]
    shows(armed, links, frr=[L3VNI, {"type": "L3", "vxlanIntf": "vrfvx_b"}])
    script = f'case "$*" in *"vrfbr_a up") exit 2 ;; *" up"|*" down") exit 0 ;; esac; printf %s {shlex.quote(json.dumps(links))}'
    armed.command("ip", script=script)
    assert "vrfbr_a up ended with status 2" in program.refusal("readvertise")
    assert cycled(armed) == ["vrfbr_a down", "vrfbr_b down", "vrfbr_a up", "vrfbr_b up"]


def test_a_bridge_that_is_down_announces_nothing_and_stays_down(program: Asking, armed: NodeRoot) -> None:
    links = network("02:00:00:00:00:02")
    links[2]["flags"] = []
    shows(armed, links)
    assert program.value("readvertise") == {"bridges": []}


def test_an_undo_that_is_killed_before_it_has_announced_does_so_when_it_is_tried_again(
    program: Asking, armed: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reloads_to(mac: str) -> None:
        armed.write("/links.json", json.dumps(network(mac)))
        armed.command("ifreload", script='cp "${0%/*}/../links.json" "${0%/*}/../now.json"')

    armed.command("ip", script='cat "${0%/*}/../now.json"')
    reloads_to("02:00:00:00:00:02")
    program.value("reload")
    reloads_to("02:00:00:00:00:01")
    with monkeypatch.context() as dying:
        dying.setattr(undo, "readvertise_since", killed)
        with pytest.raises(KeyboardInterrupt):
            program.answer("undo", id="a1")
    assert cycled(armed) == []
    assert program.value("undo", id="a1")["state"] == "restored"
    assert cycled(armed) == ["vrfbr_a down", "vrfbr_a up"]


def killed(*_: object) -> list[str]:
    raise KeyboardInterrupt


def test_without_a_checkpoint_there_is_nothing_to_compare_with(program: Asking, node: NodeRoot) -> None:
    shows(node, network("02:00:00:00:00:02"))
    assert program.value("readvertise") == {"bridges": []}
    assert node.calls() == []
