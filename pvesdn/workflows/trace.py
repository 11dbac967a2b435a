"""trace: the way of a packet from one end to the other, and back. Looks, asks the nodes' tables; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pvesdn.compare.live_paths import judge_paths
from pvesdn.compare.live_view import ClusterView
from pvesdn.compare.trace import both_ways, ends_of, first_question, wider_question
from pvesdn.compare.trace_findings import concerning, leaving_steps_to
from pvesdn.compare.trace_names import named
from pvesdn.compare.trace_pings import pings_of, proved_by
from pvesdn.compare.trace_scene import Scene
from pvesdn.decode.cluster.guests import decode_guest_places
from pvesdn.errors import NodeError
from pvesdn.model.looked_up import LookedUp, Question
from pvesdn.model.primitives import NodeName
from pvesdn.model.snapshot import GUESTS_PATH
from pvesdn.model.trace import End, Pinged, Trace
from pvesdn.model.verification import Discrepancy
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.further import Further
from pvesdn.workflows.paths import listen
from pvesdn.workflows.understand import Understanding
from pvesdn.workflows.verify import LookedOver, look_over
from pvesdn.workflows.world import World

_ROUNDS = 6
"""A guest's card, its MAC, its address, its route, the VRF that it leads to, the route there: each may be known only
after the one before.
"""


def trace_understood(known: Understanding, renderer: Renderer, ends: tuple[str, str], world: World | None) -> Trace:
    """Follow the tables from each end to the other.

    :param known: with PVE's committed definitions, as for `verify`, and with the nodes' live state.
    :param ends: ids or names of guests, or addresses.
    :param world: where tables are looked up; None for a snapshot, which does not hold them.
    :raises SettingsError: an end is nobody, may be several, or both are the same.
    """
    looked = look_over(known, renderer, further=_without_packets)
    scene = Scene(looked.cluster, vteps=known.vteps, silent=_silent(looked))
    places = decode_guest_places(known.snapshot.api.get(GUESTS_PATH))
    names = named(ends[0], places, scene), named(ends[1], places, scene)
    question = first_question(names, scene)
    found: tuple[End, End] | None = None
    lost: dict[NodeName, LookedUp] = {}
    for _ in range(_ROUNDS):
        if world is not None:
            scene = replace(scene, found=_ask(world, scene.nodes, question, lost), asked=question.vrfs)
        found = ends_of(names, scene, places)
        wider = wider_question(question, found, scene)
        if world is None or wider == question:
            break
        question = wider
    assert found is not None  # noqa: S101 - there is one round at least
    there, back = both_ways(scene, found)
    verified = looked.verification
    findings = concerning((there, back), verified.discrepancies)
    return Trace(
        leaving_steps_to(there, findings),
        leaving_steps_to(back, findings),
        findings=findings,
        unreachable={**verified.unreachable, **{node: seen.unseen["fdb"] for node, seen in lost.items()}},
        offline=verified.offline,
    )


def ping(world: World, trace: Trace) -> Trace:
    """Send packets through the tunnels of a trace, and say what they have shown."""
    probes = pings_of(trace)
    if not probes:
        return replace(trace, pinged=Pinged(not_tried=("no tunnel is on the way, and nothing else is sent",)))
    heard, unable = listen(world, probes)
    tried = [probe for probe in probes if {probe.source, probe.target} <= heard.keys()]
    return replace(
        trace,
        pinged=Pinged(
            proved=tuple(proved_by(tried, heard)),
            failed=tuple(judge_paths(tried, heard)),
            not_tried=tuple(f"{item.node or 'the nodes'}: {item.what}: {item.why}" for item in unable),
        ),
    )


def _ask(
    world: World, nodes: Sequence[NodeName], question: Question, lost: dict[NodeName, LookedUp]
) -> Mapping[NodeName, LookedUp]:
    """What each node has looked up. One that does not answer any more has not, and says why.

    :param lost: those that have not in a round before, which are not waited for again; it gains those of this one.
    """

    def ask(node: NodeName) -> LookedUp:
        return world.nodes.look_up(node, question)

    found: dict[NodeName, LookedUp] = {}
    for node, answer in world.runner.each([node for node in nodes if node not in lost], ask).items():
        if isinstance(answer, NodeError):
            lost[node] = _unseen(answer)
        else:
            found[node] = answer
    return found | lost


def _unseen(error: NodeError) -> LookedUp:
    why = str(error).removeprefix(f"{error.node}: ")
    return LookedUp(unseen=dict.fromkeys(("fdb", "neighbours", "routes", "nat", "nat6", "filters", "groups"), why))


def _silent(looked: LookedOver) -> dict[str, str]:
    return {name: why.removeprefix(f"{name}: ") for name, why in looked.verification.unreachable.items()}


def _without_packets(_: ClusterView, found: Sequence[Discrepancy]) -> Further:
    return Further(tuple(found))
