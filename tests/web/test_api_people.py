"""What a directory holds, by the API: profiles, resources, recorded exchanges; and what members are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.web.api_world import ApiWorld, api_world
from tests.web.asgi import call
from tests.web.browsing import Browser

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0"


async def scim(world: ApiWorld, method: str, path: str, body: Any) -> Any:
    """A request of the directory's client."""
    headers = {"content-type": "application/scim+json", "authorization": f"Bearer {world.acme.token}"}
    answer = await call(
        world.hub.app, method, f"/scim/{world.acme.values['directory']}/v2{path}", headers, json.dumps(body).encode()
    )
    assert answer.status < 300, answer.body
    return json.loads(answer.body) if answer.body else None


async def jo(world: ApiWorld) -> dict[str, Any]:
    """A person with everything, her manager, and her groups: one directly, one through another."""
    boss = await scim(world, "POST", "/Users", {
        "schemas": [f"{CORE}:User"], "userName": "mara@acme.example", "displayName": "Mara Voss",
    })  # fmt: skip
    made = await scim(world, "POST", "/Users", {
        "schemas": [f"{CORE}:User", ENTERPRISE], "userName": "jo@acme.example", "externalId": "00u1",
        "name": {"givenName": "Jo", "familyName": "Beck"}, "title": "Engineer", "active": True,
        "emails": [{"value": "j@home.example"}, {"value": "jo@acme.example", "primary": True}],
        "phoneNumbers": [{"value": "+49 1"}, {"value": "+49 2", "primary": True}],
        "addresses": [{"locality": "Berlin", "type": "work"}],
        ENTERPRISE: {
            "department": "Platform", "employeeNumber": "4711", "costCenter": "K12", "manager": {"value": boss["id"]},
        },
    })  # fmt: skip
    team = await scim(world, "POST", "/Groups", {
        "schemas": [f"{CORE}:Group"], "displayName": "Engineering", "members": [{"value": made["id"]}],
    })  # fmt: skip
    await scim(world, "POST", "/Groups", {
        "schemas": [f"{CORE}:Group"], "displayName": "Everybody", "members": [{"value": team["id"]}],
    })  # fmt: skip
    return {"id": made["id"], "boss": boss["id"], "team": team["id"]}


async def test_a_person_is_one_profile_beside_the_resource(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    custom = f"cost_center={ENTERPRISE}:costCenter, city=addresses.locality, nothing=urn:no:such:thing, nick=nickName"
    async with api_world(tmp_path, monkeypatch, profile_custom=custom) as world:
        ids = await jo(world)
        read = await world.good("GET", f"{world.here}/people/{ids['id']}")
        person = read["person"]
        groups = person.pop("groups")
        assert {one["name"] for one in groups} == {"Engineering", "Everybody"}
        assert person.pop("created_at") <= person.pop("modified_at")
        assert person == {
            "id": ids["id"], "directory": world.acme.values["directory"], "member": person["member"],
            "user_name": "jo@acme.example", "external_id": "00u1", "active": True, "name": "Jo Beck",
            "given_name": "Jo", "family_name": "Beck", "email": "jo@acme.example",
            "emails": ["j@home.example", "jo@acme.example"], "phone": "+49 2", "title": "Engineer",
            "department": "Platform", "employee_number": "4711",
            "manager": {"id": ids["boss"], "name": "Mara Voss"},
            "custom": {"cost_center": "K12", "city": ["Berlin"], "nothing": None, "nick": None},
            "lacking": [],
        }  # fmt: skip
        assert read["resource"]["userName"] == "jo@acme.example" and read["resource"][ENTERPRISE]["costCenter"] == "K12"
        raw = await world.good("GET", f"{world.here}/directories/{world.acme.values['directory']}/users/{ids['id']}")
        assert raw["resource"] == read["resource"]
        plain = (await world.good("GET", f"{world.here}/people/{ids['boss']}"))["person"]
        assert (plain["name"], plain["manager"], plain["groups"]) == ("Mara Voss", None, [])
        assert (plain["title"], plain["phone"], plain["custom"]["city"]) == ("", "", None)


async def test_what_an_application_needs_and_is_not_sent_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        ids = await jo(world)
        needs = {
            "name": "Rota",
            "redirect_uris": ["https://rota.example/back"],
            "required": ["email", "department", "manager"],
        }
        rota = (await world.good("POST", "applications", needs))["application"]["id"]
        await world.good(
            "POST",
            "applications",
            {"name": "Wiki", "redirect_uris": ["https://rota.example/back"], "required": ["name"]},
        )
        for path in (f"people/{ids['boss']}", "people?search=mara"):
            read = await world.good("GET", f"{world.here}/{path}")
            (person,) = [read["person"]] if "person" in read else read["items"]
            assert person["lacking"] == [{"application": rota, "attributes": ["department", "manager"]}]
        assert (await world.good("GET", f"{world.here}/people/{ids['id']}"))["person"]["lacking"] == []
        # The customer's IT reads it on the person's page.
        browser = Browser(world.hub.app)
        browser.jar.update(world.acme.cookies["admin"])
        page = f"/directories/{world.acme.values['directory']}/people/"
        assert (await browser.get(page + ids["boss"])).status == 200
        assert "It cannot do without: Department, Manager." in browser.text
        assert "Rota needs more of this person" in browser.text and "Wiki" not in browser.text
        assert (await browser.get(page + ids["id"])).status == 200
        assert "It cannot do without" not in browser.text


async def test_people_of_all_directories_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        await jo(world)
        await world.good("POST", f"{world.here}/directories", {"name": "Empty"})
        found = await world.good("GET", f"{world.here}/people?search=HOME.example")
        assert [one["user_name"] for one in found["items"]] == ["jo@acme.example"]
        assert (await world.good("GET", f"{world.here}/people?active=false"))["items"] == []
        ids: list[str] = []
        following = ""
        while following is not None:
            page = await world.good("GET", f"{world.here}/people?limit=2&after={following}")
            ids += [one["id"] for one in page["items"]]
            following = page["next"]
        whole = await world.good("GET", f"{world.here}/people")
        assert ids == [one["id"] for one in whole["items"]] and len(ids) == 3
        other = f"organizations/{world.beta.values['organization']}/people"
        assert [one["user_name"] for one in (await world.good("GET", other))["items"]] == ["bea@beta.example"]


async def test_a_walk_over_users_survives_the_one_it_stopped_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        ids = await jo(world)
        place = f"{world.here}/directories/{world.acme.values['directory']}/users"
        first = await world.good("GET", f"{place}?limit=2")
        assert [one["user_name"] for one in first["items"]] == ["bea@acme.example", "jo@acme.example"]
        await scim(world, "DELETE", f"/Users/{ids['id']}", None)
        second = await world.good("GET", f"{place}?limit=2&after={first['next']}")
        assert [one["user_name"] for one in second["items"]] == ["mara@acme.example"] and second["next"] is None


async def test_groups_and_who_is_in_them_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        ids = await jo(world)
        place = f"{world.here}/directories/{world.acme.values['directory']}/groups"
        listed = await world.good("GET", place)
        assert [(one["name"], one["members"]) for one in listed["items"]] == [
            ("Engineering", 1), ("Everybody", 1), ("Team", 1),
        ]  # fmt: skip
        found = await world.good("GET", f"{place}?search=every")
        everybody = found["items"][0]["id"]
        members = await world.good("GET", f"{place}/{everybody}/members")
        assert members["items"] == [
            {"id": ids["team"], "kind": "group", "name": "Engineering", "display_name": "Engineering"}
        ]
        one = await world.good("GET", f"{place}/{ids['team']}")
        assert one["resource"]["displayName"] == "Engineering"
        assert (await world.good("GET", f"{place}/{ids['team']}/members"))["items"][0]["kind"] == "user"


async def test_an_exchange_is_read_redacted_with_its_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        ids = await jo(world)
        await scim(world, "PATCH", f"/Users/{ids['id']}", {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "active", "value": "False"}],
        })  # fmt: skip
        place = f"{world.here}/directories/{world.acme.values['directory']}/exchanges"
        newest = (await world.good("GET", f"{place}?limit=1&outcome=changed"))["items"][0]
        assert (newest["method"], newest["status"]) == ("PATCH", 200)
        assert newest["quirks"] and newest["address"] == "127.0.0.1"
        whole = await world.good("GET", f"{place}/{newest['id']}")
        assert whole["exchange"] == newest
        assert whole["request"]["Operations"][0]["path"] == "active"
        assert whole["token"] == world.acme.values["token"] and whole["events"][0].startswith("evt_")
        await world.hub.written()
        refused = await world.good("GET", f"{place}?outcome=refused&status=409")
        assert [one["status"] for one in refused["items"]] == [409]
        assert (await world.good("GET", f"{place}?path=Groups&outcome=changed"))["items"][0]["path"].endswith("Groups")
        assert (await world.good("GET", f"{place}?path=nowhere"))["items"] == []


async def test_an_attempt_says_what_to_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        connection = world.acme.values["connection"]
        listed = await world.good("GET", f"{world.here}/attempts?connection={connection}&search=jo%40x")
        one = listed["items"][0]
        assert (one["outcome"], one["kind"], one["code"]) == ("refused", "test", "wrong_audience")
        assert one["sentence"] and one["remedy"] and one["side"]
        whole = await world.good("GET", f"{world.here}/attempts/{one['id']}")
        assert whole["attempt"] == one and whole["detail"]["received"].startswith("https://hub.example")
        assert (await world.good("GET", f"{world.here}/attempts?search=nobody"))["items"] == []


async def test_an_invitation_comes_with_its_link_and_a_last_administrator_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with api_world(tmp_path, monkeypatch) as world:
        made = await world.good("POST", f"{world.here}/members", {"email": "eve@acme.example", "role": "admin"})
        assert made["member"]["state"] == "invited" and "/invitation?code=" in made["link"] and made["mailed"]
        assert "mailed=" not in made["link"], "who has the key has not read that mailbox"
        answer, read = await world.send("POST", f"{world.here}/members", {"email": "eve@acme.example"})
        assert (answer.status, read["code"]) == (409, "conflict")
        again = await world.good("POST", f"{world.here}/members/{made['member']['id']}/invite-again")
        assert again["link"] != made["link"]
        admin = (await world.good("GET", f"{world.here}/members?role=admin&state=active"))["items"][0]
        for method, path, body in (
            ("PATCH", "", {"role": "user"}), ("POST", "/deactivate", None), ("DELETE", "", None),
        ):  # fmt: skip
            answer, read = await world.send(method, f"{world.here}/members/{admin['id']}{path}", body)
            assert (answer.status, read["code"]) == (409, "conflict"), method
        roles = await world.good("GET", "roles")
        assert [one["name"] for one in roles["items"]] == ["admin", "user", "guest"]
        user = (await world.good("GET", f"{world.here}/members?role=user&state=active"))["items"][0]
        ended = await world.good("POST", f"{world.here}/members/{user['id']}/deactivate")
        assert ended["state"] == "deactivated" and ended["ended_at"]
        back = await world.good("POST", f"{world.here}/members/{user['id']}/reactivate")
        assert back["state"] == "active"
