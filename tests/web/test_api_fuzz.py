"""The REST API held to its own document, on both engines: schemathesis makes the requests and judges the answers.

Rules: no answer is a 500, and none is one that the document does not promise; each request that may be wrong follows a
sound one of the same route, which has to succeed, so at least half of every route's answers are 2xx. The same requests
are made in every run.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
import uvloop
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hallway.web.api.endpoint import Endpoint
from hallway.web.api.openapi import document
from hallway.web.api.table import ENDPOINTS
from tests.web.api_world import ApiWorld, Sound, api_world
from tests.web.asgi import call

EXAMPLES: Final = 8
CHECKS: Final = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
SCHEMA: Final = schemathesis.openapi.from_dict(document(ENDPOINTS, "http://hub.localhost:8000"))
OPERATIONS: Final = {(one.method, one.path): SCHEMA[one.path][one.method] for one in ENDPOINTS}


class World:
    """A deployment that lives as long as the test, in a loop of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
        self._stack = AsyncExitStack()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        entered = self._stack.enter_async_context(api_world(folder, monkeypatch, database=database))
        self.api: ApiWorld = self.runner.run(entered)
        self.answers: Counter[tuple[str, bool]] = Counter()

    def close(self) -> None:
        self.runner.run(self._stack.aclose())
        self.runner.close()

    def sent(self, endpoint: Endpoint, prepared: requests.PreparedRequest) -> Response:
        """A request as its client would send it."""
        parts = urlsplit(str(prepared.url))
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        body = prepared.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        headers = [(name, _text(value)) for name, value in prepared.headers.items()]
        headers = [(name, value) for name, value in headers if name.lower() not in ("content-length", "host")]
        answer = self.runner.run(call(self.api.hub.app, str(prepared.method), path, headers, raw))
        self.answers[(endpoint.serve.__name__, answer.status < 300)] += 1
        told = {name: [value] for name, value in answer.headers.items()}
        return Response(answer.status, told, answer.body, prepared, 0.0, False)

    def sound(self, endpoint: Endpoint) -> tuple[Sound, Response]:
        """A request that has to succeed, and its answer."""
        sound = self.runner.run(self.api.sound(endpoint))
        prepared = self._prepared(endpoint, sound.path(endpoint.path), sound.body)
        return sound, self.sent(endpoint, prepared)

    def _prepared(self, endpoint: Endpoint, path: str, body: Any) -> requests.PreparedRequest:
        given_ = {"authorization": f"Bearer {self.api.key}", "content-type": "application/json"}
        raw = None if body is None else json.dumps(body)
        return requests.Request(endpoint.method, f"http://hub.localhost:8000{path}", given_, data=raw).prepare()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The deployment on each engine."""
    database = str(request.getfixturevalue(f"{request.param}_database"))
    one = World(tmp_path, monkeypatch, database)
    yield one
    one.close()


def test_every_answer_is_one_that_the_document_promises(world: World) -> None:
    for endpoint in ENDPOINTS:
        _fuzz(world, endpoint)
    for endpoint in ENDPOINTS:
        name = endpoint.serve.__name__
        good, bad = world.answers[(name, True)], world.answers[(name, False)]
        assert good >= EXAMPLES and good >= bad, (name, good, bad)


def _fuzz(world: World, endpoint: Endpoint) -> None:
    operation = OPERATIONS[(endpoint.method, endpoint.path)]
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if _can_be_wrong(endpoint) else st.nothing()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy() | wrong, st.booleans())
    def judge(case: Any, real: bool) -> None:
        sound, answer = world.sound(endpoint)
        assert answer.status_code == endpoint.status, (endpoint.name, answer.status_code, answer.content)
        case.validate_response(answer, checks=CHECKS)
        if real:
            case.path_parameters = _known(case.path_parameters, sound.params)
        case.headers = {**(case.headers or {}), "authorization": f"Bearer {world.api.key}"}
        kwargs = case.as_transport_kwargs(base_url="http://hub.localhost:8000")
        prepared = requests.Request(**_requested(kwargs)).prepare()
        case.validate_response(world.sent(endpoint, prepared), checks=CHECKS)

    judge()


def _known(drawn: Mapping[str, Any] | None, real: Mapping[str, str]) -> dict[str, Any]:
    return {name: real.get(name, value) for name, value in (drawn or {}).items()}


def _can_be_wrong(endpoint: Endpoint) -> bool:
    return endpoint.body is not None or endpoint.query is not None


def _requested(kwargs: dict[str, Any]) -> dict[str, Any]:
    known = ("method", "url", "headers", "files", "data", "params", "auth", "cookies", "hooks", "json")
    return {name: value for name, value in kwargs.items() if name in known}
