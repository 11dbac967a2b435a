import pytest

from pvesdn.design.cluster import share
from pvesdn.design.ours.vteps import choose_vteps
from tests.unit.design.network import SYMMETRIC, UNICAST, design, given


def test_stanzas_are_sorted_by_name() -> None:
    interfaces = design(
        given(UNICAST + SYMMETRIC.partition("\n\n")[2].replace("vmbr2", "aaa").replace("tag 2", "tag 3"))
    ).interfaces
    assert interfaces is not None
    names = [stanza.name for stanza in interfaces.stanzas]
    assert names == sorted(names)
    assert names[0] == "aaa"


def test_a_cluster_without_zones_of_ours_gets_nothing_of_ours() -> None:
    made = design(given(""))
    assert (made.interfaces, made.frr, made.sysctls, made.daemons, made.flooding) == (None, None, (), frozenset(), ())


def test_a_network_that_the_checks_refuse_has_no_design() -> None:
    network = given(UNICAST, nodes=1, offline=["node1"])
    vteps, _ = choose_vteps(network)
    with pytest.raises(ValueError, match="the MTU of zone ucast cannot be known"):
        share(network, vteps)
