"""Files as they are rendered, from the stanzas that a test is about."""

from __future__ import annotations

from ipaddress import ip_address

from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, PrintedInterfaces, RenderedFile
from pvesdn.model.frr import BgpRouter, FrrConfig
from pvesdn.model.ifupdown import InterfacesFile, Stanza, Tunnel
from pvesdn.model.pve_ifupdown import PveFabricInterface
from pvesdn.render.engine import environment
from pvesdn.render.frr import frr_conf
from pvesdn.render.interfaces import InterfacesPrinter

ENV = environment()
VTEP = ip_address("192.168.0.1")
TUNNEL = Tunnel(VTEP, 1500)
"""What every VXLAN port of ours has, whatever its zone."""


def interfaces(*stanzas: Stanza, path: str = OUR_INTERFACES, tunnel: Tunnel = TUNNEL) -> RenderedFile:
    """A file of these stanzas, in this order, of ours or of PVE's."""
    tunnels = {getattr(stanza, "tunnel", ""): tunnel for stanza in stanzas}
    printer = InterfacesPrinter(ENV)
    if path == OUR_INTERFACES:
        return printer.ours(InterfacesFile(stanzas, tunnels=tunnels))
    ours = tuple(stanza for stanza in stanzas if not isinstance(stanza, PveFabricInterface))
    fabrics = tuple(stanza for stanza in stanzas if isinstance(stanza, PveFabricInterface))
    return printer.pve(InterfacesFile(ours, version=1, fabrics=fabrics))


def stanzas(*wanted: Stanza, tunnel: Tunnel = TUNNEL) -> PrintedInterfaces:
    """The same, without the file around it."""
    found = interfaces(*wanted, tunnel=tunnel).interfaces
    assert found is not None
    return found


def conf(*asns: int) -> RenderedFile:
    """frr.conf with a router of each AS number, or with none."""
    routers = tuple(BgpRouter(asn, VTEP) for asn in asns)
    return frr_conf(ENV, FrrConfig("pve1", routers=routers))


def frr_text(text: str) -> RenderedFile:
    """frr.conf as a text alone, where what it says is not the point."""
    return RenderedFile(FRR_CONF, text)
