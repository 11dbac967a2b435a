"""The scenes, made once by each process that runs tests; and the switch that lists their calls anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.cluster.faults.scene import Scene, scene

Scenes = Callable[[str], Scene]


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # other folders have it too, and one switch is for all
        parser.addoption("--update-golden", action="store_true", help="write what is expected anew")


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    with ExitStack() as stack:
        made: dict[str, Scene] = {}

        def get(name: str) -> Scene:
            if name not in made:
                made[name] = stack.enter_context(scene(name, tmp_path_factory.mktemp("scene")))
            return made[name]

        yield get


@pytest.fixture
def scenes(_made: Scenes) -> Scenes:
    """A scene by its name, as at its beginning."""

    def get(name: str) -> Scene:
        found = _made(name)
        found.begin()
        return found

    return get
