"""What scenarios do with a set-up that was written by hand: follow docs/import.md to pvesdn, and back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from pvesdn.adapters.pve_api import PveApi
from pvesdn_lab.live.testbed.cluster import Run
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.checks import foreign_routes, mtimes
from pvesdn_lab.live.verbs.context import Context, as_proof, require

_INTERFACES = "/etc/network/interfaces"
_NETWORK = "/etc/network"
COMMANDS = {
    "copy": (
        "mkdir -p /root/before && cp -a /etc/network /root/before/",
        "cp -a /etc/frr /root/before/",
        "bridge link > /root/before/bridge-ports",
    ),
    "edit": ("cp -r /root/edited/. /etc/network/",),
    "stop": ("systemctl stop frr",),
    "forget": ("rm /etc/frr/frr.conf.local",),
    "clear": (
        "rm -f /etc/network/interfaces.d/pvesdn /etc/sysctl.d/90-pvesdn.conf",
        "rm -r /var/lib/pvesdn",
        "cd /root/before/network && cp -a --parents $(cd /root/edited && find . -type f) /etc/network/",
    ),
    "restore": ("cp -a /root/before/frr/. /etc/frr/", "ifreload -a", "systemctl restart frr"),
}
"""Lines of docs/import.md that are typed on every node, as they stand there."""
_SLOW = 300.0
"""Seconds for what reloads a node's network or FRR; emulation is slow."""


def by_hand(context: Context, *, files: str) -> str:
    """Give each node what somebody wrote by hand, and bring it up.

    :param files: a folder of the scenario with ``NODE/interfaces`` and files of ``NODE/interfaces.d``, where there is
        FRR ``NODE/frr.conf``, and where all nodes have one ``sysctl.conf``.
    """
    folder = context.folder / files
    settings = folder / "sysctl.conf"
    for node in context.nodes():
        mine = folder / node.name
        node.write(_INTERFACES, (mine / "interfaces").read_text("utf-8"))
        for path in sorted((mine / "interfaces.d").glob("*")):
            node.write(f"{_INTERFACES}.d/{path.name}", path.read_text("utf-8"))
        if settings.is_file():
            node.write("/etc/sysctl.conf", settings.read_text("utf-8"))
            node.space.must("sysctl", "-q", "-p", "/etc/sysctl.conf")
        node.space.must("ifreload", "-a", limit=_SLOW)
        if (mine / "frr.conf").is_file():
            text = (mine / "frr.conf").read_text("utf-8")
            node.write("/etc/frr/frr.conf", text)
            for protocol in ("bgp", "ospf"):
                if f"router {protocol}" in text:
                    node.space.must("sed", "-i", f"s/^{protocol}d=no/{protocol}d=yes/", "/etc/frr/daemons")
            node.space.must("systemctl", "enable", "--now", "frr", limit=_SLOW)
    return f"{len(context.nodes())} nodes with files of their own"


def reach_gateways(context: Context, *, guests: list[str]) -> str:
    """Every guest pings its gateway, as guests do sooner or later: its node learns it, and by EVPN all nodes do."""
    for name in guests:
        guest = context.guest(name)
        with as_proof():
            guest.host.pings_until_answered(guest.gateways[0])
    return f"{len(guests)} guests were answered"


def import_shows(
    context: Context, *, becomes: Mapping[str, str], stays: list[str], taken_down: str, lost: str = ""
) -> str:
    """`pvesdn snapshot`, then `pvesdn import --from`: everything is recognised, on every node.

    :param becomes: hand-written devices, each with the one of pvesdn's that replaces it: ``-/+`` in the plan.
    :param stays: devices that keep their names: ``~`` in the plan.
    :param taken_down: the command that `import` tells the administrator to type.
    :param lost: a word in everything that is not carried over; empty where everything is.
    """
    snapshot = str(context.scratch() / "before")
    _must(context.lab.cluster.pvesdn("snapshot", snapshot, wants_json=False), "pvesdn snapshot")
    document = _must(context.lab.cluster.pvesdn("import", "--from", snapshot), "pvesdn import").document
    left = [row for row in document["not_carried_over"] if not lost or lost not in row["what"]]
    require(not left, "everything else to be carried over", left)
    require(bool(lost) is bool(document["not_carried_over"]), f"lines with '{lost}' to be told as lost")
    plans = {node["name"]: node for node in document["plan"]["nodes"]}
    require(plans.keys() == {node.name for node in context.nodes()}, "a plan for every node", sorted(plans))
    for node in document["nodes"]:
        line = shlex.join(["ifdown", *node["ifdown"]])
        require(line == taken_down, f"{node['name']}: taken down before that: {taken_down}", line)
        signs = {row["name"]: row["action"] for file in plans[node["name"]]["files"] for row in file["interfaces"]}
        for name in becomes.values():
            require(signs.get(name) == "replace", f"{node['name']}: -/+ {name}", signs.get(name))
        for name in stays:
            require(signs.get(name) == "change", f"{node['name']}: ~ {name}", signs.get(name))
    context.notes["ifdown"] = {node["name"]: node["ifdown"] for node in document["nodes"]}
    context.notes["rewrites FRR"] = {node["name"] for node in document["nodes"] if node["is_frr_rewritten"]}
    context.notes["becomes"] = dict(becomes)
    told = f"only lines with '{lost}' are lost" if lost else "nothing is lost"
    return f"{len(becomes)} -/+ and {len(stays)} ~ on each of {len(plans)} nodes, {told}; {taken_down}"


def copy_hand_written(context: Context) -> str:
    """Step 2 of docs/import.md: copies of what is there."""
    for node in context.nodes():
        _type(node, "copy")
    return "copies on every node"


def write_proposal(context: Context, *, blocked: list[str]) -> str:
    """Step 3 of docs/import.md; `pvesdn plan` then says, for every node, what blocks it.

    :param blocked: words of each obstacle that there must be.
    """
    cluster = context.lab.cluster
    edited = str(context.scratch() / "cut-over")
    _must(cluster.pvesdn("import", "--write", "--edited", edited), "pvesdn import --write --edited")
    plan = cluster.pvesdn("plan")
    require(plan.status == 1, "pvesdn plan to end with 1, being blocked", plan.status)
    for name, found in _obstacles(plan).items():
        for words in blocked:
            require(words in found, f"{name} to be blocked: '{words}'", found)
    return f"{len(blocked)} obstacles on every node, exit status {plan.status}"


def refuses(context: Context, *, words: str, flags: list[str] | None = None) -> str:
    """`pvesdn apply` refuses with these words, starts no task of PVE's and changes no file and no
    device of any node.
    """
    cluster = context.lab.cluster
    before, tasks = _state(context), len(cluster.pve.sim.tasklog)
    run = cluster.pvesdn("apply", "--yes", *(flags or []))
    require(run.status == 1, "pvesdn apply to end with 1", run.status)
    require(words in run.complaints, f"it to say '{words}'", run.complaints[-1500:])
    require(len(cluster.pve.sim.tasklog) == tasks, "no task of PVE's to be started")
    require(_state(context) == before, "nothing to be changed on any node")
    return f"exit status 1, nothing changed: {words}"


def take_out(context: Context, *, keeps_frr: bool = False, flags: list[str] | None = None) -> str:
    """Steps 4 and 5 of docs/import.md; then nothing blocks the plan any more.

    :param keeps_frr: FRR runs the underlay's routing too, and is not stopped.
    :param flags: more options of plan.
    """
    for node in context.nodes():
        edited = context.scratch() / "cut-over" / node.name / _NETWORK.lstrip("/")
        for path in sorted(path for path in edited.rglob("*") if path.is_file()):
            node.write(f"/root/edited/{path.relative_to(edited)}", path.read_text("utf-8"))
    for node in context.nodes():
        node.space.must("ifdown", *context.notes["ifdown"][node.name], limit=_SLOW)
        if node.name in context.notes["rewrites FRR"] and not keeps_frr:
            _type(node, "stop")
        _type(node, "edit")
    words = ("plan", "--overwrite", *(flags or ()))
    run = _must(context.lab.cluster.pvesdn(*words), f"pvesdn {shlex.join(words)}")
    for name, found in _obstacles(run).items():
        require(not found, f"nothing to be blocked on {name}", found)
    return "taken down on every node, nothing is blocked any more"


def hand_written_gone(context: Context) -> str:
    """Nothing is left of the devices that had to go: in the kernel, the interfaces file, FRR or the main table."""
    names = set(context.notes["becomes"])
    for node in context.nodes():
        left = names & node.devices().keys()
        require(not left, f"{node.name} to have none of {sorted(names)}", sorted(left))
        text = node.space.must(
            "sh", "-c", "cat /etc/network/interfaces $(ls -d /etc/network/interfaces.d/* | grep -v pvesdn)"
        )
        text += node.space.must("vtysh", "-c", "show running-config")
        named = sorted(names & set(text.split()))
        require(not named, f"no mention of them in {_INTERFACES} and FRR of {node.name}", named)
        routes = foreign_routes(node)
        require(not routes, f"{node.name} to have no route but its own in the main table", routes)
    return f"none of {', '.join(sorted(names))} on {len(context.nodes())} nodes"


def way_back(context: Context, *, fabrics: str = "") -> str:
    """The way back in docs/import.md; guests that Debian's own ifupdown2 unplugs are plugged in again.

    :param fabrics: PVE's file of fabrics where the cut-over brought one, which then goes by an Apply in PVE's panel.
    """
    sdn = context.lab.cluster.pve.world.pmxcfs.sdn
    (sdn / "pvesdn.cfg").rename(context.scratch() / "pvesdn.cfg.away")
    vxlans = [name for name in context.notes["becomes"].values() if name.startswith(("vxlan_", "vrfvx_"))]
    for node in context.nodes():
        if fabrics:
            _type(node, "forget")
        node.space.must("ifdown", "-i", "/etc/network/interfaces.d/pvesdn", *vxlans, limit=_SLOW)
        _type(node, "clear")
    if fabrics:
        (sdn / fabrics).unlink()
        _apply_in_panel(context)
    for node in context.nodes():
        _type(node, "restore")
    guests = context.lab.guests.values()
    out = [guest for guest in guests if guest.node.devices()[guest.port].get("master") != guest.vnet]
    for guest in out:
        guest.node.space.must("ip", "link", "set", guest.port, "master", guest.vnet, "up")
    return f"{len(out)} of {len(guests)} guests had to be plugged in again"


def hand_written_back(context: Context) -> str:
    """Every hand-written device is there, none of pvesdn's, and no file of pvesdn's."""
    came, went = set(context.notes["becomes"]), set(context.notes["becomes"].values())
    for node in context.nodes():
        there = node.devices().keys()
        require(came <= there, f"{node.name} to have {sorted(came)}", sorted(there))
        require(not went & there, f"{node.name} to have none of {sorted(went)}", sorted(went & there))
        for path in ("/etc/network/interfaces.d/pvesdn", "/etc/sysctl.d/90-pvesdn.conf"):
            require(node.read(path) is None, f"{node.name} to have no {path}")
    return f"{', '.join(sorted(came))} on {len(context.nodes())} nodes"


def _apply_in_panel(context: Context) -> None:
    """Press Apply in PVE's panel, and wait until every node was reloaded."""
    api = PveApi(context.lab.cluster.pve.token_settings())
    task = api.apply_sdn()
    wait_for("the Apply of PVE's panel to end", lambda: not api.task(task).is_running, limit=3 * _SLOW)
    require(api.task(task).is_good, "the Apply of PVE's panel to succeed", api.task(task).exit_status)


def _type(node: LiveNode, step: str) -> None:
    """Type lines of docs/import.md on a node."""
    for line in COMMANDS[step]:
        node.space.must("bash", "-ec", line, limit=_SLOW)


def _must(run: Run, what: str) -> Run:
    if run.status:
        raise LabFault(f"{what} ended with {run.status}: {run.complaints.strip()[-1500:]}")
    return run


def _obstacles(run: Run) -> dict[str, str]:
    """What blocks each node."""
    nodes = run.document.get("nodes", ())
    return {node["name"]: " | ".join(row["what"] for row in node["obstacles"]) for node in nodes}


def _state(context: Context) -> tuple[dict[str, str], dict[str, list[str]]]:
    """When the nodes' files were last written, and their devices, each with its bridge or VRF."""
    nodes = context.nodes()
    devices = {
        node.name: [f"{name} in {link.get('master')}" for name, link in node.devices().items()] for node in nodes
    }
    return mtimes(nodes), devices
