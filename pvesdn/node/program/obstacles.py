"""Why a file cannot be put in place: looked for before it is staged, and once more before it is swapped."""

import grp
import os
import pwd
import re
import stat
from typing import List, Optional, Tuple

from pvesdn.node.program.drop_ins import folder_fault, zone_of
from pvesdn.node.program.files import digest_of, text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.request import Change


def obstacles(machine: Machine, change: Change) -> List[str]:
    """Why `change` cannot be put in place as things are now."""
    fault = folder_fault(machine, change.path)
    if fault:
        return [fault]
    place = machine.place(change.path)
    if os.path.lexists(place) and not stat.S_ISREG(os.lstat(place).st_mode):
        return [f"{change.path} is not a regular file; put a file in its place or remove it"]
    if digest_of(machine, change.path) != change.expect:
        return [f"{change.path} has changed since it was read"]
    if change.data is None:
        return []
    folder = os.path.dirname(change.path)
    needed = folder if zone_of(change.path) is None else os.path.dirname(folder)
    if not os.path.isdir(machine.place(needed)):
        remedy = "; apt install frr frr-pythontools" if "/frr/" in change.path else ""
        return [f"{needed} does not exist{remedy}"]
    try:
        owner_ids(machine, change.owner)
    except Refused as refused:
        return [f"{change.path}: {refused.error}"]
    return []


def owner_ids(machine: Machine, owner: str) -> Optional[Tuple[int, int]]:
    """User and group as numbers; None where we must not set owners: a simulated node without users, or one that belongs
    to a user.
    """
    user, group = owner.split(":")
    if not machine.root:
        try:
            return pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
        except KeyError:
            raise Refused(f"there is no user and group {owner}") from None
    users, groups = text_of(machine, "/etc/passwd"), text_of(machine, "/etc/group")
    if users is None or groups is None:
        return None
    numbers = []
    for name, table in ((user, users), (group, groups)):
        found = re.search(rf"(?m)^{re.escape(name)}:[^:]*:(\d+):", table)
        if found is None:
            raise Refused(f"there is no user and group {owner}")
        numbers.append(int(found.group(1)))
    return (numbers[0], numbers[1]) if os.geteuid() == 0 else None
