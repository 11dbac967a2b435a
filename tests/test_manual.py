"""The manual pages: complete, and in the form that man and apropos read."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from pvesdn.cli.app import pvesdn, verbs
from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn.settings import Settings
from tools.pages import roff
from tools.pages.manual import manual

PAGES = manual()
man_db = pytest.mark.skipif(
    shutil.which("man") is None or shutil.which("lexgrog") is None,
    reason="man is not installed, so no manual page was printed; apt-get install man-db",
)


def printed(page: str) -> str:
    """What a reader sees of a page, without the marks of groff."""
    text = re.sub(r"\\f[BR]", "", page)
    for mark, character in ((r"\-", "-"), (r"\(aq", "'"), (r"\(ti", "~"), (r"\(ha", "^"), (r"\:", ""), (r"\e", "\\")):
        text = text.replace(mark, character)
    return text


def test_every_verb_has_a_page_and_so_have_both_files() -> None:
    assert set(PAGES) == {"pvesdn.1", "pvesdn.cfg.5", "pvesdn.toml.5", *(f"pvesdn-{verb}.1" for verb in verbs())}


@pytest.mark.parametrize("verb", verbs())
def test_the_page_of_a_verb_has_its_options_and_those_of_what_comes_below_it(verb: str) -> None:
    command = pvesdn.get_command(click.Context(pvesdn), verb)
    assert command is not None
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    shown = {word for found in commands for param in found.params if not is_hidden(param) for word in param.opts}
    page = printed(PAGES[f"pvesdn-{verb}.1"])

    assert [word for word in shown if word.startswith("-") and word not in page] == []
    assert f"pvesdn {verb}" in page


def is_hidden(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param.hidden


def test_the_page_of_the_definitions_has_every_section_and_property() -> None:
    page = printed(PAGES["pvesdn.cfg.5"])

    for name, section in SECTIONS.items():
        chapter = page.split(f".SS {name}\n")[1].split("\n.SS ")[0]
        assert [key for key in section.words if f".TP\n{key}\n" not in chapter] == []


def test_the_page_of_the_settings_has_every_table() -> None:
    page = printed(PAGES["pvesdn.toml.5"])

    assert [table for table in Settings.model_fields if f".SS [{table}]" not in page] == []


@pytest.mark.parametrize("text", [".so /etc/passwd", "'br", "a\\b", "-1~2^3"])
def test_no_text_becomes_a_request_of_groff(text: str) -> None:
    line = roff.running(text)

    assert not line.startswith((".", "'"))
    assert printed(line).removeprefix("\\&") == text


def test_examples_keep_their_lines() -> None:
    assert roff.verbatim("vxlan: a\n\tmtu 1450\n.x\n")[3:-2] == ["vxlan: a", "\tmtu 1450", "\\&.x"]


@man_db
@pytest.mark.parametrize("name", PAGES)
def test_man_prints_a_page_without_a_warning_and_apropos_finds_it(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(PAGES[name])
    man = subprocess.run(
        ["man", "--warnings", "--encoding=UTF-8", "--local-file", "--troff-device=utf8", "--ditroff", file],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    name_line = subprocess.run(["lexgrog", file], capture_output=True, text=True, check=True, timeout=60).stdout

    assert man.stderr == ""
    assert f'"{name.rpartition(".")[0]} - ' in name_line
