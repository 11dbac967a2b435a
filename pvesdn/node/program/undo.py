"""The verb `undo`: the node as its checkpoint has it, looked at afterwards, with nobody's help."""

import base64
import contextlib
import json
import os
import time
from functools import partial
from typing import Callable, List, Optional, Sequence, Tuple

from pvesdn.node.program.capture import file_now, files_now
from pvesdn.node.program.changed import CHANGED, bring_over, changed_back, plugged_into
from pvesdn.node.program.checkpoint import (
    KEPT,
    boot_id,
    drop_checkpoint,
    load_checkpoint,
    once_more,
    postponed,
    runs_pves_of_before,
    save_checkpoint,
    text_before,
)
from pvesdn.node.program.drop_ins import make_folder, remove_folder, targets, zone_of
from pvesdn.node.program.files import digest_of, sync_folders, text_of, write_new, write_whole
from pvesdn.node.program.frr_back import frr_left, put_frr_back
from pvesdn.node.program.kept import has_moved_on, kept_as_committed, without_pves
from pvesdn.node.program.machine import Machine, Refused, failure, told
from pvesdn.node.program.nat import nat_as_before
from pvesdn.node.program.places import (
    INTERFACES,
    RECORD,
    SDN_INTERFACES,
    STATE_DIR,
)
from pvesdn.node.program.readvertise import readvertise_since, with_macs
from pvesdn.node.program.record import load_record, save_record
from pvesdn.node.program.reload import IFRELOAD, ifreload
from pvesdn.node.program.repair import differing, make_room, put_settings, repair
from pvesdn.node.program.request import VERBS, Value, text_at
from pvesdn.node.program.serve import servers_as_before, servers_left
from pvesdn.node.program.stanzas import interfaces_in
from pvesdn.node.program.swap import Busy, locked, on_its_way_back, unstage
from pvesdn.node.program.token import give_token_back, may_hold_lock
from pvesdn.node.program.whole import why_whole

Part = Callable[[Machine, Value], List[str]]
"""Puts something back; what was done, and what failed."""
FINISHING = 240.0
"""Seconds that a step of this apply may still take, whose connection was lost, or an undo by the node itself: it is
finished first.
"""
SERVERS_ALONE = "servers_alone"
"""Of a checkpoint: the last attempt has left nothing but what PVE's dnsmasq lacks."""
ROUNDS = 2
"""Times that the network is put right once more, where it was not as before."""


def undo(machine: Machine, arguments: Value) -> Value:
    """Put back what the apply ``{"id"}`` has done here, and forget what is staged: ``{"id"}`` -> ``{"state", "left":
    [str], "log": [str]}``.

    ``state`` is ``nothing`` where there is no checkpoint (it has been undone, or never began), ``untouched`` where the
    apply had begun nothing, ``kept`` where it was confirmed and stays, ``restored`` where everything is as before, and
    ``partly`` where ``left`` tells what is not; then the checkpoint stays, and the next undo tries again. It stays too
    where what is ``kept`` has ``left`` PVE's lock held.
    """
    return when_free(machine, partial(_undone, machine, text_at(arguments, "id")))


def when_free(machine: Machine, work: Callable[[], Value]) -> Value:
    """Do it under the node's lock; a step that still runs, or an undo by the node itself, comes to its end first."""
    end = time.monotonic() + FINISHING
    while True:
        try:
            with locked(machine):
                return work()
        except Busy:
            if time.monotonic() >= end:
                raise
        time.sleep(1.0)


def _undone(machine: Machine, name: str) -> Value:
    checkpoint = _checkpoint_of(machine, name)
    if checkpoint is None and load_record(machine).get("kept") == name:
        return {"state": "kept", "left": [], "log": []}
    return put_back(machine, checkpoint)


def _checkpoint_of(machine: Machine, name: str) -> Optional[Value]:
    checkpoint = load_checkpoint(machine)
    if checkpoint is not None and checkpoint["id"] != name:
        raise Refused(
            "the checkpoint on this node is of another apply, by {}".format(checkpoint["who"]),
            "run pvesdn plan to see what the node lacks",
        )
    return checkpoint


def put_back(machine: Machine, checkpoint: Optional[Value]) -> Value:
    """Undo whatever the checkpoint is of; the answer of `undo`. The caller holds the lock."""
    unstage(machine, targets(machine))
    if checkpoint is None:
        drop_checkpoint(machine)  # what one that was killed while it armed has left
        return {"state": "nothing", "left": [], "log": []}
    if checkpoint.get(KEPT) or has_moved_on(machine, checkpoint):
        return kept_as_committed(machine, checkpoint)
    if not checkpoint["begun"]:
        left = give_token_back(machine, checkpoint)
        if left:
            save_checkpoint(machine, postponed(machine, once_more(checkpoint)))
            return {"state": "partly", "left": left, "log": []}
        drop_checkpoint(machine)
        return {"state": "untouched", "left": [], "log": []}
    parts = [servers_as_before] if _lacks_servers_alone(machine, checkpoint) else _PARTS
    checkpoint = with_macs(machine, postponed(machine, once_more(without_pves(machine, checkpoint))))
    save_checkpoint(machine, checkpoint)
    log = _do(parts, machine, checkpoint)
    left, servers = _left(machine, checkpoint)
    for _ in range(ROUNDS):
        if left or servers:
            # A reload that PVE had begun may have come in between.
            time.sleep(1.0)
            log += _do(_NETWORK if left else [servers_as_before], machine, checkpoint)
            left, servers = _left(machine, checkpoint)
    if done := _attempt(partial(readvertise_since, machine, checkpoint)):
        log += done + _do([repair], machine, checkpoint)  # a bridge that goes down loses its IPv6 addresses
        left, servers = _left(machine, checkpoint)
    checkpoint = dict(checkpoint, **{SERVERS_ALONE: not left})
    left += servers + give_token_back(machine, checkpoint)
    if left:
        # The next apply need not wait for anybody; the node itself tries again later.
        save_checkpoint(machine, postponed(machine, checkpoint))
        return {"state": "partly", "left": left, "log": log}
    _put_file(machine, RECORD, checkpoint["files"][RECORD])
    drop_checkpoint(machine)
    return {"state": "restored", "left": [], "log": log}


def put_files_back(machine: Machine, checkpoint: Value) -> List[str]:
    """The files alone, before the network comes up from them; what was done. The caller holds the lock.

    The checkpoint stays: devices and FRR are looked at when they are there.
    """
    if not checkpoint["begun"]:
        if not may_hold_lock(checkpoint):  # a lock of PVE's is given back when /etc/pve is there
            drop_checkpoint(machine)
        return []
    checkpoint = dict(once_more(checkpoint), is_booted=True)
    save_checkpoint(machine, checkpoint)
    return _put_files(machine, checkpoint)


def _do(parts: Sequence[Part], machine: Machine, checkpoint: Value) -> List[str]:
    """Everything in its order; what fails stops nothing that comes after it."""
    log: List[str] = []
    for part in parts:
        log += _attempt(partial(part, machine, checkpoint))
    return log


def _take_uplinks_down(machine: Machine, checkpoint: Value) -> List[str]:
    """Interfaces that are there without us and that the old file does not name: a reload would leave them as they
    are.
    """
    log = []
    for path in INTERFACES:
        old = interfaces_in(text_before(checkpoint, path))
        new = interfaces_in(text_of(machine, path) or "")
        for name in [name for name in checkpoint["uplinks"] if name in new and name not in old]:
            outcome = machine.run(["ifdown", "-i", machine.place(path), name], limit=60)
            log.append(f"took down {name}" if outcome.status == 0 else failure(["ifdown", name], outcome))
    return log


def _put_files(machine: Machine, checkpoint: Value) -> List[str]:
    """Every file with its bytes, owner and mode. What somebody else has written meanwhile is kept elsewhere."""
    ours = checkpoint["written"]
    # Until all is well the record says that the node is not finished, so that a plan shows it.
    held = text_before(checkpoint, RECORD)
    record = json.loads(held) if held else {"format": 1, "files": {}}
    log = _attempt(lambda: save_record(machine, dict(record, unfinished=True)))
    left_to_pve = _pves_files(machine, checkpoint)
    # No person edits these, and PVE writes them at every reload.
    pves = {SDN_INTERFACES, *checkpoint.get("rehearses", [])}
    for path, before in sorted(checkpoint["files"].items()):
        if path in left_to_pve:
            log.append(f"{path} was left to PVE, whose definitions have been applied meanwhile")
        elif path != RECORD:
            written = None if path in pves else ours.get(path)
            log += _attempt(partial(_put_back_one, machine, path, before, written, log))
    return log


def _put_back_one(machine: Machine, path: str, before: Optional[Value], ours: Optional[str], log: List[str]) -> None:
    """:param ours: digest of what pvesdn has written there; None where it has not, or where others may write."""
    now = file_now(machine, path)
    if now == before:
        return
    if now is not None and ours is not None and digest_of(machine, path) != ours:
        zone = zone_of(path)
        # Names of zones are people's: one may be that of another file.
        place = f"{STATE_DIR}/{os.path.basename(path) if zone is None else 'dnsmasq@' + zone}.found"
        write_whole(machine, place, base64.b64decode(now["data"]))
        log.append(f"{path} had been edited meanwhile: that text is in {place}")
    _put_file(machine, path, before)
    log.append(f"put back {path}" if before else f"removed {path}")


def _attempt(work: Callable[[], Optional[List[str]]]) -> List[str]:
    """Do it; what was done, if it tells that, or what kept it from being done, which keeps nothing else from it."""
    try:
        return work() or []
    except Refused as refused:
        return [refused.error]
    except OSError as error:
        return [told(error, "a file")]


def _pves_files(machine: Machine, checkpoint: Value) -> List[str]:
    """Files that PVE writes by itself, once its definitions are not those of before."""
    return [] if runs_pves_of_before(machine, checkpoint) else [SDN_INTERFACES]


def _put_file(machine: Machine, path: str, before: Optional[Value]) -> None:
    place = machine.place(path)
    if before is None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(place)
        with contextlib.suppress(OSError):
            os.unlink(on_its_way_back(machine, path))
        remove_folder(machine, path)
    else:
        make_folder(machine, path)
        temporary = on_its_way_back(machine, path)
        ids = (before["uid"], before["gid"]) if os.geteuid() == 0 else None
        write_new(temporary, base64.b64decode(before["data"]), before["mode"], ids)
        os.replace(temporary, place)
    sync_folders(machine, [path])


def _reload_network(machine: Machine, checkpoint: Value) -> List[str]:
    del checkpoint
    outcome = ifreload(machine, limit=600)
    return outcome.lines if outcome.status == 0 else [failure(IFRELOAD, outcome)]


def _bring_changed_back(machine: Machine, checkpoint: Value) -> List[str]:
    """The same by what was changed alone, where that was the way there; what it leaves, the next round does."""
    if CHANGED not in checkpoint or checkpoint.get("is_booted") or checkpoint["attempts"] > 1:
        return _reload_network(machine, checkpoint)
    down, up = changed_back(machine, checkpoint)
    why = why_whole(machine, down) or plugged_into(machine, down)
    return [why, *_reload_network(machine, checkpoint)] if why else bring_over(machine, down, up)


def _lacks_servers_alone(machine: Machine, checkpoint: Value) -> bool:
    """Whether the last attempt has found all else as before, and the node was not restarted since."""
    return bool(checkpoint.get(SERVERS_ALONE)) and checkpoint["boot"] == boot_id(machine)


def _left(machine: Machine, checkpoint: Value) -> Tuple[List[str], List[str]]:
    """What is not as before, one line each: of all else, and of PVE's dnsmasq, for which no network is loaded again."""
    return (
        _checked(partial(_left_without_servers, machine, checkpoint)),
        _checked(partial(servers_left, machine, checkpoint)),
    )


def _left_without_servers(machine: Machine, checkpoint: Value) -> List[str]:
    left = [f"{path} is not what it was" for path in _other_files(machine, checkpoint)]
    return [*left, *differing(machine, checkpoint), *frr_left(machine, checkpoint)]


def _checked(look: Callable[[], List[str]]) -> List[str]:
    try:
        return look()
    except Refused as refused:
        return [f"it could not be checked: {refused.error}"]
    except OSError as error:
        return [f"it could not be checked: {told(error, 'a file')}"]


def _other_files(machine: Machine, checkpoint: Value) -> List[str]:
    now, skipped = files_now(machine), [RECORD, *_pves_files(machine, checkpoint)]
    return [path for path, before in checkpoint["files"].items() if path not in skipped and now.get(path) != before]


_NETWORK: Tuple[Part, ...] = (make_room, _reload_network, repair, nat_as_before, servers_as_before)
_PARTS: Tuple[Part, ...] = (
    *(_take_uplinks_down, _put_files, put_settings, put_frr_back),
    *(make_room, _bring_changed_back, repair, nat_as_before, servers_as_before),
)
"""What an undo does, in its order; the network last, which may be done again."""


VERBS.update(undo=undo)
