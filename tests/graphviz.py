"""Tests that have graphviz lay something out."""

from shutil import which

import pytest

needs_dot = pytest.mark.skipif(which("dot") is None, reason="dot is not installed: apt install graphviz")
