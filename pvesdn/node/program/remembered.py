"""What ifupdown2 remembers of a node's interfaces: Python objects, one pickle after the other, of which only names are
taken. No class of anybody's is loaded.
"""

import io
import os
import pickle
import re
from collections import OrderedDict
from typing import Any, Dict, FrozenSet, Optional

from pvesdn.node.program.files import LARGEST_FILE, text_of
from pvesdn.node.program.machine import Machine
from pvesdn.node.program.places import IFUPDOWN_SETTINGS, IFUPDOWN_STATE_DIR

_FOLDER = re.compile(r"(?m)^state_dir[ \t]*[=:][ \t]*(/\S*)[ \t]*$")
"""The setting that says in which folder ifupdown2 keeps it."""


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


def memory_at(machine: Machine) -> str:
    """Where ifupdown2 keeps it: Debian's build below /var/tmp, Proxmox's below /run. What another build has left where
    this one does not keep it is nobody's memory.

    :raises Refused: its settings cannot be read.
    """
    folders = _FOLDER.findall(text_of(machine, IFUPDOWN_SETTINGS) or "")
    folder = folders[-1] if folders else IFUPDOWN_STATE_DIR
    return os.path.join(os.path.normpath(folder), "ifstatenew")


def remembered(machine: Machine) -> Optional[FrozenSet[str]]:
    """Names of the interfaces that ifupdown2 has brought up; None where its memory is absent or makes no sense: it is
    not written whole, and may have been cut off.

    :raises Refused: its settings, which say where that is, cannot be read.
    """
    place = machine.place(memory_at(machine))
    try:
        with open(os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as file:
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
    """When it was written last, in nanoseconds of the Unix epoch; 0 where it is absent.

    :raises Refused: as above.
    """
    try:
        return os.stat(machine.place(memory_at(machine))).st_mtime_ns
    except FileNotFoundError:
        return 0
