"""The switch that writes what is expected anew."""

from __future__ import annotations

from contextlib import suppress

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    with suppress(ValueError):  # other folders have it too, and one switch is for all
        parser.addoption("--update-golden", action="store_true", help="write what is expected anew")
