"""All that is asked of FRR is asked of one vtysh: the answers are told apart, and what it leaves out is asked alone."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from pvesdn.node.program import shown
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

ALL = ["frr-daemons", "frr-running", "bgp-neighbors", "evpn-vnis", "vrf-routes", "evpn-rmacs", "vrrp"]
VNI = {"vni": 2, "type": "L2", "vrf": "default"}
ANSWERS = {
    "show daemons": " zebra bgpd staticd\n",
    "show bgp neighbors json": json.dumps({"192.0.2.2": {"bgpState": "Established"}}) + "\n",
    "show evpn vni detail json": json.dumps([VNI]) + "\n",
    "show evpn rmac vni all json": "{}\n",
    "show evpn next-hops vni all json": "{}\n",
    "show running-config": "Building configuration...\n\nCurrent configuration:\n!\nfrr defaults datacenter\nend\n",
    "show vrrp json": "[]\n",
}
TOLD = {
    "frr-daemons": {"answer": ["zebra", "bgpd", "staticd"]},
    "frr-running": {"answer": "!\nfrr defaults datacenter\nend\n"},
    "bgp-neighbors": {"answer": {"192.0.2.2": {"bgpState": "Established"}}},
    "evpn-vnis": {"answer": [VNI]},
    "vrf-routes": {"answer": []},
    "evpn-rmacs": {"answer": []},
    "vrrp": {"answer": []},
}


def frr(node: NodeRoot, *, answers: dict[str, str] = ANSWERS, echoes: bool = True) -> None:
    """A vtysh as FRR's: it repeats with ``-E`` what it was asked, and stops at the first command that fails.

    :param answers: by command; any other fails, with a line on standard error.
    """
    cases = "\n".join(f"{shlex.quote(words)}) printf %s {shlex.quote(said)} ;;" for words, said in answers.items())
    echo = """case "$all" in *" -E") echo "pve1# $2" ;; esac""" if echoes else ""
    body = f'case "$2" in\n{cases}\n*) echo "nobody knows $2" >&2; exit 1 ;;\nesac'
    node.command("vtysh", script=f'all="$*"\nwhile [ "$1" = -c ]; do\n{echo}\n{body}\nshift 2\ndone')


def observed(program: Asking, *names: str) -> dict[str, Any]:
    found: dict[str, Any] = program.value("observe", commands=list(names))["commands"]
    return found


def starts(node: NodeRoot) -> list[str]:
    return [line for line in node.calls() if line.startswith("vtysh")]


def test_all_questions_are_one_start_of_vtysh(program: Asking, node: NodeRoot) -> None:
    frr(node)
    assert observed(program, *ALL) == TOLD
    assert len(starts(node)) == 1


def test_one_question_is_asked_as_a_person_asks_it(program: Asking, node: NodeRoot) -> None:
    frr(node)
    assert observed(program, "evpn-vnis", "vrf-routes") == {name: TOLD[name] for name in ("evpn-vnis", "vrf-routes")}
    assert starts(node) == ["vtysh -c show evpn vni detail json"]


def test_what_fails_is_told_as_if_it_had_been_asked_alone_and_the_rest_is_asked_after_it(
    program: Asking, node: NodeRoot
) -> None:
    frr(node, answers={words: said for words, said in ANSWERS.items() if "neighbors" not in words})
    why = "vtysh -c show bgp neighbors json ended with status 1: nobody knows show bgp neighbors json"
    assert observed(program, *ALL) == {**TOLD, "bgp-neighbors": {"fault": why}}
    assert len(starts(node)) == 2


def test_the_last_one_that_fails_costs_no_other_start(program: Asking, node: NodeRoot) -> None:
    frr(node, answers={words: said for words, said in ANSWERS.items() if "vrrp" not in words})
    assert observed(program, *ALL)["vrrp"]["fault"].endswith("status 1: nobody knows show vrrp json")
    assert len(starts(node)) == 1


def test_a_vtysh_that_repeats_nothing_is_asked_for_each(program: Asking, node: NodeRoot) -> None:
    frr(node, echoes=False)
    assert observed(program, *ALL) == TOLD
    assert len(starts(node)) == 1 + len(ANSWERS)


def test_an_answer_of_which_nobody_can_tell_the_end_is_asked_for_again(program: Asking, node: NodeRoot) -> None:
    frr(node, answers={**ANSWERS, "show evpn vni detail json": json.dumps([VNI])})
    assert observed(program, *ALL) == TOLD


def test_a_line_of_the_configuration_that_looks_like_a_question_is_none(program: Asking, node: NodeRoot) -> None:
    text = "Current configuration:\n!\ninterface eno1\n description pve1# show vrrp json\nend\n"
    frr(node, answers={**ANSWERS, "show running-config": text})
    assert observed(program, *ALL) == {**TOLD, "frr-running": {"answer": text.partition("\n")[2]}}


def test_where_the_time_is_up_each_is_asked_alone(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown, "FRR_LIMIT", 0.3)
    node.command(
        "vtysh", script='[ "$#" = 2 ] || exec sleep 60; [ "$2" = "show daemons" ] && echo zebra || exec sleep 60'
    )
    told = observed(program, "frr-daemons", "bgp-neighbors")
    assert told["frr-daemons"] == {"answer": ["zebra"]}
    assert told["bgp-neighbors"]["late"] is True


def test_where_frr_is_off_that_is_asked_once(program: Asking, node: NodeRoot) -> None:
    node.command("vtysh", complains="Exiting: failed to connect to any daemons.\n", status=1)
    told = observed(program, *ALL)
    assert told["frr-daemons"] == {"answer": []}
    assert told["vrrp"]["fault"].startswith("vtysh -c show vrrp json ended with status 1: Exiting: failed to connect")
    assert len(starts(node)) == 1


def test_nothing_that_was_told_in_one_observation_is_told_in_the_next(program: Asking, node: NodeRoot) -> None:
    frr(node)
    observed(program, *ALL)
    frr(node, answers={**ANSWERS, "show daemons": " zebra\n"})
    assert observed(program, *ALL)["frr-daemons"] == {"answer": ["zebra"]}
