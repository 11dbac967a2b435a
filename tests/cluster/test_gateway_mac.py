"""A gateway that is live gets another MAC: ifupdown2 takes its device down for that, and IPv6 addresses go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cluster.kit import EVPN, apply_to, draw, errors, plan_of, serving

IPV6_GATEWAY = EVPN[: EVPN.index("exit: ")] + "subnet: sym-2001:db8:2::-64\n\tvnet web\n\tgateway 2001:db8:2::1\n"


@pytest.mark.parametrize("is_rehearsed", [False, True], ids=["ours alone", "with PVE's pending"])
def test_a_live_gateway_that_gets_another_mac_has_its_ipv6_address_afterwards(
    tmp_path: Path, *, is_rehearsed: bool
) -> None:
    with serving(tmp_path, IPV6_GATEWAY) as cluster:
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", IPV6_GATEWAY.replace("4000\n", "4000\n\tmac 02:00:00:00:00:09\n"))
        if is_rehearsed:
            draw(cluster)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        web = cluster.nodes["pve2"].links()["web"]
        assert web["address"] == "02:00:00:00:00:09"
        assert web["addresses"] == ["10.0.2.254/24", "2001:db8:2::1/64"]
        assert plan_of(cluster).is_empty
