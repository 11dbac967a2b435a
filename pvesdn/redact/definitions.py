"""Files below /etc/pve/sdn: properties that pvesdn and PVE know, with valid values; the rest is replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pvesdn.decode import json_text
from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.decode.definitions.values import BadValueError, Reader
from pvesdn.decode.definitions.vni_file import GRAMMAR as VNI_GRAMMAR
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.secrets.veil import Veil, hide_comment, is_address, is_mac, is_name, is_number, word_set
from pvesdn.model.primitives import Json
from pvesdn.model.vnis import TITLE

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_HEADER = re.compile(r"([^\s:]+)(:[ \t]*)(\S+)([ \t]*)")
_KEYWORD = re.compile(r"[ \t]+([^ \t]+)")
_KEY = re.compile(r"[a-z][a-z_-]{1,30}[0-9]?")
_TYPE = re.compile(r"[a-zA-Z][a-zA-Z_-]{1,30}[0-9]?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")
_LOOKS_LIKE_A_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9+/=_-]{22,}")
_ODD_WORD = re.compile(r"[^\s:\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_PLAIN = word_set(
    "a an the of to in on at by for with without and or is are no end begin begins ends line feed section here"
)
_SPLIT = re.compile(r"([,; \t]+)")
_FIELDS = word_set(
    """
    name ip ip6 hello_multiplier network_type start-address end-address listen_port port node id endpoint
    address
    """
)
_DEPTH = 20
_DIGITS = 18
_INVALID = "!"
"""No reader accepts this value: what is wrong stays wrong when it is replaced."""


def _readers() -> dict[str, tuple[Reader, ...]]:
    """The readers of a property of that name, in any section."""
    found: dict[str, list[Reader]] = {}
    for words in (
        *GRAMMAR.values(),
        *VNI_GRAMMAR.values(),
        *(words for types in WORDS.values() for words in types.values()),
    ):
        for name, word in words.items():
            found.setdefault(name, []).append(word.read)
    return {name: tuple(readers) for name, readers in found.items()}


_READERS: Mapping[str, tuple[Reader, ...]] = _readers()
_TYPES = frozenset((*GRAMMAR, *VNI_GRAMMAR, *(type_ for types in WORDS.values() for type_ in types)))
_ALIAS = "alias"


def hide_definitions(text: str, veil: Veil) -> str:
    """A section-config file; sections, ids and lines stay as they are, and what could not be read still cannot."""
    return veil.each_line(text.split("\n"), _clean)


def hide_running(text: str, veil: Veil) -> str:
    """.running-config; the same bytes where there is nothing to hide."""
    if not text.strip():
        return text
    before = veil.count
    try:
        document = json_text.load(text)
        cleaned = _document(document, veil) if isinstance(document, dict) else _deep(document, veil, _DEPTH)
        return text if veil.count == before else json.dumps(cleaned)
    except (WrongShapeError, RecursionError):
        return veil.hide(text.strip())


def aliases(files: Mapping[str, str]) -> Iterator[str]:
    """What VNets are called in the definitions, by file name."""
    for name, text in files.items():
        if name == ".running-config":
            yield from _running_aliases(text)
        elif name.endswith(".cfg"):
            for line in text.split("\n"):
                found = _KEYWORD.match(line)
                if found and found[1] == _ALIAS and (alias := line[found.end() :].strip(" \t")):
                    yield alias


def _running_aliases(text: str) -> Iterator[str]:
    try:
        document = json_text.load(text)
        vnets = json_text.mapping(json_text.mapping(document, "").get("vnets"), "").get("ids")
        for vnet in json_text.mapping(vnets, "").values():
            if isinstance(vnet, dict) and isinstance(alias := vnet.get(_ALIAS), str):
                yield alias
    except WrongShapeError:
        return


# --- lines -----------------------------------------------------------------------------------------------------------


def _clean(line: str, veil: Veil) -> str:
    if not line.strip() or line == TITLE:
        return line
    if line.endswith("\r"):
        return _clean(line[:-1], veil) + "\r"
    return hide_comment(line, veil) if line.lstrip(" \t").startswith("#") else _statement(line, veil)


def _statement(line: str, veil: Veil) -> str:
    if _FORBIDDEN.search(line):
        return _words(line, veil)
    if header := _HEADER.fullmatch(line):
        kind, sign, id_, end = header.groups()
        # What looks like a header may be `password: …`.
        shown = _name(id_, _ID, veil) if kind.lower() in _TYPES else veil.hide(id_)
        return f"{_name(kind, _TYPE, veil)}{sign}{shown}{end}"
    if found := _KEYWORD.match(line):
        key, rest = found[1], line[found.end() :]
        value = rest.strip(" \t")
        is_shown = key in _READERS or (value and _KEY.fullmatch(key))
        begin = len(rest) - len(rest.lstrip(" \t"))
        shown = f"{line[: found.start(1)]}{key if is_shown else veil.hide(key)}"
        return f"{shown}{rest[:begin]}{_value(key, value, veil)}{rest[begin + len(value) :]}"
    return _words(line, veil)


def _words(line: str, veil: Veil) -> str:
    """A malformed line: what makes it malformed is kept, and so are the words that say what it was meant to be."""
    return _ODD_WORD.sub(
        lambda found: found[0] if found[0] in _READERS or found[0] in _PLAIN else veil.hide(found[0]), line
    )


def _name(word: str, shape: re.Pattern[str], veil: Veil) -> str:
    if word.lower() in _TYPES or (shape.fullmatch(word) and not _LOOKS_LIKE_A_KEY.fullmatch(word)):
        return word
    return veil.hide(word) + _INVALID


# --- values ----------------------------------------------------------------------------------------------------------


def _value(key: str, value: str, veil: Veil) -> str:
    if not value:
        return value
    if key not in _READERS:
        return _unknown(value, veil)
    if key == _ALIAS or _accepts(key, value):
        return value
    if values.text in _READERS[key] or _SPLIT.search(value) or "=" in value:
        before = veil.count
        is_text = values.text in _READERS[key]
        parts = (part if _SPLIT.fullmatch(part) else _item(part, veil, is_text=is_text) for part in _SPLIT.split(value))
        cleaned = "".join(parts)
        return cleaned if veil.count == before or is_text else cleaned + _INVALID
    return value if _is_harmless(value, veil, is_text=False) else veil.hide(value) + _INVALID


def _unknown(value: str, veil: Veil) -> str:
    """The value of an unknown property. Numbers that PVE considers equal stay equal."""
    if not value.isascii() or not value.isdigit() or len(value) > _DIGITS:
        return veil.hide(value)
    return value if len(value) == 1 else veil.hide(str(int(value)))


def _accepts(key: str, value: str) -> bool:
    """Whether one of the readers that refuse free text accepts the value."""
    for reader in _READERS[key]:
        if reader is values.text:
            continue
        try:
            reader(value)
        except BadValueError:
            continue
        return True
    return False


def _item(part: str, veil: Veil, *, is_text: bool) -> str:
    """One word of a list, or one field such as ``name=ens19``."""
    key, sign, value = part.partition("=")
    if not sign or not key:
        return part if _is_harmless(part, veil, is_text=is_text) else veil.hide(part)
    if key in _FIELDS and _is_harmless(value, veil, is_text=True):
        return part
    shown = key if key in _FIELDS or _KEY.fullmatch(key) else veil.hide(key)
    return f"{shown}={veil.hide(value)}"


def _is_harmless(word: str, veil: Veil, *, is_text: bool) -> bool:
    """Addresses, numbers, and names where any name will do."""
    if not word or is_number(word) or is_address(word) or is_mac(word) or veil.passes(word):
        return True
    if not is_text:
        return False
    host, sign, port = word.rpartition(":")
    if sign and is_number(port) and (is_address(host.strip("[]")) or is_name(host)):
        return True
    first, sign, last = word.partition("-")
    if sign and is_address(first) and is_address(last):
        return True
    return is_name(word) and not _LOOKS_LIKE_A_KEY.fullmatch(word)


# --- the committed definitions ---------------------------------------------------------------------------------------


def _document(document: dict[str, Json], veil: Veil) -> Json:
    return {key: _collection(key, value, veil) for key, value in document.items()}


def _collection(name: str, value: Json, veil: Veil) -> Json:
    if name == "version" and not isinstance(value, str | list | dict):
        return value
    if name not in WORDS or not isinstance(value, dict):
        return _deep(value, veil, _DEPTH)
    found: dict[str, Json] = {}
    for key, item in value.items():
        if key == "ids" and isinstance(item, dict):
            found[key] = {_name(id_, _ID, veil): _object(thing, veil) for id_, thing in item.items()}
        else:
            found[key] = _deep(item, veil, _DEPTH)
    return found


def _object(value: Json, veil: Veil) -> Json:
    if not isinstance(value, dict):
        return _deep(value, veil, _DEPTH)
    found: dict[str, Json] = {}
    for key, item in value.items():
        shown = key if key in _READERS or _KEY.fullmatch(key) else veil.hide(key)
        if key == "type" and isinstance(item, str):
            found[key] = _name(item, _TYPE, veil)
        elif key in _READERS:
            found[shown] = _property(key, item, veil)
        else:
            found[shown] = _as_a_file(item, veil)
    return found


def _property(key: str, value: Json, veil: Veil) -> Json:
    match value:
        case str():
            return _value(key, value, veil)
        case list():
            return [
                _property(key, item, veil) if isinstance(item, str) else _deep(item, veil, _DEPTH) for item in value
            ]
        case dict():
            # A set, such as `exitnodes`, is an object of names with 1 behind each.
            return {
                _value(key, name, veil): item if item in (0, 1) else _deep(item, veil, _DEPTH)
                for name, item in value.items()
            }
        case _:
            return value


def _as_a_file(value: Json, veil: Veil) -> Json:
    """An unknown property, replaced as its spelling in a file would be, so that both sides have the same value."""
    if value is None or value == {} or isinstance(value, bool):
        return value
    match value:
        case dict():
            return veil.hide(",".join(sorted(value)))
        case list():
            return [
                _as_a_file(item, veil) if isinstance(item, str | int) else _deep(item, veil, _DEPTH) for item in value
            ]
        case str() | int():
            cleaned = _unknown(str(value), veil)
            return value if cleaned == str(value) else cleaned
        case _:
            return _deep(value, veil, _DEPTH)


def _deep(value: Json, veil: Veil, depth: int) -> Json:
    """An unknown document: its shape stays, its texts and numbers are replaced."""
    if depth == 0:
        return veil.hide(str(value)[:1000])
    match value:
        case dict():
            return {
                key if _KEY.fullmatch(key) else veil.hide(key): _deep(item, veil, depth - 1)
                for key, item in value.items()
            }
        case list():
            return [_deep(item, veil, depth - 1) for item in value]
        case None | bool():
            return value
        case str():
            return veil.hide(value)
        case _:
            return veil.hide(str(value))
