"""What every test of this folder needs."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _nobody_tidies_up_at_the_end_of_the_stack() -> Iterator[None]:
    """Rubbish that other tests left is collected before a test, and none while it runs.

    Values nested as deep as Python can go are walked here. A collector that begins down there finds no room for the
    last words of a generator or a file, and pytest would blame this test for them.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()
