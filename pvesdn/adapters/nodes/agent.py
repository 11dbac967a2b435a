"""The verbs of the node program as calls with values: requests are encoded and answers decoded
here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pvesdn.decode.frr.meanings import meaning_of
from pvesdn.decode.nodes.answers import (
    decode_announced,
    decode_applied,
    decode_asked,
    decode_files,
    decode_flag,
    decode_heard,
    decode_holder,
    decode_observed,
    decode_problems,
    decode_reason,
    decode_undone,
)
from pvesdn.decode.nodes.looked_up import decode_looked_up
from pvesdn.model.execution import Checkpoint, FileWrite, Flooding, FrrAction, PutInPlace, Undone
from pvesdn.model.files import OUR_INTERFACES, OUR_SYSCTL
from pvesdn.model.looked_up import LookedUp, Question
from pvesdn.model.open_apply import Applied, LockHolder
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.reloads import ChangedInterfaces
from pvesdn.model.snapshot import (
    CANARY_COMMANDS,
    CAUSE_COMMANDS,
    CAUSE_FILES,
    NODE_COMMANDS,
    NODE_FILES,
    STATE_COMMANDS,
    NodeRaw,
)


class Transport(Protocol):
    """A way to the node program."""

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program, whose docstrings are the protocol.

        :raises NodeUnreachable: the node could not be reached, or its python3 did not run the program.
        :raises NodeFailed: the program ran and reported a failure.
        :raises ClusterError: at the first call, where nodes are found by the membership and that cannot be read.
        """
        ...


class ProgramAgent:
    """The `ports.NodeAgent`, over any transport. :param transport: the way to the nodes."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def read(self, node: NodeName, files: Sequence[str]) -> Mapping[str, str]:
        """Text by absolute path."""
        return decode_files(node, self._ask(node, "read", files=list(files)), files)

    def observe(self, node: NodeName, *, has_state: bool = False, besides: Sequence[str] = ()) -> NodeRaw:
        """All that a plan needs of the node, and its live state where that counts."""
        commands = [*NODE_COMMANDS, *(STATE_COMMANDS if has_state else ())]
        value = self._ask(node, "observe", files=[*NODE_FILES, *besides], commands=commands)
        return decode_observed(node, value, besides)

    def look_around(self, node: NodeName) -> NodeRaw:
        """What may explain that a check has failed."""
        value = self._ask(node, "observe", files=list(CAUSE_FILES), commands=list(CAUSE_COMMANDS))
        return decode_asked(node, value)

    def look_up(self, node: NodeName, question: Question) -> LookedUp:
        """What the node's tables say of the ends of a trace."""
        words: dict[str, Json] = {"guests": sorted(question.guests), "ports": sorted(question.ports)}
        words |= {"macs": sorted(question.macs), "addresses": sorted(map(str, question.addresses))}
        words |= {"vrfs": sorted(question.vrfs), "groups": sorted(map(str, question.groups))}
        return decode_looked_up(self._ask(node, "look_up", **words))

    def announced(self, node: NodeName) -> frozenset[int]:
        """The VNIs of which the node's FRR has a type-3 route of its own."""
        return decode_announced(node, self._ask(node, "observe", files=[], commands=list(CANARY_COMMANDS)))

    def stage(self, node: NodeName, files: Sequence[FileWrite]) -> tuple[str, ...]:
        """Put files beside their targets; what speaks against them."""
        return decode_problems(node, self._ask(node, "stage", files=_entries(files)))

    def discard(self, node: NodeName, paths: Sequence[str]) -> None:
        """Take staged files away again."""
        self._ask(node, "discard", files=list(paths))

    def arm(self, node: NodeName, checkpoint: Checkpoint) -> bool:
        """Have the node write down how it is; whether it puts itself back after a reboot too."""
        words: dict[str, Json] = {"id": checkpoint.id, "who": checkpoint.who, "seconds": checkpoint.seconds}
        words |= {"frr": checkpoint.frr.value, "rehearses": list(checkpoint.rehearses)}
        words |= {"locks": True} if checkpoint.locks else {}
        return decode_flag(node, self._ask(node, "arm", **words), "survives_reboot")

    def hold(self, node: NodeName, apply_id: str, *, is_committing: bool = False, token: str = "") -> bool:
        """Move the deadline on; False where the node has put itself back."""
        words: dict[str, Json] = {"id": apply_id, "is_committing": is_committing} | ({"token": token} if token else {})
        return decode_flag(node, self._ask(node, "hold", **words), "is_armed")

    def wait(self, node: NodeName, apply_id: str, seconds: int, nodes: Sequence[NodeName]) -> bool:
        """Have the node wait for somebody to confirm; False where it has put itself back."""
        value = self._ask(node, "hold", id=apply_id, waits=seconds, nodes=list(nodes))
        return decode_flag(node, value, "is_armed")

    def applied(self, node: NodeName) -> Applied:
        """What the node knows of applies."""
        return decode_applied(node, self._ask(node, "standing"))

    def confirm(self, node: NodeName, apply_id: str) -> bool:
        """Have what this apply has done stay; False where it has been put back."""
        return decode_flag(node, self._ask(node, "disarm", id=apply_id, confirms=True), "is_kept")

    def undo(self, node: NodeName, apply_id: str) -> Undone:
        """Have the node put back what this apply has done there."""
        return decode_undone(node, self._ask(node, "undo", id=apply_id))

    def settle(self, node: NodeName, apply_id: str) -> Undone:
        """Have the node deal with what an apply that was left alone has done there."""
        return decode_undone(node, self._ask(node, "settle", id=apply_id))

    def disarm(self, node: NodeName, apply_id: str) -> bool:
        """Have the node forget its checkpoint; False where it was restarted, and puts itself back."""
        return decode_flag(node, self._ask(node, "disarm", id=apply_id), "is_kept")

    def commit(self, node: NodeName, swap: PutInPlace, *, is_alone: bool = False) -> None:
        """Put staged files in place, all or none."""
        leaving = [{"file": OUR_INTERFACES, "interface": name} for name in swap.ifdown]
        words: dict[str, Json] = {"ifdown": [*leaving], "delete_links": list(swap.delete_links)}
        words |= {"is_alone": True} if is_alone else {}
        self._ask(node, "commit", files=_entries(swap.files), **words)

    def load_sysctl(self, node: NodeName) -> None:
        """Load our kernel settings."""
        self._ask(node, "sysctl", file=OUR_SYSCTL)

    def change_frr(self, node: NodeName, action: FrrAction) -> None:
        """Have FRR take its files."""
        self._ask(node, "frr", action=action.value)

    def reload(self, node: NodeName) -> None:
        """Have the node reload its network from its files as they are."""
        self._ask(node, "reload")

    def reload_changed(self, node: NodeName, changed: ChangedInterfaces) -> str:
        """Take down and bring up only what changes; why all has to be reloaded, empty where it need not."""
        value = self._ask(node, "reload_changed", down=list(changed.down), up=list(changed.up))
        return decode_reason(node, value, "whole")

    def readvertise(self, node: NodeName) -> None:
        """Have the other nodes relearn router MACs that a reload has changed."""
        self._ask(node, "readvertise")

    def restart_dhcp(self, node: NodeName, zones: Sequence[str]) -> None:
        """Restart PVE's dnsmasq of these zones."""
        self._ask(node, "serve", zones=list(zones))

    def restore_flooding(self, node: NodeName, flooding: Flooding) -> None:
        """Append static all-zero FDB entries that are missing."""
        ports = {port: [str(address) for address in remotes] for port, remotes in flooding}
        self._ask(node, "flood", ports=ports)

    def drop_surplus_rules(self, node: NodeName) -> None:
        """Take away rules of PVE's source NAT that reloads have added again."""
        self._ask(node, "nat")

    def finish(self, node: NodeName) -> None:
        """Take the mark of an unfinished commit away."""
        self._ask(node, "finish")

    def probe(self, node: NodeName, probes: Sequence[PathProbe], *, nonce: str, seconds: float) -> Heard:
        """Send the node's own probes, and listen for the others'."""
        sends: list[Json] = [_probe(probe) for probe in probes if probe.source == node]
        hears: list[Json] = [
            {"number": probe.number, "bridge": probe.bridge} for probe in probes if probe.target == node
        ]
        return decode_heard(node, self._ask(node, "probe", nonce=nonce, seconds=seconds, send=sends, hear=hears))

    def put(self, node: NodeName, path: str, text: str) -> None:
        """Write one of our own files below /etc/pve/sdn."""
        self._ask(node, "put", path=path, text=text)

    def replace(self, node: NodeName, path: str, text: str, *, expect: str | None) -> None:
        """The same, in place of what is expected there."""
        self._ask(node, "put", path=path, text=text, expect=expect)

    def lock(self, node: NodeName, run_id: str, who: str) -> LockHolder | None:
        """Take the cluster lock; who has it, None where we do."""
        return decode_holder(node, self._ask(node, "lock", id=run_id, who=who))

    def renew_lock(self, node: NodeName, run_id: str) -> bool:
        """Keep the cluster lock; False where it was lost."""
        return decode_flag(node, self._ask(node, "renew", id=run_id), "is_held")

    def unlock(self, node: NodeName, run_id: str) -> bool:
        """Give the cluster lock back; False where it was not ours."""
        return decode_flag(node, self._ask(node, "unlock", id=run_id), "was_held")

    def _ask(self, node: NodeName, verb: str, **arguments: Json) -> dict[str, Json]:
        return self.transport.ask(node, verb, arguments)


def _probe(probe: PathProbe) -> dict[str, Json]:
    return {
        "number": probe.number,
        "source": str(probe.vtep),
        "target": str(probe.peer),
        "port": probe.udp_port,
        "vni": probe.vni,
        "source_mac": probe.source_mac,
        "target_mac": probe.mac,
        "size": probe.size,
    }


def _entries(files: Sequence[FileWrite]) -> list[dict[str, Json]]:
    return [
        {
            "path": file.path,
            "text": file.text,
            "mode": file.mode,
            "owner": file.owner,
            "expect": file.expect,
            # By this it is known as ours when FRR has reworded it (`write memory`), or others write beside our block.
            "meaning": meaning_of(file.path, file.text),
            "is_pves": file.is_pves,
        }
        for file in files
    ]
