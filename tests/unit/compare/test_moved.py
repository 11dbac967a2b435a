"""An interface that moves from one file of a node to another is one change, and a bridge that moves is not removed."""

from __future__ import annotations

from ipaddress import ip_address

from pvesdn.compare.moved import FileStanzas, follow_moves
from pvesdn.model.files import Action, PrintedInterfaces, StanzaChange
from pvesdn.model.ifupdown import InterfacesFile, Tunnel, VnetBridge, VxlanPort

PVES, OURS = "/etc/network/interfaces.d/sdn", "/etc/network/interfaces.d/pvesdn"
WEB = "auto web\niface web\n\tbridge_ports vxlan_web\n\tmtu 1450\n"


def ours(*bridges: VnetBridge) -> PrintedInterfaces:
    return PrintedInterfaces(InterfacesFile(bridges), "# ours\n", tuple(f"iface {bridge.name}\n" for bridge in bridges))


def web(mac: str | None = None) -> VnetBridge:
    return VnetBridge("web", "vxlan_web", 1450, addresses=("10.0.0.1/24",) if mac else (), hwaddress=mac)


def gone(name: str) -> tuple[StanzaChange, ...]:
    return (StanzaChange(name, Action.REMOVE),)


def come(name: str) -> tuple[StanzaChange, ...]:
    return (StanzaChange(name, Action.ADD),)


def test_what_moves_is_told_once_where_it_comes() -> None:
    found = follow_moves(
        {
            PVES: FileStanzas(gone("web"), {"web": WEB}, PrintedInterfaces(InterfacesFile(()), "#version:2\n", ())),
            OURS: FileStanzas(come("web"), {}, ours(web())),
        }
    )
    assert found[PVES] == ()
    (change,) = found[OURS]
    assert (change.name, change.action) == ("web", Action.CHANGE)
    assert change.why == f"moves here from {PVES}; the device stays"


def test_a_gateway_whose_mac_changes_by_the_move_is_told() -> None:
    found = follow_moves(
        {
            PVES: FileStanzas(gone("web"), {"web": f"{WEB}\taddress 10.0.0.1/24\n"}, None),
            OURS: FileStanzas(come("web"), {}, ours(web("06:00:00:00:00:01"))),
        }
    )
    assert "guests keep the gateway's old MAC" in found[OURS][0].why


def test_what_comes_and_what_goes_under_other_names_is_left_alone() -> None:
    files = {
        PVES: FileStanzas(gone("db"), {"db": WEB}, None),
        OURS: FileStanzas(come("web"), {}, ours(web())),
    }
    assert follow_moves(files) == {PVES: gone("db"), OURS: come("web")}


def test_what_only_goes_is_removed_though_another_moves() -> None:
    found = follow_moves(
        {
            PVES: FileStanzas((*gone("db"), *gone("web")), {"db": WEB, "web": WEB}, None),
            OURS: FileStanzas(come("web"), {}, ours(web())),
        }
    )
    assert found[PVES] == gone("db")
    assert [change.action for change in found[OURS]] == [Action.CHANGE]


def test_a_device_that_cannot_be_changed_by_the_move_is_replaced_and_says_both() -> None:
    port = "auto vxlan_web\niface vxlan_web\n\tvxlan-id 5\n\tvxlan-local-tunnelip 10.0.0.1\n"
    new = PrintedInterfaces(
        InterfacesFile((VxlanPort("vxlan_web", 6, "z"),), tunnels={"z": Tunnel(ip_address("10.0.0.1"), 1450)}),
        "# ours\n",
        ("iface vxlan_web\n",),
    )
    found = follow_moves(
        {PVES: FileStanzas(gone("vxlan_web"), {"vxlan_web": port}, None), OURS: FileStanzas(come("vxlan_web"), {}, new)}
    )
    (change,) = found[OURS]
    assert change.action is Action.REPLACE
    assert change.why == f"moves here from {PVES}; the kernel cannot change the VNI of a live device"
