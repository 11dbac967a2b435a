"""What the watcher does with what it has started, and with what it cannot do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pvesdn.watcher.notify import Notifier
from pvesdn.watcher.service import BLIND, GRACE, LONGEST, Hands, Service
from pvesdn.watcher.sight import Eyes, Sight
from pvesdn.watcher.turns import AGAIN, KEPT, RELOADED, SETTLED, SOON, UNREST, Turns


class See(Eyes):
    def __init__(self) -> None:
        self.sight = Sight(cluster=1)

    def look(self) -> Sight:
        return self.sight


@dataclass
class Do(Hands):
    status: int | None = None
    failure: OSError | None = None
    done: list[str] = field(default_factory=list)

    def start(self, what: str) -> int:
        if self.failure is not None:
            raise self.failure
        self.done.append(what)
        return 7

    def ended(self, pid: int) -> int | None:
        return self.status

    def signal(self, pid: int, *, is_last: bool) -> None:
        self.done.append(f"{'kill' if is_last else 'end'} {pid}")

    def say(self, text: str) -> None:
        self.done.append(f"say {text}")


def service(hands: Hands, folder: Path) -> Service:
    return Service(See(), Turns(), hands, str(folder))


def test_what_hangs_is_told_to_end_and_then_killed(tmp_path: Path) -> None:
    hands = Do()
    made = service(hands, tmp_path)
    made.tick(0)
    made.tick(SETTLED)
    assert hands.done[-1] == "look"
    made.tick(SETTLED + LONGEST)
    assert hands.done[-1] == "end 7"
    made.tick(SETTLED + LONGEST + GRACE)
    assert hands.done[-1] == "kill 7"
    assert made.is_busy
    hands.status = -9
    made.tick(SETTLED + LONGEST + GRACE + 5)
    assert not made.is_busy or hands.done[-1] == "verify"


@pytest.mark.parametrize(("status", "again"), [(0, False), (1, True), (4, True), (-9, True)])
def test_a_verification_is_repeated_until_it_ends_well(tmp_path: Path, status: int, again: bool) -> None:
    hands = Do(status=status)
    made = service(hands, tmp_path)
    for now in range(0, 200, 5):
        made.tick(now)
    assert (hands.done.count("verify") > 1) == again


def test_a_verification_that_was_given_up_is_no_bad_verdict(tmp_path: Path) -> None:
    hands, eyes = Do(), See()
    made = Service(eyes, Turns(), hands, str(tmp_path))
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts")
    made.tick(0)
    made.tick(RELOADED)
    assert hands.done[-1] == "verify"
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts", is_open=True)
    made.tick(RELOADED + 5)
    hands.status = 130
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts")
    made.tick(RELOADED + 10)
    hands.status = 0
    begun = len(hands.done)
    made.tick(RELOADED + 10 + UNREST - 1)
    assert hands.done[begun:] == []
    for now in range(int(RELOADED + 10 + UNREST), 2000, 5):
        made.tick(now)
    assert hands.done[begun:] == ["verify"]


def test_told_to_end_it_tells_what_runs_and_starts_nothing_more(tmp_path: Path) -> None:
    hands = Do()
    made = service(hands, tmp_path)
    made.tick(0)
    made.tick(SETTLED)
    made.end()
    assert hands.done[-1] == "end 7"
    hands.status = 130
    made.tick(10_000, may_start=False)
    assert not made.is_busy
    assert hands.done[-1] == "end 7"


def test_a_program_that_cannot_be_started_is_told_and_tried_again(tmp_path: Path) -> None:
    hands = Do(failure=FileNotFoundError(2, "No such file or directory"))
    made = service(hands, tmp_path)
    made.tick(0)
    made.tick(SETTLED)
    assert hands.done[-1] == "say pvesdn could not be started: No such file or directory"
    hands.failure, hands.status = None, 0
    made.tick(SETTLED + AGAIN)
    assert hands.done[-1] == "look"


def test_a_folder_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    hands = Do()
    service(hands, tmp_path / "absent").tick(0)
    assert hands.done == [
        "say acts for the cluster",
        f"say {tmp_path}/absent/watch-service.json: No such file or directory; pvesdn watch --status does not know",
    ]


def test_without_systemd_nobody_is_told(tmp_path: Path) -> None:
    notifier = Notifier({})
    notifier.ready()
    assert notifier.status("acts")
    assert not notifier.status("acts")


def test_systemd_that_does_not_listen_is_no_error(tmp_path: Path) -> None:
    environ = {"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "1"}
    notifier = Notifier(environ)
    assert environ == {}
    notifier.alive()


def test_a_host_without_a_cluster_acts_for_itself(tmp_path: Path) -> None:
    pve = tmp_path / "etc/pve"
    pve.mkdir(parents=True)
    (pve / ".members").write_text('{"nodename": "pve1", "version": 0}')
    (pve / ".version").write_text('{"starttime": 1}')
    seen = Eyes([], str(tmp_path)).look()
    assert (seen.stands_by, seen.trouble) == ("", "")


def test_a_member_whose_corosync_does_not_run_does_not_act_for_itself(tmp_path: Path) -> None:
    pve = tmp_path / "etc/pve"
    pve.mkdir(parents=True)
    (pve / ".members").write_text('{"nodename": "pve1", "version": 0}')
    (pve / ".version").write_text('{"starttime": 1}')
    (pve / "corosync.conf").write_text("nodelist {\n}\n")
    seen = Eyes([], str(tmp_path)).look()
    told = "/etc/pve/.members has no cluster, and /etc/pve/corosync.conf is there: corosync does not run"
    assert seen.trouble == told


def test_members_that_make_no_sense_are_told(tmp_path: Path) -> None:
    pve = tmp_path / "etc/pve"
    pve.mkdir(parents=True)
    (pve / ".version").write_text('{"starttime": 1}')
    for text in ("[]", '{"cluster": {"quorate": 1}, "nodelist": {"a": {"id": "x"}}}', "[" * 100_000):
        (pve / ".members").write_text(text)
        assert Eyes([], str(tmp_path)).look().trouble == "/etc/pve/.members or /etc/pve/.version is no JSON of pmxcfs"


@pytest.mark.parametrize("folder", ["run/network", "var/tmp/network"])
def test_a_reload_is_seen_wherever_ifupdown2_keeps_its_memory(tmp_path: Path, folder: str) -> None:
    for path, text in {"etc/pve/.members": '{"nodename": "pve1"}', "etc/pve/.version": "{}"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    eyes = Eyes([], str(tmp_path))
    before = eyes.look().network
    assert eyes.look().network == before
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "ifstatenew").write_bytes(b"web")
    assert eyes.look().network != before


def test_a_verification_makes_room_for_a_look(tmp_path: Path) -> None:
    hands = Do(status=0)
    eyes = See()
    made = Service(eyes, Turns(), hands, str(tmp_path))
    made.tick(0)
    made.tick(SETTLED)
    made.tick(SETTLED + 5)
    hands.status = None
    made.tick(RELOADED + 5)
    assert hands.done[-1] == "verify"
    eyes.sight = Sight(cluster=2)
    made.tick(100)
    assert hands.done[-1] == "end 7"
    made.tick(105)
    assert hands.done.count("end 7") == 1
    hands.status = 130
    made.tick(100 + SETTLED)
    assert hands.done[-1] == "look"


def test_its_file_says_what_goes_on(tmp_path: Path) -> None:
    hands = Do()
    made = service(hands, tmp_path)
    made.tick(0)
    assert json.loads((tmp_path / "watch-service.json").read_text()) == {"standing": "acts for the cluster", "busy": ""}
    made.tick(SETTLED)
    assert json.loads((tmp_path / "watch-service.json").read_text())["busy"] == "look"


def test_the_file_of_metrics_is_taken_away_where_the_node_stands_by(tmp_path: Path) -> None:
    file, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    file.write_text("pvesdn_up 1\n")
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(file))
    made.tick(0)
    assert file.exists()
    eyes.sight = Sight(trouble="pmxcfs is gone")
    made.tick(5)
    assert file.exists()
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts")
    made.tick(10)
    made.tick(15)
    assert not file.exists()


@pytest.mark.parametrize("tells", [True, False])
def test_without_a_quorum_the_file_stays_with_the_first_node(tmp_path: Path, tells: bool) -> None:
    file, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    file.write_text("pvesdn_up 1\n")
    eyes.sight = Sight(cluster=1, stands_by="the cluster has no quorum", tells=tells)
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(file))
    made.tick(0)
    assert file.exists() is tells


@pytest.mark.parametrize("has_acted", [True, False])
def test_the_file_of_metrics_of_a_node_that_sees_nothing_for_a_minute_says_so(tmp_path: Path, has_acted: bool) -> None:
    file, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    if has_acted:
        file.write_text("pvesdn_up 1\n")
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(file), unknown="pvesdn_up 0\n")
    made.tick(0)
    eyes.sight = Sight(trouble="pmxcfs is gone")
    made.tick(5)
    made.tick(4 + BLIND)
    assert not has_acted or file.read_text() == "pvesdn_up 1\n"
    made.tick(5 + BLIND)
    assert [path.read_text() for path in tmp_path.glob("*.prom*")] == ["pvesdn_up 0\n"] * has_acted
    assert not has_acted or file.stat().st_mode & 0o777 == 0o644
    eyes.sight = Sight(cluster=1)
    made.tick(10 + BLIND)
    file.write_text("pvesdn_up 1\n")
    eyes.sight = Sight(trouble="pmxcfs is gone")
    made.tick(15 + BLIND)
    assert file.read_text() == "pvesdn_up 1\n"
    made.tick(15 + 2 * BLIND)
    assert file.read_text() == "pvesdn_up 0\n"


def test_a_file_of_metrics_that_cannot_be_replaced_is_told_once(tmp_path: Path) -> None:
    file, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    file.write_text("pvesdn_up 1\n")
    (tmp_path / "pvesdn.prom.new").mkdir()
    eyes.sight = Sight(trouble="pmxcfs is gone")
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(file), unknown="pvesdn_up 0\n")
    for now in range(0, 200, 5):
        made.tick(now)
    said = [line for line in hands.done if str(file) in line]
    assert said == [f"say {file}: Is a directory; take it away: nobody knows what it tells"]


def test_metrics_that_are_written_when_the_node_stands_by_are_taken_away_when_that_has_ended(tmp_path: Path) -> None:
    file, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(file))
    made.tick(0)
    hands.status = 0
    now = 0
    while hands.done[-1] != "metrics":
        now += 5
        hands.status = None if now % 10 else 0
        made.tick(now)
    hands.status = None
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts")
    made.tick(now + 5)
    file.write_text("late")
    hands.status = 0
    made.tick(now + 10)
    assert not file.exists()


def test_metrics_are_given_up_for_a_look_and_written_after_it(tmp_path: Path) -> None:
    hands, eyes = Do(), See()
    turns = Turns(300)
    made = Service(eyes, turns, hands, str(tmp_path), str(tmp_path / "pvesdn.prom"))
    made.tick(0)
    for what in ("look", "verify"):
        turns.started(what)
    made.tick(RELOADED)
    assert hands.done[-1] == "metrics"
    eyes.sight = Sight(cluster=2)
    made.tick(RELOADED + 5)
    made.tick(RELOADED + 5 + SETTLED)
    made.tick(RELOADED + 10 + SETTLED)
    assert hands.done[-2:] == ["metrics", "end 7"]
    hands.status = -15
    made.tick(RELOADED + 15 + SETTLED)
    assert hands.done[-1] == "look"
    (tmp_path / "watch-look.json").write_text('{"is_settled": true}')
    hands.status = 0
    made.tick(RELOADED + 20 + SETTLED)
    assert hands.done[-1] == "metrics"


def test_a_file_of_metrics_that_cannot_be_taken_away_is_told_once(tmp_path: Path) -> None:
    folder, hands, eyes = tmp_path / "pvesdn.prom", Do(), See()
    folder.mkdir()
    eyes.sight = Sight(cluster=1, stands_by="pve1 acts")
    made = Service(eyes, Turns(300), hands, str(tmp_path), str(folder))
    for now in range(0, 20, 5):
        made.tick(now)
    said = [line for line in hands.done if str(folder) in line]
    assert said == [f"say {folder}: Is a directory; take it away, or what was once so is told beside what is"]


@pytest.mark.parametrize(
    ("left", "later"),
    [
        ('{"is_settled": true, "keeps": true}', KEPT),
        ('{"is_settled": true, "keeps": false}', None),
        ('{"is_settled": false, "keeps": true}', SOON),
        ("[]", SOON),
        ("{", SOON),
    ],
)
def test_what_a_look_has_left_says_when_the_next_one_is(tmp_path: Path, left: str, later: float | None) -> None:
    hands, turns = Do(), Turns()
    made = Service(See(), turns, hands, str(tmp_path))
    made.tick(0)
    made.tick(SETTLED)
    assert hands.done[-1] == "look"
    (tmp_path / "watch-look.json").write_text(left)
    turns.started("verify")
    hands.status = 0
    ended = SETTLED + 1
    looks = [now for now in range(int(ended), int(ended + 2 * KEPT)) if _looks(made, hands, now)]
    assert looks[:1] == ([] if later is None else [ended + later])


def _looks(made: Service, hands: Do, now: float) -> bool:
    before = hands.done.count("look")
    made.tick(now)
    return hands.done.count("look") > before
