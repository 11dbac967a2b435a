"""What every object from a definition file has."""

from __future__ import annotations

from pydantic import ConfigDict

from pvesdn.model.base import Model
from pvesdn.model.findings import Where


class Defined(Model):
    """Anything that has a place in a definition file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    where: Where
