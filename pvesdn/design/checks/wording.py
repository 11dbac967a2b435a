"""How checks put things: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from difflib import get_close_matches

from pvesdn.model.findings import Finding, Severity, Where

DEFINE_IT = "define it, or remove this section"


def error(where: Where | str, what: str, hint: str, *, node: str = "") -> Finding:
    """A network that cannot be built, or that would cut somebody off.

    :param node: the node that has to change for it; empty where the definitions have to. See `Finding.node`.
    """
    return Finding(severity=Severity.ERROR, where=str(where), what=what, hint=hint, node=node)


def warning(where: Where | str, what: str, hint: str = "") -> Finding:
    """Something that works, though probably not as meant, or that could not be checked."""
    return Finding(severity=Severity.WARNING, where=str(where), what=what, hint=hint)


def note(where: Where | str, what: str, hint: str = "") -> Finding:
    """Worth knowing, no more."""
    return Finding(severity=Severity.NOTE, where=str(where), what=what, hint=hint)


def together(found: Iterable[tuple[Hashable, Finding]]) -> Iterator[Finding]:
    """Findings of one cause as one, the first of them, which has the others behind it.

    :param found: each with its cause.
    """
    groups: dict[Hashable, list[Finding]] = {}
    for cause, finding in found:
        groups.setdefault(cause, []).append(finding)
    for first, *others in groups.values():
        yield first.model_copy(update={"others": tuple(others)}) if others else first


def absent(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to do about a name that does not exist: the known one that was probably meant, or other advice.

    :param otherwise: the advice if it resembles none of them.
    """
    by_lower = {word.lower(): word for word in sorted(known)}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean '{by_lower[near[0]]}'? Otherwise {otherwise}" if near else otherwise


def placed(name: str, where: Where) -> str:
    """Something named, with the line where it stands."""
    return f"{name} ({where.file}:{where.line})" if where.line else name


def listed(words: Iterable[object]) -> str:
    """A few words in a sentence, sorted as text."""
    return ", ".join(sorted(str(word) for word in words))
