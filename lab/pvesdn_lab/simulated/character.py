"""In which ways PVE 7, 8 and 9 differ where pvesdn touches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn_lab.simulated.sdn_config import KINDS


@dataclass(frozen=True, slots=True)
class Character:
    """One major version of PVE.

    :param version: as `GET /version` gives it.
    :param has_sdn: the /cluster/sdn endpoints exist.
    :param has_sdn_lock: lock, rollback, dry-run and the lock-token parameters exist; so do fabrics.
    :param knows_regenerate_frr: `PUT /nodes/{node}/network` takes the parameter; otherwise it is a 400.
    :param truncates_sdn_file: a reload empties interfaces.d/sdn even where SDN was never applied.
    :param packages: versions of a node's packages.
    """

    version: str
    has_sdn: bool = True
    has_sdn_lock: bool = True
    knows_regenerate_frr: bool = True
    truncates_sdn_file: bool = True
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def release(self) -> str:
        """The first two numbers of the version."""
        return ".".join(self.version.replace("-", ".").split(".")[:2])

    @property
    def kinds(self) -> tuple[str, ...]:
        """The parts of a running config."""
        return KINDS if self.has_sdn_lock else tuple(kind for kind in KINDS if kind != "fabrics")


PVE9 = Character(
    version="9.1.5",
    packages={
        "frr": "10.4.1-1+pve1",
        "frr-pythontools": "10.4.1-1+pve1",
        "ifupdown2": "3.3.0-1+pmx11",
        "libpve-network-perl": "1.3.0",
        "pve-manager": "9.1.5",
        "python3": "3.13.5-1",
    },
)
PVE8 = Character(
    version="8.4.14",
    has_sdn_lock=False,
    knows_regenerate_frr=False,
    truncates_sdn_file=False,
    packages={
        "frr": "8.5.2-1+pve1",
        "frr-pythontools": "8.5.2-1+pve1",
        "ifupdown2": "3.2.0-1+pmx11",
        "libpve-network-perl": "0.11.3",
        "pve-manager": "8.4.14",
        "python3": "3.11.2-1+b1",
    },
)
PVE7 = Character(
    version="7.4-20",
    has_sdn=False,
    has_sdn_lock=False,
    knows_regenerate_frr=False,
    truncates_sdn_file=False,
    packages={
        "frr": "8.4.4-1.1~deb11u1",
        "frr-pythontools": "8.4.4-1.1~deb11u1",
        "ifupdown2": "3.1.0-1+pmx4",
        "pve-manager": "7.4-20",
        "python3": "3.9.2-3",
    },
)
CHARACTERS = {7: PVE7, 8: PVE8, 9: PVE9}
