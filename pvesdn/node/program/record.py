"""What the program remembers on a node between two calls: which files it wrote, and the kernel settings of before."""

import errno
import json

from pvesdn.node.program.files import text_of, write_whole
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import RECORD
from pvesdn.node.program.request import Value


def load_record(machine: Machine) -> Value:
    """What we wrote last: ``{"format": 1, "files": {path: sha256}, "unfinished": bool}``.

    Once an apply was confirmed also ``"kept": id``.
    Where a file came with its meaning also ``"meanings": {path: sha256}``; once kernel settings were loaded also
    ``"sysctl": {name: {"before": value or null, "ours": value}}``.
    """
    text = text_of(machine, RECORD)
    if text is None:
        return {"format": 1, "files": {}, "unfinished": False}
    try:
        record = json.loads(text)
        good = record["format"] == 1 and isinstance(record["files"], dict) and isinstance(record["unfinished"], bool)
        good = good and isinstance(record.get("meanings", {}), dict)
        good = good and all({"before", "ours"} == set(held) for held in record.get("sysctl", {}).values())
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Refused(f"{RECORD} is not what this version writes", "move it away: the next plan shows what differs")
    return dict(record)


def save_record(machine: Machine, record: Value) -> None:
    """Replace the record, whole. The caller holds the node's lock."""
    write_whole(machine, RECORD, json_bytes(record))


def unkept(path: str, error: OSError) -> Refused:
    """Why nothing of our own can be kept at `path`."""
    hint = "pvesdn must be root on a node that it changes"
    if error.errno == errno.EROFS:
        hint = "the node's disk takes no writes: see `dmesg` there, and mount it again or restart the node"
    return Refused(f"{path}: {error.strerror}", hint)


def json_bytes(value: Value) -> bytes:
    """The form of every file of our own state: a line for each key. Python's encoder is slow at more than that."""
    lines = (" {}: {}".format(json.dumps(key), json.dumps(value[key], sort_keys=True)) for key in sorted(value))
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")
