"""Tests during which coverage is not measured."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_REPEATING = frozenset({"laws", "fuzz"})


def is_not_measured(case: pytest.Item) -> bool:
    """Whether a test is one of a wide table, or a law: those go the same ways many times over, and a branch that only
    they take wants a test that says what it is for.
    """
    folders = case.path.relative_to(case.config.rootpath).parts
    return case.get_closest_marker("wide") is not None or not _REPEATING.isdisjoint(folders)


@contextmanager
def untraced() -> Iterator[None]:
    """Nothing is traced meanwhile, neither in this thread nor in those that begin.

    pytest-cov's own marker for this stops one of the two measurements that it begins in a worker of pytest-xdist, and
    so the other one goes on.
    """
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        yield
    finally:
        sys.settrace(here)
        threading.settrace(in_threads)
