"""A tuple that is made when somebody looks at it: what is read of every node and asked of few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar, overload

T_co = TypeVar("T_co", covariant=True)


class Later(Sequence[T_co]):
    """Equal to the tuple that `make` returns. :param make: asked at most once; must not raise."""

    def __init__(self, make: Callable[[], tuple[T_co, ...]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> tuple[T_co, ...]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        return self._made[index]

    def __len__(self) -> int:
        return len(self._made)

    def __eq__(self, other: object) -> bool:
        return self._made == (other._made if isinstance(other, Later) else other)

    def __hash__(self) -> int:
        return hash(self._made)

    def __repr__(self) -> str:
        return repr(self._made)
