"""The door of an application: who comes in, who does not any more, and what each is told."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from hallway.client import (
    AsyncFollower,
    AsyncHubClient,
    Batch,
    Door,
    DoorSettings,
    Ended,
    Identity,
    Receipt,
    Snapshot,
    Visitor,
    Wanted,
)
from hallway.client.stamp import opened, stamped
from hallway.oidc.logout import Logout
from tests.client.hub import FakeHub, event
from tests.client.test_webhook import NEW, OLD, body, signed
from tests.engines import run
from tests.web.asgi import Answer, call

SECRET = bytes(32)
BASE = "http://fieldbook.localhost:8200"


@dataclass
class Product:
    """A product with its accounts: everything in memory, each method at once. It is reader and sessions in one."""

    accounts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    sessions: dict[str, tuple[tuple[str, str], str]] = field(default_factory=dict)
    logouts: list[Logout] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    at: str | None = None
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, key: str, identity: Identity) -> Ended | None:
        if identity.subject in self.left:
            return Ended("Your access has ended.")
        self.accounts.setdefault(identity.key, {"notes": []})["identity"] = identity
        self.sessions[key] = (identity.key, identity.id_token)
        return None

    async def found(self, key: str) -> Visitor | Ended | None:
        if key not in self.sessions:
            return None
        account, _ = self.sessions[key]
        one = self.accounts[account]["identity"]
        if one.subject in self.left:
            return Ended("Your organization's directory ended your access.")
        return Visitor(one.organization, one.subject, one.role, one.name, one.email, one.groups, key)

    async def end(self, key: str) -> str:
        return self.sessions.pop(key, (("", ""), ""))[1]

    async def end_by(self, logout: Logout) -> None:
        self.logouts.append(logout)
        self.sessions = {key: one for key, one in self.sessions.items() if one[0][1] != logout.subject}

    async def cursor(self) -> str | None:
        return self.at

    async def begin_again(self, cursor: str, parts: AsyncIterator[Snapshot]) -> None:
        async for _ in parts:
            self.at = cursor
        self.moved.set()

    async def take(self, batch: Batch) -> None:
        self.taken += [one.id for one in batch.events]
        self.left |= {one.member for one in batch.events if one.member and not one.may_enter}
        self.at = batch.cursor or self.at
        self.moved.set()

    async def owed(self) -> Sequence[Receipt]:
        return ()

    async def sent(self, receipt: Receipt) -> None:
        raise AssertionError


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Says who asks."""
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    seen = scope["hallway"]
    said = f"{seen.name}, {seen.role} of {seen.organization.external_id}" if isinstance(seen, Visitor) else repr(seen)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said.encode()})


@dataclass
class Visiting:
    """A product behind its door, and a browser before it."""

    hub: FakeHub
    product: Product
    door: Door
    jar: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, **headers)

    async def send(self, method: str, path: str, octets: bytes = b"", **headers: str) -> Answer:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        given = {"accept": "text/html,*/*", "cookie": cookie, **{k.replace("_", "-"): v for k, v in headers.items()}}
        answer = await call(self.door, method, path, given, octets)
        for made in answer.cookies:
            name, _, value = made.partition(";")[0].partition("=")
            self.jar.pop(name, None)
            if "Max-Age=0" not in made:
                self.jar[name] = value
        return answer

    async def sign_in(self, path: str = "/hallway/sign-in?next=/visits?page=2", **changes: str) -> Answer:
        """All the way to what the callback answers."""
        begun = await self.get(path)
        assert begun.status == 303, begun.body
        return await self.come_back(self.hub.authorized(begun.headers["location"], **changes))

    async def come_back(self, parameters: list[tuple[str, str]]) -> Answer:
        return await self.get("/hallway/callback?" + "&".join(f"{name}={value}" for name, value in parameters))


def visiting(hub: FakeHub, product: Product | None = None, **changes: Any) -> Visiting:
    product = product or Product()
    client = AsyncHubClient(hub.application())
    given = {"client": client, "sessions": product, "secret": SECRET, "open_paths": ("/", "/static/"), **changes}
    return Visiting(hub, product, Door(application, DoorSettings(**given)))


async def test_a_person_signs_in_and_is_known(hub: FakeHub) -> None:
    there = visiting(hub)
    shut = await there.get("/visits?page=2")
    assert (shut.status, shut.headers["location"]) == (303, "/hallway/sign-in?next=%2Fvisits%3Fpage%3D2")
    answer = await there.sign_in()
    assert (answer.status, answer.headers["location"]) == (303, "/visits?page=2")
    assert list(there.jar) == ["hallway_session"]
    assert (await there.get("/visits")).body == b"Ada Byron, admin of acme"
    await there.door._settings.client.close()


async def test_a_session_is_kept_as_its_hash_in_a_cookie_that_no_script_reads(hub: FakeHub) -> None:
    there = visiting(hub)
    answer = await there.sign_in()
    made = next(one for one in answer.cookies if one.startswith("hallway_session="))
    assert "; HttpOnly" in made and "; SameSite=Lax" in made and "; Path=/" in made
    assert there.jar["hallway_session"] not in there.product.sessions
    (kept,) = there.product.sessions
    assert len(kept) == 64 and (await there.get("/")).body.startswith(b"Ada")
    there.jar["hallway_session"] = kept
    assert (await there.get("/")).body == b"None", "the hash opens nothing"
    await there.door._settings.client.close()


async def test_over_https_no_other_host_can_set_the_cookie(hub: FakeHub) -> None:
    client = AsyncHubClient(hub.application(redirect_uri="https://fieldbook.example/hallway/callback"))
    there = visiting(hub, client=client)
    (made,) = (await there.get("/hallway/sign-in")).cookies
    assert made.startswith("__Host-hallway_sign_in_") and "; Secure" in made and "; Max-Age=600" in made
    await client.close()


async def test_a_forged_address_opens_nothing(hub: FakeHub) -> None:
    product = Product()
    ada = visiting(hub, product)
    await ada.sign_in()
    (account,) = product.accounts
    product.accounts[account]["notes"].append("the well is dry")
    # Another organization's directory says that its Mallory has Ada's address.
    hub.claims = {"sub": "mem_mallory", "email_verified": False, "org": {"id": "org_2", "external_id": "beta"}}
    mallory = visiting(hub, product)
    await mallory.sign_in()
    assert (await mallory.get("/visits")).body == b"Ada Byron, admin of beta"
    assert {key: one["notes"] for key, one in product.accounts.items()} == {
        (hub.url, "mem_ada"): ["the well is dry"],
        (hub.url, "mem_mallory"): [],
    }
    for one in (ada, mallory):
        await one.door._settings.client.close()


async def test_whoever_left_is_refused_at_once_and_told_why(hub: FakeHub) -> None:
    there = visiting(hub)
    await there.sign_in()
    there.product.left.add("mem_ada")
    page = await there.get("/visits")
    assert page.status == 401 and b"Your organization&#x27;s directory ended your access." in page.body
    assert (
        page.headers["content-type"].startswith("text/html") and b'href="/hallway/sign-in?next=%2Fvisits"' in page.body
    )
    script = await there.get("/visits.json", accept="application/json")
    assert (script.status, script.body) == (401, b"Your organization's directory ended your access.")
    assert (await there.send("POST", "/visits")).status == 401
    assert (await there.get("/static/app.css")).body.startswith(b"Ended"), "an open path knows it too"
    await there.door._settings.client.close()


async def test_whoever_left_does_not_come_in_again(hub: FakeHub) -> None:
    there = visiting(hub)
    there.product.left.add("mem_ada")
    answer = await there.sign_in()
    assert answer.status == 401 and b"Your access has ended." in answer.body and there.jar == {}
    await there.door._settings.client.close()


async def test_a_stranger_comes_to_open_paths_only(hub: FakeHub) -> None:
    there = visiting(hub)
    for path, status in (("/", 200), ("/static/app.css", 200), ("/static", 303), ("/visits", 303), ("/staticky", 303)):
        assert (await there.get(path)).status == status, path
    there.jar["hallway_session"] = "a token that nobody made"
    assert (await there.get("/visits")).status == 303
    script = await there.get("/visits", accept="application/json")
    assert (script.status, script.body) == (401, b"Sign in again to go on.")


async def test_two_tabs_sign_in_side_by_side(hub: FakeHub) -> None:
    there = visiting(hub)
    first, second = await there.get("/hallway/sign-in?next=/a"), await there.get("/hallway/sign-in?next=/b")
    for begun, path in ((first, "/a"), (second, "/b")):
        answer = await there.come_back(hub.authorized(begun.headers["location"]))
        assert answer.headers["location"] == path
    await there.door._settings.client.close()


async def test_a_sign_in_counts_only_in_the_browser_that_began_it(hub: FakeHub) -> None:
    mallory, ada = visiting(hub), visiting(hub)
    begun = await mallory.get("/hallway/sign-in")
    answer = await ada.come_back(hub.authorized(begun.headers["location"]))
    assert answer.status == 400 and b"did not begin in this browser" in answer.body and ada.jar == {}
    await mallory.door._settings.client.close()


@pytest.mark.parametrize("spoiled", ["", ".", "e30.AAAA", "é"])
async def test_a_spoiled_cookie_is_none(hub: FakeHub, spoiled: str) -> None:
    there = visiting(hub)
    begun = await there.get("/hallway/sign-in")
    there.jar = dict.fromkeys(there.jar, spoiled)
    assert (await there.come_back(hub.authorized(begun.headers["location"]))).status == 400
    await there.door._settings.client.close()


async def test_what_was_stamped_and_is_no_attempt_is_none(hub: FakeHub) -> None:
    there = visiting(hub)
    begun = await there.get("/hallway/sign-in")
    there.jar = dict.fromkeys(there.jar, stamped("sign-in", b"{}", SECRET))
    assert (await there.come_back(hub.authorized(begun.headers["location"]))).status == 400
    await there.door._settings.client.close()


async def test_a_sign_in_waits_ten_minutes(hub: FakeHub) -> None:
    ahead = [0]
    client = AsyncHubClient(hub.application(), lambda: int(time.time() * 1_000_000) + ahead[0])
    there = visiting(hub, client=client)
    begun = await there.get("/hallway/sign-in")
    ahead[0] = 601 * 1_000_000
    answer = await there.come_back(hub.authorized(begun.headers["location"]))
    assert answer.status == 400 and there.product.sessions == {}
    await client.close()


@pytest.mark.parametrize(
    ("changes", "code"), [({"code": "", "error": "access_denied"}, b"access_denied"), ({"iss": "x"}, b"wrong_issuer")]
)
async def test_a_refused_sign_in_says_so_calmly(hub: FakeHub, changes: dict[str, str], code: bytes) -> None:
    there = visiting(hub)
    answer = await there.sign_in(**changes)
    assert answer.status == 403 and b"You are not signed in" in answer.body and code in answer.body
    assert there.product.sessions == {} and there.jar == {}
    await there.door._settings.client.close()


async def test_while_the_hub_does_not_answer_sign_in_says_so(hub: FakeHub) -> None:
    there = visiting(hub)
    begun = await there.get("/hallway/sign-in")
    parameters = hub.authorized(begun.headers["location"])
    hub.down = True
    assert (await there.come_back(parameters)).status == 503
    fresh = visiting(hub)
    page = await fresh.get("/hallway/sign-in")
    assert page.status == 503 and b"Nothing was changed" in page.body
    for one in (there, fresh):
        await one.door._settings.client.close()


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "visits", "/a\\b", "/%0d%0aX:", "/é"]
)
async def test_a_sign_in_leads_to_this_application_only(hub: FakeHub, path: str) -> None:
    there = visiting(hub)
    assert (await there.sign_in(f"/hallway/sign-in?next={path}")).headers["location"] == "/"
    await there.door._settings.client.close()


async def test_signing_out_ends_the_session_here_and_at_the_hub(hub: FakeHub) -> None:
    there = visiting(hub)
    await there.sign_in()
    for headers in (
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        assert (await there.send("POST", "/hallway/sign-out", **headers)).status == 403
    assert len(there.product.sessions) == 1
    answer = await there.send("POST", "/hallway/sign-out", sec_fetch_site="same-origin", origin=BASE)
    assert answer.status == 303 and answer.headers["location"].startswith(f"{hub.url}/oauth2/logout?")
    assert "id_token_hint=ey" in answer.headers["location"]
    assert there.product.sessions == {} and there.jar == {}
    hub.down = True
    there.door._settings.client.known.provider = None
    again = await there.send("POST", "/hallway/sign-out")
    assert again.headers["location"] == f"{BASE}/", "without the Hub the session here ends all the same"
    assert (await there.get("/hallway/sign-out")).status == 303, "a GET ends nothing: it is a page like any other"
    await there.door._settings.client.close()


async def test_the_hub_ends_sessions_behind_the_browsers_back(hub: FakeHub) -> None:
    there = visiting(hub)
    await there.sign_in()
    form = {"content_type": "application/x-www-form-urlencoded"}
    forged = await there.send("POST", "/hallway/logout", b"logout_token=" + hub.token("n", "a").encode(), **form)
    assert forged.status == 400 and len(there.product.sessions) == 1
    assert (await there.send("POST", "/hallway/logout", b"", **form)).status == 400
    token = b"logout_token=" + hub.logout_token().encode()
    assert (await there.send("POST", "/hallway/logout", token, **form)).status == 200
    assert [one.session_id for one in there.product.logouts] == ["session-1"] and there.product.sessions == {}
    await there.door._settings.client.close()
    hub.down = True
    away = visiting(hub)
    assert (await away.send("POST", "/hallway/logout", token, **form)).status == 503
    await away.door._settings.client.close()


def following(hub: FakeHub, product: Product, **changes: Any) -> Visiting:
    client = AsyncHubClient(hub.application())
    follower = AsyncFollower(client, product, Wanted(), lambda _: None)
    return visiting(hub, product, client=client, follower=follower, **changes)


async def test_a_webhook_is_taken_once_it_was_judged(hub: FakeHub) -> None:
    product = Product()
    there = following(hub, product, webhook_secrets=(OLD, NEW), now=lambda: 1_764_072_000.0)
    headers = {name.replace("-", "_").lower(): value for name, value in signed(body()).items()}
    assert (await there.send("POST", "/hallway/webhook", body(), **headers)).status == 204
    assert product.taken == ["evt_7"] and product.left == {"mem_ada"}
    assert (await there.send("POST", "/hallway/webhook", body() + b" ", **headers)).status == 400
    ping = {name.replace("-", "_").lower(): value for name, value in signed(body("ping")).items()}
    assert (await there.send("POST", "/hallway/webhook", body("ping"), **ping)).status == 204
    assert (await there.send("POST", "/hallway/webhook", b"x" * 300_000, **headers)).status == 413
    assert product.taken == ["evt_7"]


async def test_who_reads_the_feed_has_no_webhook(hub: FakeHub) -> None:
    there = following(hub, Product())
    headers = {name.replace("-", "_").lower(): value for name, value in signed(body()).items()}
    assert (await there.send("POST", "/hallway/webhook", body(), **headers)).status == 404


@pytest.mark.parametrize("with_webhooks", [False, True])
async def test_the_door_follows_while_the_application_lives(hub: FakeHub, with_webhooks: bool) -> None:
    items = [{"kind": "organization", "id": "org_1", "name": "Acme"}]
    hub.answers["/api/v1/snapshot"] = [(200, {"items": items, "cursor": "c6", "next": None})]
    hub.answers["/api/v1/events"] = [(200, {"items": [event(7)], "next": "c7"})]
    product, heard = Product(), asyncio.Queue[dict[str, Any]]()
    there = following(hub, product, webhook_secrets=(NEW,) if with_webhooks else ())
    said: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        said.append(message["type"])

    life = asyncio.create_task(there.door({"type": "lifespan"}, heard.get, send))
    await heard.put({"type": "lifespan.startup"})
    while product.at != ("c6" if with_webhooks else "c7"):
        await product.moved.wait()
        product.moved.clear()
    await heard.put({"type": "lifespan.shutdown"})
    await life
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (product.left == {"mem_ada"}) is not with_webhooks
    assert there.door._task is not None and there.door._task.done()


async def test_a_websocket_asks_the_same_row(hub: FakeHub) -> None:
    there = visiting(hub)
    await there.sign_in()
    cookie = f"other=1; hallway_session={there.jar['hallway_session']}".encode()
    for headers, answered in (([(b"cookie", cookie)], "websocket.accept"), ([], "websocket.close")):
        said: list[Any] = []

        async def send(message: Any, said: list[Any] = said) -> None:
            said.append(message)

        scope = {"type": "websocket", "path": "/live", "query_string": b"", "headers": headers}
        await there.door(scope, lambda: asyncio.sleep(0), send)
        assert [one["type"] for one in said] == [answered]
    await there.door._settings.client.close()


def test_a_door_whose_redirect_uri_leads_elsewhere_is_a_mistake(hub: FakeHub) -> None:
    with pytest.raises(ValueError, match="/auth/callback"):
        visiting(hub, prefix="/auth")


def test_a_door_without_a_follower_lives_and_closes(hub: FakeHub) -> None:
    async def whole() -> None:
        heard = asyncio.Queue[dict[str, Any]]()
        await heard.put({"type": "lifespan.startup"})
        await heard.put({"type": "lifespan.shutdown"})

        async def send(_: Any) -> None:
            pass

        await visiting(hub).door({"type": "lifespan"}, heard.get, send)

    run(whole())


def test_a_stamp_counts_for_its_purpose_and_secret_only() -> None:
    text = stamped("sign-in", b"octets", SECRET)
    assert opened("sign-in", text, SECRET) == b"octets"
    assert opened("another", text, SECRET) is None
    assert opened("sign-in", text, bytes([1]) * 32) is None
    assert opened("sign-in", f"x{text}", SECRET) is None
    with pytest.raises(ValueError, match="32 bytes"):
        stamped("sign-in", b"octets", bytes(31))
