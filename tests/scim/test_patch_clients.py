"""PATCH as clients send it, on the resource types of the standard."""

from hallway.scim.json import Json, JsonObject
from hallway.scim.member_edits import AddMembers, Member, RemoveMembers, ReplaceMembers
from hallway.scim.patch import Patched, patched
from hallway.scim.patch_operations import PATCH_OP, patch_operations
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import ResourceType
from hallway.scim.standard import group_type, user_type

USER_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
USERS, GROUPS = user_type(), group_type()


def sent(resource: JsonObject, of: ResourceType, *operations: Json) -> tuple[Patched, set[Quirk]]:
    tolerance = Tolerance()
    body: Json = {"schemas": [PATCH_OP], "Operations": list(operations)}
    read = patch_operations(body, of, tolerance)
    return patched(resource, read, of, tolerance, frozenset({"members"})), tolerance.met


def user(**attributes: Json) -> JsonObject:
    return {"schemas": [USER_URN], "id": "u1", "userName": "ada@example.com", "active": True, **attributes}


def group() -> JsonObject:
    return {"schemas": [GROUP_URN], "id": "g1", "displayName": "Makers"}


def test_entra_without_its_flag_updates_a_user() -> None:
    done, quirks = sent(
        user(emails=[{"value": "a@old.example", "type": "work", "primary": True}], title="x"),
        USERS,
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "name.familyName", "value": "Lovelace"},
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "a@new.example"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+45 1234"},
        {"op": "Replace", "path": "title", "value": ""},
        {"op": "Add", "path": "manager", "value": [{"$ref": "../Users/u2", "value": "u2"}]},
        {"op": "Add", "path": f"{ENTERPRISE_URN}:department", "value": "R&D"},
        {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "admin"},
    )
    assert done.resource == {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": "u1",
        "userName": "ada@example.com",
        "active": False,
        "name": {"familyName": "Lovelace"},
        "emails": [{"value": "a@new.example", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "+45 1234", "type": "mobile"}],
        "roles": [{"value": "admin", "primary": True}],
        ENTERPRISE_URN: {"manager": {"value": "u2", "$ref": "../Users/u2"}, "department": "R&D"},
    }
    assert quirks == {
        Quirk.OPERATION_CASE,
        Quirk.BOOLEAN_AS_TEXT,
        Quirk.ELEMENT_MADE_FROM_FILTER,
        Quirk.EMPTY_TEXT_REMOVES,
        Quirk.EXTENSION_WITHOUT_URN,
        Quirk.SINGLE_VALUE_AS_ARRAY,
    }


def test_entra_with_its_flag_updates_a_user_in_one_operation() -> None:
    value: Json = {
        "displayName": "Ada",
        "name.givenName": "Ada",
        f"{ENTERPRISE_URN}:employeeNumber": "7",
        'emails[type eq "work"].value': "a@example.com",
        f"{USER_URN}:preferredLanguage": "da",
    }
    done, quirks = sent(user(), USERS, {"op": "replace", "value": value})
    assert done.resource == {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "id": "u1",
        "userName": "ada@example.com",
        "active": True,
        "displayName": "Ada",
        "name": {"givenName": "Ada"},
        "emails": [{"value": "a@example.com", "type": "work"}],
        "preferredLanguage": "da",
        ENTERPRISE_URN: {"employeeNumber": "7"},
    }
    assert quirks == {Quirk.DOTTED_KEY, Quirk.URN_KEY, Quirk.FILTERED_KEY, Quirk.ELEMENT_MADE_FROM_FILTER}


def test_entra_sets_changes_and_removes_a_manager() -> None:
    path = f"{ENTERPRISE_URN}:manager"
    first, _ = sent(user(), USERS, {"op": "Add", "path": path, "value": "u2"})
    assert first.resource[ENTERPRISE_URN] == {"manager": {"value": "u2"}}
    second, _ = sent(first.resource, USERS, {"op": "Replace", "path": path, "value": "u3"})
    assert second.resource[ENTERPRISE_URN] == {"manager": {"value": "u3"}}
    third, _ = sent(second.resource, USERS, {"op": "Replace", "path": path, "value": ""})
    assert third.resource == user()


def test_entra_changes_the_members_of_a_group() -> None:
    done, quirks = sent(
        group(),
        GROUPS,
        {"op": "Add", "path": "members", "value": [{"$ref": None, "value": "u1"}, {"$ref": None, "value": "u2"}]},
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "u3"}]},
    )
    assert done.member_edits == (AddMembers((Member("u1"), Member("u2"))), RemoveMembers(("u3",)))
    assert quirks == {Quirk.OPERATION_CASE, Quirk.REMOVE_WITH_VALUE}
    assert done.resource == group()


def test_okta_pushes_a_group() -> None:
    done, quirks = sent(
        group(),
        GROUPS,
        {"op": "remove", "path": 'members[value eq "u1"]'},
        {"op": "add", "path": "members", "value": [{"value": "u2", "display": "bob"}]},
        {"op": "replace", "value": {"id": "g1", "displayName": "Builders"}},
        {"op": "replace", "path": "members", "value": []},
    )
    assert done.resource == {**group(), "displayName": "Builders"}
    assert done.member_edits == (RemoveMembers(("u1",)), AddMembers((Member("u2"),)), ReplaceMembers(()))
    assert quirks == {Quirk.EQUAL_READ_ONLY_VALUE}


def test_okta_deactivates_a_user() -> None:
    done, quirks = sent(user(), USERS, {"op": "replace", "value": {"active": False}})
    assert (done.resource, quirks) == ({**user(), "active": False}, set())


def test_jumpcloud_renames_a_group_and_removes_a_member() -> None:
    done, quirks = sent(
        group(),
        GROUPS,
        {"op": "replace", "value": {"displayName": "Builders"}},
        {"op": "add", "path": "members", "value": [{"value": "u1"}]},
        {"op": "remove", "path": "members", "value": [{"value": "u1"}]},
    )
    assert done.resource["displayName"] == "Builders"
    assert done.member_edits == (AddMembers((Member("u1"),)), RemoveMembers(("u1",)))
    assert quirks == {Quirk.REMOVE_WITH_VALUE}


def test_onelogin_sends_one_email_without_its_array() -> None:
    value: Json = {"emails": {"value": "a@example.com", "primary": True}}
    done, quirks = sent(user(), USERS, {"op": "replace", "value": value})
    assert done.resource["emails"] == [{"value": "a@example.com", "primary": True}]
    assert quirks == {Quirk.ARRAY_AS_SINGLE_VALUE}
