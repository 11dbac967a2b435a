"""Which adapters the settings choose."""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import LocalTransport, ProgramAgent, RoutedTransport, Transport
from pvesdn.errors import NodeUnreachable, SettingsError
from pvesdn.model.api_settings import ApiSettings
from pvesdn.settings import Settings, SshSettings
from pvesdn.wiring import MembershipTransport, build_world
from pvesdn.workflows.world import World
from tests.fakes import FakeApi, FakeObserver, cluster_answers

AWAY = ApiSettings.model_validate(
    {"backend": "https", "host": "pve1", "user": "root@pam", "password": "x", "verify": False}
)


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"api": AWAY, **changes})


def transport_of(world: World) -> Transport:
    assert isinstance(world.nodes, ProgramAgent)
    return world.nodes.transport


def test_away_from_the_cluster_every_node_is_reached_through_ssh() -> None:
    world = build_world(settings(apply={"task_timeout": 42}), FakeObserver())
    assert isinstance(transport_of(world), MembershipTransport)
    assert world.local_node is None
    assert world.task_timeout == 42
    assert not world.reloads_changed


def test_how_much_of_a_network_is_reloaded_is_as_the_settings_say() -> None:
    assert build_world(settings(apply={"reload": "changed"}), FakeObserver()).reloads_changed


def test_who_acts_is_the_token_by_its_name_the_user_or_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    token = {"backend": "https", "host": "pve1", "user": "pvesdn@pve", "token_name": "sdn", "token_value": "geheim"}
    here = socket.gethostname()
    assert build_world(settings(api=token), FakeObserver()).who == f"pvesdn@pve!sdn on {here}"
    assert build_world(settings(), FakeObserver()).who == f"root@pam on {here}"
    login = pwd.getpwuid(os.getuid()).pw_name
    for sudo, who in (("", login), (login, login), ("alice", f"alice as {login}")):
        monkeypatch.setenv("SUDO_USER", sudo)
        assert build_world(settings(api={"backend": "local"}), FakeObserver()).who == f"{who} on {here}"
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    monkeypatch.delenv("SUDO_USER")
    assert build_world(settings(api={"backend": "local"}), FakeObserver()).who == f"uid {2**31 - 7} on {here}"


def test_a_node_reaches_itself_directly_and_the_others_through_ssh(tmp_path: Path) -> None:
    (tmp_path / "local").symlink_to("nodes/pve2")
    local = Settings(api=ApiSettings(backend="local"))
    world = build_world(local, FakeObserver(), node_mark=tmp_path / "local")
    assert isinstance(transport_of(world), RoutedTransport)
    assert world.local_node == "pve2"
    assert world.nodes.read("pve2", ["/nonexistent/file"]) == {}


def test_another_clusters_node_of_the_same_name_is_not_taken_for_this_one(tmp_path: Path) -> None:
    (tmp_path / "local").symlink_to("nodes/pve2")
    world = build_world(settings(), FakeObserver(), node_mark=tmp_path / "local")
    assert world.local_node is None


def test_a_simulated_cluster_is_all_local(tmp_path: Path) -> None:
    (tmp_path / "nodes" / "pve1").mkdir(parents=True)
    world = build_world(settings(lab={"folder": tmp_path, "local_node": "pve1"}), FakeObserver())
    assert isinstance(transport_of(world), LocalTransport)
    assert world.local_node == "pve1"
    assert world.nodes.read("pve1", ["/etc/hostname"]) == {}


def test_the_definitions_were_written_when_the_newest_of_their_files_was(tmp_path: Path) -> None:
    folder = tmp_path / "nodes" / "pve1" / "etc" / "pve" / "sdn"
    folder.mkdir(parents=True)
    world = build_world(settings(lab={"folder": tmp_path, "local_node": "pve1"}), FakeObserver())
    assert world.definitions_changed() is None
    for name, written in {"zones.cfg": 100, "pvesdn.cfg": 200, "pvesdn-seen.json": 300, ".running-config": 400}.items():
        (folder / name).touch()
        os.utime(folder / name, (written, written))
    assert world.definitions_changed() == 200


def test_a_simulated_cluster_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[lab\] folder: .*nodes: No such file or directory"):
        build_world(settings(lab={"folder": tmp_path}), FakeObserver())


def test_addresses_come_from_the_membership_when_first_needed() -> None:
    api = FakeApi(cluster_answers(("pve1", "pve2"), (), "9.1.5"))
    api.answers["cluster/status"][1]["ip"] = "127.0.0.1"
    agent = MembershipTransport(api, SshSettings(port=1, connect_timeout=1, timeout=5))
    assert api.calls == []
    with pytest.raises(NodeUnreachable, match=r"^pve1: "):
        agent.ask("pve1", "read", {"files": []})
    with pytest.raises(NodeUnreachable, match=r"^pve9: its address is not known"):
        agent.ask("pve9", "read", {"files": []})
    assert api.calls == [("get", "cluster/status")]
