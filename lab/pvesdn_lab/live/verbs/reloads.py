"""How much of a node's network an apply reloads, and what a reload of everything finds to do afterwards."""

from __future__ import annotations

import re
from collections import Counter

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.verbs.actions import put_definitions, story_of
from pvesdn_lab.live.verbs.context import Context, Stopwatch, require

_WAY = re.compile(r"(?m)^\[apply\]\n(?:(?:reload|task_timeout) = .*\n)+")
_PLANNED = re.compile(r"(?ms)^Network of .*?\.$")
_DOES = re.compile(r"(?:executing|writing|netlink: )(?P<what>.*)")
"""What ifupdown2 says with `-d` of each call, each file that it writes and each message to the kernel."""
_LONGEST = 600
_SHOWN = 6


def reload_by(context: Context, *, way: str, task_timeout: int = 600) -> str:
    """From here on the controller's settings say ``[apply] reload``, `api` or `changed`, and a task's limit."""
    file = context.lab.cluster.folder / "pvesdn.toml"
    text = _WAY.sub("", file.read_text("utf-8"))
    file.write_text(f'{text}[apply]\nreload = "{way}"\ntask_timeout = {task_timeout}\n', "utf-8")
    return f"[apply] reload = {way}"


def apply_changed(context: Context, *, definitions: str) -> str:
    """An apply in which PVE reloads no node, as the plan has said."""
    cluster = context.lab.cluster
    put_definitions(cluster, context.folder / definitions)
    planned = cluster.pvesdn("plan", wants_json=False)
    said = " ".join(" ".join(_PLANNED.findall(planned.output)).split())
    require(said and "as a whole" not in said, "a plan without a whole reload", planned.output)
    tasks = cluster.pve.sim.tasklog
    before = len(tasks)
    run = cluster.pvesdn("apply", "--yes")
    require(run.status == 0, "apply to end well", f"{run.status}: {story_of(run)}")
    begun = [f"{task['type']} on {task['node']}" for task in tasks[before:]]
    steps = [line for line in run.complaints.splitlines() if "reload" in line]
    require(not begun, "PVE to reload nothing", f"{begun}: {steps}")
    return f"{said} PVE's task list has nothing new"


def reload_traces(context: Context) -> str:
    """`ifreload -a` three times on every node: the first does what the third does."""
    watch, told = Stopwatch(), []
    for node in context.nodes():
        first, _, third = (_trace(node) for _ in range(3))
        more, less = first - third, third - first
        found = [*sorted(more.elements())[:_SHOWN], *(f"not {line}" for line in sorted(less.elements())[:_SHOWN])]
        require(first == third, f"the first reload of {node.name} to do what the third one does", found)
        require(first, f"the trace of {node.name} to have something in it")
        told.append(sum(first.values()))
    return f"{' and '.join(map(str, told))} calls, files and messages, the first time and the third, in {watch}"


def _trace(node: LiveNode) -> Counter[str]:
    """What one reload does, whatever the order; without numbers of its own, such as of a process."""
    done = node.space.must("bash", "-c", "ifreload -a -d 2>&1", limit=_LONGEST)
    return Counter(found["what"].strip() for line in done.splitlines() if (found := _DOES.search(line)))
