"""Why all of a node's network has to be reloaded, where only the node itself can tell: what ifupdown2 has loaded is not
what its files say.
"""

import os
from typing import FrozenSet, Iterator, Sequence, Set

from pvesdn.node.program.files import matches, text_of
from pvesdn.node.program.machine import Machine, Refused, told
from pvesdn.node.program.places import OUR_INTERFACES
from pvesdn.node.program.remembered import memory_at, remembered, remembered_since
from pvesdn.node.program.request import INTERFACE
from pvesdn.node.program.stanzas import interfaces_in

SYSTEM_INTERFACES = "/etc/network/interfaces"
MOST_FILES = 1000
"""That are looked at: who has more of them has all reloaded."""
_ALWAYS_UP = "lo"
"""ifupdown2 never takes it down, and remembers it even where no file has it any more."""
_SOURCES = {"source": "", "source-directory": "/*"}
"""Lines that name more files, and what is put behind the name."""


def why_whole(machine: Machine, down: Sequence[str]) -> str:
    """Why all of the network has to be reloaded; empty where it need not. :param down: what is about to be taken down.

    A file that somebody has put back with its old time, or has removed, counts as well: only the kernel's own time of
    change says the former, and what ifupdown2 has brought up the latter.
    """
    try:
        known = remembered(machine)
        if known is None:
            return f"{memory_at(machine)}, ifupdown2's memory, is missing or cannot be read"
        return next(_unloaded(machine, known, {*down}), "")
    except Refused as refused:
        return refused.error
    except OSError as error:
        return told(error, SYSTEM_INTERFACES)


def _unloaded(machine: Machine, known: FrozenSet[str], named: Set[str]) -> Iterator[str]:
    """What its files say and ifupdown2 has not loaded, or the other way round.

    :param known: what it has brought up.
    :param named: interfaces that need not be in its files any more; gets those that are.
    """
    since = remembered_since(machine)
    waiting, seen = [SYSTEM_INTERFACES, OUR_INTERFACES], set()  # ours counts in any case
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if len(seen) > MOST_FILES:
            yield f"{SYSTEM_INTERFACES} sources more than {MOST_FILES} files"
        if path != OUR_INTERFACES and _changed_at(machine, path) > since:
            yield f"{path} has been written since ifupdown2 ran last"
        text = text_of(machine, path) or ""
        named.update(interfaces_in(text))
        waiting += _sourced(machine, text)
    for name in sorted(known - named - {_ALWAYS_UP}):
        if INTERFACE.fullmatch(name):
            yield f"{name}, which ifupdown2 has brought up, is in none of its files any more"


def _sourced(machine: Machine, text: str) -> Iterator[str]:
    """The files that a file of interfaces names."""
    for words in map(str.split, text.splitlines()):
        if len(words) > 1 and words[0] in _SOURCES:
            pattern = os.path.join(os.path.dirname(SYSTEM_INTERFACES), words[1] + _SOURCES[words[0]])
            yield from matches(machine, os.path.normpath(pattern))


def _changed_at(machine: Machine, path: str) -> int:
    """When a file was written or put in its place, as a link too: nanoseconds since 1970; 0 where it is absent."""
    place = machine.place(path)
    try:
        looks = [os.stat(place), os.lstat(place)]
    except FileNotFoundError:
        return 0
    return max(max(look.st_mtime_ns, look.st_ctime_ns) for look in looks)
