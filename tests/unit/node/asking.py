"""The node program called directly, as `main` calls it: JSON in, JSON out."""

from __future__ import annotations

import json
from typing import Any

from pvesdn.node.program import Machine, answer
from tests.noderoot import NodeRoot


class Asking:
    """The program on one node's folder."""

    def __init__(self, node: NodeRoot) -> None:
        self.node = node
        self.machine = Machine(str(node.folder))

    def answer(self, verb: str, **arguments: Any) -> dict[str, Any]:
        request = json.dumps({"verb": verb, "arguments": arguments}).encode()
        document: dict[str, Any] = json.loads(json.dumps(answer(self.machine, request)))
        return document

    def value(self, verb: str, **arguments: Any) -> Any:
        document = self.answer(verb, **arguments)
        assert document["ok"], document
        return document["value"]

    def refusal(self, verb: str, **arguments: Any) -> str:
        """Error and hint as one line, the folder's own path left out."""
        document = self.answer(verb, **arguments)
        assert not document["ok"], document
        line = f"{document['error']}; {document['hint']}" if document["hint"] else document["error"]
        assert "\n" not in line
        return str(line).replace(str(self.node.folder), "")

    def problems(self, *entries: Any) -> list[str]:
        found = self.value("stage", files=list(entries))["problems"]
        return [problem.replace(str(self.node.folder), "") for problem in found]

    def write(self, *entries: Any) -> list[str]:
        """Stage and commit."""
        assert self.problems(*entries) == []
        log: list[str] = self.value("commit", files=list(entries))["log"]
        return log
