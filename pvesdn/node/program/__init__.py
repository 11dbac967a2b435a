"""The node program: everything pvesdn does on a node, in parts that become one text when it is sent
(`pvesdn.node.assembly`).

The parts run ON a node: standard library only, Python 3.9 syntax (PVE 7), nothing of pvesdn imported but each other,
nothing to install. `dialogue` is where a request comes in.
"""

from pvesdn.node.program import (
    alone,
    arm,
    changed,
    commit,
    finish,
    flood,
    frr,
    hold,
    lock,
    look_up,
    nat,
    observe,
    probe,
    put,
    read,
    readvertise,
    reload,
    serve,
    settle,
    stage,
    sysctl,
    undo,
)
from pvesdn.node.program.dialogue import MARKER, answer
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.request import VERBS

WITH_VERBS = (
    *(read, observe, look_up, stage, commit, sysctl, frr, reload, changed, readvertise, flood, serve, nat, finish),
    *(arm, hold, undo, settle, put, lock, probe),
)
"""Parts that enter verbs in `VERBS`, which `dialogue` does not import: they have to be here before it is asked."""

__all__ = ["MARKER", "VERBS", "WITH_VERBS", "Machine", "Refused", "alone", "answer"]
