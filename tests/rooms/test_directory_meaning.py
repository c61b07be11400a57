"""What an exchange meant, in words; read from what a directory really did."""

from pathlib import Path
from typing import Any

import pytest

from hallway.exchanges.model import Exchange
from hallway.hub.directories.meaning import Meaning, Sort, Told, ids_in, meaning
from hallway.hub.directories.model import Provider
from hallway.hub.directories.providers import product_of
from hallway.hub.directories.remedies import TEXTS, Side, remedy_of
from hallway.hub.directories.tokens import DAY
from hallway.ids import DirectoryId, ExchangeId, OrganizationId, ResourceId
from hallway.scim.problem import SCIM_TYPES
from tests.rooms.opened import Place
from tests.web.deployment import Deployment, deployed

JUMPCLOUD = product_of(Provider.JUMPCLOUD)


async def meanings(hub: Deployment, place: Place) -> list[Meaning]:
    found = []
    people = hub.hub.stores.people
    for exchange in await hub.everything_kept(place):
        entries = await people.entries_of(exchange.organization_id, exchange.seq, exchange.id) if exchange.seq else []
        names = await people.names(place.key, sorted(ids_in(exchange, entries)))
        called = {one: listed.called for one, listed in names.items()}
        found.append(meaning(Told(exchange, entries, called, JUMPCLOUD)))
    return found


def value(*ids: str) -> list[dict[str, str]]:
    return [{"value": one} for one in ids]


async def test_what_was_done_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place(quirks_on=())
        client = hub.client(place)
        ada = await client.user("ada@example.com", displayName="Ada Byron")
        others = [await client.user(f"u{n}") for n in range(5)]
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "title", "value": "x"})
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "title", "value": "x"})
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": True})
        team = await client.group("Engineering", ada.id)
        at = f"/Groups/{team.id}"
        await client.patch(at, {"op": "add", "path": "members", "value": value(*(one.id for one in others))})
        await client.patch(at, {"op": "remove", "path": "members", "value": value(others[0].id, others[1].id)})
        await client.patch(at, {"op": "replace", "value": {"displayName": "Builders"}})
        await client.delete(at)
        await client.delete(f"/Users/{ada.id}")
        said = [(one.sort, str(one.what), [str(more) for more in one.more]) for one in await meanings(hub, place)]
        assert [one for one in said if not one[1].startswith("Created u")] == [
            (Sort.CHANGED, "Created Ada Byron", []),
            (Sort.CHANGED, "Changed title of Ada Byron", []),
            (Sort.SAME, "Sent somebody who is no longer here again; nothing changed", []),
            (Sort.CHANGED, "Deactivated Ada Byron", []),
            (Sort.CHANGED, "Activated Ada Byron again", []),
            (
                Sort.CHANGED, "Created the group Engineering",
                ["Added somebody who is no longer here to Engineering"],
            ),
            (Sort.CHANGED, "Added 5 members to Engineering", []),
            (Sort.CHANGED, "Removed u0 and u1 from Engineering", []),
            (Sort.CHANGED, "Renamed a group to Builders", []),
            (Sort.CHANGED, "Deleted the group Builders; its members stay", []),
            (Sort.CHANGED, "Deleted Ada Byron", []),
        ]  # fmt: skip


async def test_what_was_asked_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada@example.com")
        for question in (
            "/Users", "/Users?filter=userName+eq+%22ada@example.com%22", "/Users?filter=userName+eq+%22bob%22",
            "/Users?filter=active+eq+true", f"/Users/{ada.id}", "/Groups?count=1", "/ServiceProviderConfig",
        ):  # fmt: skip
            await client.get(question)
        said = [str(one.what) for one in (await meanings(hub, place))[1:]]
        assert said == [
            "Asked for the list of users: 1 in all",
            "Asked whether ada@example.com exists: yes",
            "Asked whether bob exists: no",
            "Searched users by active eq true: 1 found",
            "Read ada@example.com",
            "Asked for the list of groups: 0 in all",
        ]


async def test_a_refusal_says_what_was_tried_and_which_side_is_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        client = hub.client(place)
        ada = await client.user("ada@example.com")
        await client.user("ADA@example.com")
        await client.request("POST", "/Users", {"schemas": []})
        await client.request("POST", "/Groups", {})
        await client.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": "perhaps"})
        await client.delete("/Users/user_" + "0" * 32)
        await client.get("/Users?filter=zork+pr")
        await client.send("POST", "/Bulk", b"{")
        refused = (await meanings(hub, place))[1:]
        assert [(str(one.what), one.side) for one in refused] == [
            ("Tried to create ADA@example.com", Side.THERE),
            ("Tried to create a user", Side.THERE),
            ("Tried to create a group", Side.THERE),
            ("Tried to change ada@example.com", Side.THERE),
            ("Tried to delete somebody who is no longer here", Side.THERE),
            ("Tried to read users", Side.THERE),
            ("Tried to send several operations in one request", Side.THERE),
        ]
        assert all(one.sort is Sort.REFUSED and one.why and one.act for one in refused)
        assert "In JumpCloud, match the two" in str(refused[0].act)
        assert "Export Attribute Mapping" in str(refused[3].act)


async def test_a_bulk_request_says_each_thing_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with deployed(tmp_path, monkeypatch) as hub:
        place = await hub.place()
        operations: list[Any] = [
            {"method": "POST", "path": "/Users", "bulkId": name, "data": {"schemas": [USER], "userName": name}}
            for name in ("ada", "bob")
        ]
        await hub.client(place).bulk(*operations)
        [told] = await meanings(hub, place)
        assert str(told.what) == "Sent 2 operations in one request"
        assert [str(one) for one in told.more] == ["Created ada", "Created bob"]


USER = "urn:ietf:params:scim:schemas:core:2.0:User"


def _exchange(**more: Any) -> Exchange:
    given = {"method": "GET", "path": "/scim/dir/v2/Users", "status": 200, **more}
    return Exchange(
        ExchangeId(b"e" * 16), OrganizationId(b"o" * 16), DirectoryId(b"d" * 16), None, DAY, duration=1, **given
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"request": b"{cut", "answer": b"[]"}, "Asked for the list of users"),
        ({"request": b'{"filter":"userName eq 1"}', "answer": b"{}"}, "Searched users by userName eq 1: ? found"),
        ({"request": b'{"filter":"userName eq x\\""}'}, 'Searched users by userName eq x": ? found'),
        ({"method": "POST", "status": 201, "request": b'{"USERNAME":"x"}'}, "Sent x again; nothing changed"),
        ({"status": 404, "path": "/scim/dir/v2/Groups"}, "Tried to read groups"),
    ],
)
def test_what_was_kept_of_a_request_is_enough_or_is_left_out(given: dict[str, Any], words: str) -> None:
    assert str(meaning(Told(_exchange(**given), [], {}, JUMPCLOUD)).what) == words


@pytest.mark.parametrize("scim_type", sorted(SCIM_TYPES))
def test_every_problem_has_a_remedy(scim_type: str) -> None:
    side, act = remedy_of(400, scim_type, JUMPCLOUD)
    assert side in Side and "%" not in str(act)


def test_our_own_fault_is_said_to_be_ours() -> None:
    assert remedy_of(500, None, JUMPCLOUD)[0] is Side.HERE
    assert remedy_of(503, None, JUMPCLOUD)[0] is Side.HERE
    assert remedy_of(429, None, JUMPCLOUD)[0] is Side.NOBODY
    assert remedy_of(418, None, JUMPCLOUD)[0] is Side.THERE
    assert len(set(TEXTS)) == len(TEXTS)


def test_names_are_wanted_of_a_few_members_only() -> None:
    assert ids_in(_exchange(path="/scim/dir/v2/Users/user_" + "0" * 32), []) == {ResourceId(bytes(16))}
