"""From what differs to what is done about it: which steps, in which order, on which nodes."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from pvesdn.compare.execution import execution_plan, steps
from pvesdn.model.execution import (
    ChangeFrr,
    FileWrite,
    FrrAction,
    LoadSysctl,
    NodeExecution,
    PutInPlace,
    ReloadNetwork,
    RestartDhcp,
    Step,
)
from pvesdn.model.files import OUR_INTERFACES, OUR_SYSCTL, ChangeSet, FileChange, NodeChanges, PendingChange
from pvesdn.model.flags import PlanFlags

INTERFACES = FileChange(OUR_INTERFACES, "old\n", "new\n", "0644", "root:root", "aa")
SYSCTL = FileChange(OUR_SYSCTL, None, "net.ipv4.ip_forward = 1\n", "0644", "root:root", None)
FLOODING = (("vxlan_web", (IPv4Address("192.168.0.2"),)),)
ZONE = PendingChange("zone", "lan", "new")


def steps_of(*own: FileChange, **given: Any) -> tuple[Step, ...]:
    nothing: dict[str, Any] = {
        "ifdown": (),
        "delete_links": (),
        "frr": FrrAction.NONE,
        "reload": None,
        "is_unfinished": False,
    }
    return tuple(steps(own, **(nothing | given)))


def changed(node: str, *, is_unfinished: bool = False) -> NodeChanges:
    files = () if is_unfinished else (INTERFACES,)
    return NodeChanges(node, NodeExecution(node, flooding=FLOODING), files, is_unfinished=is_unfinished)


def unchanged(node: str) -> NodeChanges:
    return NodeChanges(node, NodeExecution(node, flooding=FLOODING))


def test_files_come_before_kernel_settings_these_before_frr_and_the_network_comes_last() -> None:
    done = steps_of(
        INTERFACES,
        SYSCTL,
        ifdown=("eno2",),
        delete_links=("vxlan_web",),
        frr=FrrAction.RESTART,
        reload=ReloadNetwork(regenerate_frr=False),
    )
    files = (
        FileWrite(OUR_INTERFACES, "new\n", expect="aa"),
        FileWrite(OUR_SYSCTL, "net.ipv4.ip_forward = 1\n"),
    )
    assert done == (
        PutInPlace(files, ("eno2",), ("vxlan_web",)),
        LoadSysctl(),
        ChangeFrr(FrrAction.RESTART),
        ReloadNetwork(regenerate_frr=False),
    )


def test_nothing_is_done_where_nothing_differs() -> None:
    assert steps_of() == ()


def test_kernel_settings_are_loaded_for_their_file_and_for_a_run_that_was_cut_off() -> None:
    assert LoadSysctl() not in steps_of(INTERFACES)
    assert LoadSysctl() in steps_of(SYSCTL)
    assert steps_of(is_unfinished=True, reload=ReloadNetwork()) == (LoadSysctl(), ReloadNetwork())


def test_what_serves_addresses_in_vrfs_is_restarted_after_the_reload_that_may_make_them_anew() -> None:
    reload = ReloadNetwork()
    assert steps_of(INTERFACES, reload=reload, dhcp=("lan",))[1:] == (reload, RestartDhcp(("lan",)))
    assert steps_of(INTERFACES, reload=reload)[1:] == (reload,)
    # PVE's commit reloads it, and it is restarted after that.
    assert [type(step) for step in steps_of(INTERFACES, dhcp=("lan",))] == [PutInPlace]


def test_a_file_that_goes_is_written_as_none() -> None:
    (step,) = steps_of(FileChange(OUR_INTERFACES, "old\n", None, "0644", "root:root", "aa"))
    assert step == PutInPlace((FileWrite(OUR_INTERFACES, None, expect="aa"),))


def test_only_nodes_that_differ_have_a_turn() -> None:
    plan = execution_plan(ChangeSet((changed("a"), unchanged("b"), changed("c", is_unfinished=True))))
    assert [node.node for node in plan.nodes] == ["a", "c"]
    assert not plan.commits


def test_pves_commit_reloads_every_node_and_so_each_is_looked_after() -> None:
    plan = execution_plan(ChangeSet((changed("a"), unchanged("b")), pending=(ZONE,)))
    assert [(node.node, node.flooding) for node in plan.nodes] == [("a", FLOODING), ("b", FLOODING)]
    assert plan.commits


def test_what_was_decided_beforehand_travels_along() -> None:
    flags = PlanFlags(overwrite=True)
    plan = execution_plan(ChangeSet((), seen="{}", takes_frr_over=True, flags=flags))
    assert (plan.seen, plan.takes_frr_over, plan.flags) == ("{}", True, flags)


def test_a_node_whose_network_was_reloaded_meanwhile_does_the_rest() -> None:
    whole = NodeExecution("a", (LoadSysctl(), ReloadNetwork()), FLOODING, finishes=True)
    assert whole.reloads
    assert whole.without_reload() == NodeExecution("a", (LoadSysctl(),), FLOODING, finishes=True)
