"""The verb `finish`: the record says that all went well."""

from pvesdn.node.program.machine import Machine
from pvesdn.node.program.record import load_record, save_record
from pvesdn.node.program.request import VERBS, Value
from pvesdn.node.program.swap import locked


def finish(machine: Machine, arguments: Value) -> Value:
    """Everything after the last commit went well: ``{}`` -> ``{}``; clears ``unfinished`` in the record."""
    del arguments
    with locked(machine):
        record = load_record(machine)
        if record["unfinished"]:
            save_record(machine, dict(record, unfinished=False))
    return {}


VERBS.update(finish=finish)
