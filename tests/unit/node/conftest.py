from __future__ import annotations

from pathlib import Path

import pytest

from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking


@pytest.fixture
def node(tmp_path: Path) -> NodeRoot:
    return NodeRoot(tmp_path / "node")


@pytest.fixture
def program(node: NodeRoot) -> Asking:
    return Asking(node)
