"""What the definitions, the membership and the nodes say together, and what of it cannot be."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> tuple[Finding, ...]:
    """All checks that need more than one object."""
    del given, vteps
    return ()
