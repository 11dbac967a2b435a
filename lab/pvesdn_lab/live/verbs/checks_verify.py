"""What scenarios prove about `pvesdn verify`: it is silent where all is well, and names what is broken."""

from __future__ import annotations

import re
from typing import Any

from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require

_SETTLES = 90.0
"""Seconds in which sessions and routes are there again."""
_LOOKS = (
    "vtysh -c 'show",
    "ip route get",
    "ip route show",
    "ip link show",
    "ping",
    "journalctl",
    "ps",
    "timeout 10 tcpdump",
)
"""Beginnings of steps that change nothing."""


def verify_is_silent(context: Context) -> str:
    """`pvesdn verify` ends with 0 and has no finding."""
    watch = Stopwatch()
    with as_proof():
        _wait_for_silence(context, "verify to be silent")
    return f"no finding ({watch})"


def verify_finds(
    context: Context,
    *,
    node: str,
    command: str,
    named: str,
    says: str = "",
    mend: str = "",
    wait: float = 0.0,
    told_of: str = "",
    heals: bool = False,
) -> str:
    """Break something on a live node. Verify names the node and the object, and its steps, followed to the letter, mend
    it.

    :param command: a shell command on the node, which breaks it.
    :param named: what verify has to call it.
    :param says: words that the finding has to have.
    :param mend: a shell command that takes the damage away where it is outside of the node's configuration.
    :param told_of: the node that the finding is about, if it is not the one where something was broken.
    :param wait: how many seconds at most until it shows; 0 for at once.
    :param heals: the node mends it by itself, and no step is followed.
    """
    damaged, about = context.lab.node(node), told_of or node
    damaged.space.must("bash", "-c", command, limit=60)
    with as_proof():
        wait_for(f"verify finds {named}", lambda: bool(_of(_findings(context), about, named)), limit=max(wait, 1.0))
    findings = _findings(context)
    told = _of(findings, about, named)
    require(told, f"a finding about {named} on {about}", [(f["node"], f["object"]) for f in findings])
    words = " ".join(str(told[0][key]) for key in ("trait", "expected", "found", "cause", "next"))
    require(says in words, f"the finding to say '{says}'", words)
    if mend:
        damaged.space.must("bash", "-c", mend, limit=60)
    for finding in () if heals else findings:
        _follow(context, finding["next"])
    after = "some time, with nothing typed" if heals else told[0]["next"]
    with as_proof():
        _wait_for_silence(context, f"verify is silent after {after}")
    return f"{told[0]['found']}: {told[0]['cause']}"


def _follow(context: Context, step: str) -> None:
    """Type what a step says on the node that it names."""
    found = re.fullmatch(r"on (\S+): (.*)", step)
    if found is not None and not found[2].startswith(_LOOKS):
        context.lab.node(found[1]).space.must("bash", "-c", found[2], limit=300)


def _of(findings: list[dict[str, Any]], node: str, name: str) -> list[dict[str, Any]]:
    return [finding for finding in findings if (finding["node"], finding["object"]) == (node, name)]


def _wait_for_silence(context: Context, what: str) -> None:
    """Until verify has seen everything and found nothing.

    :raises LabFault: it had something to say to the end; the fault has its last words.
    """
    told: list[str] = []

    def is_silent() -> bool:
        found, doubts = _verified(context)
        told[:] = [*(f"{finding['node']}: {finding['object']}" for finding in found), *doubts]
        return not told

    try:
        wait_for(what, is_silent, limit=_SETTLES)
    except LabFault as fault:
        raise LabFault(f"{fault}; it said: {'; '.join(told)}") from fault


def _findings(context: Context) -> list[dict[str, Any]]:
    return _verified(context)[0]


def _verified(context: Context) -> tuple[list[dict[str, Any]], list[str]]:
    """What verify finds, and what it could not see on a node, which a busy one does not always answer in time."""
    done = context.lab.cluster.pvesdn("verify")
    document = done.document or {}
    found: list[dict[str, Any]] = document.get("findings", [])
    doubts = [
        f"{item['node']}: {item['what']} not checked: {item['why']}"
        for item in document.get("not_checked", [])
        if item["node"]
    ]
    require(done.status in {0, 1, 3}, "verify to look at every node", f"{done.status}: {done.complaints[-400:]}")
    has_said = bool(found or doubts)
    require(has_said == (done.status != 0), "its exit status to say whether it has anything to tell", done.status)
    return found, doubts
