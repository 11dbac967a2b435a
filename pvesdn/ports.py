"""What the verbs need of the world: small protocols, satisfied by adapters and by the fakes of the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TypeVar

from pvesdn.errors import NodeError
from pvesdn.model.dry_run import DryRun
from pvesdn.model.execution import Checkpoint, FileWrite, Flooding, FrrAction, PutInPlace, Undone
from pvesdn.model.open_apply import Applied, LockHolder
from pvesdn.model.primitives import Json, NodeName, Upid
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.progress import Event
from pvesdn.model.reloads import ChangedInterfaces
from pvesdn.model.sdn_edits import SdnCall
from pvesdn.model.snapshot import NodeRaw
from pvesdn.model.tasks import TaskState

if TYPE_CHECKING:  # words for types alone; every verb would pay for making its models
    from pvesdn.model.looked_up import LookedUp, Question

Result = TypeVar("Result")


class ClusterApi(Protocol):
    """The PVE API. Every method raises ApiUnavailable or ApiRefused and nothing else."""

    def get(self, path: str) -> Json:
        """The `data` of `GET /<path>`, such as ``cluster/status``."""
        ...

    def reload_network(self, node: NodeName, *, regenerate_frr: bool | None) -> Upid:
        """Start `PUT /nodes/{node}/network`; None leaves out the parameter, which PVE before 9 does not have."""
        ...

    def apply_sdn(self, token: str | None = None) -> Upid:
        """Start `PUT /cluster/sdn`: commit PVE's pending definitions and reload every node.

        :param token: of `lock_sdn`; the commit gives the lock back.
        """
        ...

    def lock_sdn(self) -> str:
        """`POST /cluster/sdn/lock`: from now on PVE takes changes and commits only with the token that this returns.

        :raises ApiRefused: status 404 or 501 where PVE has no such lock, 500 where somebody else holds it.
        """
        ...

    def unlock_sdn(self, token: str) -> None:
        """`DELETE /cluster/sdn/lock`: give the lock back; refused where the lock holds another token."""
        ...

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        """Edit one of PVE's definitions, which is pending then.

        :param token: of `lock_sdn`.
        """
        ...

    def roll_back_sdn(self, token: str) -> None:
        """`POST /cluster/sdn/rollback`: PVE's definitions become what was committed last, whatever is pending. The lock
        is kept.

        :param token: of `lock_sdn`.
        """
        ...

    def dry_run(self, node: NodeName) -> DryRun:
        """What PVE's commit of what is pending would change in the node's files.

        :raises ApiRefused: status 404 or 501 before libpve-network-perl 1.3.0.
        """
        ...

    def require(self, rights: Iterable[tuple[str, str]]) -> None:
        """Return if we have every privilege, given as (ACL path, privilege) pairs such as ``("/sdn", "SDN.Allocate")``.

        :raises ApiRefused: status 403; a privilege is missing.
        """
        ...

    def task(self, upid: Upid) -> TaskState:
        """One look at a task."""
        ...

    def task_log(self, upid: Upid) -> tuple[str, ...]:
        """All lines of a task's log."""
        ...

    def node_tasks(self, node: NodeName, *, kind: str) -> tuple[Upid, ...]:
        """UPIDs of the node's tasks of type `kind`, oldest first: the last 500, as long as PVE keeps them."""
        ...


class NodeAgent(Protocol):
    """The node program on every node, however it is reached: a method for each of its verbs.

    Every method raises NodeUnreachable (the node could not be reached, or its python3 did not run the program) and
    NodeFailed (the program ran and refused or failed, or answered something else), and where nodes are found by the
    membership ClusterError, if that cannot be read.
    """

    def read(self, node: NodeName, files: Sequence[str]) -> Mapping[str, str]:
        """Text by absolute path. The last two components of a path may be glob patterns; absent files are absent."""
        ...

    def observe(self, node: NodeName, *, has_state: bool = False, besides: Sequence[str] = ()) -> NodeRaw:
        """All that a plan needs of the node: the files of `NODE_FILES`, the answers of `NODE_COMMANDS`.

        :param has_state: the answers of `STATE_COMMANDS` too, in the same call.
        :param besides: more files, by their paths; a plan needs those of /etc/pve/sdn from one node.
        """
        ...

    def look_around(self, node: NodeName) -> NodeRaw:
        """What may explain that a check has failed: the files of `CAUSE_FILES`, the answers of `CAUSE_COMMANDS`."""
        ...

    def look_up(self, node: NodeName, question: Question) -> LookedUp:
        """What the node's tables say of the ends of a trace; what cannot be looked up is told as not seen."""
        ...

    def announced(self, node: NodeName) -> frozenset[int]:
        """The VNIs of which the node's FRR has a type-3 route of its own.

        :raises NodeFailed: also where FRR does not tell.
        """
        ...

    def stage(self, node: NodeName, files: Sequence[FileWrite]) -> tuple[str, ...]:
        """Put files beside their targets and have FRR check its own; what speaks against them, one line each.

        With any problem nothing stays staged.
        """
        ...

    def discard(self, node: NodeName, paths: Sequence[str]) -> None:
        """Take staged files away again; those that are not staged do not matter."""
        ...

    def arm(self, node: NodeName, checkpoint: Checkpoint) -> bool:
        """Have the node write down how it is, before anything that is staged is put in place.

        Asked again for the same apply, it only moves the deadline on.

        :returns: whether the node puts itself back after a reboot too; without systemd it does not.

        :raises NodeFailed: also where another apply is open on the node.
        """
        ...

    def hold(self, node: NodeName, apply_id: str, *, is_committing: bool = False, token: str = "") -> bool:
        """Tell the node that this apply is still at work, which moves its deadline on.

        :param token: of PVE's SDN lock, which the apply has taken, for the node to give back.
        :param is_committing: PVE's commit comes next; once it is made, the node does not put itself back any more.
        :returns: False where the node has put itself back meanwhile, or is about to because it was restarted.
        """
        ...

    def wait(self, node: NodeName, apply_id: str, seconds: int, nodes: Sequence[NodeName]) -> bool:
        """Have the node keep what this apply has done only if somebody confirms it within so many seconds.

        :param nodes: all on which it has to be confirmed.
        :returns: False where the node has put itself back meanwhile.
        """
        ...

    def applied(self, node: NodeName) -> Applied:
        """Which apply is open on the node, and which was confirmed last."""
        ...

    def confirm(self, node: NodeName, apply_id: str) -> bool:
        """Have what this apply has done stay.

        :returns: False where it has been put back.
        :raises NodeFailed: also where the time for confirming has run out.
        """
        ...

    def undo(self, node: NodeName, apply_id: str) -> Undone:
        """Have the node put back what this apply has done there, and look whether it is as before.

        :raises NodeFailed: also where the checkpoint is another apply's; nothing was touched then.
        """
        ...

    def settle(self, node: NodeName, apply_id: str) -> Undone:
        """Have the node deal with what an apply that was left alone has done there, as it would by itself, and now.

        :raises NodeFailed: also while the apply may still be at work.
        """
        ...

    def disarm(self, node: NodeName, apply_id: str) -> bool:
        """Have the node forget its checkpoint: what this apply has done stays.

        :returns: False where the node was restarted meanwhile, and is about to put itself back.
        """
        ...

    def commit(self, node: NodeName, swap: PutInPlace, *, is_alone: bool = False) -> None:
        """Put staged files in place, all or none.

        :param is_alone: ifupdown2 is kept from reading the files while they are swapped.
        :raises NodeFailed: also where a file is not staged as `swap` has it, or its target has changed since it was
            read.
        """
        ...

    def load_sysctl(self, node: NodeName) -> None:
        """Load our kernel settings; what is no longer among them gets back the value of before."""
        ...

    def change_frr(self, node: NodeName, action: FrrAction) -> None:
        """Have FRR take its files; it is restarted where it is not running or cannot reload."""
        ...

    def reload(self, node: NodeName) -> None:
        """Reload the node's network from its files as they are, where PVE's own call would write one of them first.

        :raises NodeFailed: also where somebody else's reload has not ended after two minutes.
        """
        ...

    def reload_changed(self, node: NodeName, changed: ChangedInterfaces) -> str:
        """Take down and bring up only what changes, as the node's files have it.

        :returns: why nothing was done, and all of its network has to be reloaded; empty where it was done.
        :raises NodeFailed: also where a device is not as its stanza says afterwards.
        """
        ...

    def readvertise(self, node: NodeName) -> None:
        """Have the other nodes relearn router MACs that a reload has changed since the node was armed: the routes of
        such an L3VNI are withdrawn for a second. Each MAC once, however often it is asked.

        :raises NodeFailed: also where the L3VNI's bridge is not up again.
        """
        ...

    def restart_dhcp(self, node: NodeName, zones: Sequence[str]) -> None:
        """Restart PVE's dnsmasq of these zones, as far as PVE has switched it on; whether it serves, a look tells."""
        ...

    def restore_flooding(self, node: NodeName, flooding: Flooding) -> None:
        """Append static all-zero FDB entries that are missing."""
        ...

    def drop_surplus_rules(self, node: NodeName) -> None:
        """Take away the copies of PVE's iptables rules that reloads have added: as many stay as PVE's file lists."""
        ...

    def finish(self, node: NodeName) -> None:
        """Take the mark away that `commit` leaves: everything after it went well."""
        ...

    def probe(self, node: NodeName, probes: Sequence[PathProbe], *, nonce: str, seconds: float) -> Heard:
        """Send those of the probes that are the node's, and listen for those that are sent to it.

        It ends when all have come, and a while later, since other nodes may have begun later; or when the time is up.

        :param nonce: 16 hexadecimal digits that no other run has.
        """
        ...

    def put(self, node: NodeName, path: str, text: str) -> None:
        """Write one of our own files below /etc/pve/sdn, for the whole cluster."""
        ...

    def replace(self, node: NodeName, path: str, text: str, *, expect: str | None) -> None:
        """The same, in place of what is expected there.

        :param expect: SHA-256 of what is replaced, lower-case hexadecimal; None where nothing may be there.
        :raises NodeFailed: also where there is another text, which then stays; not where it is `text` already.
        """
        ...

    def lock(self, node: NodeName, run_id: str, who: str) -> LockHolder | None:
        """Take the cluster lock through this node, or ask pmxcfs once to end it if nobody renews it.

        :param run_id: hexadecimal digits that no other run has.
        :param who: one line, for others to read.
        :returns: who has it; None where we do, now or since before.
        :raises NodeFailed: also without a quorum.
        """
        ...

    def renew_lock(self, node: NodeName, run_id: str) -> bool:
        """Keep the cluster lock for another 120 seconds; only the node through which it was taken can do that.

        :returns: False where it was lost.
        :raises NodeFailed: nobody can tell; also without a quorum.
        """
        ...

    def unlock(self, node: NodeName, run_id: str) -> bool:
        """Give the cluster lock back, through the node by which it was taken; False where it was not ours any more."""
        ...


class Runner(Protocol):
    """How what is done on many nodes is done: one after the other, or side by side."""

    def each(
        self, nodes: Sequence[NodeName], task: Callable[[NodeName], Result]
    ) -> Mapping[NodeName, Result | NodeError]:
        """Do `task` on every node; what came of it, by node, in the order given.

        A NodeError is what came of it on that node, and hides no other. Any other error ends the run: no further node
        is begun, and the error is raised when those under way have ended.
        """
        ...


class Clock(Protocol):
    """Time, so that waiting can be tested without waiting."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Pulse(Protocol):
    """Something done again and again while something else is waited for."""

    def beating(self, seconds: float, beat: Callable[[], None]) -> AbstractContextManager[None]:
        """Do `beat`, which must not raise, every so many seconds while the block runs; not at its beginning."""
        ...


class Observer(Protocol):
    """Who watches a long run: the progress display, or nobody. Neither raises nor waits: the run goes on without it."""

    def tell(self, event: Event) -> None:
        """This has happened, just now; told by whichever thread it has happened in."""
        ...
