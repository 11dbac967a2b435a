"""A number becomes a case: what it is made of, what the laws say of it, and the least of it that still fails."""

from __future__ import annotations

import random
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import pve_networks
from tests.fuzz.corpus import Draft, names, start
from tests.fuzz.laws import Broken, Outcome, Sound, check_damage, check_snapshot, sound
from tests.fuzz.mutations import MUTATIONS, OF_ONE_NODE, Mutation
from tests.fuzz.pve_laws import check_network

ROOT = Path(__file__).parents[2]
LIMIT = 120
"""Seconds that one case may take; the slowest takes one."""

_STEPS = (1, 1, 1, 2, 2, 3, 4, 6)
_TRIES = 4


@dataclass(frozen=True)
class Failure:
    """A law that a case breaks.

    :param identity: the same for failures that are likely one fault: the law, or the exception and its place.
    :param made_of: what the case is made of, one line each.
    """

    kind: str
    seed: int
    identity: str
    what: str
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A case that can be made again with some of its parts left out.

    :param parts: how many there are.
    :param run: runs it with these parts and tells of each in the given list.
    """

    kind: str
    seed: int
    parts: int
    run: Callable[[Sequence[int], list[str]], Outcome]


def snapshot_case(seed: int) -> Case:
    """A snapshot of the corpus after some mutations; one in four is damage to one node alone."""
    rng = random.Random(f"snapshot {seed}")
    name = rng.choice(names())
    steps = rng.choice(_STEPS)
    before = sound(name) if rng.random() < 0.25 else None
    if before is not None and len(before.snapshot.nodes) > 1:
        node = rng.choice(sorted(before.snapshot.nodes))
        return Case("snapshot", seed, steps, lambda parts, told: _damaged(before, node, seed, parts, told))
    return Case("snapshot", seed, steps, lambda parts, told: _mutated(name, seed, parts, told))


def _mutated(name: str, seed: int, parts: Sequence[int], told: list[str]) -> Outcome:
    told.append(f"start from {name}")
    draft = Draft.of(start(name))
    _mutate(draft, MUTATIONS, seed, parts, told)
    return check_snapshot(draft.snapshot(), random.Random(f"snapshot {seed} laws"))


def _damaged(before: Sound, node: str, seed: int, parts: Sequence[int], told: list[str]) -> Outcome:
    told.append(f"start from {before.name}, every VTEP seen before")
    draft = Draft.of(before.snapshot)
    alone = Draft({}, {}, {node: draft.nodes[node]}, {})
    _mutate(alone, OF_ONE_NODE, seed, parts, told)
    return check_damage(before, draft.snapshot(), node)


def _mutate(draft: Draft, mutations: Sequence[Mutation], seed: int, parts: Sequence[int], told: list[str]) -> None:
    for part in parts:
        rng = random.Random(f"snapshot {seed} step {part}")
        for _ in range(_TRIES):
            if what := rng.choice(mutations)(draft, rng):
                told.append(what)
                break


def network_case(seed: int) -> Case:
    """A random network of PVE's own."""
    network = pve_networks.network(seed)

    def run(parts: Sequence[int], told: list[str]) -> Outcome:
        chosen = [network[part] for part in parts]
        told += [part.told for part in chosen]
        return check_network(pve_networks.built(chosen, seed), random.Random(f"network {seed} laws"))

    return Case("network", seed, len(network), run)


KINDS: dict[str, Callable[[int], Case]] = {"snapshot": snapshot_case, "network": network_case}


def run_case(kind: str, seed: int) -> Outcome | Failure:
    """How the case ended, or the law that it breaks."""
    case = KINDS[kind](seed)
    return _attempt(case, range(case.parts))


def smallest(kind: str, seed: int) -> Failure | None:
    """The case's failure with every part left out that it does not need; None where it does not fail."""
    case = KINDS[kind](seed)
    parts = list(range(case.parts))
    best = _attempt(case, parts)
    if not isinstance(best, Failure):
        return None
    size = max(len(parts) // 2, 1)
    while size:
        at = 0
        while at < len(parts):
            fewer = parts[:at] + parts[at + size :]
            found = _attempt(case, fewer)
            if isinstance(found, Failure) and found.identity == best.identity:
                parts, best = fewer, found
            else:
                at += size
        size //= 2
    return best


class TookTooLong(BaseException):
    """A case has no end; nothing that catches exceptions is to catch this one."""


def _attempt(case: Case, parts: Sequence[int]) -> Outcome | Failure:
    told: list[str] = []
    try:
        with _limited():
            return case.run(parts, told)
    except (Exception, TookTooLong) as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        identity, what = _identity(error)
        return Failure(case.kind, case.seed, identity, what, tuple(told))


@contextmanager
def _limited() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TookTooLong(f"not done after {LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _identity(error: BaseException) -> tuple[str, str]:
    if isinstance(error, Broken):
        return error.law, str(error)
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if f"{ROOT}/pvesdn/" in frame.filename] or frames
    place = f"{Path(inside[-1].filename).relative_to(ROOT)}:{inside[-1].lineno}"
    return f"{type(error).__name__} at {place}", f"{type(error).__name__}: {ascii(str(error))[:300]}, at {place}"
