"""What stands where a file is to be written: nothing but a file or a link to one is replaced."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pvesdn.cli.whole import require_replaceable, write_whole
from tests.cli.kit import call
from tests.cli.test_watch import state_dir, watch
from tests.fakes import FakeCluster
from tests.unit.recognise.kit import MODELS

__all__ = ["state_dir"]

MULTICAST = MODELS / "multicast" / "snapshot"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/null")


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        here = os.open(path.parent, os.O_RDONLY)
        try:
            end.bind(f"/proc/self/fd/{here}/{path.name}")  # a socket's path is short
        finally:
            os.close(here)


@pytest.fixture(params=[pipe, link_to_a_device, listener])
def odd(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    made: Callable[[Path], None] = request.param
    return made


def test_what_is_no_file_is_not_replaced(odd: Callable[[Path], None], tmp_path: Path) -> None:
    place = tmp_path / "there"
    odd(place)
    before = place.lstat()
    with pytest.raises(OSError, match="is not a regular file") as caught:
        write_whole(place, "text")
    assert caught.value.filename == str(place)
    assert place.lstat() == before
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("place", ["/dev/null", "/dev/stdout", "/dev/fd/1", "/dev/not-there", "/proc/self/fd/1"])
def test_devices_and_the_links_beside_them_are_not_replaced(place: str, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        before, there = os.dup(1), os.path.lexists(place)
        os.dup2(out.fileno(), 1)  # standard output is a file, and /dev/stdout leads to it
        try:
            with pytest.raises(OSError, match="is not a regular file"):
                require_replaceable(Path(place))
        finally:
            os.dup2(before, 1)
            os.close(before)
    assert os.path.lexists(place) is there


def test_definitions_are_not_written_over_a_device(tmp_path: Path) -> None:
    place = tmp_path / "null"
    link_to_a_device(place)
    for words in ((), ("--overwrite",)):
        result = call("import", "-q", "--from", MULTICAST, "--output", place, *words)
        assert result.status == 1
        assert result.err.splitlines()[-1] == f"error: {place}: is not a regular file; choose another place"
    assert place.is_symlink()


def test_edited_files_are_written_to_no_node_where_a_pipe_is_in_the_way(tmp_path: Path) -> None:
    place = tmp_path / "node2/etc/network/interfaces"
    place.parent.mkdir(parents=True)
    pipe(place)
    result = call("import", "-q", "--from", MULTICAST, "--edited", tmp_path, "--overwrite")
    assert result.status == 1
    assert result.err.splitlines()[-1] == f"error: {place}: is not a regular file; choose another place"
    assert stat.S_ISFIFO(place.lstat().st_mode)
    assert not (tmp_path / "node1").exists()


@pytest.mark.parametrize("path", ["etc/network/interfaces.d/pvesdn", "etc/frr/daemons"])
def test_files_are_not_rendered_over_a_pipe(path: str, tmp_path: Path) -> None:
    place = tmp_path / "node1" / path
    place.parent.mkdir(parents=True)
    pipe(place)
    result = call("render", "--from", MULTICAST, "--output", tmp_path)
    assert (result.status, result.err) == (1, f"error: {place}: is not a regular file; choose another folder\n")
    assert stat.S_ISFIFO(place.lstat().st_mode)


@pytest.mark.parametrize("make", [pipe, link_to_a_device])
def test_what_watch_remembers_is_read_from_a_file_and_nothing_else(
    make: Callable[[Path], None], tmp_path: Path, cluster: FakeCluster, state_dir: Path
) -> None:
    state_dir.mkdir()
    make(state_dir / "watch.json")
    before = (state_dir / "watch.json").lstat()
    result = watch(tmp_path, cluster)
    assert result.status == 1
    assert result.err == (
        f"error: {state_dir / 'watch.json'}: is not a regular file; move it away, or set [watch] state_dir\n"
    )
    assert (state_dir / "watch.json").lstat() == before


@pytest.mark.parametrize("seconds", ["1e400", "-1", "1e300", "NaN", "1" * 400, "true", '"soon"'])
def test_a_moment_that_no_clock_shows_is_no_memory(
    seconds: str, tmp_path: Path, cluster: FakeCluster, state_dir: Path
) -> None:
    state_dir.mkdir()
    told = f'{{"digest": "", "plan": "", "since": {seconds}, "told": {seconds}}}'
    (state_dir / "watch.json").write_text(f'{{"run": "failed", "ran_at": {seconds}, "trouble": {told}}}')
    assert watch(tmp_path, cluster).status == 0
