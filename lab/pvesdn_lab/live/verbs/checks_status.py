"""What scenarios prove about `pvesdn status`: all is ok where it is, and what is broken is named in its row."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require

_SETTLES = 90.0
"""Seconds in which sessions are there again."""


def status_is_well(context: Context) -> str:
    """Every zone and every node that `pvesdn status` shows is ok, and there is nothing to do."""
    watch, last = Stopwatch(), dict[str, Any]()

    def is_well() -> bool:
        last.clear()
        last.update(_status(context))
        return last["exit_status"] == 0 and not _unwell(last)

    try:
        with as_proof():
            wait_for("status to find all well", is_well, limit=_SETTLES)
    except LabFault as fault:
        raise type(fault)(f"{fault}; it said: {'; '.join(_unwell(last)) or last['exit_status']}") from fault
    require(not last["plan"] or "No changes" in last["plan"]["plan"], "nothing to apply", last["plan"])
    return f"{len(last['zones'])} zones and {len(last['nodes'])} nodes ok ({watch})"


def status_names(context: Context, *, node: str, command: str, named: str, zone: str, mend: str) -> str:
    """Break something on a live node: `pvesdn status` calls the node and the zone bad, and says first what it is. Once
    that is mended, all is ok again.

    :param command: a shell command on the node, which breaks it; `mend` puts it right.
    :param named: what is broken.
    :param zone: whose it is.
    """
    space = context.lab.node(node).space
    space.must("bash", "-c", command, limit=60)
    told: list[str] = []

    def is_told() -> bool:
        found = _status(context)
        rows = [row for row in (*found["nodes"], *found["zones"]) if row.get("name", row.get("id")) in {node, zone}]
        told[:] = [f"{row['health']}: {row['first']}" for row in rows]
        return len(told) == 2 and all(text.startswith("bad: ") and named in text for text in told)  # noqa: PLR2004

    with suppress(LabFault):
        wait_for(f"status names {named}", is_told, limit=20.0)
    wanted = f"node {node} and zone {zone} to be bad because of {named}"
    require(bool(told) and all(named in text for text in told), wanted, told)
    space.must("bash", "-c", mend, limit=60)
    status_is_well(context)
    return told[0]


def status_names_node(context: Context, *, node: str, health: str) -> str:
    """`pvesdn status` shows the node like that, as ``off``."""
    last: list[str] = []

    def is_told() -> bool:
        last[:] = [row["health"] for row in _status(context)["nodes"] if row["name"] == node]
        return last == [health]

    with as_proof():
        wait_for(f"status to call {node} {health}", is_told, limit=_SETTLES)
    return f"{node}: {health}"


def _status(context: Context) -> dict[str, Any]:
    done = context.lab.cluster.pvesdn("status")
    require(done.document is not None, "status to answer", f"{done.status}: {done.complaints[-400:]}")
    return dict(done.document or {})


def _unwell(document: dict[str, Any]) -> list[str]:
    rows = (*document["zones"], *document["nodes"])
    return [
        f"{row.get('name', row.get('id'))}: {row['health']}: {row['first']}" for row in rows if row["health"] != "ok"
    ]
