"""Command lines after `up`, `post-up` and the like, word by word as a shell splits them.

A command shows its program and its known words up to the first unknown one: what follows that may be its value. After a
word that announces a secret nothing is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pvesdn.decode.secrets.veil import Veil, is_address, is_device, is_mac, is_number, is_path, word_set
from pvesdn.redact.programs import ANY, PROGRAMS, Program

_TOKEN = re.compile(
    r"""(?P<blank>(?:\s|\\\n)+)
      | (?P<redirection>[0-9]?(?:<<<|<<-?|>>|>\||[<>]&[0-9-]|[<>](?!\()))
      | (?P<operator>\|\||&&|;;|[<>]\(|[|;&()`])
      | (?P<word>(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\(?!\n)(?:.|\Z)|[^\s'"\\|;&()<>`])+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,30}\+?=)(.*)", re.DOTALL)
_OPTION = re.compile(r"(--?[a-z][a-z-]{1,30}=)(.*)", re.DOTALL)
_LONG_OPTION = re.compile(r"--[a-z][a-z-]{1,30}")
_SHORT_OPTION = re.compile(r"-[A-Za-z0-9]|--")
_SETTING = re.compile(r"([A-Za-z][A-Za-z_-]{0,30}=)(.*)", re.DOTALL)
_VARIABLE = re.compile(
    r"\$\{?(?:IFACE|LOGICAL|ADDRFAM|METHOD|MODE|PHASE|VERBOSITY|PATH|IF_[A-Z_]{1,30})\}?|\$[?#$!@*]|\$|\$\{?[0-9]\}?"
)
_IN_FRONT = word_set(
    """
    if then else elif fi do done while until ! { } time exec sudo nohup command builtin eval setsid
    """
)
_SMALL = re.compile(r"[0-9]|0x[0-9a-f]{1,8}")
_SYSCTL = re.compile(r"((?:net|kernel|vm|fs)[./][A-Za-z0-9_.$/{}-]{1,100})(?:=(-?[0-9]{0,10}))?")
_BYTECODE = re.compile(r"[0-9]{1,4}(?:,[0-9]{1,3} [0-9]{1,3} [0-9]{1,3} [0-9]{1,10}){1,4096}")
"""A filter for packets, in numbers: tc-bpf(8)."""
_END_POINT = re.compile(r"([0-9A-Fa-f:.\[\]]{2,60}):[0-9]{1,5}")


def hide_command(line: str, veil: Veil) -> str:
    """A command line with its secrets replaced; blanks, operators and continued lines stay."""
    return _Reader(veil).read(line)


@dataclass(slots=True)
class _Reader:
    """One pass over one line."""

    veil: Veil
    program: Program | None = None
    before: str = ""
    before_that: str = ""
    is_secret: bool = False
    is_target: str = ""

    def read(self, line: str) -> str:
        return "".join(self._token(found) for found in _TOKEN.finditer(line))

    def _token(self, found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "operator":
                self._begin()
            case "redirection":
                self.is_target = text if not text[-1].isdigit() and text[-1] != "-" else ""
            case "word" if text.startswith("#"):
                self._begin()
                self.is_secret = True  # a comment up to the end of the line
                self.program = ANY
                return text if text == "#" else self._hidden(text)
            case "word":
                return self._word(text)
        return text

    def _begin(self) -> None:
        self.program, self.before, self.before_that, self.is_secret, self.is_target = None, "", "", False, ""

    def _word(self, raw: str) -> str:
        quote, word = _unquoted(raw)
        if self.is_target:
            is_here_text, self.is_target = "<<" in self.is_target, ""
            return raw if not is_here_text and self._passes_as_path(word) else self._hidden(raw)
        if self.program is None:
            return self._first(raw, word)
        if self.is_secret:
            return self._hidden(raw)
        is_known = self._is_known(word, self.program)
        self.before_that, self.before = self.before, word
        if is_known:
            self.is_secret = word in self.program.secret
            return raw
        for pattern in (_OPTION, _SETTING):
            if not quote and (pair := pattern.fullmatch(word)):
                value = raw[len(pair[1]) :]
                return pair[1] + (value if self._is_plain(_unquoted(value)[1]) else self._hidden(value))
        self.is_secret = True
        return self._hidden(raw)

    def _first(self, raw: str, word: str) -> str:
        """A word where a command begins."""
        if word in _IN_FRONT or _SHORT_OPTION.fullmatch(word) or self._is_plain(word):
            return raw
        if pair := _ASSIGNMENT.fullmatch(word):
            value = raw[len(pair[1]) :]
            return pair[1] + (value if self._is_plain(_unquoted(value)[1]) else self._hidden(value))
        name = word.rpartition("/")[2]
        self.program = PROGRAMS.get(name, ANY)
        is_shown = self._passes_as_path(word) if "/" in word else name in PROGRAMS
        return raw if is_shown else self._hidden(raw)

    def _is_known(self, word: str, program: Program) -> bool:
        if word in program.words or self.veil.passes(word) or self._is_plain(word):
            return True
        if _SHORT_OPTION.fullmatch(word) or (_LONG_OPTION.fullmatch(word) and program.has_long_options):
            return True
        if self._passes_as_path(word):
            return True
        if is_device(word) and (self.before in program.slots or self.before_that in program.pairs):
            return True
        if program.has_settings and _SYSCTL.fullmatch(word) and not any(part in word for part in ("secret", "key")):
            return True
        return program.has_values and (_is_value(word) or _BYTECODE.fullmatch(word) is not None)

    def _is_plain(self, word: str) -> bool:
        return (
            (_SMALL.fullmatch(word) is not None and len(word) == 1)
            or _VARIABLE.fullmatch(word) is not None
            or word == "\\"
        )

    def _passes_as_path(self, word: str) -> bool:
        return is_path(word)

    def _hidden(self, raw: str) -> str:
        quote, word = _unquoted(raw)
        lines = raw.count("\\\n")
        value = " ".join(word.replace("\\\n", " ").split()) if lines else word
        return f"{quote}{self.veil.hide(value)}{quote}" + " \\\n" * lines


def _is_value(word: str) -> bool:
    if word.startswith("!") and len(word) > 1:
        word = word[1:]
    if is_number(word) or is_address(word) or is_mac(word) or _SMALL.fullmatch(word):
        return True
    if pair := _END_POINT.fullmatch(word):
        return is_address(pair[1].strip("[]"))
    parts = re.split("[,:=-]", word)
    return 1 < len(parts) < 64 and all(is_number(part) or is_address(part) for part in parts)  # noqa: PLR2004


def _unquoted(raw: str) -> tuple[str, str]:
    """The quotes around a whole word, and what is inside them."""
    if len(raw) > 1 and raw[0] in "'\"" and raw[-1] == raw[0] and raw[0] not in raw[1:-1]:
        return raw[0], raw[1:-1]
    return "", raw
