"""The calls of PVE's API that make other definitions of those that there are, in an order that PVE accepts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.compare.sdn_edits import WRITTEN, Collections, calls_between, rewritten
from pvesdn.decode.definitions.pending import pending_changes
from pvesdn.decode.definitions.section_config import scan
from pvesdn.errors import ApplyRefused
from pvesdn.model.sdn_edits import SdnCall
from pvesdn_lab.simulated import sdn_fabrics, sdn_objects


def collections(files: Mapping[str, str]) -> Collections:
    return {name: scan(files.get(name, "")).sections for name in WRITTEN}


def said(calls: tuple[SdnCall, ...]) -> list[str]:
    return [
        f"{call.method} {call.path.removeprefix('cluster/sdn/')} {dict(call.values) or ''}".strip() for call in calls
    ]


FULL = {
    "controllers": "evpn: main\n\tasn 65000\n\tpeers 192.0.2.1\n\n",
    "zones": "evpn: fab\n\tcontroller main\n\tvrf-vxlan 4100\n\n",
    "vnets": "vnet: app\n\tzone fab\n\ttag 4101\n\nvnet: db\n\tzone fab\n\ttag 4102\n\n",
    "subnets": "subnet: fab-10.1.0.0-24\n\tvnet app\n\tgateway 10.1.0.1\n\n",
}


def test_what_comes_is_created_behind_what_it_refers_to_and_what_goes_is_deleted_before() -> None:
    assert said(calls_between({}, collections(FULL))) == [
        "POST controllers {'controller': 'main', 'type': 'evpn', 'asn': '65000', 'peers': '192.0.2.1'}",
        "POST zones {'zone': 'fab', 'type': 'evpn', 'controller': 'main', 'vrf-vxlan': '4100'}",
        "POST vnets {'vnet': 'app', 'type': 'vnet', 'zone': 'fab', 'tag': '4101'}",
        "POST vnets {'vnet': 'db', 'type': 'vnet', 'zone': 'fab', 'tag': '4102'}",
        "POST vnets/app/subnets {'subnet': '10.1.0.0/24', 'type': 'subnet', 'gateway': '10.1.0.1'}",
    ]
    assert said(calls_between(collections(FULL), {})) == [
        "DELETE vnets/app/subnets/fab-10.1.0.0-24",
        "DELETE vnets/app",
        "DELETE vnets/db",
        "DELETE zones/fab",
        "DELETE controllers/main",
    ]


def test_what_stays_is_left_alone_and_what_changes_says_what_comes_and_what_goes() -> None:
    new = {**FULL, "vnets": FULL["vnets"].replace("\ttag 4102", "\ttag 4103\n\talias the data")}
    assert said(calls_between(collections(FULL), collections(new))) == [
        "PUT vnets/db {'tag': '4103', 'alias': 'the data'}"
    ]
    assert said(calls_between(collections(new), collections(FULL))) == [
        "PUT vnets/db {'tag': '4102', 'delete': 'alias'}"
    ]
    assert calls_between(collections(FULL), collections(FULL)) == ()


def test_numbers_that_change_hands_are_free_before_they_are_given_again() -> None:
    swapped = FULL["vnets"].replace("4101", "x").replace("4102", "4101").replace("x\n", "4102\n")
    methods = [
        line.split(" {")[0] for line in said(calls_between(collections(FULL), collections({**FULL, "vnets": swapped})))
    ]
    assert methods == [
        "DELETE vnets/app/subnets/fab-10.1.0.0-24",
        "DELETE vnets/app",
        "DELETE vnets/db",
        "POST vnets",
        "POST vnets",
        "POST vnets/app/subnets",
    ]


TWICE = {
    "zones": "vlan: ann\n\tbridge vmbr0\n\nvlan: bob\n\tbridge vmbr1\n\nvxlan: tun\n\tpeers 192.0.2.1\n\n",
    "vnets": "".join(f"vnet: {zone}100\n\tzone {zone}\n\ttag 100\n\n" for zone in ("ann", "bob", "tun")),
    "subnets": "subnet: ann-10.1.0.0-24\n\tvnet ann100\n\tgateway 10.1.0.1\n\n",
}


def test_vnets_that_have_had_the_same_tag_all_along_are_left_alone() -> None:
    """PVE lets them: a VLAN of each zone is its own, and a VNI is something else."""
    more = {"zones": TWICE["zones"] + "simple: lan\n\n", "vnets": TWICE["vnets"] + "vnet: web\n\tzone lan\n\n"}
    assert said(calls_between(collections(TWICE), collections({**TWICE, **more}))) == [
        "POST zones {'zone': 'lan', 'type': 'simple'}",
        "POST vnets {'vnet': 'web', 'type': 'vnet', 'zone': 'lan'}",
    ]
    other = TWICE["vnets"].replace("tag 100", "tag 200", 1)
    assert said(calls_between(collections({**TWICE, "vnets": other}), collections(TWICE))) == [
        "PUT vnets/ann100 {'tag': '100'}"
    ]


def test_a_zone_that_gets_another_controller_waits_until_the_old_one_has_gone() -> None:
    """Before libpve-network-perl 1.5 there is one EVPN controller at most."""
    new = {
        **FULL,
        "controllers": FULL["controllers"].replace("main", "next"),
        "zones": FULL["zones"].replace("main", "next"),
    }
    made = [line.split(" {")[0] for line in said(calls_between(collections(FULL), collections(new)))]
    assert made.index("DELETE controllers/main") < made.index("POST controllers") < made.index("POST zones")


FABRICS = (
    "ospf_fabric: lab\n\tip_prefix 10.7.0.0/24\n\tarea 0\n\n"
    "ospf_node: lab_pve1\n\tip 10.7.0.1\n\tinterfaces name=eno2,ip=172.16.0.1/24\n\tinterfaces name=eno3\n\n"
)
ON_A_FABRIC = {"fabrics": FABRICS, "zones": "vxlan: tun\n\tfabric lab\n\n"}


def test_a_fabric_is_made_before_its_nodes_and_both_before_what_refers_to_them() -> None:
    assert said(calls_between({}, collections(ON_A_FABRIC))) == [
        "POST fabrics/fabric {'id': 'lab', 'protocol': 'ospf', 'ip_prefix': '10.7.0.0/24', 'area': '0'}",
        "POST fabrics/node/lab {'node_id': 'pve1', 'protocol': 'ospf', 'ip': '10.7.0.1', 'interfaces': 'name=eno3'}",
        "POST zones {'zone': 'tun', 'type': 'vxlan', 'fabric': 'lab'}",
    ]
    assert said(calls_between(collections(ON_A_FABRIC), {})) == [
        "DELETE zones/tun",
        "DELETE fabrics/node/lab/pve1",
        "DELETE fabrics/fabric/lab",
    ]
    (both,) = [call for call in calls_between({}, collections(ON_A_FABRIC)) if "node" in call.path]
    assert both.parameters["interfaces"] == ["name=eno2,ip=172.16.0.1/24", "name=eno3"]
    assert both.rights == (("/sdn/fabrics", "SDN.Allocate"), ("/nodes/pve1", "Sys.Modify"))


def test_a_change_of_a_fabric_says_its_protocol_and_what_goes_one_by_one() -> None:
    old = "openfabric_fabric: lab\n\tip_prefix 10.7.0.0/24\n\thello_interval 2\n\tcsnp_interval 9\n\n"
    new = "openfabric_fabric: lab\n\tip_prefix 10.7.0.0/24\n\n"
    (call,) = calls_between(collections({"fabrics": old}), collections({"fabrics": new}))
    assert (call.method, call.path) == ("PUT", "cluster/sdn/fabrics/fabric/lab")
    assert call.parameters == {"protocol": "openfabric", "delete": ["csnp_interval", "hello_interval"]}
    assert call.rights == (("/sdn/fabrics", "SDN.Allocate"),)


def test_a_fabric_with_another_prefix_loses_its_nodes_for_the_while() -> None:
    """PVE takes no call after which a node's address lies outside of it."""
    new = FABRICS.replace("10.7.", "10.8.")
    made = [
        line.split(" {")[0]
        for line in said(calls_between(collections(ON_A_FABRIC), collections({**ON_A_FABRIC, "fabrics": new})))
    ]
    assert made == ["DELETE fabrics/node/lab/pve1", "PUT fabrics/fabric/lab", "POST fabrics/node/lab"]


@pytest.mark.parametrize("gone", ["ip", "ip6"])
def test_a_fabric_that_loses_a_prefix_is_made_again_and_a_zone_on_it_has_peers_meanwhile(gone: str) -> None:
    """PVE takes the timers away from a fabric, and no prefix."""
    both = (
        "openfabric_fabric: ring\n\tip_prefix 10.7.0.0/24\n\tip6_prefix fd00:7::/64\n\n"
        "openfabric_node: ring_pve1\n\tip 10.7.0.1\n\tip6 fd00:7::1\n\n"
    )
    one = "".join(
        line for line in both.splitlines(keepends=True) if line.split()[:1] not in ([gone], [f"{gone}_prefix"])
    )
    old = {"fabrics": both, "zones": "vxlan: tun\n\tfabric ring\n\n", "vnets": "vnet: app\n\tzone tun\n\ttag 1\n\n"}
    made = said(calls_between(collections(old), collections({**old, "fabrics": one})))
    assert [line.split(" {")[0] for line in made] == [
        "PUT zones/tun",
        "DELETE fabrics/node/ring/pve1",
        "DELETE fabrics/fabric/ring",
        "POST fabrics/fabric",
        "POST fabrics/node/ring",
        "PUT zones/tun",
    ]
    assert made[0] == "PUT zones/tun {'peers': '10.7.0.1', 'delete': 'fabric'}"
    assert made[-1] == "PUT zones/tun {'fabric': 'ring', 'delete': 'peers'}"


def test_what_is_on_a_fabric_without_nodes_is_made_again_with_it() -> None:
    """There is no address that it could have for a peer meanwhile."""
    old = {"fabrics": "openfabric_fabric: ring\n\tip_prefix 10.7.0.0/24\n\n", "zones": "vxlan: tun\n\tfabric ring\n\n"}
    new = {**old, "fabrics": old["fabrics"].replace("openfabric", "ospf").replace("\n\n", "\n\tarea 0\n\n")}
    assert [line.split(" {")[0] for line in said(calls_between(collections(old), collections(new)))] == [
        "DELETE zones/tun",
        "DELETE fabrics/fabric/ring",
        "POST fabrics/fabric",
        "POST zones",
    ]


def test_a_controller_leaves_its_fabric_before_that_goes_and_everything_on_it_stays() -> None:
    """PVE deletes no subnet in which guests have addresses."""
    old = {**FULL, "fabrics": FABRICS, "controllers": FULL["controllers"].replace("peers 192.0.2.1", "fabric lab")}
    new = {**FULL, "controllers": FULL["controllers"].replace("65000", "65001")}
    assert said(calls_between(collections(old), collections(new))) == [
        "PUT controllers/main {'peers': '192.0.2.1', 'delete': 'fabric'}",
        "DELETE fabrics/node/lab/pve1",
        "DELETE fabrics/fabric/lab",
        "PUT controllers/main {'asn': '65001'}",
    ]


def test_a_zone_goes_to_a_fabric_that_is_there_already_before_its_own_goes() -> None:
    other = FABRICS.replace("lab", "ring").replace("10.7.", "10.8.").replace("area 0", "area 1").replace("eno", "ens")
    old = {**ON_A_FABRIC, "fabrics": FABRICS + other}
    new = {"fabrics": other, "zones": ON_A_FABRIC["zones"].replace("lab", "ring")}
    assert said(calls_between(collections(old), collections(new))) == [
        "PUT zones/tun {'fabric': 'ring'}",
        "DELETE fabrics/node/lab/pve1",
        "DELETE fabrics/fabric/lab",
    ]


def test_what_nobody_knows_stays_in_the_file_and_is_no_part_of_a_call() -> None:
    text = "evpn: fab\n\tcontroller main\n\tnovelty 7\n\tvrf-vxlan 4100\n\n"
    old, new = (
        collections({**FULL, "zones": text}),
        collections({**FULL, "zones": FULL["zones"].replace("4100", "4200")}),
    )
    (call,) = calls_between(old, new)
    assert call.values[0] == ("vrf-vxlan", "4200")
    assert "novelty 7" in rewritten(text, "zones", old, new)


def test_a_name_that_cannot_be_part_of_a_path_is_refused() -> None:
    with pytest.raises(ApplyRefused, match="does not take"):
        calls_between({}, collections({"zones": "simple: ../nodes\n\n"}))


# --- whatever there is -----------------------------------------------------------------------------------------------

_ZONES = {"zone1": st.sampled_from(["simple", "vlan", "evpn"]), "zone2": st.sampled_from(["simple", "evpn", "vxlan"])}
_IP_PREFIXES = ("10.1.0.0/24", "10.2.0.0/24", "10.0.0.0/8")


@st.composite
def fabrics(draw: st.DrawFn, nodes: int = 0) -> str:
    """A fabrics.cfg that PVE would take: prefixes, areas and interfaces change hands between two of them."""
    text = ""
    areas = iter(draw(st.permutations(["0", "0.0.0.1", "2"])))
    prefixes = draw(st.sampled_from([_IP_PREFIXES[:2], _IP_PREFIXES[1::-1], _IP_PREFIXES[2:]]))
    ports = {node: iter(draw(st.permutations(["eno1", "eno2", "eno3"]))) for node in ("n1", "n2")}
    for id_, prefix in zip(draw(st.permutations(["fab1", "fab2"])), prefixes, strict=False):
        kind, families = draw(
            st.sampled_from([("ospf", "4"), ("openfabric", "4"), ("openfabric", "6"), ("openfabric", "46")])
        )
        timer = draw(st.sampled_from(["", "\thello_interval 2\n"]))
        more = f"\tarea {next(areas)}\n" if kind == "ospf" else timer
        net = f"fd00:{prefixes.index(prefix) + 1}::"
        has = {"4": f"\tip_prefix {prefix}\n", "6": f"\tip6_prefix {net}/64\n"}
        text += f"{kind}_fabric: {id_}\n{''.join(has[family] for family in families)}{more}\n"
        hosts = draw(st.permutations([1, 2]))
        for node, host in zip(draw(st.permutations(["n1", "n2"]))[: draw(st.integers(nodes, 2))], hosts, strict=False):
            at = {"4": f"\tip {prefix.split('/')[0][:-1]}{host}\n", "6": f"\tip6 {net}{host}\n"}
            text += f"{kind}_node: {id_}_{node}\n{''.join(at[family] for family in families)}"
            for _ in range(draw(st.integers(0, 1))):
                text += f"\tinterfaces name={next(ports[node])}\n"
            text += "\n"
    return text


@st.composite
def networks(draw: st.DrawFn) -> dict[str, str]:
    """A few definitions that refer to each other, as PVE would take them."""
    controllers = draw(st.lists(st.sampled_from(["main", "next"]), unique=True, min_size=1, max_size=1))
    files = {"controllers": "".join(f"evpn: {c}\n\tasn {draw(st.integers(1, 3))}\n\n" for c in controllers)}
    files |= {"zones": "", "vnets": "", "subnets": "", "fabrics": draw(fabrics())}
    on = [line.split()[1] for line in files["fabrics"].splitlines() if "_fabric: " in line]
    if on != [] and draw(st.booleans()):
        files["controllers"] = files["controllers"].replace("\n\n", f"\n\tfabric {draw(st.sampled_from(on))}\n\n")
    else:
        files["controllers"] = files["controllers"].replace("\n\n", "\n\tpeers 192.0.2.1\n\n")
    numbers = iter(draw(st.permutations(range(1, 9))))
    for zone in draw(st.lists(st.sampled_from(sorted(_ZONES)), unique=True)):
        kind = draw(_ZONES[zone])
        more = f"\tcontroller {controllers[0]}\n\tvrf-vxlan {next(numbers)}\n" if kind == "evpn" else ""
        more += "\tbridge vmbr0\n" if kind == "vlan" else ""
        if kind == "vxlan":
            more += (
                f"\tfabric {draw(st.sampled_from(on))}\n" if on != [] and draw(st.booleans()) else "\tpeers 192.0.2.1\n"
            )
        more += draw(st.sampled_from(["", "\tmtu 1400\n", "\tipam pve\n"]))
        files["zones"] += f"{kind}: {zone}\n{more}\n"
        for vnet in draw(st.lists(st.sampled_from(["net1", "net2"]), unique=True)):
            if f"vnet: {vnet}\n" not in files["vnets"]:
                files["vnets"] += f"vnet: {vnet}\n\tzone {zone}\n\ttag {next(numbers)}\n\n"
                if draw(st.booleans()):
                    files["subnets"] += (
                        f"subnet: {zone}-10.0.0.0-24\n\tvnet {vnet}\n\tsnat {draw(st.integers(0, 1))}\n\n"
                    )
                    break
    return files


@st.composite
def underlays(draw: st.DrawFn) -> dict[str, str]:
    """The same zones, VNets and subnets, whatever the controller and the VXLAN zone are on."""
    text = draw(fabrics(nodes=1))
    places = ["peers 192.0.2.1", *(f"fabric {line.split()[1]}" for line in text.splitlines() if "_fabric: " in line)]
    return {
        **FULL,
        "fabrics": text,
        "controllers": f"evpn: main\n\tasn 65000\n\t{draw(st.sampled_from(places))}\n\n",
        "zones": FULL["zones"] + f"vxlan: tun\n\t{draw(st.sampled_from(places))}\n\n",
        "vnets": FULL["vnets"] + "vnet: far\n\tzone tun\n\ttag 7\n\n",
        "subnets": FULL["subnets"] + "subnet: tun-10.2.0.0-24\n\tvnet far\n\n",
    }


@given(old=underlays(), new=underlays())
def test_whatever_becomes_of_the_fabrics_nothing_that_is_on_them_is_deleted(
    old: dict[str, str], new: dict[str, str]
) -> None:
    made = pve_makes(old, new)
    assert [call.path for call in made if call.method == "DELETE" and "/fabrics/" not in call.path] == []


@given(old=networks(), new=networks())
def test_whatever_there_is_and_is_to_be_pve_takes_every_call_and_then_has_it(
    old: dict[str, str], new: dict[str, str]
) -> None:
    pve_makes(old, new)


def pve_makes(old: dict[str, str], new: dict[str, str]) -> tuple[SdnCall, ...]:
    """The calls, each of which PVE takes; afterwards it has what it was to have."""
    calls = calls_between(collections(old), collections(new))
    with tempfile.TemporaryDirectory() as folder:
        sdn = Path(folder)
        for name in WRITTEN:
            (sdn / f"{name}.cfg").write_text(old[name])
        for call in calls:
            carry_out(sdn, call)
        now = {name: (sdn / f"{name}.cfg").read_text() for name in WRITTEN}
    assert pending_changes(collections(now), collections(new)) == ()
    text = {name: rewritten(old[name], name, collections(old), collections(new)) for name in WRITTEN}
    assert pending_changes(collections(text), collections(new)) == ()
    return calls


def carry_out(sdn: Path, call: SdnCall) -> None:
    """As the simulated API does, which refuses what PVE refuses."""
    parts, values = call.path.split("/")[2:], dict(call.parameters)
    if parts[0] == "fabrics":
        carry_out_on_fabrics(sdn, call.method, parts[1:], values)
        return
    kind = parts[2] if parts[2:] else parts[0]
    if call.method == "POST" and kind == "subnets":
        name = f"{sdn_objects.zone_of(sdn, parts[1])}-{str(values.pop('subnet')).replace('/', '-')}"
        sdn_objects.create(sdn, kind, name, {"vnet": parts[1], **values})
    elif call.method == "POST":
        sdn_objects.create(sdn, kind, str(values.pop(kind[:-1])), values)
    elif call.method == "PUT":
        sdn_objects.update(sdn, kind, parts[-1], values)
    else:
        sdn_objects.delete(sdn, kind, parts[-1])


def carry_out_on_fabrics(sdn: Path, method: str, parts: list[str], values: dict[str, str | list[str]]) -> None:
    is_node, ids = parts[0] == "node", parts[1:]
    if method == "POST" and is_node:
        sdn_fabrics.create_node(sdn, ids[0], values)
    elif method == "POST":
        sdn_fabrics.create(sdn, values)
    elif method == "PUT" and is_node:
        sdn_fabrics.update_node(sdn, ids[0], ids[1], values)
    elif method == "PUT":
        sdn_fabrics.update(sdn, ids[0], values)
    elif is_node:
        sdn_fabrics.delete_node(sdn, ids[0], ids[1])
    else:
        sdn_fabrics.delete(sdn, ids[0])
