"""Every row of the REST API with every kind of key: none, a wrong one, one without the scope, one with it."""

from pathlib import Path

import pytest

from hallway.hub.applications.scopes import SCOPES, allows
from hallway.web.api.endpoint import ROOT, Endpoint
from hallway.web.api.openapi import problems_of
from hallway.web.api.problems import PROBLEMS
from hallway.web.api.table import ENDPOINTS
from hallway.web.language import languages
from hallway.web.routes import ROUTES
from hallway.web.rows import API
from hallway.web.scope_words import SCOPE_WORDS, scope_choices
from tests.web.api_world import ApiWorld, api_world, furnished_params
from tests.web.asgi import call

LISTED = ("receipt_create", "contact_create", "secret_create")
"""What is made and has no address of its own."""


def test_the_rows_are_what_is_served() -> None:
    served = {(row.method, row.path, row.handler) for row in ROUTES if row.guard == API}
    assert served == {(one.method, one.path, one.name) for one in ENDPOINTS}
    assert all(row.cross_site for row in ROUTES if row.guard == API), "a token opens them, and no cookie"
    assert len({one.name for one in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.serve.__name__)
def test_a_row_says_what_it_takes_and_gives(endpoint: Endpoint) -> None:
    assert endpoint.scope in SCOPES and endpoint.path.startswith(f"{ROOT}/") and endpoint.summary.endswith(".")
    assert endpoint.scope.endswith(":read") == (endpoint.method == "GET")
    assert (endpoint.status == 204) == (endpoint.answer is None)
    assert (endpoint.body is None) or endpoint.method in ("POST", "PATCH", "PUT")
    assert set(problems_of(endpoint)) <= set(PROBLEMS)


def test_what_writes_an_area_reads_it_and_nothing_else() -> None:
    assert allows(("members:write",), "members:read") and allows(("members:read",), "members:read")
    assert not allows(("members:read",), "members:write")
    assert not allows(("directories:write", "organizations:write"), "members:read")


def _path(endpoint: Endpoint, world: ApiWorld) -> str:
    return endpoint.path.format(**furnished_params(world.acme))


async def test_nobody_comes_in_without_a_living_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        wrong = []
        text = world.key
        others = ("", "nothing", text[:-1], text[:-4] + "AAAA", "hw_api_" + "A" * 86, world.acme.token, text.upper())
        for endpoint in ENDPOINTS:
            for key in others:
                answer, read = await world.send(endpoint.method, _path(endpoint, world), None, key)
                if (answer.status, read["code"]) != (401, "unauthenticated"):
                    wrong.append((endpoint.name, key, answer.status))
                assert answer.headers["www-authenticate"].startswith("Bearer realm=")
                assert ("error=" in answer.headers["www-authenticate"]) == bool(key)
        assert wrong == []


async def test_no_cookie_opens_the_api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for who, jar in world.acme.cookies.items():
            cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
            for endpoint in ENDPOINTS:
                answer = await call(world.hub.app, endpoint.method, _path(endpoint, world), {"cookie": cookie})
                assert answer.status == 401, (who, endpoint.name)


async def test_a_key_does_what_its_scopes_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each row with the key of each single scope: let in where it is enough, and else told which one it needs."""
    async with api_world(tmp_path, monkeypatch) as world:
        keys = {scope: await world.bearer(scope) for scope in SCOPES}
        gone = {**furnished_params(world.acme), "organization": f"org_{'0' * 32}"}
        wrong = []
        for endpoint in ENDPOINTS:
            for scope, key in keys.items():
                answer, read = await world.send(endpoint.method, endpoint.path.format(**gone), None, key)
                refused = answer.status == 403 and read["code"] == "insufficient_scope"
                if refused == allows((scope,), endpoint.scope):
                    wrong.append((endpoint.name, scope, answer.status))
                if refused:
                    assert f'scope="{endpoint.scope}"' in answer.headers["www-authenticate"]
        assert wrong == []


async def test_anothers_things_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Acme's things under Beta's address, and Beta's directory's under Acme's: 404, as what never was."""
    async with api_world(tmp_path, monkeypatch) as world:
        acme, beta = furnished_params(world.acme), furnished_params(world.beta)
        wrong = []
        for endpoint in ENDPOINTS:
            names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
            for strange in names[1:]:
                params = {**acme, **{name: beta[name] for name in names[names.index(strange) :]}}
                sound = await world.sound(endpoint)
                body = sound.body if endpoint.body is not None else None
                path = endpoint.path.format(**params) + (f"?{sound.query}" if sound.query else "")
                answer, _ = await world.send(endpoint.method, path, body)
                shared = strange == "key"  # the name of a key is its fingerprint: both providers have it
                if answer.status != 404 and not shared:
                    wrong.append((endpoint.name, strange, answer.status))
        assert wrong == []


async def test_a_sound_request_of_every_row_succeeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for endpoint in ENDPOINTS:
            sound = await world.sound(endpoint)
            answer, read = await world.send(endpoint.method, sound.path(endpoint.path), sound.body)
            assert answer.status == endpoint.status, (endpoint.name, answer.status, read)
            if endpoint.status == 201 and endpoint.serve.__name__ not in LISTED:
                again, _ = await world.send("GET", answer.headers["location"])
                only_listed = endpoint.serve.__name__ in ("token_create", "token_rotate")
                assert again.status == (405 if only_listed else 200), (endpoint.name, answer.headers["location"])
            if endpoint.versioned and endpoint.answer is not None and endpoint.method != "DELETE":
                assert answer.headers["etag"].startswith('"')


def test_every_scope_is_told_in_words() -> None:
    assert tuple(SCOPE_WORDS) == SCOPES
    said = [says for _, _, says in scope_choices(languages()["de"])]
    assert all(said) and not set(said) & set(SCOPE_WORDS.values())
