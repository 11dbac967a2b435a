"""How checks put things: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import Protocol

from pvesdn.model.findings import Finding, Severity, Where
from pvesdn.model.nearest import nearest
from pvesdn.model.ranges import by_number, ranges

FEW = 5
"""As many of a kind are named in one finding; the others are counted."""
MANY = 8
"""More words than this are not listed one by one."""
SHOW_DEVICES = "set the sysctl net.ipv4.nexthop_compat_mode to 1 there, and plan again"
"""What lets the kernel print the devices of nexthop objects, of both families."""
IN_EVPN = "a zone of type evpn with irb asymmetric or symmetric"
"""What routes between VNets, to guests of every node."""
DEFINE_IT = "define it, or remove this section"


class Named(Protocol):
    """An object of a definition file."""

    @property
    def id(self) -> str: ...

    @property
    def where(self) -> Where: ...


def error(where: Where | str, what: str, hint: str, *, node: str = "") -> Finding:
    """A network that cannot be built, or that would cut somebody off.

    :param node: the node that has to change for it; empty where the definitions have to. See `Finding.node`.
    """
    return Finding.at(where, Severity.ERROR, what, hint, node=node)


def warning(where: Where | str, what: str, hint: str = "") -> Finding:
    """Something that works, though probably not as meant, or that could not be checked."""
    return Finding.at(where, Severity.WARNING, what, hint)


def note(where: Where | str, what: str, hint: str = "") -> Finding:
    """Worth knowing, no more."""
    return Finding.at(where, Severity.NOTE, what, hint)


def together(found: Iterable[tuple[Hashable, Finding]]) -> Iterator[Finding]:
    """Findings of one cause as one, the first of them, which has the others behind it.

    :param found: each with its cause.
    """
    groups: dict[Hashable, list[Finding]] = {}
    for cause, finding in found:
        groups.setdefault(cause, []).append(finding)
    for first, *others in groups.values():
        yield first.model_copy(update={"others": tuple(others)}) if others else first


def once(found: Iterable[tuple[Named, Finding]]) -> Iterator[Finding]:
    """What is wrong with several objects for one reason, said once: at the first, with the names of the others.

    :param found: each with the object that it is about.
    """
    groups: dict[Hashable, list[tuple[Named, Finding]]] = {}
    for object_, finding in found:
        groups.setdefault((finding.severity, finding.what, finding.hint, finding.node), []).append((object_, finding))
    for same in groups.values():
        (first, finding), *others = sorted(same, key=lambda pair: pair[0].where.line)
        also = [object_ for object_ in dict.fromkeys(named for named, _ in others) if object_ is not first]
        what = f"{finding.what}; the same goes for {few(also)}"
        yield finding.model_copy(update={"what": what}) if also else finding


def absent(name: str, known: Iterable[str], otherwise: str, *, taken: Collection[str] = ()) -> str:
    """What to do about a name that does not exist: the known one that was probably meant, or other advice.

    :param known, taken: see `nearest`.
    :param otherwise: the advice if it resembles none of them.
    """
    near = nearest(name, known, taken=taken)
    return f"did you mean '{near}'? Otherwise {otherwise}" if near else otherwise


def placed(name: str, where: Where) -> str:
    """Something named, with the line where it stands."""
    return f"{name} ({where.file}:{where.line})" if where.line else name


def listed(words: Iterable[object]) -> str:
    """Words in a sentence, node2 before node10; many names that are numbered without a gap as ``node1-node16``.

    Addresses and numbers are never a range: somebody has to copy them.
    """
    found = sorted((str(word) for word in words), key=by_number)
    return ranges(found) if len(found) > MANY and all(word[:1].isalpha() for word in found) else ", ".join(found)


def some(words: Sequence[str]) -> str:
    """The first of many words in their order, and how many more there are."""
    return ", ".join(words[:MANY]) + (f" and {len(words) - MANY} more" if len(words) > MANY else "")


def few(objects: Sequence[Named]) -> str:
    """The first of several objects with their places, and how many more there are."""
    named = ", ".join(placed(f"'{item.id}'", item.where) for item in objects[:FEW])
    return f"{named} and {len(objects) - FEW} more" if len(objects) > FEW else named
