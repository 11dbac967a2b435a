"""What was rehearsed against what a node has, and against what PVE says that it would write."""

from __future__ import annotations

import difflib

import pytest

from pvesdn.compare.rehearsed import disagreements, unlike
from pvesdn.decode.cluster.diffs import patched
from pvesdn.model.dry_run import DryRun
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES

OURS = "#version:3\n\nauto vxlan_a\niface vxlan_a\n\tvxlan-id 7\n\tvxlan_remoteip 10.0.0.2\n\tvxlan_remoteip 10.0.0.3\n"
PENDING = OURS.replace("#version:3", "#version:2")
OTHER_ORDER = OURS.replace("10.0.0.2", "X").replace("10.0.0.3", "10.0.0.2").replace("X", "10.0.0.3")
FRR = "frr version 10.4.1\n!\nrouter bgp 65000\n neighbor 10.0.0.2 remote-as 65000\nexit\n!\n"


def diff(old: str, new: str) -> str:
    return "".join(difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "a", "b"))


AGREES = {
    "nothing would change": "",
    "the version of before": diff(OURS, PENDING),
    "remotes in another order": diff(OURS, OTHER_ORDER.replace("#version:3", "#version:2")),
}


@pytest.mark.parametrize("told", AGREES.values(), ids=AGREES)
def test_pves_dry_run_agrees_but_for_the_version_and_the_order_of_remotes(told: str) -> None:
    assert [*disagreements({SDN_INTERFACES: OURS}, {SDN_INTERFACES: OURS}, DryRun(interfaces=told))] == []


DISAGREES = {
    "another number": (diff(OURS, PENDING.replace("vxlan-id 7", "vxlan-id 8")), "- vxlan-id 7; + vxlan-id 8"),
    "a line more": (diff(OURS, OURS + "\tmtu 1400\n"), "would write something else: + mtu 1400"),
    "four lines more": (diff(OURS, OURS + "a\nb\nc\nd\n"), r"+a; +b; +c; and 1 more lines"),
    "another text than the node's": (diff("x\ny\n", "x\nz\n"), "tells of another text than the node has"),
    "no diff at all": ("Only in a: b\n", "tells of another text than the node has"),
    "behind the end": ("@@ -90,1 +90,1 @@\n-x\n+y\n", "tells of another text than the node has"),
    "beyond the end": (
        f"@@ -1,9 +1,9 @@\n{''.join(f' {line}' + chr(10) for line in [*OURS.splitlines(), 'x'])}",
        "tells of",
    ),
}


@pytest.mark.parametrize(("told", "said"), DISAGREES.values(), ids=DISAGREES)
def test_whatever_else_pve_would_write_is_told(told: str, said: str) -> None:
    (found,) = disagreements({SDN_INTERFACES: OURS}, {SDN_INTERFACES: OURS}, DryRun(interfaces=told))
    assert found.startswith(f"{SDN_INTERFACES}: ")
    assert said in found


def test_frr_conf_has_to_mean_the_same_and_no_more() -> None:
    in_other_words = FRR.replace("!\nrouter", "router").replace("exit\n!\n", "exit\n")
    present = {FRR_CONF: FRR}
    assert [*disagreements(present, present, DryRun(frr=diff(FRR, in_other_words)))] == []
    (found,) = disagreements(
        present, present, DryRun(frr=diff(FRR, FRR.replace("neighbor 10.0.0.2", "neighbor 10.0.0.9")))
    )
    assert "10.0.0.9" in found


def test_a_file_that_somebody_has_written_since_is_named() -> None:
    rehearsed = {SDN_INTERFACES: OURS, FRR_CONF: FRR}
    assert unlike(rehearsed, {SDN_INTERFACES: OTHER_ORDER, FRR_CONF: FRR.replace("!\n", "")}) == ()
    assert unlike(rehearsed, {SDN_INTERFACES: PENDING}) == (SDN_INTERFACES, FRR_CONF)


def test_a_diff_of_several_hunks_is_applied_where_each_belongs() -> None:
    old = "".join(f"line {number}\n" for number in range(30))
    new = "first\n" + old.replace("line 3\n", "").replace("line 25\n", "line 25\nmore\n")
    assert patched(old, diff(old, new)) == new
    assert patched("", diff("", "a\n")) == "a\n"
    assert patched("a\n", diff("a\n", "a\n") + "") == "a\n"
    assert patched("a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n") == "b\n"
