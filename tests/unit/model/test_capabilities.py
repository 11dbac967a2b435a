"""What PVE can do, by the versions of its packages."""

from __future__ import annotations

import pytest

from pvesdn.model.capabilities import NETWORK_PACKAGE, GeneratorLevel, PveCapabilities, has_sdn_by_version
from pvesdn_lab.simulated.character import CHARACTERS

LEVELS = [
    ("0.11.3", GeneratorLevel.BEFORE_1_0),
    ("1.0", GeneratorLevel.BEFORE_1_3),
    ("1.2.5", GeneratorLevel.BEFORE_1_3),
    ("1.3.0", GeneratorLevel.KNOWN),
    ("1.3.7~x", GeneratorLevel.KNOWN),
    ("1:1.3.0", GeneratorLevel.KNOWN),
    ("1.4.0", GeneratorLevel.NEWER),
    ("2.0.0", GeneratorLevel.NEWER),
    ("1.10.0", GeneratorLevel.NEWER),
]
LEVELS_OF_PVE = [
    ("7.4-20", GeneratorLevel.BEFORE_1_0),
    ("8.4.14", GeneratorLevel.BEFORE_1_0),
    ("9", GeneratorLevel.KNOWN),
    ("9.1.5", GeneratorLevel.KNOWN),
    ("9.2.0", GeneratorLevel.NEWER),
    ("10.0.1", GeneratorLevel.NEWER),
    ("", GeneratorLevel.KNOWN),
    ("unknown", GeneratorLevel.KNOWN),
]


def pve(version: str = "9.1.5", *, has_sdn: bool = True, **packages: str) -> PveCapabilities:
    return PveCapabilities(version, has_sdn, packages)


@pytest.mark.parametrize(("package", "level"), LEVELS)
@pytest.mark.parametrize("version", ["8.4.14", "9.1.5", "9.2.11", ""])
def test_a_node_has_the_level_of_its_own_package(version: str, package: str, level: GeneratorLevel) -> None:
    assert pve(version, node1=package).on("node1").level is level


@pytest.mark.parametrize(("version", "level"), LEVELS_OF_PVE)
@pytest.mark.parametrize("package", ["", "none"])
def test_where_the_package_is_not_known_pves_version_tells(version: str, package: str, level: GeneratorLevel) -> None:
    assert pve(version, node1=package).on("node1").level is level
    assert pve(version).on("node1").level is level


def test_nodes_of_a_cluster_in_the_middle_of_an_upgrade_differ() -> None:
    mixed = pve("9.1.5", old="0.11.3", new="1.3.0")
    assert [mixed.on(node).merge_is_known for node in ("old", "new", "off")] == [False, True, True]
    assert [mixed.on(node).has_dry_run for node in ("old", "new", "off")] == [False, True, False]


@pytest.mark.parametrize(
    ("package", "writes_frr_for_local", "has_lock", "has_dry_run"),
    [
        ("0.11.3", False, False, False),
        ("1.1.2", False, False, False),
        ("1.1.3", False, True, False),
        ("1.2.1", False, True, False),
        ("1.2.2", True, True, False),
        ("1.3.0", True, True, True),
        ("1.6.5", True, True, True),
    ],
)
def test_abilities_came_one_after_the_other(
    package: str, *, writes_frr_for_local: bool, has_lock: bool, has_dry_run: bool
) -> None:
    can = pve(node1=package).on("node1")
    assert (can.writes_frr_for_local, can.has_lock, can.has_dry_run) == (writes_frr_for_local, has_lock, has_dry_run)


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [
        ("8.4.14", False),
        ("9.0.0~11", False),
        ("9.0.1", True),
        ("9.0", True),
        ("9.1.5", True),
        ("10.0", True),
        ("", False),
    ],
)
def test_a_reload_is_told_to_leave_frr_alone_where_pve_certainly_understands(version: str, *, is_taken: bool) -> None:
    assert pve(version).takes_regenerate_frr is is_taken
    assert not pve(version, has_sdn=False).takes_regenerate_frr


@pytest.mark.parametrize(("version", "has_sdn"), [("7.4-20", False), ("8.0.3", True), ("9.1.5", True), ("", False)])
def test_sdn_came_with_pve_8(version: str, *, has_sdn: bool) -> None:
    assert has_sdn_by_version(version) is has_sdn


@pytest.mark.parametrize("version", ["", "x", ".", "9.x", "9999999999.1", "-1", "9.1.5\n"])
def test_no_text_is_too_odd_for_a_version(version: str) -> None:
    can = pve(version, node1=version)
    assert isinstance(can.on("node1").level, GeneratorLevel)
    assert isinstance(can.takes_regenerate_frr, bool)


@pytest.mark.parametrize("major", sorted(CHARACTERS))
def test_a_simulated_pve_is_taken_for_what_it_is(major: int) -> None:
    """Its version and packages alone tell which of its endpoints and parameters there are."""
    character = CHARACTERS[major]
    packages = {"node1": character.packages[NETWORK_PACKAGE]} if NETWORK_PACKAGE in character.packages else {}
    can = PveCapabilities(character.version, character.has_sdn, packages)
    assert has_sdn_by_version(character.version) is character.has_sdn
    assert can.takes_regenerate_frr is character.knows_regenerate_frr
    assert can.on("node1").has_lock is can.on("node1").has_dry_run is character.has_sdn_lock
