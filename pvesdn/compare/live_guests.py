"""Guests that run and are plugged into nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.compare.replugs import commands, is_in_a_bridge
from pvesdn.model.guests import called
from pvesdn.model.state import NodeState
from pvesdn.model.verification import Discrepancy, Subject


def unplugged_guests(state: NodeState, names: Mapping[int, str], pve_version: str) -> Iterator[Discrepancy]:
    """Ports of guests that are in no bridge. Which VNet one belongs to, only the guest's configuration knows.

    :param names: of guests, by id, as far as they are known.
    """
    loose = {name for name, device in state.devices.items() if not device.master and is_in_a_bridge(name)}
    for replug in commands(loose, state.devices.keys(), pve_version):
        yield Discrepancy(
            node=state.node,
            subject=Subject.GUEST,
            object=replug.port,
            trait="",
            expected=f"the port of guest {called(replug.guest, names)} is in the bridge of its VNet",
            found="it is in no bridge",
            cause="the bridge was deleted or made anew, or a reload took the port out of it",
            step=replug.command,
            is_there=True,
        )
