"""pvesh in place of HTTPS: the API as root@pam on a node of the cluster."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

from pvesdn.adapters import command
from pvesdn.adapters.pve_api.whole_answer import LARGEST_ANSWER, Values, WholeAnswer
from pvesdn.decode.cluster import answers as api_answers
from pvesdn.decode.cluster.answers import AnswerError
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.primitives import Json


class PveshSession:
    """Runs pvesh, which asks the API as root@pam without a network.

    Differs from proxmoxer's own: a call is judged by its exit status, not by its standard error; a UPID in the output
    means that the task was started, whatever else was printed; and a reload, which pvesh runs in the foreground, has
    a time limit of its own and is never killed halfway.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings

    def request(self, method: str, url: str, data: Values | None, params: Values | None) -> WholeAnswer:
        """Run one call as proxmoxer asks for it."""
        verb = {"GET": "get", "PUT": "set", "POST": "create", "DELETE": "delete"}[method]
        options = [word for key, value in {**(data or {}), **(params or {})}.items() for word in _option(key, value)]
        argv = ["pvesh", verb, url, *options, "--output-format", "json"]
        status, output, complaint = self._change(argv) if method == "PUT" else self._ask(argv)
        if method == "PUT" and "UPID:" in output + complaint:
            return WholeAnswer(200, "", _enveloped(f"{complaint}\n{output}"))
        if status != 0:
            code, text = api_answers.pvesh_refusal(complaint or output)
            if "ipcc_send_rec" in complaint:
                raise ConnectionRefusedError(text)
            return WholeAnswer(code, text, b"{}")
        return WholeAnswer(200, "", _enveloped(api_answers.pvesh_value(output)))

    def _ask(self, argv: list[str]) -> tuple[int, str, str]:
        seconds = self._settings.timeout
        try:
            done = command.run(
                argv, surroundings=_surroundings(), seconds=seconds, size=LARGEST_ANSWER, grace=0.0, is_spare=True
            )
        except command.CommandTimeoutError:
            raise subprocess.TimeoutExpired(argv, seconds) from None
        except command.TooMuchError:
            msg = f"it printed more than {LARGEST_ANSWER >> 20} MiB"
            raise AnswerError(msg) from None
        return done.status, done.output.decode("utf-8", "replace"), done.complaints

    def _change(self, argv: list[str]) -> tuple[int, str, str]:
        """Files instead of pipes: a reload left running must not die of a broken pipe."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complaint,
                env=_surroundings(),
                start_new_session=True,  # an interrupt from the keyboard is for us, not for the reload
            )
            try:
                status = process.wait(self._settings.task_timeout)
            except BaseException:
                threading.Thread(target=process.wait, daemon=True).start()  # somebody must reap it
                raise
            return status, _text(output), _text(complaint)


def _option(key: str, value: str | list[str]) -> Iterator[str]:
    """One parameter: a list is said item by item, and what begins with a dash is no option of its own."""
    for item in [value] if isinstance(value, str) else value:
        yield from (f"--{key}={item}",) if item.startswith("-") else (f"--{key}", item)


def _surroundings() -> dict[str, str]:
    return command.environment(os.environ) | {"LC_ALL": "C"}


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(LARGEST_ANSWER).decode("utf-8", "replace")


def _enveloped(data: Json) -> bytes:
    return json.dumps({"data": data}).encode()
