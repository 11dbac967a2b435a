"""One look for metrics: what it asks of the cluster, and paths where they are tried."""

from __future__ import annotations

from pvesdn.model import metrics as m
from pvesdn.model.metrics import Family, Metric
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.metrics import look
from tests.unit.workflows.test_paths_of_apply import standing


def of(families: tuple[Family, ...], metric: Metric) -> dict[str, float]:
    """The values of a metric by its first label."""
    return {s.labels[0]: s.value for family in families if family.metric is metric for s in family.samples}


def test_paths_that_were_tried_are_counted_with_those_that_failed() -> None:
    made, underlay = standing()
    underlay.closed.add(("node2", "node3"))

    families = look(made.world(nodes=underlay), Renderer(), tries_paths=True)

    assert set(of(families, m.PATHS)) == {"node/node1", "node/node2", "node/node3"}
    assert len(set(of(families, m.PATHS).values())) == 1
    assert of(families, m.PATHS_BAD) == {"node/node1": 0, "node/node2": 1, "node/node3": 0}


def test_without_being_told_to_no_node_sends_anything() -> None:
    made, underlay = standing()

    families = look(made.world(nodes=underlay), Renderer())

    assert underlay.rounds == []
    assert of(families, m.PATHS) == {}


def test_the_look_says_when_it_began_and_how_long_it_took() -> None:
    made, underlay = standing()
    before = made.clock.now()
    observe = underlay.observe

    def slow(node: str, **asked: bool) -> object:
        made.clock.elapsed += 2.0
        return observe(node, **asked)  # type: ignore[arg-type] # as it was asked

    underlay.observe = slow  # type: ignore[method-assign,assignment] # a node that takes its time
    families = look(made.world(nodes=underlay), Renderer())

    (began,) = (s.value for family in families if family.metric is m.LOOKED_AT for s in family.samples)
    (lasted,) = (s.value for family in families if family.metric is m.LASTED for s in family.samples)
    assert began == before
    assert lasted == 6.0
