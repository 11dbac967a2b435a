"""The switch that writes what is said anew."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-mistakes", action="store_true", help="write said.txt of every mistake anew")
