"""editors/vim/syntax/pvesdn.vim: how vim colours pvesdn.cfg, from the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn.decode.definitions.own_words import OwnWord

FILE = "editors/vim/syntax/pvesdn.vim"
_SWITCH = ("1", "0", "on", "off", "yes", "no", "true", "false")
_HEAD = r"""" How vim colours pvesdn.cfg. Made by `make docs` from the grammar; do not edit.
"
" What is no section, no property of its section, or no value of a property that has few, is shown as an error.
if exists("b:current_syntax")
  finish
endif
syntax case match

syntax match pvesdnError /^[^#[:space:]].*/
syntax match pvesdnError /^\s\+\S.*/
syntax match pvesdnComment /^#.*/

syntax match pvesdnNumber /\<\d\+\>/ contained
syntax match pvesdnAddress /\<\d\{1,3}\%(\.\d\{1,3}\)\{3}\%(\/\d\{1,2}\)\?\>/ contained
syntax match pvesdnAddress /\<\x*:\x*:[0-9a-fA-F:.]*\%(\/\d\{1,3}\)\?/ contained
syntax match pvesdnMac /\<\x\x\%(:\x\x\)\{5}\>/ contained
syntax match pvesdnUnknown /^\s\+\zs\S.*/ contained
syntax match pvesdnWrong /\S.*/ contained
syntax match pvesdnId /[a-zA-Z0-9_-]\+/ contained
"""
_TAIL = """\
syntax sync fromstart

highlight default link pvesdnComment Comment
highlight default link pvesdnType Type
highlight default link pvesdnId Identifier
highlight default link pvesdnKey Statement
highlight default link pvesdnNumber Number
highlight default link pvesdnAddress Constant
highlight default link pvesdnMac Constant
highlight default link pvesdnWord Boolean
highlight default link pvesdnUnknown Error
highlight default link pvesdnWrong Error
highlight default link pvesdnError Error

let b:current_syntax = "pvesdn"
"""
_SECTION_ENDS = r"/^\ze\%([^#[:space:]]\|$\)/"
"""Before the next header, or an empty line; a comment is part of the section."""


def syntax() -> str:
    """The whole file."""
    return "\n".join((_HEAD, *(_section(name) for name in SECTIONS), _TAIL))


def _section(name: str) -> str:
    group = f"pvesdn_{name.replace('-', '')}"
    words = SECTIONS[name].words
    closed = {key: found for key, word in words.items() if (found := few(word))}
    free = [key for key in words if key not in closed]
    lines = [f'" {name}']
    lines += _match(f"{group}_key", free)
    for key, found in closed.items():
        one = f"{group}_key_{key.replace('-', '_')}"
        value = one.replace("_key_", "_value_")
        lines += _match(one, [key], f" nextgroup=pvesdnWrong,{value} skipwhite")
        lines.append(f"syntax match {value} /{_any(found)}\\ze\\s*$/ contained")
        lines += [f"highlight default link {one} pvesdnKey", f"highlight default link {value} pvesdnWord"]
    inside = ["pvesdnUnknown", "pvesdnComment", "pvesdnNumber", "pvesdnAddress", "pvesdnMac"]
    inside += [f"{group}_head", f"{group}_key.*"]
    lines += [
        f"highlight default link {group}_key pvesdnKey",
        f"syntax match {group}_head /^\\c{name}:/ contained nextgroup=pvesdnId skipwhite",
        f"highlight default link {group}_head pvesdnType",
        f"syntax region {group} start=/^\\c{name}:\\s*\\S/ end={_SECTION_ENDS} keepend contains={','.join(inside)}",
        "",
    ]
    return "\n".join(lines)


def few(word: OwnWord) -> tuple[str, ...]:
    """The values that a property may have, where they are few; none for any other."""
    if word.read is values.boolean:
        return _SWITCH
    return tuple(re.findall(r"`([^`]+)`", word.type)) if isinstance(word.read, values.Choice) else ()


def _match(group: str, keys: list[str], more: str = "") -> Iterator[str]:
    if keys:
        yield f"syntax match {group} /^\\s\\+\\zs{_any(keys)}\\ze\\%(\\s\\|$\\)/ contained{more}"


def _any(words: list[str] | tuple[str, ...]) -> str:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    alternatives = r"\|".join(longest_first)
    return rf"\%({alternatives}\)"
