"""A saved plan -> its file: the inverse of `decode.saved_plan`."""

from __future__ import annotations

import json

from pvesdn.model.saved_plan import SavedPlan


def encode_saved_plan(plan: SavedPlan) -> str:
    """The file's text: the same plan gives the same bytes."""
    return json.dumps(plan.model_dump(mode="json"), indent=1) + "\n"
