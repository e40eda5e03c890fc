"""Any JSON or binary WebSocket protocol that a YAML file describes: `map:FILE.yaml`, or the name of a shipped map."""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from voicelab.errors import ConnectionLostError, InputError, VoicelabError
from voicelab.targets.base import Capabilities
from voicelab.targets.mapping.loading import load_map, rules_give
from voicelab.targets.mapping.model import SetupRequest, TargetMap
from voicelab.targets.mapping.paths import value_at
from voicelab.targets.mapping.templates import fill
from voicelab.targets.mapping.wire import MapWire
from voicelab.targets.streaming.target import StreamTarget
from voicelab.targets.streaming.transport import Transport, WebSocket, check_url, http_client, without_query
from voicelab.targets.streaming.wire import Wire

_HIDDEN = "***"


class Mapped(StreamTarget):
    """A target described by a map.

    file: the path of a map, or the name of a shipped map. url: replaces the map's URL. ready_s, greeting_s, quiet_s:
    see `StreamTarget`. Raises InputError that names file, line and key, or the missing environment variable.
    """

    def __init__(
        self, file: str, url: str | None = None, ready_s: float = 10.0, greeting_s: float = 0.0, quiet_s: float = 1.5
    ) -> None:
        super().__init__(ready_s=ready_s, greeting_s=greeting_s, quiet_s=quiet_s)
        self._file = file
        self._url = url
        self._map = load_map(file)
        if url is None and self._map.connect.url is None:
            raise InputError(f"map {file}: connect.url is missing; write map:{file},url=ws://HOST:PORT/PATH")
        self.capabilities = _capabilities(self._map)
        self.unpaced = self._map.send.sound.between == "nothing" and self._map.turns == "message"

    def wire(self, user_id: str) -> Wire:
        values, _ = self._variables()
        return MapWire(self._map, {**values, "user_id": user_id, "session_id": user_id})

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        assert isinstance(wire, MapWire)
        _, secrets = self._variables()
        try:
            return await self._connected(wire, timeout_s)
        except VoicelabError as error:
            hidden = _without(str(error), secrets)
            if hidden == str(error):
                raise
            raise type(error)(hidden) from None

    async def _connected(self, wire: MapWire, timeout_s: float) -> Transport:
        if self._map.request is not None:
            wire.values |= await _request(self._map.request, wire.values, self._file, timeout_s)
        connect = self._map.connect
        url = str(
            fill(self._url or connect.url, lambda name: _address_part(self._url or connect.url, name, wire.values))
        )
        headers = {name: str(fill(value, wire.values.__getitem__)) for name, value in connect.headers.items()}
        subprotocols = [str(fill(one, wire.values.__getitem__)) for one in connect.subprotocols]
        return await WebSocket.connect(
            url, headers=headers, subprotocols=subprotocols, origin=connect.origin, timeout_s=timeout_s
        )

    def _variables(self) -> tuple[dict[str, Any], list[str]]:
        """Return the values of the variables, and the secret ones among them."""
        values: dict[str, Any] = {}
        secrets = []
        for name, variable in self._map.variables.items():
            if variable.environment is None:
                values[name] = variable.value
                continue
            found = os.environ.get(variable.environment) or variable.default
            if found is None:
                raise InputError(f"map {self._file}: set the environment variable {variable.environment} ({name})")
            values[name] = found
            secrets.append(found)
        return values, secrets


async def _request(request: SetupRequest, values: Mapping[str, Any], file: str, timeout_s: float) -> dict[str, Any]:
    """Make the request before the connection, and read its variables."""

    url = check_url(
        str(fill(request.url, lambda name: quote(str(values[name]), safe=""))),
        ("http", "https"),
        what=f"map {file}: request.url",
    )
    shown = without_query(url)
    headers = {name: str(fill(value, values.__getitem__)) for name, value in request.headers.items()}
    body = fill(request.body, values.__getitem__) if request.body is not None else None
    try:
        async with await http_client(timeout_s) as client:
            answer = await client.request(request.method, url, headers=headers, json=body)
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise ConnectionLostError(f"{shown}: the request before the connection failed: {reason}") from error
    if answer.status_code >= 500:
        raise ConnectionLostError(f"{shown}: answered HTTP {answer.status_code}")
    if answer.status_code >= 400:
        raise InputError(f"{shown}: answered HTTP {answer.status_code}; check the key and the map's request")
    try:
        found = answer.json()
    except ValueError as error:
        raise InputError(
            f"{shown}: the response is not JSON, but the map reads {', '.join(request.read)} from it"
        ) from error
    read = {name: value_at(path, found) for name, path in request.read.items()}
    for name, value in read.items():
        if value is None:
            raise InputError(f"{shown}: the response lacks {request.read[name]}, which the map reads as {name}")
    return read


def _address_part(template: str | None, name: str, values: Mapping[str, Any]) -> str:
    """Return a variable's value for a URL: percent-encoded unless it is the whole URL."""
    value = str(values[name])
    return value if template == f"${{{name}}}" else quote(value, safe="")


def _without(text: str, secrets: list[str]) -> str:
    for secret in filter(None, secrets):
        text = text.replace(secret, _HIDDEN).replace(quote(secret, safe=""), _HIDDEN)
    return text


def _capabilities(found: TargetMap) -> Capabilities:
    texts = [rule.reply_text for rule in found.receive.when if rule.reply_text is not None]
    heard = [rule.caller_text for rule in found.receive.when if rule.caller_text is not None]
    return Capabilities(
        caller_transcript=bool(heard),
        partial_transcript=any(getattr(one, "final", True) is not True for one in heard),
        reply_text=bool(texts),
        partial_reply_text=any(getattr(one, "delta", False) for one in texts),
        tool_calls=rules_give(found, "tool_call"),
        end_of_reply=rules_give(found, "reply_end"),
        turn_detection=found.turns == "target",
        interruption=rules_give(found, "interrupted"),
    )
