"""Our drop-ins for PVE's dnsmasq: the one path with a name of somebody else's in it, and the folder around the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pvesdn.node.program import serve
from pvesdn.node.program.undo import FINISHING
from tests.noderoot import DROP_IN, OURS, NodeRoot
from tests.unit.node.asking import Asking

FOLDER = DROP_IN.rpartition("/")[0]
UNITS = "/etc/systemd/system"
TEXT = "[Service]\nExecStart=\n"
ARM = {"id": "one", "who": "a test", "seconds": 600, "frr": "none"}
IN_PROD = "[Service]\nExecStart=/usr/sbin/ip vrf exec vrf_prod /usr/share/dnsmasq/systemd-helper exec %i\n"
LEFT = "dnsmasq@lan.service does not run as before: systemctl status dnsmasq@lan.service"
SYSTEMCTL = """\
case "$1 $2" in
    "is-enabled dnsmasq@off.service") echo disabled; exit 1;;
    "restart dnsmasq@bad.service") echo "Job for dnsmasq@bad.service failed." >&2; exit 1;;
    "show "*) printf 'MainPID=4000\\nActiveState=active\\nUnitFileState=enabled\\n';;
esac"""


def committed(program: Asking, entry: dict[str, str | None]) -> None:
    """An apply that is armed and has swapped this file in."""
    program.problems(entry)
    program.value("arm", **ARM)
    program.value("commit", files=[entry])


@pytest.fixture
def quiet(node: NodeRoot, program: Asking) -> Asking:
    """A node on which an apply can be armed and undone."""
    for name in ("ip", "bridge"):
        node.command(name, prints="[]")
    for name in ("ifreload", "sysctl"):
        node.command(name)
    node.command("systemctl", script=SYSTEMCTL)
    return program


@pytest.mark.parametrize(
    "path",
    [
        f"{UNITS}/dnsmasq@lan.service.d/other.conf",
        f"{UNITS}/dnsmasq@lan.service.d/pvesdn.conf\n",
        f"{UNITS}/dnsmasq@lan.service.d/./pvesdn.conf",
        f"{UNITS}/dnsmasq@lan.service.d/../pvesdn.conf",
        f"{UNITS}/dnsmasq@../x.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@...service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@a.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@1lan.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@ninechars.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@la-n.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@*.service.d/pvesdn.conf",
        f"{UNITS}/dnsmasq@lan.service",
        f"{UNITS}/dnsmasq.service.d/pvesdn.conf",
        f"{UNITS}/ssh@lan.service.d/pvesdn.conf",
        "/run/systemd/system/dnsmasq@lan.service.d/pvesdn.conf",
        f"{UNITS}//dnsmasq@lan.service.d/pvesdn.conf",
        f"x{DROP_IN}",
    ],
)
@pytest.mark.parametrize("verb", ["stage", "commit"])
def test_no_other_path_is_written(program: Asking, node: NodeRoot, path: str, verb: str) -> None:
    entry = {"path": path, "text": TEXT, "mode": "0644", "owner": "root:root", "expect": None}
    assert "is not a file that pvesdn writes" in program.refusal(verb, files=[entry])
    assert list(node.place(UNITS).iterdir()) == []


def test_the_folder_is_made_for_the_file_and_anybody_may_read_both(program: Asking, node: NodeRoot) -> None:
    old = os.umask(0o077)
    try:
        assert program.write(node.entry(DROP_IN, TEXT)) == [f"wrote {DROP_IN}"]
    finally:
        os.umask(old)
    assert node.text(DROP_IN) == TEXT
    assert [node.place(path).stat().st_mode & 0o7777 for path in (FOLDER, DROP_IN)] == [0o755, 0o644]
    assert node.leftovers() == []


def test_the_folder_goes_with_the_file(program: Asking, node: NodeRoot) -> None:
    program.write(node.entry(DROP_IN, TEXT))
    assert program.write(node.entry(DROP_IN, None)) == [f"removed {DROP_IN}"]
    assert list(node.place(UNITS).iterdir()) == []


BACK = f"{FOLDER}/.pvesdn.conf.pvesdn-back"


@pytest.mark.parametrize("path", [BACK, "/etc/frr/.frr.conf.pvesdn-back"])
def test_what_a_way_back_that_was_killed_has_left_goes_with_the_next_stage(
    program: Asking, node: NodeRoot, path: str
) -> None:
    node.write(path, "half")
    program.write(node.entry(OURS, "new\n"))
    assert node.leftovers() == []
    assert list(node.place(UNITS).iterdir()) == []


def test_it_goes_with_the_next_undo_too_and_keeps_no_folder(quiet: Asking, node: NodeRoot) -> None:
    committed(quiet, node.entry(DROP_IN, TEXT))
    node.write(BACK, "half")
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert list(node.place(UNITS).iterdir()) == []


def test_a_folder_with_something_of_somebody_else_in_it_stays(program: Asking, node: NodeRoot) -> None:
    node.write(f"{FOLDER}/limits.conf", "[Service]\nNice=5\n")
    program.write(node.entry(DROP_IN, TEXT))
    program.write(node.entry(DROP_IN, None))
    assert [path.name for path in node.place(FOLDER).iterdir()] == ["limits.conf"]


@pytest.mark.parametrize("way", ["discard", "stage"])
def test_what_is_only_staged_goes_with_its_folder(program: Asking, node: NodeRoot, way: str) -> None:
    assert program.problems(node.entry(DROP_IN, TEXT)) == []
    assert node.leftovers() == [f"{FOLDER}/.pvesdn.conf.pvesdn-new".lstrip("/")]
    program.value(way, files=[DROP_IN] if way == "discard" else [node.entry(OURS, "new\n")])
    assert list(node.place(UNITS).iterdir()) == []


def test_a_problem_with_another_file_leaves_no_folder(program: Asking, node: NodeRoot) -> None:
    node.place(OURS).mkdir()
    wrong = {**node.entry(DROP_IN, TEXT), "path": OURS}
    assert program.problems(node.entry(DROP_IN, TEXT), wrong) != []
    assert list(node.place(UNITS).iterdir()) == []


@pytest.mark.parametrize("kind", ["link", "dangling", "file"])
def test_a_folder_that_is_none_is_somebody_elses(program: Asking, node: NodeRoot, tmp_path: Path, kind: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    place = node.place(FOLDER)
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to(elsewhere)
    if kind == "link":
        elsewhere.mkdir()
    assert program.problems(node.entry(DROP_IN, TEXT)) == [f"{FOLDER} is not a folder, but a link or a file; remove it"]
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []
    assert os.path.lexists(place)


def test_a_folder_that_becomes_a_link_after_staging_is_not_written_through(
    program: Asking, node: NodeRoot, tmp_path: Path
) -> None:
    entry = node.entry(DROP_IN, TEXT)
    assert program.problems(entry) == []
    node.place(FOLDER).rename(tmp_path / "elsewhere")
    node.place(FOLDER).symlink_to(tmp_path / "elsewhere")
    assert f"{FOLDER} is not a folder" in program.refusal("commit", files=[entry])
    assert not (tmp_path / "elsewhere/pvesdn.conf").exists()


def test_a_link_in_the_place_of_the_file_is_refused(program: Asking, node: NodeRoot, tmp_path: Path) -> None:
    node.place(FOLDER).mkdir()
    node.place(DROP_IN).symlink_to(tmp_path / "victim")
    (problem,) = program.problems(node.entry(DROP_IN, TEXT))
    assert problem == f"{DROP_IN} is not a regular file; put a file in its place or remove it"


def test_a_text_that_nobody_has_planned_with_stays(program: Asking, node: NodeRoot) -> None:
    entry = node.entry(DROP_IN, TEXT)
    node.write(DROP_IN, "[Service]\nNice=5\n")
    assert program.problems(entry) == [f"{DROP_IN} has changed since it was read"]
    assert node.text(DROP_IN) == "[Service]\nNice=5\n"


def test_a_node_without_systemd_is_told(program: Asking, node: NodeRoot) -> None:
    node.place(UNITS).rmdir()
    assert program.problems(node.entry(DROP_IN, TEXT)) == [f"{UNITS} does not exist"]


@pytest.mark.parametrize("old", [None, "[Service]\nNice=5\n"])
def test_an_undo_puts_the_file_or_its_absence_back_and_restarts_by_it(
    quiet: Asking, node: NodeRoot, old: str | None
) -> None:
    if old is not None:
        quiet.write(node.entry(DROP_IN, old))
    committed(quiet, node.entry(DROP_IN, TEXT))
    done = quiet.value("undo", id="one")
    assert (done["state"], done["left"]) == ("restored", [])
    assert (node.text(DROP_IN) if node.place(FOLDER).exists() else None) == old
    calls = node.calls()
    after = calls[len(calls) - calls[::-1].index("ifreload -a") :]
    assert [call for call in after if "daemon-reload" in call or ("dnsmasq" in call and "show" not in call)] == [
        "systemctl daemon-reload",
        "systemctl is-enabled dnsmasq@lan.service",
        "systemctl reset-failed dnsmasq@lan.service",
        "systemctl restart dnsmasq@lan.service",
    ]


def test_an_undo_makes_the_folder_again_that_somebody_has_removed(quiet: Asking, node: NodeRoot) -> None:
    quiet.write(node.entry(DROP_IN, "old\n"))
    committed(quiet, node.entry(DROP_IN, None))
    assert not node.place(FOLDER).exists()
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert node.text(DROP_IN) == "old\n"


def test_an_undo_writes_through_no_link_and_says_what_is_left(quiet: Asking, node: NodeRoot, tmp_path: Path) -> None:
    quiet.write(node.entry(DROP_IN, "old\n"))
    committed(quiet, node.entry(DROP_IN, None))
    (tmp_path / "elsewhere").mkdir()
    node.place(FOLDER).symlink_to(tmp_path / "elsewhere")
    done = quiet.value("undo", id="one")
    assert done["state"] == "partly"
    assert f"{DROP_IN} is not what it was" in done["left"]
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_an_undo_keeps_what_somebody_has_written_there_meanwhile_by_its_zone(quiet: Asking, node: NodeRoot) -> None:
    committed(quiet, node.entry(DROP_IN, TEXT))
    node.write(DROP_IN, "somebody's\n")
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert node.text("/var/lib/pvesdn/dnsmasq@lan.found") == "somebody's\n"


@pytest.mark.parametrize(("zone", "path"), [("pvesdn", OURS), ("daemons", "/etc/frr/daemons")])
def test_what_is_kept_of_a_zone_and_of_a_file_of_that_name_lies_apart(
    quiet: Asking, node: NodeRoot, zone: str, path: str
) -> None:
    drop_in = DROP_IN.replace("lan", zone)
    entries = [node.entry(drop_in, TEXT), node.entry(path, "ours\n")]
    quiet.problems(*entries)
    quiet.value("arm", **ARM)
    quiet.value("commit", files=entries)
    node.write(drop_in, "somebody's drop-in\n")
    node.write(path, "somebody's file\n")
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert node.text(f"/var/lib/pvesdn/dnsmasq@{zone}.found") == "somebody's drop-in\n"
    assert node.text(f"/var/lib/pvesdn/{zone}.found") == "somebody's file\n"


def begun_with(quiet: Asking, node: NodeRoot, drop_in: str, vrf: str) -> None:
    """An apply has put another drop-in in place. :param vrf: where dnsmasq ran before it."""
    quiet.write(node.entry(DROP_IN, drop_in))
    runs_in(node, vrf)
    committed(quiet, node.entry(DROP_IN, TEXT))


def runs_in(node: NodeRoot, vrf: str) -> None:
    node.command("ip", prints='[{"ifname": "vrf_prod"}]', script=f'test "$1" = vrf && {{ echo {vrf}; exit 0; }}')


@pytest.mark.parametrize(
    ("drop_in", "vrfs", "state"),
    [
        (IN_PROD, ("vrf_prod", "vrf_prod"), "restored"),
        (IN_PROD, ("vrf_prod", ""), "partly"),
        (IN_PROD, ("", "vrf_prod"), "restored"),  # the apply has healed it
        (IN_PROD, ("", ""), "partly"),
        (IN_PROD.replace("prod", "gone"), ("", ""), "restored"),  # a VRF that was not there either
        ("old\n", ("", ""), "restored"),
        ("old\n", ("", "vrf_prod"), "partly"),
        ("old\n", ("vrf_prod", "vrf_prod"), "restored"),  # by somebody else's drop-in
        ("old\n", ("vrf_prod", ""), "restored"),
    ],
)
def test_after_an_undo_dnsmasq_has_to_run_where_the_drop_in_of_before_has_it(
    quiet: Asking, node: NodeRoot, drop_in: str, vrfs: tuple[str, str], state: str
) -> None:
    begun_with(quiet, node, drop_in, vrfs[0])
    runs_in(node, vrfs[1])
    done = quiet.value("undo", id="one")
    assert (done["state"], done["left"]) == (state, [LEFT] if state == "partly" else [])


def test_for_what_dnsmasq_alone_lacks_no_network_is_loaded_again(quiet: Asking, node: NodeRoot) -> None:
    begun_with(quiet, node, IN_PROD, "vrf_prod")
    runs_in(node, "")
    for _ in range(2):
        assert quiet.value("undo", id="one")["left"] == [LEFT]
    calls = node.calls()
    assert calls.count("ifreload -a") == 1
    assert calls.count("systemctl restart dnsmasq@lan.service") == 6
    runs_in(node, "vrf_prod")
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert node.calls().count("ifreload -a") == 1


def test_after_a_restart_of_the_node_an_undo_does_it_all_again(quiet: Asking, node: NodeRoot) -> None:
    begun_with(quiet, node, IN_PROD, "vrf_prod")
    runs_in(node, "")
    quiet.value("undo", id="one")
    node.write("/proc/sys/kernel/random/boot_id", "another\n")
    quiet.value("undo", id="one")
    assert node.calls().count("ifreload -a") == 2


REMEMBERS = """\
case "$1 $2" in
    "is-enabled dnsmasq@lan.service") test -e "$0.on" && echo enabled && exit 0; echo disabled; exit 1;;
    "enable dnsmasq@lan.service") ENABLES;;
    "restart dnsmasq@lan.service") touch "$0.runs";;
    "show "*)
        test -e "$0.runs" && echo ActiveState=active || echo ActiveState=inactive
        test -e "$0.on" && echo UnitFileState=enabled || echo UnitFileState=disabled;;
esac"""


@pytest.mark.parametrize(
    ("enables", "pve_has_moved_on", "state"),
    [('touch "$0.on"', False, "restored"), ("exit 1", False, "partly"), ('touch "$0.on"', True, "restored")],
    ids=["it is switched on again", "that fails", "PVE has committed something else"],
)
def test_a_dnsmasq_that_a_reload_of_pves_has_left_switched_off_is_switched_on_again(
    quiet: Asking, node: NodeRoot, enables: str, pve_has_moved_on: bool, state: str
) -> None:
    begun_with(quiet, node, "old\n", "")
    node.command("systemctl", script=REMEMBERS.replace("ENABLES", enables))
    if pve_has_moved_on:
        node.write("/etc/pve/sdn/.running-config", "{}\n")
    done = quiet.value("undo", id="one")
    assert (done["state"], done["left"]) == (state, [LEFT] if state == "partly" else [])
    is_asked = "systemctl enable dnsmasq@lan.service" in node.calls()
    assert is_asked is not pve_has_moved_on
    assert (node.folder / "bin/systemctl.runs").exists() is is_asked


def test_an_undo_restarts_none_in_whose_folder_only_others_have_something(quiet: Asking, node: NodeRoot) -> None:
    node.write(f"{FOLDER}/limits.conf", "[Service]\nNice=5\n")
    committed(quiet, node.entry(OURS, "iface web\n"))
    assert quiet.value("undo", id="one")["state"] == "restored"
    assert [call for call in node.calls() if "restart dnsmasq" in call] == []


def test_those_that_are_switched_on_are_restarted_and_a_failure_is_in_the_log(quiet: Asking, node: NodeRoot) -> None:
    log = quiet.value("serve", zones=["lan", "off", "bad"])["log"]
    assert log == ["systemctl restart dnsmasq@bad.service ended with status 1: Job for dnsmasq@bad.service failed."]
    assert [call for call in node.calls() if " re" in call or "daemon" in call] == [
        "systemctl daemon-reload",
        "systemctl reset-failed dnsmasq@lan.service",
        "systemctl restart dnsmasq@lan.service",
        "systemctl reset-failed dnsmasq@bad.service",
        "systemctl restart dnsmasq@bad.service",
    ]


def test_one_of_which_systemd_does_not_tell_is_in_the_log_and_the_next_is_restarted(
    quiet: Asking, node: NodeRoot
) -> None:
    node.command("systemctl", script='test "$*" = "is-enabled dnsmasq@lan.service" && { echo no bus >&2; exit 1; }')
    (line,) = quiet.value("serve", zones=["lan", "dmz"])["log"]
    assert line.startswith("nobody can tell whether dnsmasq@lan.service is enabled: ")
    assert [call for call in node.calls() if " restart " in call] == ["systemctl restart dnsmasq@dmz.service"]


@pytest.mark.parametrize("verb", ["is-enabled", "reset-failed", "restart"])
def test_one_that_takes_all_the_time_there_is_ends_the_restarts_and_refuses_nothing(
    quiet: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setattr(serve, "ALL_RESTARTS", 0.4)
    node.command("systemctl", script=f'test "$*" = "{verb} dnsmasq@lan.service" && exec sleep 60')
    log = quiet.value("serve", zones=["lan", "dmz", "off"])["log"]
    assert log[-1] == "no time was left to restart dnsmasq@dmz.service and dnsmasq@off.service"
    assert [call for call in node.calls() if "dmz" in call] == []


def test_the_restarts_end_before_an_undo_waits_no_longer_for_them() -> None:
    assert serve.ALL_RESTARTS + 30 <= FINISHING


@pytest.mark.parametrize("zones", [["../x"], ["lan;reboot"], ["-x"], [""], ["ninechars"], [1], "lan", ["lan\n"]])
def test_only_zones_are_served(quiet: Asking, node: NodeRoot, zones: object) -> None:
    assert quiet.refusal("serve", zones=zones)
    assert node.calls() == []


def test_without_systemd_nothing_is_restarted(program: Asking) -> None:
    assert program.value("serve", zones=["lan"]) == {"log": []}


def test_each_that_has_a_drop_in_is_told_with_the_vrf_it_runs_in(quiet: Asking, node: NodeRoot) -> None:
    node.command("ip", prints="vrf_prod\n")
    node.place(FOLDER).mkdir()
    assert quiet.value("observe", files=[], commands=["dhcp-servers"])["commands"] == {"dhcp-servers": {"answer": []}}
    node.write(DROP_IN, TEXT)
    found = quiet.value("observe", files=[], commands=["dhcp-servers"])["commands"]["dhcp-servers"]
    assert found == {"answer": [{"zone": "lan", "enabled": True, "active": True, "vrf": "vrf_prod"}]}
    assert node.calls()[-1] == "ip vrf identify 4000"


def test_each_that_pve_has_configured_is_told_without_a_drop_in_too(quiet: Asking, node: NodeRoot) -> None:
    for name in ("lan/00-default.conf", "not-a-zone/x", "README"):
        node.write(f"/etc/dnsmasq.d/{name}", "")
    node.command("systemctl", prints="MainPID=0\nActiveState=inactive\nUnitFileState=disabled\n")
    found = quiet.value("observe", files=[], commands=["dhcp-servers"])["commands"]["dhcp-servers"]
    assert found == {"answer": [{"zone": "lan", "enabled": False, "active": False, "vrf": ""}]}


def test_one_that_does_not_run_is_in_no_vrf(quiet: Asking, node: NodeRoot) -> None:
    node.write(DROP_IN, TEXT)
    node.command("systemctl", prints="MainPID=0\nActiveState=failed\nUnitFileState=enabled\n")
    found = quiet.value("observe", files=[], commands=["dhcp-servers"])["commands"]["dhcp-servers"]
    assert found == {"answer": [{"zone": "lan", "enabled": True, "active": False, "vrf": ""}]}


def test_a_systemd_that_does_not_answer_is_no_answer(quiet: Asking, node: NodeRoot) -> None:
    node.write(DROP_IN, TEXT)
    node.command("systemctl", complains="Failed to connect to bus\n", status=1)
    found = quiet.value("observe", files=[], commands=["dhcp-servers"])["commands"]["dhcp-servers"]
    assert "Failed to connect to bus" in found["fault"]
