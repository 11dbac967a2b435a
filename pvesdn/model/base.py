"""The two kinds of values: written by people (closed) and by machines (open)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen, closed value: an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class Observed(BaseModel):
    """A frozen, open value: what a machine reports; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")
