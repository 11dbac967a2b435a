"""How the node program gets to a node and its answer back: a constant command, one framed message, one marked answer.

``python3 -`` would read all of standard input as its source, so the command is `BOOT`, the source comes first with its
length before it, and the request takes the rest of standard input. The source has what the request's verb needs
(`pvesdn.node.assembly`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pvesdn.node.assembly import sent_for
from pvesdn.node.program import MARKER

BOOT = (
    "import sys;i=sys.stdin.buffer;n,*w=i.readline().split();s=i.read(int(n));"
    'len(s)==int(n) or sys.exit("pvesdn: the node program arrived incomplete");'
    'g={"__name__":"__main__","SOURCE":s if w else b"","RUN":w};'
    '[exec(compile(t,n.decode(),"exec"),g)for n,_,t in(p[2:].partition(bytes([10]))for p in s.split(bytes([12])))'
    "if n in w or not w]"
)
"""What `python3 -c` runs: each section of the text under its own file name, so that a traceback names part and line.
Where names of sections come with the text it is the whole program, which SOURCE keeps at hand for what the program will
leave behind on a node; those sections alone are run, and RUN names them.
One line, without single quotes: it must pass through any login shell.
"""

OPTIONS = ("-I", "-S", "-c", BOOT)
"""Arguments of the interpreter. Isolated: a file called json.py in root's home is not the one to import. Without what
else is installed for Python: the standard library is all that is needed, and some packages do things at every start.
"""


class NotAnAnswer(ValueError):
    """What came back is not what the node program prints."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the node program answered.

    :param value: the verb's value; empty unless `ok`.
    :param error: what failed and where; empty when `ok`.
    :param hint: what to do next; may be empty.
    """

    ok: bool
    value: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    hint: str = ""


def message(verb: str, arguments: Mapping[str, Any]) -> bytes:
    """What `BOOT` reads: length of the source in bytes and names of sections; the source; the request as JSON."""
    request = json.dumps({"verb": verb, "arguments": dict(arguments)}).encode("ascii")
    source, names = sent_for(verb)
    header = " ".join([str(len(source)), *names])
    return b"%b\n%b%b" % (header.encode("ascii"), source, request)


def answer(output: bytes | bytearray, *, load: Callable[[str], Any] = json.loads) -> Answer:
    """The answer in the program's standard output; what a login shell prints around it is ignored.

    The answer is one line of ASCII. A bytearray is emptied on the way, so that the bytes and what they mean do not both
    take memory.

    :param load: reads a JSON document; raises ValueError or RecursionError for anything else.
    :raises NotAnAnswer: there is no marker line, or no well-formed answer after it.
    """
    text = _framed(output)
    if isinstance(output, bytearray):
        output.clear()
    try:
        document = load(text)
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer(f"the answer is cut off or garbled: {error}") from error
    del text
    match document:
        case {"ok": True, "value": dict(value)}:
            return Answer(ok=True, value=value)
        case {"ok": False, "error": str(text), "hint": str(hint)}:
            return Answer(ok=False, error=text, hint=hint)
    raise NotAnAnswer("the answer has an unexpected form")


def _framed(output: bytes | bytearray) -> str:
    """The line after the marker line."""
    mark = f"\n{MARKER}\n".encode()
    begin = output.find(mark)
    if begin < 0:
        raise NotAnAnswer("no answer")
    begin += len(mark)
    end = output.find(b"\n", begin)
    with memoryview(output) as whole:
        try:
            return str(whole[begin : None if end < 0 else end], "ascii")
        except UnicodeDecodeError as error:
            raise NotAnAnswer("the answer is garbled: it is not ASCII text") from error
