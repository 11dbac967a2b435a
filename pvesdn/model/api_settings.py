"""How to reach the PVE API: the settings that the API adapter needs."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, model_validator

from pvesdn.model.base import Model
from pvesdn.model.primitives import PortNumber

NODE_CA_FILE = "/etc/pve/pve-root-ca.pem"
"""The cluster's own certificate authority, present on every node."""

_TOKEN_SECRET = re.compile(r"[!-~]+")
_FINGERPRINT = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){31}")


def _sha256_fingerprint(value: str) -> str:
    """PVE's form, ``AA:BB:…``; lower case and missing colons are corrected."""
    digits = value.replace(":", "").replace(" ", "").upper()
    text = ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))
    if not _FINGERPRINT.fullmatch(text):
        msg = "is not a SHA-256 fingerprint of 32 hexadecimal pairs"
        raise ValueError(msg)
    return text


def _fit_for_a_header(value: SecretStr) -> SecretStr:
    """A token's secret is a UUID in PVE; anything printable without spaces is accepted, anything else could end the
    header.
    """
    if not _TOKEN_SECRET.fullmatch(value.get_secret_value()):
        msg = "is empty or contains spaces or line breaks; is it the token's secret?"
        raise ValueError(msg)
    return value


Seconds = Annotated[float, Field(gt=0, le=86_400)]
"""How long to wait, at most a day."""


def _written_as(pattern: str, fault: str) -> AfterValidator:
    """Text that matches all of `pattern`. :param fault: what is wrong with any other text, and how to write it."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(fault)
        return value

    return AfterValidator(check)


Fingerprint = Annotated[str, AfterValidator(_sha256_fingerprint)]
HostName = Annotated[
    str,
    _written_as(
        r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?|\[?[0-9A-Fa-f:]+\]?",
        "is not a host name or address; write the name alone, such as pve1.example.org, without https://, and the port as port",
    ),
]
UserId = Annotated[
    str,
    _written_as(
        r"(?=.{3,64}$)[^\s:/@!]+@[A-Za-z][A-Za-z0-9._-]+", "is not a user with a realm; write it like pvesdn@pve"
    ),
]
"""User and realm, such as ``root@pam``."""
TokenSecret = Annotated[SecretStr, AfterValidator(_fit_for_a_header)]
TokenName = Annotated[
    str,
    _written_as(
        r"[A-Za-z][A-Za-z0-9._-]+",
        "is not a token name; for pvesdn@pve!sdn write sdn: two or more letters, digits and . _ -, starting with a letter",
    ),
]


class ApiSettings(Model):
    """How the PVE API is reached."""

    # A value that does not validate may be a secret in the wrong place.
    model_config = ConfigDict(hide_input_in_errors=True)

    backend: Literal["https", "local"] = Field(
        default="local",
        description="`local` runs `pvesh` on a node of the cluster; `https` works from anywhere. On a machine that is not"
        " a node the default is `https`.",
        examples=["https"],
    )
    host: HostName | None = Field(
        default=None,
        description="Name or address of a node, as in the server's certificate. `https` only, where it is required.",
        examples=["pve1.example.org"],
    )
    port: PortNumber = Field(default=8006, description="Port of the API. `https` only.", examples=[443])
    user: UserId | None = Field(
        default=None,
        description="User with its realm. `https` only, where it is required.",
        examples=["pvesdn@pve"],
    )
    token_name: TokenName | None = Field(
        default=None, description="The part of the token's id after the `!`.", examples=["sdn"]
    )
    token_value: TokenSecret | None = Field(
        default=None,
        description="The token's secret. `$PVESDN_TOKEN_VALUE` overrides it.",
        examples=["00000000-0000-0000-0000-000000000000"],
    )
    password: SecretStr | None = Field(
        default=None,
        description="The user's password, in place of a token. `$PVESDN_PASSWORD` overrides it.",
        examples=["correct horse"],
    )
    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authority that signed the server's certificate; a copy of a node's"
        f" `{NODE_CA_FILE}` will do. Without it, `node_ca_file` and the system's own authorities are trusted.",
        examples=["/root/pve-root-ca.pem"],
    )
    node_ca_file: str = Field(
        default=NODE_CA_FILE,
        description="The cluster's own authority on a node. Trusted where the file exists and `ca_file` is not set.",
        examples=[NODE_CA_FILE],
    )
    fingerprint: Fingerprint | None = Field(
        default=None,
        description="SHA-256 fingerprint of the server's certificate, with or without colons. When set, it alone decides.",
        examples=["00112233445566778899aabbccddeeff" * 2],
    )
    verify: bool = Field(
        default=True,
        description="`false` accepts any certificate, and so any server that answers.",
        examples=[True],
    )
    timeout: Seconds = Field(default=30.0, description="Seconds to wait for an answer.", examples=[60])
    task_timeout: Seconds = Field(
        default=900.0,
        description="Seconds for a call of `pvesh` that runs a whole task in the foreground. `local` only.",
        examples=[1800],
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.backend == "local":
            return self
        if self.host is None:
            msg = "host is missing: name the node whose API to use"
            raise ValueError(msg)
        if self.user is None:
            msg = "user is missing: write one like pvesdn@pve"
            raise ValueError(msg)
        if (self.token_name is None) != (self.token_value is None):
            msg = "token_name and token_value must be given together"
            raise ValueError(msg)
        if (self.token_value is None) == (self.password is None):
            msg = "give either token_name with token_value, or password"
            raise ValueError(msg)
        return self

    @property
    def url(self) -> str:
        """Where the API listens, ``https://HOST:PORT``; ``pvesh`` for the local backend."""
        if self.backend == "local":
            return "pvesh"
        host = str(self.host).strip("[]")
        return f"https://[{host}]:{self.port}" if ":" in host else f"https://{host}:{self.port}"

    @property
    def identity(self) -> str:
        """The identity that asks: token id or user; root@pam for the local backend."""
        if self.backend == "local":
            return "root@pam"
        return f"{self.user}!{self.token_name}" if self.token_name else str(self.user)
