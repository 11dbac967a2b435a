"""docs/json.md names every key of every document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kit import call
from tests.cli.test_render_show_snapshot import WHOLE
from tests.fakes import fake_cluster
from tests.unit.recognise.kit import hand

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "json.md"
NAMED_BY_DATA = {"frr", "guest_ports", "unreachable"}


def keys(value: Any) -> Iterator[str]:
    """All keys, at any depth, but those that are names of nodes or bridges."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if not (key in NAMED_BY_DATA and isinstance(inner, dict)):
                yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("plan", "--diff"), "plan"),
        (("show",), "show"),
        (("topology", "--live"), "topology"),
        (("apply", "--yes"), "apply"),
        (("import", "--diff"), "import"),
        (("history",), "history"),
        (("diff", "1"), "diff"),
        (("plan", "--node", "nobody"), "error"),
    ],
)
def test_every_key_is_documented(words: tuple[str, ...], kind: str, settings: Path) -> None:
    cluster = fake_cluster(WHOLE, pve_files={"zones.cfg": "faucet: old\n\tdp-id 1\n\tcontroller x\n\n"})
    cluster.nodes["node1"].files["/etc/network/interfaces.d/pvesdn"] = "# mine\n"
    if kind == "import":
        for name, raw in hand("one-exit").nodes.items():
            cluster.nodes[name].files.update(raw.files)
            cluster.nodes[name].commands |= raw.commands
    if kind in {"history", "diff"}:
        call("--config", settings, "apply", "--yes", "--overwrite", cluster=cluster)
        cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = ""
    overwrite = ("--overwrite",) if words[0] == "apply" else ()
    document = json.loads(call("--config", settings, *words, *overwrite, "--json", cluster=cluster).out)
    assert document["kind"] == kind
    text = DOCUMENTATION.read_text()
    assert [key for key in sorted(set(keys(document))) if f"`{key}`" not in text] == []


def test_every_kind_is_documented() -> None:
    text = DOCUMENTATION.read_text()
    for kind in ("plan", "apply", "history", "diff", "show", "topology", "import", "check", "error"):
        assert f"\n## {kind}\n" in text
