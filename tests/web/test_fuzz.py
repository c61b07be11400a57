"""Anything at all at the HTTP door, on both engines.

Rules: no answer is a 500; every refusal at a SCIM address is a SCIM error that says the status of its answer; what is
refused is kept as an exchange, whatever stood in it. So that this is no test of the front door alone, each request
that may be wrong follows one that is sound, and at least half of the calls of every route are answered with 2xx. The
same calls are made in every run.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import unquote

import pytest
import uvloop
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hallway.ids import DIRECTORY, wire
from hallway.web.http import tidy_path
from hallway.web.routes import OPERATION_ROUTES
from hallway.web.routing import Match, Route
from hallway.web.rows import TOKEN
from hallway.web.scim_routes import ROUTES as SCIM_ROUTES
from tests.rooms.opened import Place
from tests.web import noise
from tests.web.asgi import Answer, call
from tests.web.deployment import ERROR, SCIM, Deployment, deployed

NEVER_2XX: Final = "/Me"
"""A directory's token is not a user: 501 and why."""
EXAMPLES: Final = {"sqlite": 150, "postgres": 150}
LEAST_CALLS: Final = 8
"""Of each route, in the smaller of the two runs."""
STEPS: Final = 20
SCIM_TYPES: Final = {
    "invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget", "invalidValue",
    "invalidVers", "sensitive", "invalidCursor", "expiredCursor", "invalidCount",
}  # fmt: skip
KINDS: Final = st.sampled_from(("Users", "Groups"))


class World:
    """A deployment that lives as long as the test, in a loop of its own; `calls` and `good` count by route."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, database: str, examples: int) -> None:
        self.examples = examples
        self.calls: Counter[str] = Counter()
        self.good: Counter[str] = Counter()
        self.places: list[Place] = []
        self._stack = AsyncExitStack()
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        entered = self._stack.enter_async_context(deployed(folder, monkeypatch, database=database))
        self.deployment: Deployment = self.runner.run(entered)
        worker = self.deployment.serving._worker
        assert worker is not None
        self.runner.run(worker.stop())  # refusals are written when the test says so

    def close(self) -> None:
        self.runner.run(self._stack.aclose())
        self.runner.close()

    def place(self) -> Place:
        """A fresh directory with an extra base path."""
        made = self.runner.run(self.deployment.place())
        path = f"/vendor/{len(self.places)}/scim"
        self.runner.run(self.deployment.change(made, base_path=path))
        self.places.append(made)
        return made

    def route(self, method: str, path: str) -> Route | None:
        """The route that a request leads to."""
        found = self.deployment.app.router.match(method, tidy_path(unquote(path.partition("?")[0])))
        return found.route if isinstance(found, Match) else None


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The deployment on each engine."""
    database = str(request.getfixturevalue(f"{request.param}_database"))
    one = World(tmp_path, monkeypatch, database, EXAMPLES[request.param])
    yield one
    one.close()


class Door(RuleBasedStateMachine):
    """A client of a fresh directory with two users and two groups."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, list[str]] = {"Users": [], "Groups": []}
        self.names = map("name-{}".format, itertools.count())
        self.place = self.world.place()
        self.base = f"/scim/{wire(DIRECTORY, self.place.directory.id)}/v2"
        self.bases = (self.base, f"/vendor/{len(self.world.places) - 1}/scim")
        self.kept: list[tuple[str, int, str]] = []
        self.judging = False

    @initialize(data=st.data())
    def people(self, data: st.DataObject) -> None:
        """Two users, a group of both, and a group of that group."""
        for kind in ("Users", "Users", "Groups", "Groups"):
            self.create(kind, data)

    # --- requests, each sound one followed by one that may be wrong

    @rule(kind=KINDS, data=st.data())
    def create(self, kind: str, data: st.DataObject) -> None:
        body = self.resource(kind, data)
        answer = self.send(data, "POST", f"/{kind}", body, noise.query(data.draw(noise.PROJECTIONS)))
        if answer.status == 201:
            self.ids[kind].append(str(json.loads(answer.body)["id"]))

    @rule(kind=KINDS, data=st.data())
    def replace(self, kind: str, data: st.DataObject) -> None:
        self.send(data, "PUT", self.one(kind, data), self.resource(kind, data, self.ids["Users"]))

    @rule(kind=KINDS, data=st.data())
    def patch(self, kind: str, data: st.DataObject) -> None:
        operations = noise.user_operations if kind == "Users" else noise.group_operations
        self.send(data, "PATCH", self.one(kind, data), data.draw(noise.patch(operations(self.ids["Users"][:3]))))

    @rule(kind=KINDS, data=st.data())
    def delete(self, kind: str, data: st.DataObject) -> None:
        made = self.sound("POST", self.base + f"/{kind}", noise.encoded(self.plain(kind)))
        self.send(data, "DELETE", f"/{kind}/{json.loads(made.body)['id']}")

    @rule(kind=KINDS, data=st.data())
    def get(self, kind: str, data: st.DataObject) -> None:
        self.send(data, "GET", self.one(kind, data), query=noise.query(data.draw(noise.PROJECTIONS)))

    @rule(kind=st.sampled_from(("/Users", "/Groups", "")), data=st.data())
    def search(self, kind: str, data: st.DataObject) -> None:
        search = data.draw(noise.SEARCHES[kind[1:] or "Users"])
        self.send(data, "GET", kind, query=noise.query(search))
        self.send(data, "POST", f"{kind}/.search", noise.search_message(search))
        plain = noise.search_message({"startIndex": 1, "count": 2})
        self.sound("POST", f"{self.base}{kind}/.search", noise.encoded(plain))

    @rule(kind=KINDS, count=st.integers(1, 3), data=st.data())
    def walk(self, kind: str, count: int, data: st.DataObject) -> None:
        page = self.sound("GET", f"{self.base}/{kind}?cursor=&count={count}")
        if cursor := json.loads(page.body).get("nextCursor"):
            self.send(data, "GET", f"/{kind}", query=f"?cursor={cursor}&count={count}")

    @rule(data=st.data())
    def bulk(self, data: st.DataObject) -> None:
        kinds = data.draw(st.lists(KINDS, min_size=1, max_size=3))
        operations: list[dict[str, Any]] = [
            {"method": "POST", "path": f"/{kind}", "bulkId": str(number), "data": self.resource(kind, data)}
            for number, kind in enumerate(kinds)
        ]
        changed = data.draw(noise.patch(noise.user_operations([*self.ids["Users"], "bulkId:0"])))
        operations.append({"method": "PATCH", "path": self.one("Users", data), "data": changed})
        operations.append({"method": "DELETE", "path": f"/{kinds[0]}/bulkId:0"})
        self.send(data, "POST", "/Bulk", noise.bulk(operations))

    @rule(path=st.sampled_from(("/ResourceTypes", "/Schemas")), data=st.data())
    def discover(self, path: str, data: st.DataObject) -> None:
        self.send(data, "GET", "/ServiceProviderConfig")
        listed = json.loads(self.send(data, "GET", path).body)["Resources"]
        self.send(data, "GET", f"{path}/{data.draw(st.sampled_from(listed))['id']}")

    @rule(path=st.sampled_from(("/healthz", "/readyz", "/metrics")), data=st.data())
    def probe(self, path: str, data: st.DataObject) -> None:
        self.sound("GET", path)
        self.asked("GET", path, data.draw(noise.HEADERS), b"")

    # --- requests that are never sound

    @rule(body=noise.RAW)
    def me(self, body: bytes) -> None:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            assert self.asked(method, f"{self.base}/Me", self.token(), body).status == 501

    @rule(method=noise.METHODS, path=st.sampled_from(("/Users", "/Bulk", "", "/.search", "/Schemas")))
    def other_method(self, method: str, path: str) -> None:
        if self.world.route(method, self.base + path) is None:
            assert self.asked(method, self.base + path, self.token(), b"").status == 405

    @rule(segments=st.lists(noise.SEGMENTS, min_size=1, max_size=3), method=noise.METHODS, data=st.data())
    def nowhere(self, segments: list[str], method: str, data: st.DataObject) -> None:
        path = f"{data.draw(st.sampled_from(('', *self.bases)))}/{'/'.join(segments)}"
        if self.world.route(method, path) is None:
            self.asked(method, path, self.token(), data.draw(noise.RAW))

    @rule(data=st.data())
    def stranger(self, data: st.DataObject) -> None:
        """Without a token: nothing but discovery is answered, and that is not called here."""
        kind = data.draw(st.sampled_from(("Users", "Groups", "Bulk", ".search", "")))
        headers = [pair for pair in data.draw(noise.HEADERS) if pair[0] not in ("authorization", "x-api-key")]
        headers += data.draw(st.sampled_from(([], [("authorization", "Bearer x")], [("authorization", "\xff")])))
        path = f"{data.draw(st.sampled_from(self.bases))}/{kind}"
        answer = self.asked(data.draw(noise.METHODS), path, headers, data.draw(noise.RAW), counted=False)
        assert answer.status in (400, 401, 404, 405, 421), (answer.status, path)

    # --- how they are sent

    def one(self, kind: str, data: st.DataObject) -> str:
        return f"/{kind}/{data.draw(st.sampled_from(self.ids[kind]))}"

    def plain(self, kind: str) -> dict[str, Any]:
        return {"userName" if kind == "Users" else "displayName": next(self.names)}

    def resource(self, kind: str, data: st.DataObject, members: list[str] | None = None) -> dict[str, Any]:
        name = next(self.names)
        anybody = self.ids["Users"] + self.ids["Groups"][:1] if members is None else members
        strategy = noise.user(name) if kind == "Users" else noise.group(name, anybody)
        drawn: dict[str, Any] = data.draw(strategy)
        return drawn

    def token(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.place.made.text}")]

    def send(self, data: st.DataObject, method: str, path: str, body: Any = None, query: str = "") -> Answer:
        """The sound request, and perhaps one that is like it; the answer to the sound one."""
        answer = self.sound(method, self.base + path + query, b"" if body is None else noise.encoded(body))
        if data.draw(st.integers(0, 2)) == 0:
            self.unsound(data, method, path, body, query)
        return answer

    def unsound(self, data: st.DataObject, method: str, path: str, body: Any, query: str) -> None:
        headers = [*self.token(), ("content-type", SCIM)]
        sent = b"" if body is None else noise.encoded(body)
        wrong = data.draw(
            st.sets(st.sampled_from(("headers", "query", "body", "raw", "id", "base")), min_size=1, max_size=2)
        )
        if "headers" in wrong:
            put = data.draw(noise.HEADERS)
            twice = data.draw(st.integers(0, 9)) == 0
            headers = [pair for pair in headers if twice or pair[0] not in dict(put)] + put
        if "query" in wrong:
            query = data.draw(noise.QUERIES)
        if "body" in wrong and body is not None:
            sent = noise.encoded(data.draw(noise.spoiled(body)))
        if "raw" in wrong:
            sent = data.draw(noise.RAW)
        if "id" in wrong and path.count("/") > 1:
            path = f"{path.rpartition('/')[0]}/{data.draw(noise.SEGMENTS)}"
        # Nobody can tell whose the root of an extra path is.
        base = self.bases["base" in wrong and path.strip("/") != ""]
        self.asked(method, base + path + query, headers, sent)

    def sound(self, method: str, path: str, body: bytes = b"") -> Answer:
        return self.asked(method, path, [*self.token(), ("content-type", SCIM)] if body else self.token(), body)

    def asked(
        self, method: str, path: str, headers: list[tuple[str, str]], body: bytes, counted: bool = True
    ) -> Answer:
        """The answer to any request, judged."""
        app = self.world.deployment.app
        answer = self.world.runner.run(call(app, method, path, headers, body))
        said = f"{method} {path[:300]} {headers} {body[:300]!r}: {answer.status} {answer.body[:500]!r}"
        route = self.world.route(method, path)
        if counted and route is not None:
            name = f"{route.method} {route.path}"
            self.world.calls[name] += 1
            self.world.good[name] += 200 <= answer.status < 300 or answer.status == 304
        self.judging = True
        assert answer.status < 500 or (answer.status == 501 and "/Me" in path), said
        if answer.status >= 400 and is_scim(path):
            check_error(answer, method, said)
        elif answer.body and "json" in answer.headers["content-type"]:
            assert isinstance(json.loads(answer.body), dict), said
        self.judging = False
        if self.is_kept(method, path.partition("?")[0], answer):
            self.kept.append((method, answer.status, path))
        return answer

    def is_kept(self, method: str, path: str, answer: Answer) -> bool:
        """Whether an exchange has to be kept: of what a token opened, each write and each refusal."""
        if tidy_path(unquote(path)) == self.bases[1]:
            return False  # nobody can tell whose the root of an extra path is
        route = self.world.route(method, path.replace(self.bases[1], self.base))
        if route is None or route.guard != TOKEN or answer.status in (401, 421) or b"more than once" in answer.body:
            return False
        if method == "HEAD" and answer.status == 400:
            return False  # without a body nobody can tell whether the guard was reached
        return answer.status >= 400 or (method not in ("GET", "HEAD") and not path.endswith("/.search"))

    def teardown(self) -> None:
        """Everything that was to be kept is there, whatever stood in it."""
        if not self.judging:
            found = self.world.runner.run(self.world.deployment.exchanges(self.place))
            missing = Counter(kept[:2] for kept in self.kept)
            missing.subtract((one.method, one.status) for one in found)
            wrong = {pair for pair, count in missing.items() if count > 0}
            assert not wrong, (missing, [kept for kept in self.kept if kept[:2] in wrong])


def is_scim(path: str) -> bool:
    """Whether an address is one of SCIM, also under the extra base path of a directory."""
    segments = tidy_path(unquote(path.partition("?")[0])).split("/")
    endpoints = {"Users", "Groups", "Me", "ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", ".search"}
    return segments[1] == "scim" or not endpoints.isdisjoint(segments[1:])


def check_error(answer: Answer, method: str, said: str) -> None:
    """A SCIM error (RFC 7644 §3.12), with the headers that go with its status."""
    if method != "HEAD":
        body = json.loads(answer.body)
        assert body["schemas"] == [ERROR] and body["status"] == str(answer.status) and body["detail"], said
        assert body.get("scimType") is None or (body["scimType"] in SCIM_TYPES and answer.status in (400, 409)), said
        assert answer.headers["content-type"].partition(";")[0] in (SCIM, "application/json"), said
    needed = {401: "www-authenticate", 405: "allow"}.get(answer.status)
    assert needed is None or answer.headers.get(needed), said


def test_nothing_breaks_the_door(world: World) -> None:
    Door.world = world
    wanted = settings(
        max_examples=world.examples,
        stateful_step_count=STEPS,
        derandomize=True,
        phases=(Phase.generate,),  # a failure says its request, and needs no minutes of shrinking
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(Door, settings=wanted)
    shares = {
        route: (world.good[route], calls) for route, calls in world.calls.items() if not route.endswith(NEVER_2XX)
    }
    assert {route: share for route, share in shares.items() if share[0] * 2 < share[1]} == {}
    assert {f"{row.method} {row.path}" for row in (*OPERATION_ROUTES, *SCIM_ROUTES)} == set(world.calls), (
        "a route was never called"
    )
    assert min(world.calls.values()) >= LEAST_CALLS, world.calls.most_common()[-5:]
    print("calls, 2xx among them:", {name: (calls, world.good[name]) for name, calls in sorted(world.calls.items())})
