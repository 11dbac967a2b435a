"""What tests of several folders need."""

import gc
import os
import time
from collections.abc import Generator, Iterator
from contextlib import nullcontext

import pytest

from pvesdn.cli.watch_files import WatchFiles
from pvesdn.node.program import readvertise, swap
from pvesdn.settings import WatchSettings
from tests.examples import not_in_the_share, register_profiles
from tests.in_memory import use_memory
from tests.not_tried import pytest_terminal_summary
from tests.untraced import is_not_measured, untraced

__all__ = ["in_utc", "pytest_terminal_summary"]

use_memory()

pytest.register_assert_rewrite("tests.screens")  # so that a screen that is another shows in what it differs

swap.WAITS_FOR = 0.0  # who is at work in a test is at work for long
readvertise.WITHDRAWN_FOR = 0.0  # there is no bgpd to be waited for; in the live lab a second is a second

register_profiles()

gc.disable()  # until all tests are found: there is no rubbish among them


def pytest_addoption(parser: pytest.Parser) -> None:
    """One switch for all tests that hold something against files of what is expected."""
    parser.addoption("--update-golden", action="store_true", help="write what is expected anew, where it is in files")


def pytest_collection_finish() -> None:
    """Ten thousand tests are here to stay; the collector need not look at them again and again."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # a plan makes thousands of values, and hardly any rubbish that only it finds


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes seconds comes first; else the order stays. Of what is wide a share is left."""
    left_out = set(not_in_the_share(items))
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=[*left_out])
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What walks where other tests have been is not measured, which would take as long again."""
    with untraced() if is_not_measured(item) else nullcontext():
        return (yield)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: three workers on two processors, since tests wait for processes, peers and deadlines."""
    del config
    processors = len(os.sched_getaffinity(0))
    return processors + processors // 2


@pytest.fixture(autouse=True, scope="session")
def _watch_leaves_nothing_on_this_machine() -> Iterator[None]:
    """Who has `pvesdn watch` look says where it keeps what it saw."""
    make, default = WatchFiles._make, WatchSettings().state_dir

    def elsewhere(files: WatchFiles) -> None:
        if files.folder == default:
            pytest.fail(f"[watch] state_dir is not set, and this test would write to {default}")
        make(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WatchFiles, "_make", elsewhere)
        yield


@pytest.fixture
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are those of UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
