"""A draft of pvesdn.cfg instead of the live one: what the nodes would get if it took its place. Pure."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.conflicts import digest
from pvesdn.model.files import FileChange
from pvesdn.model.snapshot import OWN_FILE, OWN_NAME, Snapshot

_MODE, _OWNER = "0640", "root:www-data"
"""What pmxcfs gives every file of /etc/pve, whatever one asks for."""


def with_draft(snapshot: Snapshot, text: str) -> Snapshot:
    """The cluster as it would be if `text` were its pvesdn.cfg."""
    return replace(snapshot, pve_files={**snapshot.pve_files, OWN_NAME: text})


def definitions_change(snapshot: Snapshot, text: str) -> FileChange | None:
    """What becomes of pvesdn.cfg when `text` takes its place; None when it has that text already.

    :param snapshot: the cluster as it is, without the draft.
    """
    live = snapshot.pve_files.get(OWN_NAME)
    if live == text:
        return None
    expect = None if live is None else digest(live)
    return FileChange(path=OWN_FILE, old=live, new=text, mode=_MODE, owner=_OWNER, expect=expect)
