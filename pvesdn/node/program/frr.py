"""The verb `frr`: FRR takes its configuration."""

import re
from typing import List, Tuple

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused, failure
from pvesdn.node.program.places import FRR_CONF, FRR_DAEMONS
from pvesdn.node.program.request import VERBS, Value, text_at
from pvesdn.node.program.swap import locked
from pvesdn.node.program.units import is_active, is_enabled
from pvesdn.node.program.vtysh import says_down

FRR_RELOAD = "/usr/lib/frr/frr-reload.py"
LINES_OF = {
    "bgpd": r"router bgp\b",
    "bfdd": r"bfd$|[ \t]+neighbor \S+ bfd\b",
    "vrrpd": r"[ \t]+vrrp\b",
    "ospfd": r"router ospf\b",
    "fabricd": r"router openfabric\b",
    "isisd": r"router isis\b",
}
"""Daemons, each with the lines of a configuration that are its own."""


def frr(machine: Machine, arguments: Value) -> Value:
    """Make FRR take its configuration: ``{"action": "reload" or "restart"}`` -> ``{"log"}``.

    FRR that is not running is restarted instead of reloaded, and the log says so. FRR that would not start at boot is
    enabled, as PVE does too: its package comes disabled with PVE. Where systemd tells neither, it is Refused: a restart
    interrupts every guest's traffic.
    """
    action = text_at(arguments, "action")
    if action not in ("reload", "restart"):
        raise Refused(f"{action!r} is not an action of FRR")
    if machine.find("vtysh") is None and machine.find(FRR_RELOAD) is None:
        raise Refused("FRR is not installed", "apt install frr frr-pythontools")
    with locked(machine), at_work(machine, "frr"):
        return {"log": [*_enable(machine), *take_files(machine, action)]}


def take_files(machine: Machine, action: str) -> List[str]:
    """Have FRR take its files, by `action`; what was done. The caller holds the lock."""
    log: List[str] = []
    if action == "reload":
        reason, log = _reload(machine)
        if not reason:
            return log
        log.append(reason + ": restarting instead of reloading")
    # systemd refuses the fourth restart within three minutes otherwise.
    machine.run(["systemctl", "reset-failed", "frr"], limit=30)
    return log + machine.must(["systemctl", "restart", "frr"], limit=120, hint="journalctl -u frr says why").lines


def _enable(machine: Machine) -> List[str]:
    if machine.find("systemctl") is None or is_enabled(machine, "frr"):
        return []
    machine.must(["systemctl", "enable", "frr"], limit=60, hint="systemctl status frr says why")
    return ["FRR was not enabled at boot: enabled"]


def _reload(machine: Machine) -> Tuple[str, List[str]]:
    """Why FRR must be restarted instead, empty when it has reloaded, and what frr-reload.py printed."""
    if machine.find("systemctl") is not None and not is_active(machine, "frr"):
        return "FRR was not running", []
    if machine.find(FRR_RELOAD) is None:
        return f"{FRR_RELOAD} is absent (apt install frr-pythontools)", []
    absent = _absent_daemons(machine)
    if absent:
        return "{} {} not running".format(" and ".join(absent), "was" if len(absent) == 1 else "were"), []
    argv = [FRR_RELOAD, "--reload", machine.place(FRR_CONF)]
    outcome = machine.run(argv, limit=300)
    if outcome.status == 0:
        return "", outcome.lines
    if says_down(outcome):
        return "a daemon of FRR was not running", outcome.lines
    hint = "see /var/log/frr/frr-reload.log; `systemctl restart frr` takes the file as a whole but interrupts traffic"
    raise Refused(failure(argv, outcome), hint)


def _absent_daemons(machine: Machine) -> List[str]:
    """Daemons that the configuration needs and that are switched on, but do not run.

    frr-reload.py 8.4.4 ends with 0 then, having left out their lines without a word (docs/pve.md §13.1).
    """
    text, switches = text_of(machine, FRR_CONF) or "", text_of(machine, FRR_DAEMONS) or ""
    needed = [daemon for daemon, lines in LINES_OF.items() if re.search(f"(?m)^{lines}", text)]
    wanted = [daemon for daemon in needed if re.search(rf"(?m)^{daemon}=yes\s*$", switches)]
    if not wanted or machine.find("vtysh") is None:
        return []
    outcome = machine.run(["vtysh", "-c", "show daemons"], limit=30)
    # `ospfd-1` is one of several instances. Without any daemon frr-reload.py itself says so.
    running = {word.partition("-")[0] for word in outcome.output.split()}
    return [] if outcome.status else [daemon for daemon in wanted if daemon not in running]


VERBS.update(frr=frr)
