"""Remotes of a fabric: PVE prints them in another order every time, and that is no change."""

from __future__ import annotations

from pvesdn.compare.free_order import in_present_order
from pvesdn.compare.present import PresentFile
from pvesdn.model.files import SDN_INTERFACES, RenderedFile
from pvesdn.model.ifupdown import InterfacesFile
from pvesdn.model.pve_ifupdown import PveFabricInterface, PveVnetBridge, PveVxlanPort
from pvesdn.render.engine import environment
from pvesdn.render.interfaces import InterfacesPrinter


def printed(*remotes: str, is_order_free: bool = True, mtu: int = 1450) -> RenderedFile:
    port = PveVxlanPort("vxlan_web", vni=5, mtu=mtu, remotes=remotes, is_order_free=is_order_free)
    bridge = PveVnetBridge("web", "vxlan_web", mtu=mtu)
    dummy = PveFabricInterface("dummy_lab", "inet", "172.20.30.1/32", is_dummy=True)
    dummy6 = PveFabricInterface("dummy_lab", "inet6", "fd00::1/128", is_dummy=True)
    file = InterfacesFile((port, bridge), version=7, fabrics=(dummy, dummy6))
    return InterfacesPrinter(environment()).pve(file)


def settle(wanted: RenderedFile, on_the_node: str | None) -> RenderedFile:
    return in_present_order(wanted, PresentFile(on_the_node))


def test_another_order_of_the_remotes_is_no_change():
    on_the_node = printed("172.20.30.3", "172.20.30.2").text
    wanted = printed("172.20.30.2", "172.20.30.3")
    assert wanted.text != on_the_node
    settled = settle(wanted, on_the_node)
    assert settled.text == on_the_node
    assert "".join(settled.stanzas["vxlan_web"].splitlines(keepends=True)) in (on_the_node or "")


def test_another_remote_is_a_change_in_our_order():
    wanted = printed("172.20.30.2", "172.20.30.4")
    assert settle(wanted, printed("172.20.30.3", "172.20.30.2").text) == wanted


def test_the_order_of_the_rest_of_the_file_does_not_move_with_it():
    wanted = printed("172.20.30.2", "172.20.30.3")
    other = (printed("172.20.30.3", "172.20.30.2").text or "").replace("#version:7", "#version:6")
    assert settle(wanted, other).text == other.replace("#version:6", "#version:7")


def test_the_order_of_a_list_of_peers_counts():
    wanted = printed("192.168.0.2", "192.168.0.3", is_order_free=False)
    on_the_node = printed("192.168.0.3", "192.168.0.2", is_order_free=False).text
    assert settle(wanted, on_the_node) == wanted


def test_without_a_file_there_is_no_order_to_keep():
    wanted = printed("172.20.30.2", "172.20.30.3")
    assert settle(wanted, None) == wanted
    assert settle(RenderedFile(SDN_INTERFACES, None), "x") == RenderedFile(SDN_INTERFACES, None)


def test_an_interface_with_two_addresses_is_one_stanza_of_two_blocks():
    assert printed().stanzas["dummy_lab"] == (
        "auto dummy_lab\niface dummy_lab inet static\n\taddress 172.20.30.1/32\n\tlink-type dummy\n\tip-forward 1\n"
        "\n"
        "auto dummy_lab\niface dummy_lab inet6 static\n\taddress fd00::1/128\n\tlink-type dummy\n\tip-forward 1\n"
    )


def test_only_the_stanza_whose_order_is_free_takes_the_order_on_the_node():
    def file(*remotes):
        free = PveVxlanPort("vxlan_free", vni=5, mtu=1450, remotes=remotes, is_order_free=True)
        listed = PveVxlanPort("vxlan_list", vni=6, mtu=1450, remotes=remotes)
        return InterfacesPrinter(environment()).pve(InterfacesFile((free, listed), version=7))

    wanted, there = file("172.20.30.2", "172.20.30.3"), file("172.20.30.3", "172.20.30.2")
    settled = settle(wanted, there.text)
    assert settled.stanzas["vxlan_free"] == there.stanzas["vxlan_free"]
    assert settled.stanzas["vxlan_list"] == wanted.stanzas["vxlan_list"]
