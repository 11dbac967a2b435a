"""The colours of pvesdn.cfg in vim: made from the grammar, and right as vim itself shows them."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from pvesdn.decode.definitions.own_grammar import SECTIONS
from tools.pages import vim

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.cfg"))
TELL = """\
let s:told = []
for s:line in range(1, line("$"))
  let s:groups = []
  for s:column in range(1, len(getline(s:line)))
    call add(s:groups, synIDattr(synIDtrans(synID(s:line, s:column, 1)), "name"))
  endfor
  call add(s:told, join(s:groups, ","))
endfor
call writefile([&filetype] + s:told, "{answer}")
quitall!
"""


@functools.cache
def program() -> str | None:
    """A vim that can colour; Debian's vim-tiny cannot."""
    found = shutil.which("vim")
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    return found if "+syntax" in told and "+eval" in told else None


needs_vim = pytest.mark.skipif(program() is None, reason="vim with colours is not here: apt install vim")


def coloured(text: str, name: str = "pvesdn.cfg") -> tuple[str, list[list[str]]]:
    """The file type that vim finds, and the group of each character by line; numbers and booleans are constants."""
    with tempfile.TemporaryDirectory() as folder:
        file, script, answer = (Path(folder) / one for one in (name, "tell.vim", "answer"))
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        script.write_text(TELL.replace("{answer}", str(answer)))
        start = ["--cmd", f"set runtimepath^={ROOT / 'editors' / 'vim'}", "-c", "filetype plugin on | syntax on | edit"]
        argv = [str(program()), "-N", "-u", "NONE", "-i", "NONE", "-n", "-es", *start, "-S", str(script), str(file)]
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=True)
        kind, *lines = answer.read_text().split("\n")
    return kind, [line.split(",") for line in lines]


def words_in(text: str) -> list[tuple[str, str]]:
    """Each word with the group of its first character."""
    found = []
    _, groups = coloured(text)
    for line, there in zip(text.splitlines(), groups, strict=False):
        at = 0
        for word in line.split():
            at = line.index(word, at)
            found.append((word, there[at]))
            at += len(word)
    return found


def test_the_syntax_is_what_the_grammar_says() -> None:
    assert (ROOT / vim.FILE).read_text() == vim.syntax(), "run: make docs"


@needs_vim
@pytest.mark.parametrize("name", ["pvesdn.cfg", "pvesdn.cfg.before", "pvesdn/draft.cfg"])
def test_vim_knows_the_file_by_its_name(name: str) -> None:
    kind, _ = coloured("vxlan: one\n", name)
    assert kind == "pvesdn"


@needs_vim
def test_every_section_and_property_has_its_colour() -> None:
    text = "".join(
        f"{name}: Some-id\n"
        + "".join(f"\t{key} {(vim.few(word) or ('x',))[0]}\n" for key, word in section.words.items())
        + "\n"
        for name, section in SECTIONS.items()
    )
    found = words_in(text)
    properties = [key for section in SECTIONS.values() for key in section.words]
    assert [word for word, group in found if group == "Type"] == [f"{name}:" for name in SECTIONS]
    assert [word for word, group in found if group == "Identifier"] == ["Some-id"] * len(SECTIONS)
    assert [word for word, group in found if group == "Statement"] == properties
    assert "Error" not in {group for _, group in found}


@needs_vim
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_nothing_in_an_example_is_an_error(example: Path) -> None:
    assert [word for word, group in words_in(example.read_text()) if group == "Error"] == []


@needs_vim
def test_what_the_grammar_does_not_know_is_an_error_and_nothing_else_is() -> None:
    text = (
        "# a comment\nvxlan: one\n\tvni 3\n\tmtu 1400\n\tirb symmetric\n# in between\n\tpeers 192.0.2.1,fd00::1\n\n"
        "zone: two\nevpn: three\n\tirb symetric\n\tirb symmetric\n\tmac 02:00:00:00:00:01\n"
        "vnet: four\n\tvlanaware 2\n\tvlanaware 1\n\n\ttag 7\n"
    )
    found = words_in(text)
    errors = [word for word, group in found if group == "Error"]
    assert errors == ["vni", "3", "irb", "symmetric", "zone:", "two", "symetric", "2", "tag", "7"]
    assert ("1400", "Constant") in found
    assert ("192.0.2.1,fd00::1", "Constant") in found
    assert ("02:00:00:00:00:01", "Constant") in found
    assert [group for word, group in found if word == "1"] == ["Constant"]
    assert [group for word, group in found if word in {"comment", "between"}] == ["Comment", "Comment"]


@needs_vim
def test_a_header_in_capitals_is_one() -> None:
    assert words_in("VXLAN: one\n\tmtu 1400\n")[:3] == [
        ("VXLAN:", "Type"),
        ("one", "Identifier"),
        ("mtu", "Statement"),
    ]
