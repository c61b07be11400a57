"""SCIM events as the claims of Security Event Tokens (RFC 9967)."""

from typing import Any

import pytest

from hallway.scim.json import JsonObject
from hallway.scim.security_events import (
    EVENT_URIS,
    MOST_MEMBERS,
    Letterhead,
    Resource,
    changed,
    claims,
    created,
    members_changed,
    replaced,
    switched,
)

HEAD = Letterhead("https://hub.example", ("https://app.example",), "evt_1", "exch_1", 1_700_000_001, 1_700_000_000)
USER: JsonObject = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "user_1", "userName": "ada"}
PREFIX = "urn:ietf:params:scim:event:"


def test_a_token_says_who_what_when_and_of_which_change() -> None:
    made = claims(HEAD, Resource("/Users/user_1", "a-1"), switched(active=False, document=None))
    assert made == {
        "iss": "https://hub.example",
        "aud": ["https://app.example"],
        "iat": 1_700_000_001,
        "toe": 1_700_000_000,
        "jti": "evt_1",
        "txn": "exch_1",
        "sub_id": {"format": "scim", "uri": "/Users/user_1", "externalId": "a-1"},
        "events": {f"{PREFIX}prov:deactivate": {}},
    }
    assert "sub" not in made


def test_an_external_id_that_is_not_known_is_not_there() -> None:
    assert claims(HEAD, Resource("/Users/user_1"), {})["sub_id"] == {"format": "scim", "uri": "/Users/user_1"}


def test_a_creation_has_the_whole_resource_and_a_groups_first_members() -> None:
    assert created(USER) == {f"{PREFIX}prov:create:full": {"data": USER}}
    group = created({"schemas": [], "displayName": "Staff"}, ["user_1"])
    assert group[f"{PREFIX}prov:create:full"]["data"] == {
        "schemas": [], "displayName": "Staff", "members": [{"value": "user_1"}],
    }  # fmt: skip


def test_a_group_with_very_many_members_is_created_with_a_notice() -> None:
    many = [f"user_{number}" for number in range(MOST_MEMBERS + 1)]
    made = created({"schemas": [], "id": "group_1", "displayName": "All"}, many)
    assert made == {f"{PREFIX}prov:create:notice": {"attributes": ["id", "displayName", "members"]}}


def test_a_change_is_a_replacement_of_what_is_there_and_a_removal_of_what_is_gone() -> None:
    made = changed({"displayName": "Staff", "externalId": "s"}, {"displayName": "Team"})
    assert _operations(made) == [
        {"op": "replace", "value": {"displayName": "Team"}}, {"op": "remove", "path": "externalId"},
    ]  # fmt: skip
    assert _operations(changed({"externalId": "s"}, {})) == [{"op": "remove", "path": "externalId"}]


def test_members_come_and_go_by_name() -> None:
    made = members_changed(["user_1", "user_2"], ["group_3"])
    assert _operations(made) == [
        {"op": "remove", "path": 'members[value eq "group_3"]'},
        {"op": "add", "path": "members", "value": [{"value": "user_1"}, {"value": "user_2"}]},
    ]
    assert len(_operations(members_changed([], ["user_1"]))) == 1


def test_very_many_members_are_only_noticed() -> None:
    many = [f"user_{number}" for number in range(MOST_MEMBERS)]
    assert members_changed(many, ["user_x"]) == {f"{PREFIX}prov:patch:notice": {"attributes": ["members"]}}


def test_who_is_turned_on_or_off_is_told_with_what_she_is() -> None:
    assert switched(active=True, document=USER) == {
        f"{PREFIX}prov:activate": {},
        f"{PREFIX}prov:put:full": {"data": USER},
    }


@pytest.mark.parametrize(
    "events",
    [
        created(USER), created(USER, ["x"] * 200), replaced(USER), changed({}, USER), members_changed(["x"], []),
        members_changed(["x"] * 200, []), switched(active=True, document=USER), switched(active=False, document=None),
    ],
)  # fmt: skip
def test_full_has_data_and_notice_has_attributes(events: dict[str, dict[str, Any]]) -> None:
    """RFC 9967 §2.4: exactly one of both, by the name of the event."""
    assert set(events) <= set(EVENT_URIS)
    for name, payload in events.items():
        wanted = {"full": {"data"}, "notice": {"attributes"}}.get(name.rpartition(":")[2], set())
        assert set(payload) == wanted


def _operations(events: dict[str, Any]) -> Any:
    (payload,) = events.values()
    assert payload["data"]["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return payload["data"]["Operations"]
