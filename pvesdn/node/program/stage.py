"""The verbs `stage` and `discard`: new files wait beside their targets, or are forgotten."""

import contextlib
import os
from typing import List

from pvesdn.node.program.drop_ins import make_folder, targets
from pvesdn.node.program.files import beside, write_new
from pvesdn.node.program.machine import Machine, told
from pvesdn.node.program.obstacles import obstacles, owner_ids
from pvesdn.node.program.places import CHECKPOINT, CLUSTER_FOLDER, FRR_CONF, JOURNAL, RECORD
from pvesdn.node.program.put import remove_drafts
from pvesdn.node.program.request import VERBS, Change, Value, changes_in, checked_target, list_at
from pvesdn.node.program.swap import kept, locked, staged, unstage
from pvesdn.node.program.sweep import sweep
from pvesdn.node.program.vtysh import frr_complaints


def stage(machine: Machine, arguments: Value) -> Value:
    """Write temporaries beside their targets: ``{"files": [entries]}`` -> ``{"problems": [str]}``.

    An entry is ``{"path", "text" (None removes), "mode": "0644", "owner": "user:group", "expect": sha256 or None
    (absent), "meaning": sha256 or None, "is_pves": bool}``; the last two are optional. With any problem, including
    FRR's own check of frr.conf, nothing stays staged. Refused while an apply is open on this node: it may have files
    staged. What an earlier one has left is put back, and then it is refused once: the plan was made from something
    else.
    """
    changes = changes_in(arguments)
    with locked(machine):
        sweep(machine)
        _clear_up(machine)
        problems = [problem for change in changes for problem in obstacles(machine, change)]
        if not problems:
            try:
                for change in changes:
                    _stage_one(machine, change)
                problems = _complaints(machine, changes)
            except OSError as error:
                problems = [told(error, "a file")]
            except BaseException:
                unstage(machine, [change.path for change in changes])
                raise
        if problems:
            unstage(machine, [change.path for change in changes])
    return {"problems": problems}


def discard(machine: Machine, arguments: Value) -> Value:
    """Forget staged files: ``{"files": [paths]}`` -> ``{}``."""
    paths = [checked_target(path) for path in list_at(arguments, "files", str)]
    with locked(machine):
        unstage(machine, paths)
    return {}


def _clear_up(machine: Machine) -> None:
    """Remove what killed runs left beside our files. The caller holds the lock, and no commit is half-way."""
    ours = [*targets(machine), RECORD]
    leftovers = [kept(machine, path) for path in ours]
    for place in [*leftovers, *(beside(machine, path, "pvesdn-tmp") for path in (RECORD, JOURNAL, CHECKPOINT))]:
        with contextlib.suppress(OSError):
            os.unlink(place)
    unstage(machine, ours)
    remove_drafts(machine, CLUSTER_FOLDER)


def _stage_one(machine: Machine, change: Change) -> None:
    if change.data is not None:
        ids = owner_ids(machine, change.owner)
        make_folder(machine, change.path)
        write_new(staged(machine, change.path), change.data, change.mode, ids)


def _complaints(machine: Machine, changes: List[Change]) -> List[str]:
    """What FRR has against the staged frr.conf."""
    if not any(change.path == FRR_CONF and change.data is not None for change in changes):
        return []
    return [f"{FRR_CONF}: {line}" for line in frr_complaints(machine, staged(machine, FRR_CONF))]


VERBS.update(stage=stage, discard=discard)
