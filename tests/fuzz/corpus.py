"""What mutation starts from: every golden snapshot, as it is and as it looks once its own plan has been carried out."""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.nodes.answers import decode_observed
from pvesdn.errors import NodeError
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.adopt import adopt
from pvesdn.workflows.plan import plan
from pvesdn_lab.simulated import sdn_config
from tests.fuzz.putting_in_place import RENDERER, put_in_place

TESTS = Path(__file__).parents[1]


@dataclass
class DraftNode:
    """One node, open to change."""

    files: dict[str, str] = field(default_factory=dict)
    commands: dict[str, Json] = field(default_factory=dict)


@dataclass
class Draft:
    """A snapshot that is open to change, down to the last value of its JSON."""

    api: dict[str, Json]
    pve_files: dict[str, str]
    nodes: dict[str, DraftNode]
    unreachable: dict[str, str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Draft:
        return pickle.loads(_pickled(cls, snapshot))

    def snapshot(self) -> Snapshot:
        """What reading such a cluster comes to: a node whose answer is refused did not answer."""
        nodes, unreachable = {}, dict(self.unreachable)
        for name, node in self.nodes.items():
            try:
                nodes[name] = decode_observed(name, {"files": node.files, "commands": node.commands})
            except NodeError as error:
                unreachable[name] = str(error)
        return Snapshot(self.api, self.pve_files, nodes, unreachable)


_PICKLES: dict[int, tuple[Snapshot, bytes]] = {}


def _pickled(cls: type[Draft], snapshot: Snapshot) -> bytes:
    """The snapshot's draft as bytes: reading them is the quickest deep copy there is."""
    if id(snapshot) not in _PICKLES:  # the snapshot is kept beside them, so that its id stays its own
        nodes = {name: DraftNode(dict(raw.files), dict(raw.commands)) for name, raw in snapshot.nodes.items()}
        draft = cls(dict(snapshot.api), dict(snapshot.pve_files), nodes, dict(snapshot.unreachable))
        _PICKLES[id(snapshot)] = snapshot, pickle.dumps(draft)
    return _PICKLES[id(snapshot)][1]


_VARIANTS = {
    "golden": ("", "applied"),
    "golden_import": ("", "imported"),
    "golden_pve": ("", "applied", "defined", "defined, applied"),
}


@cache
def names() -> tuple[str, ...]:
    """Of every snapshot of the corpus: ``golden/unicast``, and ``golden/unicast, applied``."""
    folders = [folder for cases in _VARIANTS for folder in sorted((TESTS / cases).glob("*/snapshot"))]
    found = [("/".join(folder.parts[-3:-1]), variant) for folder in folders for variant in _VARIANTS[folder.parts[-3]]]
    return tuple(f"{name}, {variant}" if variant else name for name, variant in found)


@cache
def start(name: str) -> Snapshot:
    """A snapshot of the corpus."""
    case, _, variant = name.partition(", ")
    snapshot = read_snapshot(TESTS / case / "snapshot")
    if "imported" in variant:
        return _imported(snapshot)
    if "defined" in variant:
        snapshot = _defined(snapshot)
    return put_in_place(snapshot, plan(snapshot, RENDERER)) if "applied" in variant else snapshot


def _imported(snapshot: Snapshot) -> Snapshot:
    """The hand-written set-up with the definitions that an import proposes, before anything was taken out."""
    draft = Draft.of(snapshot)
    draft.pve_files.update(adopt(snapshot, RENDERER).files)
    return draft.snapshot()


def _defined(snapshot: Snapshot) -> Snapshot:
    """PVE's committed definitions with the files that PVE made them of."""
    draft = Draft.of(snapshot)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / sdn_config.RUNNING).write_text(draft.pve_files[sdn_config.RUNNING])
        sdn_config.roll_back(folder)
        draft.pve_files.update({file.name: file.read_text() for file in folder.glob("*.cfg")})
    return draft.snapshot()
