"""Whose text a file holds."""

from __future__ import annotations

import hashlib

import pytest

from pvesdn.compare.conflicts import conflict, digest, holds_our_frr, is_blank_frr
from pvesdn.decode.frr.text import meaning
from pvesdn.decode.nodes.record import Record
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_INTERFACES, OUR_SYSCTL, SDN_INTERFACES
from tests.unit.design.network import facts

DEBIAN = "# default to using syslog.\n#\nlog syslog informational\n"
SKELETON = """frr version 10.4.1
frr defaults datacenter
hostname pve1
log syslog informational
service integrated-vtysh-config
!
line vty
!
"""
LEFT = SKELETON.replace("!\n", "no ip forwarding\nno ipv6 forwarding\n!\n", 1)
FOREIGN = "router bgp 65000\n bgp router-id 10.0.0.1\nexit\n"


def test_the_digest_is_sha256_of_the_bytes() -> None:
    assert digest("für\n") == hashlib.sha256("für\n".encode()).hexdigest()


def test_bytes_that_are_no_utf8_have_the_digest_that_the_node_finds() -> None:
    assert (
        digest(b"alias caf\xe9\n".decode("utf-8", "surrogateescape")) == hashlib.sha256(b"alias caf\xe9\n").hexdigest()
    )


@pytest.mark.parametrize("text", [DEBIAN, SKELETON, "", "\n \n", "  # mine\n\t! and this\n"])
def test_the_packages_default_and_pves_skeleton_are_blank(text: str) -> None:
    assert is_blank_frr(text)


@pytest.mark.parametrize(
    "line", ["router bgp 1", "vrf a", "ip route 0.0.0.0/0 10.0.0.1", "interface eth0", "ip forwarding"]
)
def test_any_block_or_route_is_somebodys(line: str) -> None:
    assert not is_blank_frr(SKELETON + line + "\n")


@pytest.mark.parametrize("path", [FRR_CONF, OUR_INTERFACES, OUR_SYSCTL, SDN_INTERFACES])
@pytest.mark.parametrize("record", [None, {}])
def test_absent_and_empty_files_may_be_written(path: str, record: dict[str, str] | None) -> None:
    assert conflict(path, None, record) == ""
    assert conflict(path, "\n", record) == ""


def test_a_default_frr_conf_may_be_replaced_and_a_foreign_one_may_not() -> None:
    assert conflict(FRR_CONF, DEBIAN, None) == ""
    assert conflict(FRR_CONF, FOREIGN, None) == "somebody else wrote it"


def test_our_own_file_without_a_record_is_a_conflict() -> None:
    said = conflict(OUR_INTERFACES, "auto a\niface a\n", {})
    assert said == "it exists, but this node has no record of pvesdn writing it"


def test_what_we_wrote_last_may_be_replaced_and_an_edit_of_it_may_not() -> None:
    record = {FRR_CONF: digest(FOREIGN)}
    assert conflict(FRR_CONF, FOREIGN, record) == ""
    assert "edited" in conflict(FRR_CONF, FOREIGN + "!\n", record)


def test_a_recorded_file_that_was_blanked_by_hand_is_a_conflict_all_the_same() -> None:
    assert "edited" in conflict(FRR_CONF, DEBIAN, {FRR_CONF: digest(FOREIGN)})


def test_what_frr_rewrote_is_still_ours_and_an_edit_of_it_is_not() -> None:
    record, meanings = {FRR_CONF: digest(FOREIGN)}, {FRR_CONF: meaning(FOREIGN)}
    rewritten = f"frr version 10.4.1\n!\n{FOREIGN}!\n"
    assert conflict(FRR_CONF, rewritten, record, meanings) == ""
    for other in (rewritten.replace("10.0.0.1", "10.0.0.2"), f"{rewritten}! mine\n"):
        assert "edited" in conflict(FRR_CONF, other, record, meanings)
    assert "edited" in conflict(FRR_CONF, rewritten, record)


def test_what_frr_makes_of_an_empty_configuration_is_blank() -> None:
    written = "frr version 8.4.4\nfrr defaults traditional\nhostname pve1\nlog syslog informational\nno ip forwarding\n"
    assert is_blank_frr(f"{written}no ipv6 forwarding\n!\n")


@pytest.mark.parametrize("path", [FRR_DAEMONS, FRR_CONF_LOCAL])
def test_files_that_are_merged_never_conflict(path: str) -> None:
    assert conflict(path, "bgpd=no\n", None) == ""


@pytest.mark.parametrize(
    ("record", "there", "holds"),
    [
        ({FRR_CONF: "0" * 64}, FOREIGN, True),
        ({FRR_CONF: "0" * 64}, SKELETON, False),
        ({FRR_CONF: "0" * 64}, None, False),
        ({}, FOREIGN, False),
        (None, FOREIGN, False),
        ({FRR_CONF: digest(LEFT)}, LEFT, True),
        ({FRR_CONF: digest(SKELETON)}, SKELETON, False),
        ({FRR_CONF: "0" * 64}, LEFT, False),
        ({}, LEFT, False),
    ],
)
def test_frr_conf_is_still_ours_where_it_was_written_and_has_something_in_it(
    record: dict[str, str] | None, there: str | None, holds: bool
) -> None:
    files = {} if there is None else {FRR_CONF: there}
    assert holds_our_frr(files, Record(files=record), facts("pve1")) is holds


def test_where_frr_is_gone_what_we_left_in_its_file_stays() -> None:
    record = Record(files={FRR_CONF: digest(LEFT)})
    assert not holds_our_frr({FRR_CONF: LEFT}, record, facts("pve1", versions={"ifupdown2": "3.3.0"}))
