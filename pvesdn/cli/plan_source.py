"""Where the plan of an apply comes from: the cluster as it is, or a saved plan that has to agree with it."""

from __future__ import annotations

from pathlib import Path

from pvesdn.cli.offer import Offer, make_offer
from pvesdn.cli.saved import offer_again, read_plan
from pvesdn.model.saved_plan import Terms
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World


class PlanSource:
    """Makes the plan, as often as it is asked.

    :param terms: of the command line; those of a saved plan are in its file.
    :param plan_file: of a saved plan; None plans for the cluster as it is.
    :raises SettingsError: the file has no plan that can be applied.
    """

    def __init__(self, terms: Terms, plan_file: Path | None) -> None:
        self._terms = terms
        self._file = plan_file
        self._saved = None if plan_file is None else read_plan(plan_file)

    def offer(self, world: World) -> Offer:
        """Read the cluster and plan.

        :raises ApplyRefused: the saved plan is out of date, or the plan cannot be carried out in such parts.
        """
        snapshot = read_cluster(world, has_state=True)
        if self._saved is None or self._file is None:
            return make_offer(snapshot, self._terms)
        return offer_again(self._saved, self._file, snapshot)
