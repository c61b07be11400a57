"""The guards of accounts and members: where each sends whom it does not let in."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hallway.web.admitting import FRESH_SECONDS, Admission
from hallway.web.http import Request, Response
from hallway.web.rows import ACCOUNT, ADMIN, FRESH_ACCOUNT, FRESH_ADMIN, MEMBER, NONE
from tests.web.deployment import Deployment, deployed

NOW = 1_795_442_531_000_000


@dataclass(frozen=True)
class Person:
    name: str = "Ada"
    email: str = "ada@acme.example"
    locale: str = ""
    role: str = "admin"
    organization_name: str = "Acme"
    authenticated_at: int = NOW


def request(method: str = "GET", path: str = "/settings/general?tab=1", **headers: str) -> Request:
    async def receive() -> Any:
        raise AssertionError

    raw, _, query = path.partition("?")
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": raw, "query_string": query.encode(), "headers": given}
    return Request(scope, receive)


async def admitted(hub: Deployment, guard: str, person: Person | None, asked: Request) -> Any:
    async def find(_: Request) -> Person | None:
        return person

    pages = hub.serving._pages
    assert pages is not None
    return await Admission(pages, find, lambda: NOW).guards()[guard](asked)


def goal(answer: Any) -> str:
    assert isinstance(answer, Response) and answer.status == 303
    return dict(answer.headers)[b"location"].decode()


OLD = replace(Person(), authenticated_at=NOW - (FRESH_SECONDS + 1) * 1_000_000)
RECENT = replace(Person(), authenticated_at=NOW - FRESH_SECONDS * 1_000_000)
OUTSIDE = replace(Person(), role="", organization_name="")
GUEST, USER = replace(Person(), role="guest"), replace(Person(), role="user")


@pytest.mark.parametrize(
    ("guard", "person", "path"),
    [
        (ACCOUNT, None, "/sign-in"),
        (MEMBER, None, "/sign-in"),
        (ADMIN, None, "/sign-in"),
        (FRESH_ACCOUNT, None, "/sign-in"),
        (FRESH_ADMIN, None, "/sign-in"),
        (MEMBER, OUTSIDE, "/organizations"),
        (ADMIN, OUTSIDE, "/organizations"),
        (FRESH_ADMIN, OUTSIDE, "/organizations"),
        (FRESH_ACCOUNT, OLD, "/sign-in/again"),
        (FRESH_ADMIN, OLD, "/sign-in/again"),
    ],
)
async def test_whoever_is_not_let_in_is_sent_on_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str, person: Person | None, path: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await admitted(hub, guard, person, request())
        assert goal(answer) == f"{path}?next=%2Fsettings%2Fgeneral%3Ftab%3D1"
        part = await admitted(hub, guard, person, request(hx_request="true"))
        assert part.status == 401 and dict(part.headers)[b"hx-redirect"].decode().startswith(path)
        form = request("POST", "/directories/x/delete", referer="http://hub.localhost:8000/directories/x?a=b")
        assert goal(await admitted(hub, guard, person, form)) == f"{path}?next=%2Fdirectories%2Fx%3Fa%3Db"
        evil = request("POST", "/directories/x/delete", referer="https://evil.example//evil.example/")
        assert goal(await admitted(hub, guard, person, evil)) == f"{path}?next=%2F"
        assert goal(await admitted(hub, guard, person, request("POST"))) == f"{path}?next=%2F"


@pytest.mark.parametrize(
    ("guard", "person"),
    [
        (NONE, None),
        (NONE, OUTSIDE),
        (ACCOUNT, OUTSIDE),
        (ACCOUNT, OLD),
        (MEMBER, GUEST),
        (MEMBER, USER),
        (MEMBER, OLD),
        (ADMIN, OLD),
        (FRESH_ACCOUNT, RECENT),
        (FRESH_ADMIN, RECENT),
    ],
)
async def test_whom_the_guard_knows_is_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str, person: Person | None
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        assert await admitted(hub, guard, person, request()) is person


@pytest.mark.parametrize("guard", [ADMIN, FRESH_ADMIN])
@pytest.mark.parametrize("person", [GUEST, USER])
async def test_a_role_that_is_too_low_hears_whom_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str, person: Person
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        answer = await admitted(hub, guard, person, request())
        assert answer.status == 403 and b"Only administrators can open this page" in answer.body
        assert b"You are a member of Acme" in answer.body


@pytest.mark.parametrize(
    ("person", "path"),
    [(None, "/sign-in"), (OUTSIDE, "/organizations"), (USER, "/settings/members"), (Person(), "/directories")],
)
async def test_the_first_page_leads_to_ones_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, person: Person | None, path: str
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        assert goal(await hub.serving.page_handlers["home"](request(), person)) == path
