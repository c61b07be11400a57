"""A directory token opens its own directory and nothing else, and tells a stranger nothing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hallway.hub.directories.model import DirectoryState, Rules
from hallway.hub.directories.tokens import token_hash, token_text
from hallway.ids import DIRECTORY, DirectoryId, TokenId, wire
from hallway.web.guards import (
    REMEMBERED_SECONDS,
    DirectoryGuard,
    Ground,
    Limited,
    Unauthenticated,
    Unlocked,
    own_path,
    split_alias,
)
from hallway.web.http import Message, Request
from hallway.web.limits import Bucket, RateLimiter
from hallway.web.wiring import Hub, clock
from tests.rooms.opened import Place, administration, made_place, opened
from tests.web.deployment import Answer, Client, deployed

UNLIMITED = Bucket(0, 1)


class Time:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> int:
        return clock() + int(self.ahead * 1_000_000)


async def nothing() -> Message:
    return {"type": "http.disconnect"}


def request(place: Place, text: str | None = None, address: str = "192.0.2.1", **headers: str) -> Request:
    given = {"authorization": f"Bearer {place.made.text if text is None else text}", **headers}
    path = f"{own_path(place.directory)}/Users"
    scope = {
        "path": path,
        "method": "GET",
        "query_string": b"",
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items() if value
        ],
        "client": (address, 1),
    }
    made = Request(scope, nothing)
    made.params = {"directory": wire(DIRECTORY, place.directory.id)}
    return made


def guard_of(
    hub: Hub, time: Callable[[], int], per_token: Bucket = UNLIMITED, failures: Bucket = UNLIMITED
) -> DirectoryGuard:
    ground = Ground(hub.stores.directories, hub.catalogue, b"http://hub.test")
    return DirectoryGuard(ground, time, RateLimiter(per_token), RateLimiter(failures))


async def refusal(guard: DirectoryGuard, asked: Request) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as problem:
        await guard.unlock(asked)
    return problem.value


async def test_a_token_opens_its_own_directory(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        guard = guard_of(hub, Time())
        for _ in range(2):
            unlocked = await guard.unlock(request(place))
            assert isinstance(unlocked, Unlocked)
            assert (unlocked.directory, unlocked.token) == (place.directory, place.made.token)
            assert unlocked.base == f"http://hub.test{own_path(place.directory)}".encode()


async def test_a_revocation_in_another_process_counts_within_a_second(tmp_path: Path) -> None:
    async with opened(tmp_path) as serving, opened(tmp_path) as command:
        place = await made_place(command)
        time = Time()
        guard = guard_of(serving, time)
        await guard.unlock(request(place))
        await administration(command).revoke_token(place.made.token)
        time.ahead = REMEMBERED_SECONDS
        assert time.ahead < 1
        assert (await refusal(guard, request(place))).status == 401


async def test_a_disabled_directory_is_known_within_a_second(tmp_path: Path) -> None:
    async with opened(tmp_path) as serving, opened(tmp_path) as command:
        place = await made_place(command)
        time = Time()
        guard = guard_of(serving, time)
        await guard.unlock(request(place))
        await administration(command).disable(place.directory)
        time.ahead = REMEMBERED_SECONDS
        assert (await guard.unlock(request(place))).directory.state is DirectoryState.DISABLED


async def test_an_expired_token_opens_nothing_even_while_it_is_remembered(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        now = [place.made.token.expires_at - 1]
        guard = guard_of(hub, lambda: now[0])
        await guard.unlock(request(place))
        now[0] += 1
        await refusal(guard, request(place))


@pytest.mark.parametrize(
    "text",
    ["", "x", "hw_scim_", "hw_scim_zz_zz", f"hw_scim_{'z' * 32}_s", f"hw_scim_{'0' * 32}_s", "é", "x" * 5000],
)
async def test_what_is_no_token_opens_nothing(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        await refusal(guard_of(hub, Time()), request(place, text))


async def test_the_right_id_with_another_secret_opens_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        forged = token_text(TokenId(place.made.token.id), b"\0" * 32)
        await refusal(guard_of(hub, Time()), request(place, forged))
        await refusal(guard_of(hub, Time()), request(place, place.made.text.upper()))


async def test_more_tokens_than_are_remembered_do_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hallway.web.guards._MOST_REMEMBERED", 2)
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        texts = [(await administration(hub).add_token(place.directory, 1)).text for _ in range(4)]
        guard = guard_of(hub, Time())
        for text in texts:
            await guard.unlock(request(place, text))
        assert len(guard._known) == 2


async def test_each_token_has_its_own_rate_and_refusals_say_when_to_come_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        other = await administration(hub).add_token(place.directory, 1)
        guard = guard_of(hub, Time(), per_token=Bucket(0.01, 2))
        for _ in range(2):
            await guard.unlock(request(place))
        with pytest.raises(Limited) as limited:
            await guard.unlock(request(place))
        assert 0 < int(limited.value.retry_after) <= 100
        await guard.unlock(request(place, other.text))


async def test_failures_are_counted_by_address_and_stop_no_valid_token(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        guard = guard_of(hub, Time(), failures=Bucket(0.01, 2))
        for _ in range(2):
            await refusal(guard, request(place, "wrong"))
        with pytest.raises(Limited):
            await guard.unlock(request(place, "wrong"))
        await guard.unlock(request(place))
        await refusal(guard, request(place, "wrong", address="192.0.2.2"))


async def test_an_api_key_and_a_bare_token_are_quirks_and_refused_by_a_strict_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        text = place.made.text
        ways: list[tuple[dict[str, str | None], str]] = [
            ({"authorization": text}, "bare_token"),
            ({"authorization": None, "x-api-key": text}, "api_key_header"),
        ]
        client = hub.client(place)
        for headers, _ in ways:
            assert (await client.send("GET", "/Users", b"", headers)).status == 200
        for scheme in ("bearer", "BEARER", "Bearer "):
            assert (await client.send("GET", "/Users", b"", {"authorization": f"{scheme} {text}"})).status == 200
        assert (await client.send("GET", "/Users", b"", {"authorization": f"Basic {text}"})).status == 401
        await hub.written()
        standing = await hub.hub.stores.directories.standing(place.key)
        assert standing.quirks == {"bare_token": 1, "api_key_header": 1}
        await hub.change(place, rules=Rules(strict=True))
        for headers, _ in ways:
            assert (await client.send("GET", "/Users", b"", headers)).status == 401
        assert (await client.get("/Users")).status == 200


async def test_every_refusal_before_authentication_looks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place, other = await hub.place(), await hub.place()
        sibling = await hub.place(place.directory.organization)
        expired = await administration(hub.hub).add_token(place.directory, 1)
        revoked = await administration(hub.hub).add_token(place.directory, 30)
        await administration(hub.hub).revoke_token(revoked.token)
        ended = await hub.place()
        await administration(hub.hub).revoke_token(ended.made.token)
        hub.later(2 * 86_400)
        nowhere = f"/scim/dir_{'0' * 32}/v2"
        clients = [
            *(hub.client(place, one.made.text) for one in (other, sibling)),
            *(hub.client(place, text) for text in (expired.text, revoked.text, "x")),
            hub.client(place, base=nowhere),
            hub.client(place, "x", base=nowhere),
            hub.client(place, "x", base="/scim/zork/v2"),
            hub.client(ended),
        ]  # fmt: skip
        answers = [await client.get("/Users") for client in clients]
        answers.append(await clients[0].send("GET", "/Users", b"", {"authorization": None}))
        answers += [await one.send("POST", "/Users", b'{"userName": "x"}') for one in clients[:2]]
        assert len({told(answer) for answer in answers}) == 1
        assert answers[0].status == 401
        assert answers[0].headers["www-authenticate"].startswith("Bearer")
        assert answers[0].body["status"] == "401"
        assert (await hub.client(place).get("/Users")).body["totalResults"] == 0


def told(answer: Answer) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    headers = tuple(sorted((name, value) for name, value in answer.headers.items() if name != "x-request-id"))
    return answer.status, answer.raw, headers


async def test_the_last_refusals_of_strangers_are_kept_without_what_they_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        stranger = hub.client(place, "hunter2-token")
        await stranger.send("POST", "/Users?x=hunter2", b'{"userName": "hunter2"}', {"user-agent": "curl/8"})
        await hub.client(place, "hunter2", base=f"/scim/dir_{'0' * 32}/v2").get("/Users")
        await hub.written()
        directory = place.directory
        (kept,) = await hub.hub.stores.exchanges.strangers(directory.organization_id, directory.id)
        assert (kept.method, kept.path, kept.reason) == ("POST", f"{stranger.base}/Users", "unknown token")
        assert (kept.client, kept.address) == ("curl/8", "192.0.2.1")
        for _ in range(101):
            await stranger.get("/Users")
        await hub.written()
        assert len(await hub.hub.stores.exchanges.strangers(directory.organization_id, directory.id)) == 100


async def test_the_limit_on_requests_is_answered_by_429_in_the_form_of_scim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"rate_limit_per_second": "1", "rate_limit_burst": "3", "failed_authentication_per_minute": "2"}
    async with deployed(tmp_path, monkeypatch, **limits) as hub:
        place = await hub.place()
        client, wrong = hub.client(place), hub.client(place, "wrong")
        answers = [await client.get("/Users") for _ in range(5)]
        assert [answer.status for answer in answers[:3]] == [200, 200, 200]
        assert answers[4].status == 429
        assert (answers[4].body["status"], answers[4].headers["retry-after"]) == ("429", "1")
        assert [(await wrong.get("/Users")).status for _ in range(4)] == [401, 401, 429, 429]
        second = await administration(hub.hub).add_token(place.directory, 1)
        assert (await hub.client(place, second.text).get("/Users")).status == 200


@pytest.mark.parametrize(
    ("path", "base", "rest"),
    [
        ("/scim/v2/Users", "/scim/v2", "Users"),
        ("/scim/v2/Users/.search", "/scim/v2", "Users/.search"),
        ("/scim/v2/.search", "/scim/v2", ".search"),
        ("/Users/user_1", "", "Users/user_1"),
        ("/tenants/7/Groups/group_1", "/tenants/7", "Groups/group_1"),
        ("/tenants/Users/scim/Groups", "/tenants/Users/scim", "Groups"),
        ("/elsewhere", "/elsewhere", ""),
    ],
)
def test_a_path_of_another_product_is_split_where_scim_begins(path: str, base: str, rest: str) -> None:
    assert split_alias(path) == (base, rest)


@pytest.mark.parametrize("base", ["/scim/v2", "/api/tenants/acme/scim", "/scim/acme/v2"])
async def test_a_customer_of_another_product_keeps_address_and_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        one, other = await hub.place(), await hub.place()
        await imported(hub.hub, one, "their-own-token")
        await imported(hub.hub, other, "another-token")
        for place in (one, other):
            await hub.change(place, base_path=base)
        client, second = hub.client(one, "their-own-token", base), hub.client(other, "another-token", base)
        ada = await client.user("ada")
        assert ada.status == 201
        assert ada.headers["location"] == f"http://127.0.0.1:8000{base}/Users/{ada.id}"
        assert ada.body["meta"]["location"] == ada.headers["location"]
        assert (await client.get(f"/Users/{ada.id}")).raw == ada.raw
        assert (await client.get("/Users")).names == ["ada"]
        assert (await second.get("/Users")).names == []
        assert (await second.get(f"/Users/{ada.id}")).status == 404
        assert (await hub.client(one).get(f"/Users/{ada.id}")).status == 200
        await assert_discovery(client, base)
        for stranger in (hub.client(one, "wrong", base), hub.client(one, "their-own-token", "/scim/v3")):
            for path in ("/Users", "/Schemas"):
                answer = await stranger.get(path)
                assert answer.status == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
        assert (await client.request("PUT", "/Users", {})).status == 405
        assert (await client.request("PUT", "/Users", {})).headers["allow"] == "GET, HEAD, POST"
        assert (await client.get("/Users/1/2/3")).status == 404
        assert (await client.get("/Robots")).status == 404


async def assert_discovery(client: Client, base: str) -> None:
    schemas = await client.get("/Schemas")
    assert schemas.status == 200
    assert schemas.body["Resources"][0]["meta"]["location"].startswith(f"http://127.0.0.1:8000{base}/Schemas/")
    assert (await client.get("/ServiceProviderConfig")).status == 200
    user = await client.get("/ResourceTypes/User")
    assert user.body["meta"]["location"] == f"http://127.0.0.1:8000{base}/ResourceTypes/User"


async def imported(hub: Hub, place: Place, text: str) -> None:
    await administration(hub).import_token(place.directory, token_hash(text), 30)


async def test_a_token_whose_directory_is_gone_opens_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as hub:
        place = await made_place(hub)
        ended = replace(place.directory, state=DirectoryState.DELETED)
        await administration(hub).update(place.directory, ended)
        assert await hub.stores.directories.located(DirectoryId(place.directory.id)) is None
        await refusal(guard_of(hub, Time()), request(place))
