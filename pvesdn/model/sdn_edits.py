"""Changes of PVE's own definitions, as the calls of its API that make them: pending until PVE commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class SdnCall:
    """One call that edits one definition.

    :param path: below the API's root, such as ``cluster/sdn/zones/lan``.
    :param values: parameters; a key of which there are several is a list.
    """

    method: Literal["POST", "PUT", "DELETE"]
    path: str
    values: tuple[tuple[str, str], ...] = ()

    @property
    def parameters(self) -> dict[str, str | list[str]]:
        """The same by name."""
        found: dict[str, list[str]] = {}
        for key, value in self.values:
            found.setdefault(key, []).append(value)
        return {key: values[0] if len(values) == 1 else values for key, values in found.items()}

    @property
    def rights(self) -> tuple[tuple[str, str], ...]:
        """The privileges that PVE asks for, each with the ACL path that covers whatever the call is about."""
        below = self.path.split("/")[2:]
        path = f"/sdn/{below[0]}" if below[0] in {"controllers", "fabrics"} else "/sdn/zones"
        node = below[3] if below[3:] else dict(self.values).get("node_id", "")
        on_node = ((f"/nodes/{node}", "Sys.Modify"),) if below[:2] == ["fabrics", "node"] else ()
        return (path, "SDN.Allocate"), *on_node


@dataclass(frozen=True, slots=True)
class SdnEdits:
    """PVE's definitions become others before PVE commits them.

    :param calls: in an order that PVE accepts.
    :param found: PVE's definition files as the calls find them, text by name; None for one that is not there.
    :param target: what is committed once they are made, as `.running-config` would have it.
    """

    calls: tuple[SdnCall, ...]
    found: Mapping[str, str | None] = field(repr=False)
    target: str = field(repr=False)
