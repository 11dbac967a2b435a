"""What is said of frr.conf.local before PVE merges it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.compare import frr_local
from pvesdn.decode.frr.local import read_local
from pvesdn.design.merge.local import merge_local
from pvesdn.model.cluster import ClusterState
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, FRR_LOCAL_END, RenderedFile
from pvesdn.model.findings import Severity
from pvesdn.model.frr import BgpRouter, FrrConfig, OspfInterface, VrfBinding
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.sdn import SdnConfig

PVE = FrrConfig("node1", version="10.4.1", vrfs=(VrfBinding("vrf_z", 4000),), routers=(BgpRouter(65000, "10.0.0.1"),))
OURS = f"{FRR_LOCAL_BEGIN}\nvrf vrf_z\n ip route 0.0.0.0/0 172.16.0.254 eno2\nexit-vrf\n!\n{FRR_LOCAL_END}\n"
NEW_FAMILY = " address-family ipv6 unicast\n  redistribute static\n exit-address-family\n"


def judge_local(node: str, config: FrrConfig, text: str, *, is_older: bool = False) -> frr_local.LocalVerdict:
    return frr_local.judge_local(node, merge_local(config, read_local(text)), is_older=is_older)


def test_a_file_that_passes_is_not_spoken_of():
    verdict = judge_local("node1", PVE, "ip prefix-list A seq 5 permit 10.0.0.0/8\n" + OURS)
    assert (verdict.errors, verdict.warnings) == ((), ())


def test_a_line_of_ours_that_is_lost_is_an_error_with_its_place():
    block = OURS.replace("vrf vrf_z", "router bgp 65001")
    (error,) = judge_local("node1", PVE, "!\n" + block).errors
    assert error.severity is Severity.ERROR
    assert str(error) == (
        "node1: /etc/frr/frr.conf.local:3: in PVE's merge line 'router bgp 65001' of our block is a second BGP instance "
        "next to PVE's of AS 65000, which FRR refuses; "
        "check what comes before our block in the file, and the AS numbers of PVE's controllers"
    )


def test_lines_of_an_administrator_that_are_lost_are_one_warning():
    verdict = judge_local("node1", PVE, "ip route 10.0.0.0/8 10.0.0.1\nbfd\n" + OURS)
    assert verdict.errors == ()
    (warning,) = verdict.warnings
    assert warning.severity is Severity.WARNING
    assert str(warning).startswith(
        "node1: /etc/frr/frr.conf.local:1: in PVE's merge line 'ip route 10.0.0.0/8 10.0.0.1' is dropped, "
        "and 1 more line does not pass either; move it to /etc/network/interfaces: "
        "'up ip route add 10.0.0.0/8 via 10.0.0.1' in the stanza of the interface that leads there"
    )


def test_no_secret_is_shown():
    (warning,) = judge_local("node1", PVE, "password geheim\n").warnings
    assert "geheim" not in str(warning)


def test_what_pve_fails_over_is_an_error_whoever_wrote_it():
    verdict = judge_local("node1", PVE, "!\nvrf vrf_z\nexit-vrf\n")
    assert verdict.warnings == ()
    (error,) = verdict.errors
    assert error.severity is Severity.ERROR
    assert str(error) == (
        "node1: /etc/frr/frr.conf.local:2: in PVE's merge line 'vrf vrf_z' opens an empty block, on which PVE "
        "fails and writes no frr.conf; put a line into the block, or remove the block"
    )
    assert judge_local("node1", PVE, "!\nvrf vrf_z\n ip route 10.0.0.0/8 null0\nexit-vrf\n").errors == ()
    assert judge_local("node1", PVE, "!\n").errors == ()


def test_what_breaks_pves_own_has_a_line_of_its_own_with_both_places():
    family, stray, dropped, asleep = judge_local(
        "node1", PVE, "address-family ipv4 unicast\nexit\nrouter ospf\nrouter bgp 65000\nexit\nbfd\n# bfd\nlog x\n"
    ).warnings
    assert family.where == "node1: /etc/frr/frr.conf.local:1"
    assert family.hint.startswith("move it, with its lines and its exit-address-family, below the 'router bgp'")
    assert stray.where == "node1: /etc/frr/frr.conf.local:5"
    assert stray.hint == "end the block of line 3, 'router ospf', with exit"
    assert dropped.where == "node1: /etc/frr/frr.conf.local:6"
    assert dropped.what.endswith("'bfd' is dropped, and 1 more line does not pass either")
    assert [other.where for other in dropped.others] == ["node1: /etc/frr/frr.conf.local:8"]
    assert asleep.where == "node1: /etc/frr/frr.conf.local:3"


def test_comments_are_no_loss():
    text = "# the office router\nrouter bgp 65000\n neighbor 10.0.0.250 remote-as 65230\nexit\n# end\n"
    assert judge_local("node1", PVE, text).warnings == ()


def test_a_dropped_line_is_named_and_not_the_comment_above_it():
    (warning,) = judge_local("node1", PVE, "# way to the backup network\nip route 10.0.0.0/16 10.0.0.250\n").warnings
    assert warning.where == "node1: /etc/frr/frr.conf.local:2"
    assert "line 'ip route 10.0.0.0/16 10.0.0.250' is dropped" in warning.what


def test_every_line_that_is_lost_is_named_with_its_number():
    text = "".join(f"ip route 10.{number}.0.0/16 10.0.0.1\n! {number}\n" for number in range(40))
    (warning,) = judge_local("node1", PVE, text).warnings
    assert warning.what.endswith("and 39 more lines do not pass either")
    assert [found.where for found in (warning, *warning.others)] == [
        f"node1: /etc/frr/frr.conf.local:{2 * number + 1}" for number in range(40)
    ]
    assert all(f"'ip route 10.{number}.0.0/16" in other.what for number, other in enumerate(warning.others, start=1))
    assert not any(
        "geheim" in str(other) for other in judge_local("n", PVE, "bfd\npassword geheim\n").warnings[0].others
    )


def test_what_frr_itself_prints_around_a_configuration_is_no_loss():
    text = (
        "Building configuration...\n\nCurrent configuration:\n!\nfrr version 10.4.1\nfrr defaults traditional\n"
        "hostname node1\nlog syslog informational\nservice integrated-vtysh-config\n!\n"
        "router bgp 65000\n neighbor 10.0.0.250 remote-as 65230\nexit\n!\nline vty\n exec-timeout 0 0\nexit\n!\nend\n"
    )
    verdict = judge_local("node1", PVE, text)
    assert (verdict.errors, verdict.warnings) == ((), ())


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("ip route 10.148.0.0/16 10.0.0.250\n", ""),
        ("ipv6 route fd00:9::/32 fd00::1\n", ""),
        ("bfd\n profile fast\n  receive-interval 50\n", ""),
        ("log file /var/log/frr/frr.log\n", ""),
        ("ip prefix-list A permit 10.0.0.0/8\n", "ip prefix-list A seq 5 permit 10.0.0.0/8\n"),
        ("access-list C permit any\n", "access-list C seq 5 permit any\n"),
        ("route-map up permit\n set metric 1\n", "route-map up permit 10\n set metric 1\nexit\n"),
        (" neighbor 10.0.0.9 shutdown\n", "router bgp 65000\n neighbor 10.0.0.9 shutdown\nexit\n"),
        ("router bgp 65001\nexit\n", "router bgp 65000\nexit\n"),
        (" router bgp 65000\n  bgp bestpath med\n", "router bgp 65000\n  bgp bestpath med\nexit\n"),
        ("  ip prefix-list A seq 5 permit any\n", "ip prefix-list A seq 5 permit any\n"),
        ("router bgp 65000\nhostname x\nexit\n", "router bgp 65000\nexit\n"),
        ("router bgp 65000\n bgp bestpath med\n exit\n", "router bgp 65000\n bgp bestpath med\nexit\n"),
        (
            "router bgp 65000\n neighbor 10.0.0.9 description hello!\nexit\n",
            "router bgp 65000\n neighbor 10.0.0.9 description hello\nexit\n",
        ),
        (
            f"router bgp 65000\n{NEW_FAMILY} bgp bestpath med\nexit\n",
            f"router bgp 65000\n bgp bestpath med\n{NEW_FAMILY}exit\n",
        ),
    ],
)
def test_who_follows_the_hint_of_a_lost_line_is_not_warned_again(text: str, instead: str):
    assert judge_local("node1", PVE, text).warnings != ()
    after = judge_local("node1", PVE, instead)
    assert (after.errors, after.warnings) == ((), ())


@pytest.mark.parametrize(
    ("static", "command"),
    [
        (
            "ip route 10.9.0.0/16 10.0.0.250",
            "'up ip route add 10.9.0.0/16 via 10.0.0.250' in the stanza of the interface ",
        ),
        (
            "ip route 10.9.0.0/16 10.0.0.250 eno3",
            "'up ip route add 10.9.0.0/16 via 10.0.0.250 dev eno3' in the stanza of ",
        ),
        (
            "ip route 10.9.0.0/16 eno3.7 200",
            "'up ip route add 10.9.0.0/16 dev eno3.7 metric 200' in the stanza of the ",
        ),
        ("ip route 10.9.0.0/16 Null0 254", "'up ip route add blackhole 10.9.0.0/16 metric 254' in the stanza of lo"),
        ("ipv6 route fd00:9::/32 reject", "'up ip -6 route add unreachable fd00:9::/32' in the stanza of lo"),
        ("ip route 10.9.0.0/16 10.0.0.250 tag 7", "'up ip route add ...' in the stanza of the interface"),
        ("ip route 10.9.0.0/16 10.0.0.250 300", "'up ip route add ...' in the stanza of the interface"),
        (f"ip route 10.9.0.0/16 10.0.0.250 {'9' * 5000}", "'up ip route add ...' in the stanza of the interface"),
        (f"ip route 10.9.0.0/16 10.0.0.250 0000{'9' * 5000}", "'up ip route add ...' in the stanza of the interface"),
        ("ip route 10.9.0.0/16 10.0.0.250 0010", "'up ip route add 10.9.0.0/16 via 10.0.0.250 metric 10' in the"),
        ("ip route 10.9.0.0 255.255.0.0 10.0.0.250", "'up ip route add ...' in the stanza of the interface"),
        ("ip route 10.9.0.0/99 10.0.0.250", "'up ip route add ...' in the stanza of the interface"),
        ("ip route 10.9.0.0/16", "'up ip route add ...' in the stanza of the interface"),
    ],
)
def test_a_static_route_is_told_in_the_words_of_iproute2(static: str, command: str):
    (warning,) = judge_local("node1", PVE, f"{static}\n").warnings
    assert command in warning.hint


def test_lines_of_a_block_that_pve_has_no_place_for_go_with_it():
    text = "bfd\n profile fast\n  receive-interval 50\n exit\nexit\n!\n key-string stray\n"
    (warning,) = judge_local("node1", PVE, text).warnings
    assert [found.hint for found in (warning, *warning.others)] == [
        "remove it: PVE's merge has no place for it",
        "remove it with 'bfd' on line 1",
        "remove it with 'bfd' on line 1",
        "write it below the 'router', 'vrf' or 'interface' line that it belongs to, or remove it",
    ]


def test_a_line_with_an_exclamation_mark_is_lost_and_said():
    text = "router bgp 65000\n neighbor 10.0.0.9 remote-as 65009\n neighbor 10.0.0.9 password geh!eim\nexit\n"
    for is_older in (False, True):
        (warning,) = judge_local("node1", PVE, text, is_older=is_older).warnings
        assert warning.where == "node1: /etc/frr/frr.conf.local:3"
        assert "is dropped, for PVE takes a line with '!' in it for a comment" in warning.what
        assert "geh" not in str(warning)
        assert warning.hint == "choose a password without '!' on both sides"


def test_of_an_older_generator_only_losses_are_known():
    text = "vrf vrf_z\nexit-vrf\naddress-family ipv4 unicast\nexit\nbfd\n"
    assert judge_local("node1", PVE, text).errors != ()
    verdict = judge_local("node1", PVE, text, is_older=True)
    assert verdict.errors == ()
    assert [warning.where for warning in verdict.warnings] == ["node1: /etc/frr/frr.conf.local:5"]


OSPF = "router ospf\n network 10.7.0.0/16 area 0\nexit\n"


def test_ospf_without_a_fabric_is_told_that_pve_switches_its_daemon_off():
    (warning,) = judge_local("node1", PVE, OSPF + OURS).warnings
    assert warning.severity is Severity.WARNING
    assert str(warning) == (
        "node1: /etc/frr/frr.conf.local:1: 'router ospf' does not run: PVE switches ospfd off on a node that is in no OSPF "
        "fabric; put the node into an OSPF fabric in PVE, whose ospfd then reads these lines too, "
        "or let something other than FRR route the underlay"
    )


def test_ospf_beside_a_fabric_of_that_protocol_runs():
    beside = replace(PVE, ospf_interfaces=(OspfInterface("eno3", "0"),))
    assert judge_local("node1", beside, OSPF).warnings == ()
    (warning,) = judge_local("node1", beside, "router openfabric lab\n net 49.0001.1111.1111.1111.00\nexit\n").warnings
    assert "fabricd" in str(warning)


def test_a_protocol_whose_daemon_pve_leaves_alone_is_not_spoken_of():
    assert judge_local("node1", PVE, "router ospf6\n ospf6 router-id 10.7.0.1\nexit\n").warnings == ()


# --- what was rendered for a node ------------------------------------------------------------------------------------

LOST = "ip route 10.0.0.0/8 10.0.0.1\n"


def rendered_verdict(
    *rendered: RenderedFile, there: str | None = None, has_pve: bool = True, has_own: bool = True
) -> frr_local.LocalVerdict:
    """Of node1, where PVE writes frr.conf."""
    given = DesignInput(SdnConfig(), ClusterState(name="x", is_quorate=True, members=(), pve_version="9.1.5"), {})
    design = NodeDesign(
        node="node1",
        interfaces=None,
        sdn=None,
        frr=FrrConfig("node1") if has_own else None,
        pve_frr=None,
        daemons=frozenset(),
        sysctls=(),
        flooding=(),
        owners=FileOwners(Writer.PVE, Writer.PVE if has_pve else Writer.PVESDN),
    )
    files = {} if there is None else {FRR_CONF_LOCAL: there}
    return frr_local.judge_rendered_local(rendered, design, given, files)


def merged(text: str) -> RenderedFile:
    return RenderedFile(FRR_CONF, "x\n", merge=merge_local(PVE, read_local(text)))


def test_the_merge_that_was_played_is_judged_wherever_the_file_comes_from() -> None:
    local = RenderedFile(FRR_CONF_LOCAL, LOST)
    expected = judge_local("node1", PVE, LOST)
    assert expected.warnings
    assert rendered_verdict(local, merged(LOST)) == expected
    assert rendered_verdict(merged(LOST), RenderedFile("/etc/other", None), there=LOST) == expected


def test_without_a_file_or_without_pve_there_is_no_merge() -> None:
    nothing = frr_local.LocalVerdict()
    assert rendered_verdict(merged(LOST)) == nothing
    assert rendered_verdict(merged(LOST), RenderedFile(FRR_CONF_LOCAL, None), there=LOST) == nothing
    assert rendered_verdict(merged(LOST), there=LOST, has_pve=False) == nothing


def test_a_merge_that_cannot_be_played_is_said_where_lines_of_ours_are_in_it() -> None:
    assert rendered_verdict(there=LOST, has_own=False) == frr_local.LocalVerdict()
    (warning,) = rendered_verdict(there=LOST).warnings
    assert (warning.node, warning.where) == ("node1", "node1: /etc/frr/frr.conf.local")
    assert warning.what.startswith(("not checked: what PVE's merge makes", "our lines do not reach FRR: PVE writes no"))
    assert warning.hint


def test_a_finding_knows_its_node() -> None:
    (warning,) = judge_local("node1", PVE, LOST).warnings
    (asleep,) = judge_local("node1", PVE, "router ospf\nexit\n").warnings
    assert (warning.node, asleep.node) == ("node1", "node1")
