from pathlib import Path

import pytest

from pvesdn.adapters import graphviz
from pvesdn.errors import SettingsError
from tests.graphviz import needs_dot


def put(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Have that run in graphviz's place."""
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@needs_dot
def test_a_graph_is_laid_out() -> None:
    assert "<svg" in graphviz.laid_out("graph a { b -- c }")
    assert graphviz.is_installed()


@needs_dot
def test_what_is_no_graph_is_an_error_of_one_line() -> None:
    with pytest.raises(SettingsError, match=r"dot has not laid the picture out: .*syntax error") as raised:
        graphviz.laid_out("graph {")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exec sleep 60", "dot has not laid the picture out within 0.2 s; name a part with --zone, --vnet or --node"),
        ("exec yes", "dot has drawn more than 8 MiB; name a part with --zone, --vnet or --node"),
        ("exit 3", "dot has not laid the picture out: exit status 3; use --format mermaid"),
    ],
)
def test_no_call_is_endless(script: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, monkeypatch, script)
    if "sleep" in script:
        monkeypatch.setattr(graphviz, "_SECONDS", 0.2)
    with pytest.raises(SettingsError) as raised:
        graphviz.laid_out("graph a { }")
    assert str(raised.value) == said


def test_what_cannot_be_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dot").write_text("\0")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"dot cannot be run: .*; use --format mermaid"):
        graphviz.laid_out("graph a { }")


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not graphviz.is_installed()
    with pytest.raises(SettingsError, match="apt install graphviz"):
        graphviz.laid_out("graph a { }")
