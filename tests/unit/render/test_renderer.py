from pathlib import Path
from typing import Any

import pytest

from pvesdn.errors import SettingsError
from pvesdn.model.design import NodeDesign
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    FRR_LOCAL_BEGIN,
    FRR_LOCAL_END,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
)
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import InterfacesFile, VrfDevice
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.render.renderer import Renderer

OURS = FrrConfig(hostname="node1")
BLOCK = FrrConfig(hostname="node1", is_local_block=True)
PVES = FrrConfig(hostname="node1", version="10.4.1")


def node(**fields: Any) -> NodeDesign:
    nothing: dict[str, Any] = {
        "node": "node1",
        "interfaces": None,
        "sdn": None,
        "frr": None,
        "pve_frr": None,
        "daemons": frozenset(),
        "sysctls": (),
        "flooding": (),
        "owners": FileOwners(Writer.PVE, Writer.PVESDN),
    }
    return NodeDesign(**(nothing | fields))


def texts(design: NodeDesign, files: dict[str, str] | None = None) -> dict[str, str | None]:
    return {file.path: file.text for file in Renderer().render(design, files or {})}


def test_a_node_without_anything_of_ours_has_none_of_our_files() -> None:
    assert texts(node()) == {OUR_INTERFACES: None, OUR_SYSCTL: None, FRR_CONF: None}


def test_files_are_sorted_by_path_and_each_has_its_owner() -> None:
    design = node(
        interfaces=InterfacesFile((VrfDevice("vrf_z"),)),
        sdn=InterfacesFile((), version=3),
        frr=OURS,
        daemons=frozenset({"bgpd"}),
        sysctls=(("net.ipv4.ip_forward", "1"),),
    )
    files = Renderer().render(design, {})
    assert [(file.path, file.mode, file.owner) for file in files] == [
        (FRR_DAEMONS, "0640", "frr:frr"),
        (FRR_CONF, "0640", "frr:frr"),
        (OUR_INTERFACES, "0644", "root:root"),
        (SDN_INTERFACES, "0644", "root:root"),
        (OUR_SYSCTL, "0644", "root:root"),
    ]


def test_sysctls_are_one_a_line_below_a_word_on_whose_they_are() -> None:
    found = texts(node(sysctls=(("net.ipv4.conf.all.rp_filter", "0"), ("net.ipv4.ip_forward", "1"))))[OUR_SYSCTL]
    assert found is not None
    first, *rest = found.splitlines()
    assert first.startswith("# Written by pvesdn")
    assert rest == ["net.ipv4.conf.all.rp_filter = 0", "net.ipv4.ip_forward = 1"]


def test_frr_conf_is_ours_alone_where_pve_has_none() -> None:
    found = texts(node(frr=OURS))
    assert found[FRR_CONF]
    assert FRR_CONF_LOCAL not in found


def test_frr_conf_is_pves_where_our_part_goes_through_its_merge() -> None:
    found = texts(node(frr=BLOCK, pve_frr=PVES))
    assert str(found[FRR_CONF]).startswith("frr version 10.4.1\n")
    assert found[FRR_CONF_LOCAL] == f"{FRR_LOCAL_BEGIN}\n{FRR_LOCAL_END}\n"


def test_frr_conf_is_left_alone_where_pves_part_cannot_be_told() -> None:
    assert texts(node(frr=BLOCK))[FRR_CONF] is None


def test_our_block_goes_when_the_whole_file_is_ours_again() -> None:
    present = {FRR_CONF_LOCAL: f"{FRR_LOCAL_BEGIN}\n{FRR_LOCAL_END}\n"}
    assert texts(node(frr=OURS), present)[FRR_CONF_LOCAL] is None


def test_what_is_on_the_node_is_kept_where_it_is_not_ours() -> None:
    present = {FRR_DAEMONS: "ospfd=yes\nbgpd=no\n", FRR_CONF_LOCAL: "! admin\n"}
    found = texts(node(frr=BLOCK, daemons=frozenset({"bgpd"})), present)
    assert found[FRR_DAEMONS] == "ospfd=yes\nbgpd=yes\n"
    assert str(found[FRR_CONF_LOCAL]).startswith("! admin\n")


def test_an_operators_template_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "ifupdown").mkdir()
    (tmp_path / "ifupdown" / "header.j2").write_text("# our own words\n")
    files = Renderer(tmp_path).render(node(interfaces=InterfacesFile((VrfDevice("vrf_z"),))), {})
    text = next(file.text for file in files if file.path == OUR_INTERFACES)
    assert str(text).startswith("# our own words\n\nauto vrf_z\n")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ stanza.nothing }}\n", "VrfDevice object' has no attribute 'nothing'"),
        ("{% if %}\n", "template ifupdown/vrf_device.j2:1: Expected an expression, got 'end of statement block'"),
    ],
)
def test_an_operators_template_that_is_none_is_an_error_in_one_line(tmp_path: Path, source: str, message: str) -> None:
    (tmp_path / "ifupdown").mkdir()
    (tmp_path / "ifupdown" / "vrf_device.j2").write_text(source)
    with pytest.raises(SettingsError) as caught:
        Renderer(tmp_path).render(node(interfaces=InterfacesFile((VrfDevice("vrf_z"),))), {})
    assert message in str(caught.value)
    assert caught.value.hint == "correct it, or do without templates of your own"


def test_a_daemons_file_that_has_to_be_made_switches_on_what_pve_needs_too() -> None:
    design = node(daemons=frozenset({"bgpd"}), pve_daemons=frozenset({"isisd"}))
    made = texts(design)[FRR_DAEMONS]
    assert texts(design, {FRR_DAEMONS: made or ""})[FRR_DAEMONS] == made
    assert "isisd=yes" in (made or "").splitlines()
