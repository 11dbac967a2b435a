"""What PVE keeps for DHCP, IPAM and DNS goes through an apply as it is, and its secrets stay where they are."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.test_alongside_pve import KEPT
from tests.cluster.kit import (
    apply_to,
    draw,
    errors,
    everything,
    install_dnsmasq,
    plan_of,
    serving,
)


def test_everything_is_committed_and_no_file_of_pves_is_touched(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        install_dnsmasq(cluster)
        draw(cluster, KEPT)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        assert {name: cluster.read_sdn(name) for name in KEPT} == KEPT
        running = json.loads(cluster.read_sdn(".running-config") or "")
        (zone,) = running["zones"]["ids"].values()
        (subnet,) = running["subnets"]["ids"].values()
        assert (zone["dhcp"], zone["ipam"], zone["dnszone"]) == ("dnsmasq", "nb", "example.org")
        assert len(subnet["dhcp-range"]) == 2
        assert not [path for path, (_, data) in everything(cluster).items() if b"s3cret" in data]
