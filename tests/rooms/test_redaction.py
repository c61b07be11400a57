"""What people may read of a request: an allow-list from the schema, tried with canaries in every other place."""

import hashlib
from collections.abc import Callable, Mapping

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.exchanges.redaction import (
    MASK,
    MAX_ELEMENTS,
    cut,
    redacted_bulk,
    redacted_patch,
    redacted_resource,
    redacted_search,
    unparsed_note,
)
from hallway.scim.json import Json, JsonObject
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, ResourceType, Returned, Schema
from hallway.scim.standard import ENTERPRISE_USER, USER_SCHEMA, group_type, user_type

CANARY = "canary 7f3e!"
BADGE = "urn:example:params:scim:schemas:Badge"
UNDECLARED = "urn:example:params:scim:schemas:Locker"
BADGE_SCHEMA = Schema(
    BADGE,
    "Badge",
    "",
    (
        Attribute("number"),
        Attribute("pin", mutability=Mutability.WRITE_ONLY),
        Attribute("colours", multi_valued=True),
        Attribute(
            "door",
            AttributeType.COMPLEX,
            sub_attributes=(Attribute("room"), Attribute("code", returned=Returned.NEVER)),
        ),
        Attribute(
            "vault",
            AttributeType.COMPLEX,
            multi_valued=True,
            returned=Returned.NEVER,
            sub_attributes=(Attribute("value"), Attribute("type")),
        ),
        Attribute("hint", returned=Returned.REQUEST),
    ),
)
USER = user_type((Extension(BADGE_SCHEMA),))
TYPES: Mapping[str, ResourceType] = {"/Users": USER, "/Groups": group_type()}
REDACTIONS: tuple[Callable[[Json], Json], ...] = (
    lambda body: redacted_resource(body, USER),
    lambda body: redacted_patch(body, USER),
    lambda body: redacted_bulk(body, TYPES),
    redacted_search,
)

FULL: JsonObject = {
    "schemas": [USER_SCHEMA.id, ENTERPRISE_USER.id],
    "externalId": "7",
    "userName": "ada@example.com",
    "active": True,
    "nickName": None,
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    ENTERPRISE_USER.id: {"department": "Engines", "manager": {"value": "9"}},
    BADGE: {"number": "12", "colours": ["red", "blue"], "door": {"room": "A1"}, "hint": "north"},
}

UNKNOWN_NAMES = st.sampled_from(["zork", "Zork.value", UNDECLARED, CANARY, "", "a b", "•••"])
SECRETS: st.SearchStrategy[Json] = st.recursive(
    st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(UNKNOWN_NAMES, inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    *USER.top_level,
    *USER.schemas,
    "value",
    "zork",
    "Operations",
    "op",
    "path",
    "method",
    "data",
    "bulkId",
    "name.givenName",
    'emails[type eq "work"].value',
    "/Users/7",
    "/Users",
    "PATCH",
    "POST",
)
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8) | st.sampled_from(NAMES),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=25,
)


def text_of(value: Json) -> str:
    return orjson.dumps(value).decode()


def patch_of(*operations: Json) -> JsonObject:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


def redacted_operation(operation: Json) -> Json:
    redacted = redacted_patch(patch_of(operation), USER)
    assert isinstance(redacted, dict) and isinstance(redacted["Operations"], list)
    return redacted["Operations"][0]


def redacted_bulk_operation(operation: Json) -> Json:
    redacted = redacted_bulk({"Operations": [operation]}, TYPES)
    assert isinstance(redacted, dict) and isinstance(redacted["Operations"], list)
    return redacted["Operations"][0]


# resources


def test_what_the_schema_declares_is_shown_as_it_was_sent() -> None:
    assert redacted_resource(FULL, USER) == FULL


def test_names_count_in_any_case_and_keep_the_spelling_that_was_sent() -> None:
    sent: Json = {"USERNAME": "ada", "Name": {"GIVENNAME": "Ada"}, BADGE.upper(): {"Number": "12"}}
    assert redacted_resource(sent, USER) == sent


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"password": "s"}, {"password": MASK}),
        ({"PassWord": ["s", {"value": "s"}]}, {"PassWord": MASK}),
        ({"zork": "s"}, {"zork": MASK}),
        ({"zork": None}, {"zork": MASK}),
        ({UNDECLARED: {"number": "s"}}, {UNDECLARED: MASK}),
        ({"name": {"givenName": "Ada", "zork": "s"}}, {"name": {"givenName": "Ada", "zork": MASK}}),
        ({"emails": [{"value": "a", "zork": "s"}]}, {"emails": [{"value": "a", "zork": MASK}]}),
        ({"userName": {"value": "s"}}, {"userName": MASK}),
        ({"userName": [["s"]]}, {"userName": [MASK]}),
        ({"emails": [["s"]]}, {"emails": [MASK]}),
        ({"name": "s"}, {"name": MASK}),
        ({ENTERPRISE_USER.id: "s"}, {ENTERPRISE_USER.id: MASK}),
        ({BADGE: {"pin": "s", "number": "12"}}, {BADGE: {"pin": MASK, "number": "12"}}),
        ({BADGE: {"door": {"code": "s"}}}, {BADGE: {"door": {"code": MASK}}}),
        ({BADGE: {"vault": [{"value": "s"}]}}, {BADGE: {"vault": MASK}}),
        ({"schemas": [USER_SCHEMA.id, 7, "u" * 251]}, {"schemas": [USER_SCHEMA.id, MASK, MASK]}),
        ("s", MASK),
        (["s"], MASK),
    ],
)
def test_everything_else_is_masked(sent: Json, kept: Json) -> None:
    assert redacted_resource(sent, USER) == kept


@pytest.mark.parametrize(
    "sent",
    [
        {"userName": ["ada"]},
        {"emails": {"value": "ada@example.com"}},
        {"emails": "ada@example.com"},
        {"emails": ["ada@example.com"]},
        {"active": "False"},
        {USER_SCHEMA.id: {"userName": "ada"}},
        {ENTERPRISE_USER.id: {"manager": "9"}},
    ],
)
def test_the_shapes_that_clients_deviate_to_are_shown(sent: Json) -> None:
    assert redacted_resource(sent, USER) == sent


@pytest.mark.parametrize("name", ["zork", "$zork", "custom-1", "name.zork", UNDECLARED, "urn:a:2.0:User:zork"])
def test_an_unknown_name_is_kept_where_it_looks_like_one(name: str) -> None:
    assert redacted_resource({name: "s"}, USER) == {name: MASK}


@pytest.mark.parametrize(
    "name", ["", "two words", "é", "a\n", "7up", "x" * 41, "a." + "x" * 41, "ab." * 60 + "c", "a..b", "pass=word"]
)
def test_an_unknown_name_that_looks_like_something_else_is_masked(name: str) -> None:
    assert redacted_resource({name: "s"}, USER) == {MASK: MASK}


def test_of_a_long_array_the_first_elements_are_shown() -> None:
    elements: list[Json] = [{"value": str(number)} for number in range(MAX_ELEMENTS + 3)]
    redacted = redacted_resource({"emails": elements}, USER)
    assert redacted == {"emails": [*elements[:MAX_ELEMENTS], "••• and 3 more"]}
    assert redacted_resource({"emails": elements[:MAX_ELEMENTS]}, USER) == {"emails": elements[:MAX_ELEMENTS]}


def test_the_body_itself_stays_as_it_is() -> None:
    body: JsonObject = {"userName": "ada", "password": "s", "name": {"zork": "s"}}
    before = orjson.dumps(body)
    redacted_resource(body, USER)
    assert orjson.dumps(body) == before


# PATCH


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "ada@example.com"},
        {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "a", "display": "b"}},
        {"op": "remove", "path": 'emails[value eq "ada@example.com"]'},
        {"op": "add", "path": "name.givenName", "value": "Ada"},
        {"op": "add", "path": ENTERPRISE_USER.id, "value": {"department": "Engines"}},
        {"op": "add", "path": "manager", "value": "9"},
        {"op": "add", "path": "schemas", "value": [BADGE]},
        {"op": "add", "path": None, "value": {"title": "Countess"}},
        {"op": "replace", "value": {"name.givenName": "Ada", f"{ENTERPRISE_USER.id}:department": "Engines"}},
        {"op": "replace", "value": {'emails[type eq "work"].value': "ada@example.com"}},
        {"op": "replace", "value": {USER_SCHEMA.id: {"title": "Countess"}, "schemas": [BADGE]}},
        {"OP": "replace", "Path": "title", "VALUE": "Countess"},
    ],
)
def test_an_operation_that_is_understood_is_shown_as_it_was_sent(operation: Json) -> None:
    assert redacted_operation(operation) == operation


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"path": "password", "value": "s"}, {"path": "password", "value": MASK}),
        ({"path": f"{BADGE}:pin", "value": "s"}, {"path": f"{BADGE}:pin", "value": MASK}),
        ({"path": f"{BADGE}:door.code", "value": "s"}, {"path": f"{BADGE}:door.code", "value": MASK}),
        ({"path": f"{BADGE}:vault.value", "value": "s"}, {"path": f"{BADGE}:vault.value", "value": MASK}),
        ({"path": f"{BADGE}:door", "value": {"code": "s"}}, {"path": f"{BADGE}:door", "value": {"code": MASK}}),
        ({"path": BADGE, "value": {"pin": "s"}}, {"path": BADGE, "value": {"pin": MASK}}),
        ({"path": BADGE, "value": "s"}, {"path": BADGE, "value": MASK}),
        ({"path": "zork", "value": "s"}, {"path": "zork", "value": MASK}),
        ({"path": 'zork[value eq "s"]', "value": "s"}, {"path": MASK, "value": MASK}),
        ({"path": 'emails[zork eq "s"]', "value": "a"}, {"path": MASK, "value": MASK}),
        ({"path": 'emails[value eq "s"].zork', "value": "a"}, {"path": MASK, "value": MASK}),
        ({"path": 'emails[value eq "s"', "value": "a"}, {"path": MASK, "value": MASK}),
        ({"path": f'{BADGE}:door[code eq "s"]', "value": "a"}, {"path": MASK, "value": MASK}),
        ({"path": 7, "value": "s"}, {"path": MASK, "value": MASK}),
        ({"value": {"password": "s", "zork": "s"}}, {"value": {"password": MASK, "zork": MASK}}),
        ({"value": {'zork[type eq "s"]': "s"}}, {"value": {MASK: MASK}}),
        ({"value": {USER_SCHEMA.id: {"password": "s"}}}, {"value": {USER_SCHEMA.id: {"password": MASK}}}),
        ({"value": {UNDECLARED: {"a": "s"}}}, {"value": {UNDECLARED: MASK}}),
        ({"value": "s"}, {"value": MASK}),
        ({"op": "s", "zork": "s"}, {"op": MASK, "zork": MASK}),
        ({"op": ["add"]}, {"op": MASK}),
        ({"path": "title", "PATH": "password", "value": "s"}, MASK),
        ("s", MASK),
    ],
)
def test_of_any_other_operation_the_rest_is_masked(sent: Json, kept: Json) -> None:
    assert redacted_operation(sent) == kept


def test_a_single_operation_in_place_of_the_array_is_shown() -> None:
    sent: Json = {"Operations": {"op": "add", "path": "title", "value": "Countess"}}
    assert redacted_patch(sent, USER) == sent


def test_many_operations_are_cut_short() -> None:
    operation: Json = {"op": "remove", "path": "title"}
    sent = patch_of(*[operation] * (MAX_ELEMENTS + 1))
    redacted = redacted_patch(sent, USER)
    assert isinstance(redacted, dict) and isinstance(redacted["Operations"], list)
    assert redacted["Operations"][-1] == "••• and 1 more"


# Bulk


@pytest.mark.parametrize(
    "operation",
    [
        {"method": "POST", "path": "/Users", "bulkId": "one", "data": {"userName": "ada"}},
        {"method": "put", "path": "Users/7", "version": 'W/"1"', "data": {"userName": "ada"}},
        {"method": "PATCH", "path": "/Users/bulkId:one", "data": patch_of({"op": "remove", "path": "title"})},
        {"METHOD": "DELETE", "Path": "/Groups/9"},
    ],
)
def test_a_bulk_operation_that_is_understood_is_shown_as_it_was_sent(operation: Json) -> None:
    assert redacted_bulk_operation(operation) == operation


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"path": "/Users", "data": {"password": "s"}}, {"path": "/Users", "data": {"password": MASK}}),
        ({"path": "/Groups", "data": {"userName": "s"}}, {"path": "/Groups", "data": {"userName": MASK}}),
        ({"path": "/Safes/s", "data": {"userName": "s"}}, {"path": MASK, "data": MASK}),
        ({"path": "/Users/a b", "data": None}, {"path": f"/Users/{MASK}", "data": MASK}),
        ({"path": "/Users/7?s", "method": "s"}, {"path": f"/Users/{MASK}", "method": MASK}),
        ({"path": 7, "data": {"userName": "s"}}, {"path": MASK, "data": MASK}),
        ({"data": {"userName": "s"}}, {"data": MASK}),
        ({"method": 7, "path": "/Users", "data": {"z": "s"}}, {"method": MASK, "path": "/Users", "data": {"z": MASK}}),
        ({"bulkId": "b" * 251, "version": 7, "zork": "s"}, {"bulkId": MASK, "version": MASK, "zork": MASK}),
        ({"path": "/Users", "PATH": "/Groups", "data": {"userName": "s"}}, MASK),
        ("s", MASK),
    ],
)  # fmt: skip
def test_of_any_other_bulk_operation_the_rest_is_masked(sent: Json, kept: Json) -> None:
    assert redacted_bulk_operation(sent) == kept


def test_a_bulk_request_keeps_its_own_members() -> None:
    sent: Json = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "failOnErrors": 1, "operations": []}
    assert redacted_bulk(sent, TYPES) == sent
    assert redacted_bulk({"failOnErrors": "s", "zork": "s"}, TYPES) == {"failOnErrors": MASK, "zork": MASK}
    assert redacted_bulk("s", TYPES) == MASK


# searches


def test_a_search_keeps_names_and_numbers_and_neither_filter_nor_cursor() -> None:
    plain: JsonObject = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": ["userName", "name.givenName"],
        "excludedAttributes": "members",
        "sortBy": "userName",
        "sortOrder": "Descending",
        "startIndex": 1,
        "count": 10,
    }
    assert redacted_search(plain) == plain
    sent: Json = {
        "filter": 'userName eq "s"',
        "cursor": "s",
        "sortBy": 's "',
        "sortOrder": "s",
        "count": "s",
        "zork": "s",
    }
    assert redacted_search(sent) == {
        "filter": MASK, "cursor": MASK, "sortBy": MASK, "sortOrder": MASK, "count": MASK, "zork": MASK
    }  # fmt: skip
    assert redacted_search({"attributes": ["s s", 7]}) == {"attributes": [MASK, MASK]}
    assert redacted_search(None) == MASK


# canaries


@given(st.dictionaries(UNKNOWN_NAMES, SECRETS))
def test_nothing_under_unknown_names_is_ever_shown(unknown: JsonObject) -> None:
    for redact in REDACTIONS:
        assert CANARY not in text_of(redact(unknown))
    assert CANARY not in text_of(redacted_resource({**FULL, **unknown}, USER))
    assert CANARY not in text_of(redacted_patch(patch_of({"op": "add", "value": unknown}), USER))


@given(st.sampled_from([*USER.top_level, *USER.schemas]), SECRETS)
def test_nothing_unknown_inside_a_known_attribute_is_ever_shown(name: str, secret: Json) -> None:
    values: list[Json] = [{"zork": secret}, [{"zork": secret}], {CANARY: 1}, [[secret]]]
    for value in values:
        for spelled in (name, name.upper()):
            body: Json = {spelled: value}
            assert CANARY not in text_of(redacted_resource(body, USER))
            assert CANARY not in text_of(redacted_patch(patch_of({"op": "add", "value": body}), USER))
            assert CANARY not in text_of(redacted_patch(patch_of({"op": "add", "path": spelled, "value": value}), USER))


@given(SECRETS)
def test_nothing_of_an_attribute_that_is_never_returned_is_shown(secret: Json) -> None:
    body: Json = {"password": secret, BADGE: {"pin": secret, "door": {"code": secret}, "vault": secret}}
    assert CANARY not in text_of(redacted_resource(body, USER))
    assert CANARY not in text_of(redacted_patch(patch_of({"op": "add", "value": body}), USER))
    for path in ("password", f"{BADGE}:pin", f"{BADGE}:door.code", f"{BADGE}:vault", f'{BADGE}:vault[type eq "a"]'):
        operation: Json = {"op": "replace", "path": path, "value": secret}
        assert CANARY not in text_of(redacted_patch(patch_of(operation), USER))
        bulk: Json = {"Operations": [{"method": "PATCH", "path": "/Users/7", "data": patch_of(operation)}]}
        assert CANARY not in text_of(redacted_bulk(bulk, TYPES))


@given(
    st.sampled_from([*USER.top_level, *USER.showable, "zork"]),
    st.sampled_from(["add", "Replace", "remove", "zork", 7]),
    st.sampled_from([True, "text", 1, None, [], {}, {"givenName": "s"}, [{"value": "s", "type": "work"}], [[1]]])
    | SECRETS,
)
def test_a_plain_operation_is_shown_as_one_that_is_looked_at_member_by_member(
    path: str, verb: Json, value: Json
) -> None:
    """Another spelling of `Operations` keeps the body from being taken for a plain one."""
    operation: Json = {"op": verb, "path": path, "value": value}
    body = patch_of(operation)
    looked_at = redacted_patch({"schemas": body["schemas"], "operations": body["Operations"]}, USER)
    assert isinstance(looked_at, dict)
    assert redacted_patch(body, USER) == {"schemas": body["schemas"], "Operations": looked_at["operations"]}


# any body


@given(ANYTHING)
def test_any_body_gives_something_that_can_be_kept_and_changes_no_more(body: Json) -> None:
    for redact in REDACTIONS:
        redacted = redact(body)
        orjson.dumps(redacted)
        assert redact(redacted) == redacted


# cutting, and what did not parse


def test_a_body_within_the_limit_stays_whole() -> None:
    assert cut(b"12345", 5) == (b"12345", "")


def test_a_longer_one_is_cut_and_marked() -> None:
    assert cut(b"123456", 5) == (b"12345", "Cut: the first 5 of 6 bytes.")


@given(st.text(), st.integers(0, 40))
def test_no_character_is_cut_in_two(text: str, limit: int) -> None:
    kept, note = cut(text.encode(), limit)
    assert text.startswith(kept.decode())
    assert len(kept) > limit - 4 if note else kept.decode() == text
    assert len(kept) <= max(limit, 0)


def test_a_body_that_did_not_parse_is_named_by_size_hash_and_position() -> None:
    raw = b'{"password": "secret'
    note = unparsed_note(raw, "The body is not JSON, at line 1, column 14.")
    digest = hashlib.sha256(raw).hexdigest()
    assert note == f"20 bytes, SHA-256 {digest}. The body is not JSON, at line 1, column 14."
