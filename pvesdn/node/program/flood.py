"""The verb `flood`: entries that head-end replication needs and somebody has deleted."""

from typing import Any, Dict, Iterator, List, Tuple

from pvesdn.node.program.machine import Machine, Refused, is_there, rows_of, rows_shown
from pvesdn.node.program.request import VERBS, Value, checked_address, checked_interface, list_at
from pvesdn.node.program.swap import locked

ALL_ZERO_MAC = "00:00:00:00:00:00"


def flood(machine: Machine, arguments: Value) -> Value:
    """See that head-end replication lists are whole: ``{"ports": {device: [addresses]}}`` -> ``{"restored": {device:
    [...]}}``.

    FRR deletes a static all-zero FDB entry together with the type-3 route for the same VTEP (RFC 7432 section 7.3).
    Every device is looked at before a failure is reported. One that is not there has no list. The kernel is asked once
    for all: a question takes longer than a thousand entries more in its answer.
    """
    ports = arguments.get("ports")
    if not isinstance(ports, dict):
        raise Refused("argument 'ports' is missing or of the wrong type")
    wanted = {checked_interface(port): _addresses(ports, port) for port in sorted(ports)}
    restored: Dict[str, List[str]] = {}
    failures = []
    with locked(machine):
        there = set(all_zero_entries(rows_shown(machine, ["bridge", "-j", "fdb", "show"]))) if wanted else set()
        for port, addresses in wanted.items():
            missing = [address for address in addresses if (port, address) not in there]
            try:
                if missing and _restore(machine, port, missing):
                    restored[port] = missing
            except Refused as refused:
                failures.append(refused.error)
    if failures:
        raise Refused("; ".join(failures))
    return {"restored": restored}


def all_zero_entries(rows: Any) -> Iterator[Tuple[str, str]]:
    """Device and VTEP or group of each all-zero entry among the `rows` of ``bridge -j fdb show``."""
    for row in rows_of(rows):
        if row.get("mac") == ALL_ZERO_MAC and "ifname" in row and "dst" in row:
            yield row["ifname"], row["dst"]


def _addresses(ports: Value, port: str) -> List[str]:
    return [checked_address(item) for item in list_at(ports, port, str)]


def _restore(machine: Machine, port: str, missing: List[str]) -> bool:
    """False where the device is not made yet, or gone: whoever checks the devices says so."""
    for address in missing:
        try:
            machine.must(["bridge", "fdb", "append", ALL_ZERO_MAC, "dev", port, "dst", address], limit=20)
        except Refused:
            if not is_there(machine, port):
                return False
            raise
    return True


VERBS.update(flood=flood)
