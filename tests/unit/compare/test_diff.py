"""Unified diffs: right line numbers, stanza by stanza, and patch(1) agrees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.compare.diff import unified
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, FileChange


def change(old: str | None, new: str | None, path: str = OUR_INTERFACES) -> FileChange:
    return FileChange(path=path, old=old, new=new, mode="0644", owner="root:root", expect=None)


def stanza(name: str, mtu: int) -> str:
    return f"\nauto {name}\niface {name}\n\tvxlan-id {len(name)}\n\tmtu {mtu}\n"


def interfaces(names: dict[str, int]) -> str:
    return "# written by pvesdn\n" + "".join(stanza(name, mtu) for name, mtu in sorted(names.items()))


def test_a_new_file_is_all_plus() -> None:
    lines = list(unified(change(None, interfaces({"a": 1}))))
    assert lines[0] == "--- /dev/null"
    assert lines[1] == f"+++ {OUR_INTERFACES}"
    assert [line for line in lines if line.startswith("-") and not line.startswith("---")] == []
    assert "+\tmtu 1" in lines


def test_a_changed_stanza_is_one_hunk_that_names_it() -> None:
    lines = list(unified(change(interfaces({"a": 1, "b": 1}), interfaces({"a": 1, "b": 2}))))
    assert lines == [
        f"--- {OUR_INTERFACES}",
        f"+++ {OUR_INTERFACES}",
        "@@ -8,4 +8,4 @@ b",
        " auto b",
        " iface b",
        " \tvxlan-id 1",
        "-\tmtu 1",
        "+\tmtu 2",
    ]


def test_other_files_are_compared_line_by_line() -> None:
    lines = list(unified(change("a\nb\n", "a\nc\n", FRR_CONF)))
    assert lines[2:] == ["@@ -1,2 +1,2 @@", " a", "-b", "+c"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch(1) is not installed")
@given(
    old=st.dictionaries(st.sampled_from(["a", "b", "c", "vxlan_d", "e", "f"]), st.integers(1, 3)),
    new=st.dictionaries(st.sampled_from(["a", "b", "c", "vxlan_d", "e", "f"]), st.integers(1, 3)),
)
def test_patch_turns_the_old_file_into_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, int], new: dict[str, int]
) -> None:
    folder = tmp_path_factory.mktemp("patch")
    target = folder / "file"
    before, after = interfaces(old), interfaces(new)
    lines = list(unified(change(before, after)))
    if before == after:
        assert lines[2:] == []
        return
    target.write_text(before)
    text = "\n".join(lines) + "\n"
    done = subprocess.run(
        ["patch", "--silent", "--fuzz=0", str(target)], input=text, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, text + done.stdout
    assert Path(target).read_text() == after
