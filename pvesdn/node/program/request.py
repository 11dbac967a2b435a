"""The words of a request, each checked before anything is done with it."""

import os
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import DROP_IN, TARGETS

Value = Dict[str, Any]
"""A JSON object: the arguments of a verb, or what it answers."""

Verb = Callable[[Machine, Value], Value]
VERBS: Dict[str, Verb] = {}
"""The verbs by name, entered by each part that has some; their docstrings are the protocol."""

INTERFACE = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.+-]{0,14}")


class Change(NamedTuple):
    """One file to write, or to remove when `data` is None; `expect` is the digest of what it replaces, None for
    nothing.

    `meaning` is remembered with the file: it tells our text in somebody else's words. What `is_pves` PVE writes itself
    later, and it is not remembered as ours.
    """

    path: str
    data: Optional[bytes]
    mode: int
    owner: str
    expect: Optional[str]
    meaning: Optional[str] = None
    is_pves: bool = False


def list_at(arguments: Value, key: str, kind: type) -> List[Any]:
    """The list at `key`, empty when there is none; Refused unless every item is of `kind`."""
    value = arguments.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise Refused(f"argument {key!r} is of the wrong type")
    return value


def text_at(arguments: Value, key: str) -> str:
    """The text at `key`, which must be there."""
    value = arguments.get(key)
    if not isinstance(value, str):
        raise Refused(f"argument {key!r} is missing or of the wrong type")
    return value


def optional_text_at(arguments: Value, key: str) -> Optional[str]:
    """The text at `key`, which must be there, and may be null."""
    return None if key in arguments and arguments[key] is None else text_at(arguments, key)


def encoded(text: str) -> bytes:
    """UTF-8; JSON can hold half a surrogate pair, which is not a character."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("a text contains half a surrogate pair, which is not a character") from None


def checked_path(path: str) -> str:
    """An absolute path that means what it says."""
    if not path.startswith("/") or path.startswith("//") or os.path.normpath(path) != path or not path.isprintable():
        raise Refused(f"{path!r} is not an absolute, normalized path")
    return path


def checked_target(path: str) -> str:
    """One of the files that pvesdn writes."""
    if path not in TARGETS and not DROP_IN.fullmatch(path):
        raise Refused(f"{path!r} is not a file that pvesdn writes")
    return path


def checked_interface(name: str) -> str:
    """A name that no command takes for an option."""
    if not INTERFACE.fullmatch(name):
        raise Refused(f"{name!r} is not an interface name")
    return name


def checked_address(text: str) -> str:
    """An address of either family, in its canonical spelling."""
    import ipaddress  # few verbs are asked about addresses

    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused(f"{text!r} is not an IP address") from None


def changes_in(arguments: Value) -> List[Change]:
    """The entries at ``files``, as `stage` tells them; each file at most once."""
    changes = [_change(entry) for entry in list_at(arguments, "files", dict)]
    if len({change.path for change in changes}) != len(changes):
        raise Refused("a file is named twice")
    return changes


def _change(entry: Value) -> Change:
    text, expect = optional_text_at(entry, "text"), optional_text_at(entry, "expect")
    mode, owner = entry.get("mode", "0644"), entry.get("owner", "root:root")
    if not isinstance(mode, str) or not re.fullmatch(r"0[0-7]{3}", mode):
        raise Refused(f"{mode!r} is not a file mode")
    if not isinstance(owner, str) or not re.fullmatch(r"[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*", owner):
        raise Refused(f"{owner!r} is not an owner in the form user:group")
    data = None if text is None else encoded(text)
    meaning = optional_text_at(entry, "meaning") if "meaning" in entry else None
    path, is_pves = checked_target(text_at(entry, "path")), entry.get("is_pves") is True
    return Change(path, data, int(mode, 8), owner, expect, meaning, is_pves)
