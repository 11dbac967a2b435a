"""Null routes of PVE's exit nodes follow subnets.cfg, whatever else is committed."""

from __future__ import annotations

import json

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.design.checks.null_routes import check
from pvesdn.design.pve.interfaces import design_pve_frr
from pvesdn.model.design import DesignInput
from tests.unit.design.pve_values import given

FILES = {
    "zones.cfg": "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 4000\n\texitnodes node1\n\nsimple: lan\n\n",
    "controllers.cfg": "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\n",
}
RUNNING = {
    "version": 3,
    "zones": {"ids": {"prod": {"type": "evpn", "controller": "ctl", "vrf-vxlan": 4000, "exitnodes": {"node1": 1}},
                      "lan": {"type": "simple"}}},
    "controllers": {"ids": {"ctl": {"type": "evpn", "asn": 65000, "peers": "192.168.0.1,192.168.0.2"}}},
    "vnets": {"ids": {"office": {"type": "vnet", "zone": "lan"}}},
    "subnets": {"ids": {"lan-10.1.0.0-24": {"type": "subnet", "vnet": "office"}}},
}  # fmt: skip
OLD, NEW = "subnet: lan-10.1.0.0-24\n\tvnet office\n\n", "subnet: lan-10.9.0.0-24\n\tvnet office\n\n"


def running(**files: str) -> DesignInput:
    """A cluster as it was committed, with these files beside what was committed."""
    texts = {
        **{name.replace("_cfg", ".cfg"): text for name, text in files.items()},
        ".running-config": json.dumps(RUNNING),
    }
    decoded = decode_sdn(texts, intent="running")
    known = given()
    return DesignInput(decoded.config, known.cluster, known.facts)


def dropped(cluster: DesignInput) -> list[str]:
    config = design_pve_frr(cluster, "node1")
    assert config is not None
    return [route.prefix for vrf in config.vrfs for route in vrf.routes]


def test_a_subnet_that_is_only_listed_is_dropped_already_and_it_is_said() -> None:
    cluster = running(subnets_cfg=OLD + NEW)
    assert dropped(cluster) == ["10.1.0.0/24", "10.9.0.0/24"]
    assert [str(finding) for finding in check(cluster)] == [
        (
            "subnets.cfg:4: subnet 'lan-10.9.0.0-24': is not committed, but PVE already adds a null route for it in "
            "vrf_prod: it builds those from subnets.cfg; commit it, or remove it in PVE"
        )
    ]


def test_a_subnet_that_is_no_longer_listed_is_dropped_no_more() -> None:
    cluster = running(subnets_cfg=NEW)
    assert dropped(cluster) == ["10.9.0.0/24"]
    assert [str(finding).partition(":")[0] for finding in check(cluster)] == ["subnets.cfg", ".running-config"]


def test_without_any_definition_file_what_was_committed_is_what_is_listed() -> None:
    cluster = running()
    assert dropped(cluster) == ["10.1.0.0/24"]
    assert list(check(cluster)) == []


def test_definition_files_without_subnets_list_none() -> None:
    assert dropped(running(zones_cfg=FILES["zones.cfg"])) == []


def test_a_section_that_pve_cannot_read_is_skipped_and_stops_nothing() -> None:
    cluster = running(subnets_cfg="what: ever\n\nsubnet: lan-x-24\n\tvnet office\n\n" + OLD)
    assert dropped(cluster) == ["10.1.0.0/24"]
    assert list(check(cluster)) == []


def test_addresses_of_bridges_follow_what_was_committed() -> None:
    assert [subnet.cidr for subnet in running(subnets_cfg=NEW).sdn.pve.subnets] == ["10.1.0.0/24"]


def test_with_the_pending_definitions_there_is_no_difference_to_speak_of() -> None:
    texts = {**FILES, "subnets.cfg": OLD + NEW, ".running-config": json.dumps(RUNNING)}
    known = given()
    cluster = DesignInput(decode_sdn(texts, intent="pending").config, known.cluster, known.facts)
    assert dropped(cluster) == ["10.1.0.0/24", "10.9.0.0/24"]
    assert list(check(cluster)) == []
