"""Connections, directories and domains by the API: what changes them, what is kept, what is never shown."""

from pathlib import Path

import pytest

from hallway.hub.connections.model import KeyState
from tests.rooms.opened import canaries_in
from tests.web.api_world import api_world
from tests.web.federation import IDP, SSO, certificate, metadata, packed

SECRET = "a-client-secret-that-nobody-sees"


async def test_a_connection_is_told_its_provider_and_turned_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        organization = await world.fresh_organization()
        place = f"organizations/{organization}/connections"
        made = await world.good("POST", place, {"name": "Okta", "protocol": "saml", "provider": "okta"})
        assert (made["state"], made["is_complete"], made["is_default"]) == ("draft", False, True)
        assert made["acs_url"].startswith("http://hub.localhost:8000/sso/") and made["redirect_uri"] is None
        one = f"{place}/{made['id']}"
        answer, read = await world.send("POST", f"{one}/enable")
        assert (answer.status, read["code"]) == (409, "conflict")
        told = await world.good("POST", f"{one}/provider", {"metadata": metadata("idp").decode()})
        assert (told["is_complete"], told["provider_entity_id"]) == (True, IDP)
        assert [key["state"] for key in told["keys"]] == ["trusted"]
        assert (await world.good("POST", f"{one}/enable"))["state"] == "active"
        by_hand = {"sign_in_url": SSO, "certificate": packed(certificate("sp")), "entity_id": IDP}
        both = await world.good("POST", f"{one}/provider", by_hand)
        assert len(both["keys"]) == 2, "the key of before goes on beside the new one"
        for body in ({}, {"metadata": "<nothing/>"}, {"sign_in_url": SSO, "certificate": "AAAA"}):
            answer, read = await world.send("POST", f"{one}/provider", body)
            assert (answer.status, read["code"]) == (422, "invalid"), body
        assert (await world.good("POST", f"{one}/disable"))["state"] == "disabled"


async def test_a_patch_changes_what_it_names_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        one = f"{world.here}/connections/{world.acme.values['connection']}"
        was = await world.good("GET", one)
        now = await world.good("PATCH", one, {"just_in_time": True, "mapping": {"email": ["mail", "upn"]}})
        assert now["just_in_time"] and now["mapping"]["email"] == ["mail", "upn"]
        same = {name for name in was if was[name] == now[name]}
        assert set(was) - same == {"just_in_time", "mapping"}
        named = await world.good("PATCH", one, {"domains": ["Acme.example", "acme.example"]})
        assert named["domains"] == ["acme.example"] and named["just_in_time"]
        assert (await world.good("PATCH", one, {}))["domains"] == ["acme.example"]
        answer, read = await world.send("PATCH", one, {"mapping": {"shoe": ["size"]}})
        assert (answer.status, read["errors"][0]["at"]) == (422, "mapping")


async def test_keys_that_wait_are_approved_or_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        for act, state in (("approve", KeyState.TRUSTED), ("reject", KeyState.REJECTED)):
            organization, connection, key = await world.offered_key()
            one = f"organizations/{organization}/connections/{connection}"
            told = await world.good("POST", f"{one}/keys/{key}/{act}")
            assert next(held["state"] for held in told["keys"] if held["name"] == key) == state.value
            await world.good("DELETE", f"{one}/keys/{key}")
            assert [held["name"] for held in (await world.good("GET", one))["keys"]] != [key]
            answer, _ = await world.send("DELETE", f"{one}/keys/{key}")
            assert answer.status == 404


async def test_a_client_secret_is_told_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        place = f"{world.here}/connections"
        made = await world.good("POST", place, {"name": "Entra", "protocol": "oidc", "provider": "entra"})
        assert made["redirect_uri"].endswith("/callback") and made["acs_url"] is None
        told = {"issuer": "https://issuer.invalid", "client_id": "c", "client_secret": SECRET}
        answer, read = await world.send("POST", f"{place}/{made['id']}/provider", told, idempotency_key="k")
        assert answer.status == 422 and SECRET not in str(read), "nobody answers at that address"
        assert canaries_in(tmp_path, SECRET) == []


async def test_a_directorys_token_is_shown_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        made = await world.good("POST", f"{world.here}/directories", {"name": "Staff", "token_days": 7})
        one = f"{world.here}/directories/{made['directory']['id']}"
        tokens = (await world.good("GET", f"{one}/tokens"))["items"]
        assert [token["id"] for token in tokens] == [made["token_id"]] and made["token"] not in str(tokens)
        successor = await world.good("POST", f"{one}/tokens/{made['token_id']}/rotate")
        assert successor["token"]["replaces"] == made["token_id"]
        await world.good("DELETE", f"{one}/tokens/{made['token_id']}")
        await world.good("DELETE", f"{one}/tokens/{made['token_id']}")
        states = {token["id"]: token["state"] for token in (await world.good("GET", f"{one}/tokens"))["items"]}
        assert states == {made["token_id"]: "revoked", successor["token"]["id"]: "alive"}
        answer, read = await world.send("POST", f"{one}/tokens/{made['token_id']}/rotate")
        assert (answer.status, read["code"]) == (409, "conflict")
        assert canaries_in(tmp_path, made["token"], successor["text"]) == []


async def test_a_directorys_rules_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        one = f"{world.here}/directories/{world.acme.values['directory']}"
        rules = {
            "strict": True,
            "immutable": ["userName", "name.givenName"],
            "quirks_on": ["missing_active_means_true"],
        }
        now = await world.good("PATCH", one, {"rules": rules, "provider": "okta", "extra_base_path": "/scim/v2"})
        assert (now["rules"]["strict"], now["rules"]["immutable"]) == (True, ["username", "name.givenname"])
        assert (now["provider"], now["extra_base_path"]) == ("okta", "/scim/v2")
        assert now["rules"]["group_names_unique"], "what is not named stays"
        for body in (
            {"rules": {"immutable": ["shoeSize"]}}, {"rules": {"quirks_on": ["bare_token"]}},
            {"rules": {"schemas": ["urn:nobody:declared:this"]}}, {"extra_base_path": "/api/v1"},
            {"extra_base_path": "/scim/dir_1"}, {"extra_base_path": "no slash"},
        ):  # fmt: skip
            answer, read = await world.send("PATCH", one, body)
            assert (answer.status, read["code"]) == (422, "invalid"), body
        assert (await world.good("PATCH", one, {"extra_base_path": None}))["extra_base_path"] is None
        standing = await world.good("GET", f"{one}/standing")
        assert (standing["users"], standing["groups"]) == (1, 1)


async def test_a_directory_is_deleted_with_a_word_about_its_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        one = f"{world.here}/directories/{world.acme.values['directory']}"
        answer, read = await world.send("DELETE", one)
        assert (answer.status, read["errors"][0]["detail"][:6]) == (422, "Object"), "a word is needed"
        other = (await world.good("POST", f"{world.here}/directories", {"name": "Other"}))["directory"]["id"]
        beta = world.beta.values["directory"]
        answer, _ = await world.send("DELETE", f"{one}?people=move&to={beta}")
        assert answer.status == 404, "never to another organization's"
        answer, _ = await world.send("DELETE", f"{one}?people=move")
        assert answer.status == 422
        gone = await world.good("DELETE", f"{one}?people=move&to={other}")
        assert gone["handled"] == 2
        assert (await world.send("GET", one))[0].status == 404
        moved = await world.good("GET", f"{world.here}/directories/{other}/users")
        assert [user["user_name"] for user in moved["items"]] == ["bea@acme.example"]


async def test_a_domain_is_claimed_with_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        made = await world.good("POST", f"{world.here}/domains", {"name": "Bücher.example"})
        assert made["name"] == "xn--bcher-kva.example" and made["state"] == "pending" and not made["has_effect"]
        assert made["record"]["name"] == "_hallway-challenge.xn--bcher-kva.example"
        checked = await world.good("POST", f"{world.here}/domains/xn--bcher-kva.example/check")
        assert checked["finding"] == "unanswered" and checked["checked_at"]
        for name in ("co.uk", "gmail.com", "no domain"):
            answer, read = await world.send("POST", f"{world.here}/domains", {"name": name})
            assert (answer.status, read["code"]) == (422, "invalid"), name
        await world.good("DELETE", f"{world.here}/domains/xn--bcher-kva.example")
        assert (await world.send("GET", f"{world.here}/domains/xn--bcher-kva.example"))[0].status == 404
