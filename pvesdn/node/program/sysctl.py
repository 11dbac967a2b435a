"""The verb `sysctl`: our kernel settings are loaded, and those that have gone get back what was there before."""

from pvesdn.node.program.checkpoint import at_work
from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import SYSCTL_CONF
from pvesdn.node.program.record import load_record, save_record
from pvesdn.node.program.request import VERBS, Value, text_at
from pvesdn.node.program.settings import live_setting, setting_before, settings_in
from pvesdn.node.program.swap import locked


def sysctl(machine: Machine, arguments: Value) -> Value:
    """Load the settings of ``{"file": path}``, which may have gone -> ``{"log"}``.

    What is no longer in it gets back the value it had before we set it, unless somebody has set it since.
    """
    path = text_at(arguments, "file")
    if path != SYSCTL_CONF:
        raise Refused(f"{path!r} is not a file of pvesdn's kernel settings")
    with locked(machine), at_work(machine, "sysctl"):
        text = text_of(machine, path)
        wanted = settings_in(text or "")
        held = load_record(machine).get("sysctl", {})
        still = {name: {"before": setting_before(machine, name, held), "ours": ours} for name, ours in wanted.items()}
        # On disk before anything is set: if killed here, the next run must not mistake our value for the earlier one.
        _remember(machine, {**held, **still})
        log = [] if text is None else machine.must(["sysctl", "-p", machine.place(path)], limit=30).lines
        for name in sorted(held.keys() - still.keys()):
            before = setting_before(machine, name, held)
            if before is not None and before != live_setting(machine, name):
                log += machine.must(["sysctl", "-w", f"{name}={before}"], limit=30).lines
        _remember(machine, still)
        return {"log": log}


def _remember(machine: Machine, settings: Value) -> None:
    record = load_record(machine)
    if record.get("sysctl", {}) != settings:
        save_record(machine, dict(record, sysctl=settings))


VERBS.update(sysctl=sysctl)
