"""PVE's definition files with other sections, and the edits through its API that lead there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pvesdn.compare.sdn_edits import calls_between
from pvesdn.decode.definitions.section_config import Section, scan, write
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.snapshot import Snapshot


def sections_of(files: Mapping[str, str], collections: Iterable[str]) -> dict[str, tuple[Section, ...]]:
    """What PVE's definition files have, by collection. :param files: text by name below /etc/pve/sdn."""
    return {name: scan(files.get(f"{name}.cfg", "")).sections for name in collections}


def edited(
    snapshot: Snapshot, old: Mapping[str, tuple[Section, ...]], new: Mapping[str, tuple[Section, ...]], target: str
) -> tuple[Snapshot, SdnEdits]:
    """The cluster with other sections in PVE's files, and the edits that lead there.

    :param old: what the snapshot has, by collection.
    :param target: see `SdnEdits`.
    """
    files = snapshot.pve_files
    found = {f"{name}.cfg": files.get(f"{name}.cfg") for name in new}
    texts = {f"{name}.cfg": write(new[name]) for name in new if old[name] != new[name]}
    return replace(snapshot, pve_files={**files, **texts}), SdnEdits(calls_between(old, new), found, target)
