"""`pvesdn watch` as a process: what it tells systemd, how it ends, and what `--status` says of it."""

from __future__ import annotations

import fcntl
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pvesdn.settings import DEFAULT_FILE
from pvesdn.settings import settings_file as settings_in_force
from pvesdn.watcher.service import LOCK
from pvesdn.watcher.sight import Eyes
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import UCAST, Result, call, settings_file, snapshot_of
from tests.cli.test_watch import watch
from tests.fakes import FakeCluster

verb = importlib.import_module("pvesdn.cli.verbs.watch")  # the package's own attribute is the command
LIMIT = 60
"""Seconds within which a busy machine has done anything."""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Those of the first node of a simulated cluster, whose API nobody asks here."""
    cluster = SimulatedCluster(tmp_path / "cluster")
    cluster.write_sdn("pvesdn.cfg", UCAST)
    lab = f'[lab]\nfolder = "{cluster.folder}"\nlocal_node = "pve1"\n'
    return settings_file(tmp_path, f'{lab}[watch]\nstate_dir = "{tmp_path / "state"}"\n')


@contextmanager
def listening() -> Iterator[tuple[str, socket.socket]]:
    """A place like that of systemd, by its name."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind("")  # an abstract name of the kernel's choice
        line.settimeout(LIMIT)
        yield "@" + line.getsockname()[1:].decode(), line


@contextmanager
def running(settings: Path, notify: str = "") -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NOTIFY_SOCKET": notify}
    argv = [sys.executable, "-m", "pvesdn", "--no-color", "--config", str(settings), "watch"]
    process = subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def told(line: socket.socket, wanted: str) -> str:
    """What systemd is told up to and with the first message that begins so."""
    while not (said := line.recv(4096).decode()).startswith(wanted):
        pass
    return said


def test_it_is_ready_tells_what_it_does_and_ends_at_once(settings: Path) -> None:
    with listening() as (name, line), running(settings, name) as process:
        told(line, "READY=1")
        assert told(line, "STATUS=") == "STATUS=acts for the cluster"
        told(line, "WATCHDOG=1")
        status = json.loads(call("--config", settings, "watch", "--status", "--json").out)
        assert (status["is_running"], status["standing"]) == (True, "acts for the cluster")
        process.send_signal(signal.SIGTERM)
        told(line, "STOPPING=1")
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out, err) == (0, "watch: acts for the cluster\n", "")
    assert call("--config", settings, "watch", "--status").out.startswith("watch: does not run here; systemctl status ")


def test_it_is_there_once_on_a_node(settings: Path) -> None:
    with listening() as (name, line), running(settings, name):
        told(line, "READY=1")
        with running(settings) as second:
            out, err = second.communicate(timeout=LIMIT)
    assert (second.returncode, out) == (1, "")
    assert err == "error: pvesdn watch runs on this node already; pvesdn watch --status tells how it is\n"


def test_it_has_little_in_memory(settings: Path) -> None:
    with listening() as (name, line), running(settings, name) as process:
        told(line, "READY=1")
        told(line, "WATCHDOG=1")
        maps = Path("/proc", str(process.pid), "maps").read_text()
        status = Path("/proc", str(process.pid), "status").read_text()
    assert "pydantic" not in maps
    kib = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))
    assert kib < 12 * 1024


def test_what_it_starts_has_its_own_modules_wherever_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "usr/lib/pvesdn/pvesdn"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('where = "in a folder of its own"\n')
    monkeypatch.setattr("pvesdn.__file__", str(package / "__init__.py"))
    argv = verb.python("import pvesdn; print(pvesdn.where)")
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=tmp_path, env={})
    assert done.stdout == "in a folder of its own\n"


@pytest.mark.parametrize("is_isolated", [True, False])
def test_what_it_starts_is_isolated_where_it_is_itself(tmp_path: Path, is_isolated: bool) -> None:
    (tmp_path / "intruder.py").write_text("")
    environ = {"PYTHONPATH": str(tmp_path)}
    made = (
        f"import importlib, json, sys; sys.path += {sys.path!r}; "
        "print(json.dumps(importlib.import_module('pvesdn.cli.verbs.watch').python('import pvesdn, intruder')))"
    )
    own = [sys.executable, *(["-I"] if is_isolated else []), "-c", made]
    argv = json.loads(subprocess.run(own, capture_output=True, check=True, env=environ).stdout)
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ)
    assert (done.returncode, "No module named 'intruder'" in done.stderr) == ((1, True) if is_isolated else (0, False))


def test_settings_that_cannot_be_used_are_told_before_it_stays(tmp_path: Path, cluster: FakeCluster) -> None:
    settings = settings_file(tmp_path, '[watch]\naction = "destroy"\n')
    result = call("--config", settings, "watch", cluster=cluster, local_node="node1")
    assert result.status == 1
    assert "[watch] action: input should be 'report' or 'apply'" in result.err


def test_it_stays_on_a_node_and_nowhere_else(tmp_path: Path, cluster: FakeCluster) -> None:
    result = call("--config", settings_file(tmp_path), "watch", cluster=cluster)
    assert result.status == 1
    assert "it runs on a node of the cluster" in result.err


@pytest.mark.parametrize("is_named_by_a_variable", [False, True])
def test_a_change_of_the_settings_file_in_force_is_noticed(
    settings: Path, tmp_path: Path, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, is_named_by_a_variable: bool
) -> None:
    begun: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda path, argv: begun.append(argv))
    environ = {"PVESDN_CONFIG": str(settings)} if is_named_by_a_variable else {}
    words: list[str | Path] = [] if is_named_by_a_variable else ["--config", settings]
    call(*words, "watch", cluster=cluster, local_node="pve1", environ=environ)
    what = json.loads(begun[0][-1])
    eyes = Eyes(what["files"], what["root"], what["node"], what["settings"])
    before = eyes.look()
    assert (before.trouble, eyes.look().cluster) == ("", before.cluster)
    settings.write_text(f'{settings.read_text()}action = "apply"\n')
    assert eyes.look().cluster != before.cluster


def test_without_a_name_it_is_the_default_settings_file() -> None:
    assert settings_in_force(None, {}) == DEFAULT_FILE
    assert settings_in_force(None, {"PVESDN_CONFIG": "/etc/pvesdn.toml"}) == Path("/etc/pvesdn.toml")
    assert settings_in_force(Path("/root/mine.toml"), {"PVESDN_CONFIG": "/etc/pvesdn.toml"}) == Path("/root/mine.toml")


# --- what is pending -------------------------------------------------------------------------------------------------


@contextmanager
def present(tmp_path: Path) -> Iterator[None]:
    """As far as anybody can see, watch runs on this node: its lock is held."""
    lock = tmp_path / "state" / LOCK
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def status(tmp_path: Path, *words: str) -> Result:
    """Of a watch that runs."""
    with present(tmp_path):
        return status_alone(tmp_path, *words)


def status_alone(tmp_path: Path, *words: str) -> Result:
    settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path / "state"}"\n')
    return call("--config", settings, "watch", "--status", *words)


@pytest.mark.usefixtures("in_utc")
def test_the_status_says_what_is_pending_until_it_is_applied(tmp_path: Path, cluster: FakeCluster) -> None:
    watch(tmp_path, cluster)
    assert status(tmp_path) == Result(
        0,
        "watch: just started\n"
        "policy: report\n"
        "last look: 2023-11-14 22:13: first look\n"
        "pending: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n"
        "  pvesdn plan shows it, pvesdn apply carries it out\n",
        "",
    )
    document = json.loads(status(tmp_path, "--json").out)
    assert document["kind"] == "watch-status"
    assert document["pending"]["summary"]["changed_nodes"] == ["node1", "node2", "node3"]
    watch(tmp_path, cluster)
    assert "pending: 6 to add" in status(tmp_path).out
    assert call("--config", settings_file(tmp_path), "apply", "--yes", cluster=cluster).status == 0
    watch(tmp_path, cluster)
    assert "pending: nothing\n" in status(tmp_path).out
    assert "last look: 2023-11-14 22:13: what was pending has been applied\n" in status(tmp_path).out


@pytest.mark.usefixtures("in_utc")
def test_show_ends_with_what_is_pending_on_the_node_where_watch_has_looked(
    tmp_path: Path, cluster: FakeCluster
) -> None:
    state_dir = tmp_path / "state"

    def show(*words: str | Path, node: str | None = "node1") -> str:
        settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{state_dir}"\n')
        return call("--config", settings, "show", *words, cluster=cluster, local_node=node).out

    assert "Watch on this node" not in show()
    assert json.loads(show("--json"))["watch"] is None
    watch(tmp_path, cluster)
    with present(tmp_path):
        told, document = show(), json.loads(show("--json"))
    assert told.endswith(
        "\n\nWatch on this node\n"
        "watch: just started\n"
        "policy: report\n"
        "last look: 2023-11-14 22:13: first look\n"
        "pending: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n"
        "  pvesdn plan shows it, pvesdn apply carries it out\n"
    )
    alike = json.loads(status(tmp_path, "--json").out)
    assert document["watch"] == {key: value for key, value in alike.items() if key not in {"kind", "format_version"}}
    for elsewhere in ("node9", None):
        assert "Watch on this node" not in show(node=elsewhere)
        assert json.loads(show("--json", node=elsewhere))["watch"] is None
    snapshot = snapshot_of(cluster, tmp_path / "snapshot")
    assert "Watch on this node" not in show("--from", snapshot)
    (state_dir / "watch-look.json").unlink()
    (state_dir / "watch-look.json").mkdir()  # as good as a file that this user may not read
    assert "Watch on this node" not in show()


@pytest.mark.usefixtures("in_utc")
def test_what_was_pending_is_not_told_where_watch_does_not_run(tmp_path: Path, cluster: FakeCluster) -> None:
    """Somebody has applied it since, and nobody was there to see that."""
    watch(tmp_path, cluster)
    assert "pending: 6 to add" in status(tmp_path).out
    settings = settings_file(tmp_path, f'[watch]\nstate_dir = "{tmp_path / "state"}"\n')
    assert call("--config", settings, "apply", "--yes", cluster=cluster, local_node="node1").status == 0
    shown = call("--config", settings, "show", cluster=cluster, local_node="node1").out
    for told in (shown, status_alone(tmp_path).out):
        assert told.endswith(
            "last look: 2023-11-14 22:13: first look\n"
            "pending: watch does not know it while it does not run; pvesdn plan shows it\n"
        )
    assert json.loads(status_alone(tmp_path, "--json").out)["pending"] is None


def test_what_is_applied_by_hand_on_one_node_is_pending_no_longer(tmp_path: Path, cluster: FakeCluster) -> None:
    watch(tmp_path, cluster)
    apply = ("--config", settings_file(tmp_path), "apply", "--yes", "--node", "node1")
    assert call(*apply, cluster=cluster).status == 0
    assert watch(tmp_path, cluster).out == "watch: what was reported is still pending\n"
    assert "pending: 4 to add, 0 to change, 0 to destroy on 2 of 3 nodes.\n" in status(tmp_path).out
    cluster.nodes["node2"].off = cluster.nodes["node3"].off = "ssh: connect timed out"
    watch(tmp_path, cluster)
    assert "pending: 4 to add" in status(tmp_path).out


def test_what_waits_for_guests_is_pending_meanwhile(tmp_path: Path, cluster: FakeCluster) -> None:
    watch(tmp_path, cluster, action="apply")
    memory = tmp_path / "state" / "watch.json"
    memory.write_text(json.dumps(json.loads(memory.read_text()) | {"kept": [["vmbr3", "node2"]]}))
    cluster.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = UCAST[: UCAST.index("vnet:")]
    waiting = watch(tmp_path, cluster, action="apply")
    assert waiting.out == "watch: waiting for guests that may only be restarting: vmbr3 on node2\n"
    assert "pending: 0 to add, 0 to change, 6 to destroy on 3 of 3 nodes.\n" in status(tmp_path).out


def test_the_status_names_the_problem_of_the_last_look(tmp_path: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node3"].files["/etc/network/interfaces.d/pvesdn"] = "# mine\n"
    watch(tmp_path, cluster, action="apply")
    said = status(tmp_path).out
    assert "  problem: node3: /etc/network/interfaces.d/pvesdn: it exists" in said
    assert "pending: 6 to add" in said


def test_before_the_first_look_the_status_knows_nothing(tmp_path: Path) -> None:
    assert status(tmp_path).out.endswith("policy: report\nlast look: none on this node\n")
    assert json.loads(status(tmp_path, "--json").out)["look"] is None


def test_a_status_that_somebody_has_damaged_is_none(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    for name in ("watch-look.json", "watch-verify.json"):
        (tmp_path / "state" / name).write_text('["no object"')
    assert status(tmp_path).out.endswith("last look: none on this node\n")


def test_json_is_for_the_status_alone(tmp_path: Path) -> None:
    result = call("watch", "--once", "--json")
    assert (result.status, result.err.splitlines()[0]) == (1, "error: --json needs --status")
