"""A network reload as PVE's `srvreload` task does it on one node."""

from __future__ import annotations

import re
from collections.abc import Callable

from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.dhcp import set_up_dhcp
from pvesdn_lab.simulated.host import Host
from pvesdn_lab.simulated.world import LabWorld

Log = Callable[[str], None]

SDN_FILE = "/etc/network/interfaces.d/sdn"
FRR_CONF = "/etc/frr/frr.conf"
FRR_LOCAL = "/etc/frr/frr.conf.local"

_COMPLAINT = re.compile(r"(warning|error): \S+:")


class ReloadFailed(Exception):
    """The exit status of the task: PVE's text."""


def reload_network(world: LabWorld, name: str, log: Log, *, regenerate_frr: bool | None) -> None:
    """Staged edits, interfaces.d/sdn, DHCP, `ifreload -a`, FRR: in this order, and a failure skips what follows.

    :param regenerate_frr: what the API was told; None lets PVE decide, as every version before 9 does.
    :raises ReloadFailed: `ifreload -a` ended with something else than 0, or PVE fails before it, or before it writes
        frr.conf.
    """
    node = world.hosts[name]
    staged = node.path("/etc/network/interfaces.new")
    if staged.is_file():
        staged.replace(node.path("/etc/network/interfaces"))
    _write_sdn_file(world, node, log)
    if fault := set_up_dhcp(sdn_config.running(world.pmxcfs.sdn), node) if world.character.has_sdn else "":
        raise ReloadFailed(fault)
    result = node.run("ifreload", "-a")
    for line in result.stderr.splitlines():
        if _COMPLAINT.search(line):
            log(line)
    if result.returncode:
        msg = f"command 'ifreload -a' failed: exit code {result.returncode}"
        raise ReloadFailed(msg)
    if _decides_for_frr(world, node) if regenerate_frr is None else regenerate_frr:
        _apply_frr(world, node, log)


def running_has_frr(world: LabWorld, node: Host) -> bool:
    """PVE 9's question: its own controllers or fabrics, or a frr.conf.local on the node that asks."""
    return sdn_config.has_frr(sdn_config.running(world.pmxcfs.sdn)) or node.path(FRR_LOCAL).is_file()


def _decides_for_frr(world: LabWorld, node: Host) -> bool:
    if world.character.knows_regenerate_frr:
        return running_has_frr(world, node)
    controllers = sdn_config.running(world.pmxcfs.sdn).get("controllers", {})
    return world.character.has_sdn and bool(controllers.get("ids"))


def _write_sdn_file(world: LabWorld, node: Host, log: Log) -> None:
    if not world.character.has_sdn:
        return
    running = sdn_config.running(world.pmxcfs.sdn)
    if not running and not world.character.truncates_sdn_file:
        return
    interfaces = node.read("/etc/network/interfaces") or ""
    if not re.search(r"^source /etc/network/interfaces\.d/(sdn|\*)", interfaces, re.MULTILINE):
        log("missing 'source /etc/network/interfaces.d/sdn' directive for SDN support!")
    node.write(SDN_FILE, world.text.sdn(running, node) if running else "")


def _apply_frr(world: LabWorld, node: Host, log: Log) -> None:
    if not node.path("/etc/frr").is_dir():
        log("missing /etc/frr: is FRR installed?")
        return
    daemons_changed = world.character.knows_regenerate_frr and _switch_daemons(world, node)
    text = world.text.frr(sdn_config.running(world.pmxcfs.sdn), node)
    if text is None:
        msg = "generating frr.conf failed"
        raise ReloadFailed(msg)
    node.write(FRR_CONF, text)
    if node.run("systemctl", "is-enabled", "frr").returncode:
        node.run("systemctl", "enable", "--now", "frr")
    if daemons_changed:
        node.run("systemctl", "restart", "frr")
        return
    result = node.run("frr-reload.py", "--stdout", "--reload", FRR_CONF)
    if result.returncode:
        log(f"frr reloading failed, restarting: {result.stderr.strip()}")
        node.run("systemctl", "restart", "frr")


def _switch_daemons(world: LabWorld, node: Host) -> bool:
    """Force `ospfd` and `fabricd` to what this node's fabrics need; True when the file changed."""
    before = node.read("/etc/frr/daemons") or ""
    fabrics = sdn_config.running(world.pmxcfs.sdn).get("fabrics", {}).get("ids", {})
    mine = {section["type"] for name, section in fabrics.items() if name.endswith(f"_{node.name}")}
    after = before
    for daemon, kind in {"ospfd": "ospf_node", "fabricd": "openfabric_node"}.items():
        after = re.sub(rf"(?m)^{daemon}=\w+", f"{daemon}={'yes' if kind in mine else 'no'}", after)
    if after != before:
        node.write("/etc/frr/daemons", after)
    return after != before
