"""Our drop-ins for PVE's `dnsmasq@ZONE`: the only files of ours whose paths have a name of somebody else's in them.

Each lies in a folder of systemd's that is made for it, and goes with it where nothing else is in it.
"""

import contextlib
import os
import stat
from typing import List, Optional

from pvesdn.node.program.files import sync_folders
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import DROP_IN, DROP_IN_NAME, TARGETS, UNITS_DIR


def zone_of(path: str) -> Optional[str]:
    """The zone whose drop-in lies at `path`; None where it is another file."""
    found = DROP_IN.fullmatch(path)
    return found.group(1) if found else None


def drop_in_of(zone: str) -> str:
    """Where a zone's drop-in lies."""
    return f"{UNITS_DIR}/dnsmasq@{zone}.service.d/{DROP_IN_NAME}"


def zones_with_folders(machine: Machine) -> List[str]:
    """Zones whose units have a folder for drop-ins, sorted; a link to one elsewhere is somebody else's."""
    try:
        names = sorted(os.listdir(machine.place(UNITS_DIR)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [(zone_of(path), path) for path in (f"{UNITS_DIR}/{name}/{DROP_IN_NAME}" for name in names)]
    return [zone for zone, path in found if zone is not None and _is_folder(machine, path)]


def targets(machine: Machine) -> List[str]:
    """What `stage` and `commit` may touch: the files of every node, and the drop-ins of which it has the folders."""
    return sorted(TARGETS | {drop_in_of(zone) for zone in zones_with_folders(machine)})


def folder_fault(machine: Machine, path: str) -> str:
    """Why nothing of ours can be put at `path`, or taken from there; empty where it can, and for all other files."""
    folder = os.path.dirname(path)
    if zone_of(path) is None or not os.path.lexists(machine.place(folder)) or _is_folder(machine, path):
        return ""
    return f"{folder} is not a folder, but a link or a file; remove it"


def make_folder(machine: Machine, path: str) -> None:
    """Make the folder of a drop-in where there is none; nothing for any other file."""
    if zone_of(path) is None:
        return
    fault = folder_fault(machine, path)
    if fault:
        raise Refused(fault)
    place = machine.place(os.path.dirname(path))
    if not os.path.isdir(place):
        os.mkdir(place, 0o755)
        os.chmod(place, 0o755)  # whatever the umask
        sync_folders(machine, [os.path.dirname(path)])


def remove_folder(machine: Machine, path: str) -> None:
    """Remove the folder of a drop-in where nothing is left in it; nothing for any other file."""
    if zone_of(path) is not None:
        with contextlib.suppress(OSError):  # it is not empty, or not there, or a link
            os.rmdir(machine.place(os.path.dirname(path)))
            sync_folders(machine, [os.path.dirname(path)])


def _is_folder(machine: Machine, path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(machine.place(os.path.dirname(path))).st_mode)
    except OSError:
        return False
