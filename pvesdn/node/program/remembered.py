"""What ifupdown2 remembers of a node's interfaces: Python objects, one pickle after the other, of which only names are
taken. No class of anybody's is loaded.
"""

import io
import os
import pickle
from collections import OrderedDict
from typing import Any, Dict, FrozenSet, Optional

from pvesdn.node.program.files import LARGEST_FILE
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import IFUPDOWN_STATE


class _Remembered:
    """Stands for any of ifupdown2's classes."""

    name: Any = None

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.name = state.get("name") if isinstance(state, dict) else None


class _Names(pickle.Unpickler):
    """Refuses every class but ifupdown2's, in whose place another stands, and the dictionary of their options."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module.split(".", maxsplit=1)[0] not in ("ifupdown", "ifupdown2"):
            raise pickle.UnpicklingError(f"{module}.{name} is none of ifupdown2's")
        return _Remembered


def remembered(machine: Machine) -> Optional[FrozenSet[str]]:
    """Names of the interfaces that ifupdown2 has brought up; None where its memory is absent or makes no sense: it is
    not written whole, and may have been cut off.
    """
    try:
        with open(os.open(machine.place(IFUPDOWN_STATE), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError:
        return None
    if not data or len(data) > LARGEST_FILE:
        return None
    stream, names = io.BytesIO(data), set()
    try:
        while stream.tell() < len(data):
            name = getattr(_Names(stream).load(), "name", None)
            if not isinstance(name, str):
                return None
            names.add(name)
    except Exception:  # whatever a damaged pickle comes to
        return None
    return frozenset(names)


def remembered_since(machine: Machine) -> int:
    """When it was written last, in nanoseconds of the Unix epoch; 0 where it is absent."""
    try:
        return os.stat(machine.place(IFUPDOWN_STATE)).st_mtime_ns
    except FileNotFoundError:
        return 0
