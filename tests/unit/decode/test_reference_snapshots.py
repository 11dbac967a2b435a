"""What PVE itself accepts must never be refused: every reference snapshot is read, without an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.model.snapshot import NodeRaw

CASES = Path(__file__).parents[4] / "shared" / "reference-cases"
FOLDERS = sorted(folder for folder in CASES.glob("*") if (folder / "snapshot").is_dir())

pytestmark = pytest.mark.skipif(not FOLDERS, reason="no reference cases beside the project: ../shared/reference-cases")


@pytest.mark.parametrize("folder", FOLDERS or [CASES], ids=lambda folder: folder.name)
def test_a_reference_snapshot_is_understood_whole(folder: Path) -> None:
    snapshot = folder / "snapshot"
    text = (snapshot / "etc/pve/sdn/.running-config").read_text()
    document = json.loads(text)
    config = decode_sdn({".running-config": text}, intent="running").config
    for name, found in (("zones", config.pve.zones), ("vnets", config.pve.vnets), ("subnets", config.pve.subnets)):
        assert {item.id for item in found} == set(document[name].get("ids", {}) if name in document else {})
    answers = {
        str(path.relative_to(snapshot / "api").with_suffix("")): path for path in (snapshot / "api").rglob("*.json")
    }
    cluster = decode_cluster({name: json.loads(path.read_text()) for name, path in answers.items()})
    for node in (snapshot / "nodes").iterdir():
        assert cluster.member(node.name) is not None
        commands = {path.stem: json.loads(path.read_text()) for path in (node / "cmd").glob("*.json")}
        facts = decode_facts(node.name, NodeRaw(commands=commands))
        assert {link.name for link in facts.links} == {row["ifname"] for row in commands["ip-link"]}
