"""PUT (RFC 7644 §3.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.replacement import replacement
from hallway.scim.resource import parsed_resource
from hallway.scim.schema import Extension, ResourceType
from hallway.scim.standard import group_type, user_type
from tests.scim.small import BADGE, ENTERPRISE_URN, OTHER_URN, USER_URN, USERS, ada, met, strict, tolerant

GROUPS = group_type()


def put(stored: JsonObject, body: JsonObject, tolerance: Tolerance | None = None) -> JsonObject:
    used = tolerance or tolerant()
    return replacement(stored, parsed_resource(body, USERS, used), USERS, used)


def refused(stored: JsonObject, body: JsonObject) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        put(stored, body)
    assert caught.value.status == 400
    return caught.value


def test_sending_back_what_was_read_changes_nothing() -> None:
    stored = ada()
    assert put(stored, ada(), strict()) == stored


def test_what_was_not_sent_is_removed() -> None:
    after = put(ada(), {"schemas": [USER_URN], "userName": "ada", "active": False}, strict())
    assert after == {
        "schemas": [USER_URN],
        "id": "usr_1",
        "meta": ada()["meta"],
        "userName": "ada",
        "active": False,
        "groups": ada()["groups"],
    }


def test_the_order_of_schemas_is_no_change() -> None:
    stored: JsonObject = {**ada(), "schemas": [OTHER_URN, USER_URN, ENTERPRISE_URN], OTHER_URN: {"number": "1"}}
    assert put(stored, dict(stored), strict()) == stored
    after = put(stored, {**stored, OTHER_URN: None}, strict())
    assert after["schemas"] == [USER_URN, ENTERPRISE_URN]


def test_neither_side_is_changed() -> None:
    stored, sent = ada(), parsed_resource({"userName": "bob"}, USERS, tolerant())
    replacement(stored, sent, USERS, tolerant())
    assert stored == ada()
    assert sent == {"schemas": [USER_URN], "userName": "bob"}


class TestActive:
    def test_a_missing_active_keeps_the_stored_value(self) -> None:
        for stored in (True, False):
            assert put({**ada(), "active": stored}, {"userName": "bob"})["active"] is stored
        without = {name: value for name, value in ada().items() if name != "active"}
        assert "active" not in put(without, {"userName": "bob"})

    def test_a_directory_can_ask_for_the_other_reading(self) -> None:
        tolerance = Tolerance(switched_on=frozenset({Quirk.MISSING_ACTIVE_MEANS_TRUE}))
        assert put({**ada(), "active": False}, {"userName": "bob"}, tolerance)["active"] is True
        assert Quirk.MISSING_ACTIVE_MEANS_TRUE in met(tolerance)
        tolerance.met.clear()
        assert put(ada(), {"userName": "bob", "active": False}, tolerance)["active"] is False
        assert Quirk.MISSING_ACTIVE_MEANS_TRUE not in met(tolerance)

    def test_resources_without_active_are_left_alone(self) -> None:
        sent: JsonObject = {"schemas": [GROUPS.schema.id], "displayName": "New"}
        tolerance = Tolerance(switched_on=frozenset({Quirk.MISSING_ACTIVE_MEANS_TRUE}))
        after = replacement({"displayName": "Old", "id": "group_1"}, sent, GROUPS, tolerance)
        assert after == {"schemas": [GROUPS.schema.id], "id": "group_1", "displayName": "New"}


class TestImmutable:
    @pytest.mark.parametrize(
        ("held", "sent"),
        [
            ({"birthPlace": "London"}, {"birthPlace": "Paris"}),
            ({"codes": ["a", "b"]}, {"codes": ["a"]}),
            ({"seat": {"floor": 1, "desk": "9"}}, {"seat": {"floor": 1, "desk": "8"}}),
            ({OTHER_URN: {"number": "1", "serial": "A"}}, {OTHER_URN: {"number": "1", "serial": "B"}}),
        ],
    )
    def test_another_value_is_refused(self, held: JsonObject, sent: JsonObject) -> None:
        assert refused({**ada(), **held}, {"userName": "ada", **sent}).scim_type == "mutability"

    @pytest.mark.parametrize(
        ("held", "sent", "expected"),
        [
            ({}, {"birthPlace": "Paris"}, {"birthPlace": "Paris"}),
            ({"birthPlace": "Paris"}, {"birthPlace": "Paris"}, {"birthPlace": "Paris"}),
            ({"birthPlace": "Paris"}, {}, {"birthPlace": "Paris"}),
            ({"codes": ["a"]}, {"codes": []}, {"codes": ["a"]}),
            ({"seat": {"floor": 1, "desk": "9"}}, {"seat": {"floor": 2}}, {"seat": {"floor": 2, "desk": "9"}}),
            ({"seat": {"floor": 1}}, {"seat": {"floor": 1, "desk": "9"}}, {"seat": {"floor": 1, "desk": "9"}}),
            ({"seat": {"floor": 1, "desk": "9"}}, {}, {"seat": {"floor": 1, "desk": "9"}}),
            ({"seat": {"floor": 1}}, {}, {}),
            ({OTHER_URN: {"number": "1", "serial": "A"}}, {OTHER_URN: {"number": "2"}}, {"number": "2", "serial": "A"}),
        ],
    )
    def test_it_is_set_once_and_then_stays(self, held: JsonObject, sent: JsonObject, expected: JsonObject) -> None:
        after = put({**ada(), **held}, {"userName": "ada", **sent})
        inside = after[OTHER_URN] if OTHER_URN in held else after
        assert isinstance(inside, dict)
        names = ("birthPlace", "codes", "seat", "number", "serial")
        assert {name: inside[name] for name in names if name in inside} == expected

    def test_elements_of_an_array_may_go_and_come(self) -> None:
        held: JsonObject = {**ada(), "keys": [{"value": "a", "label": "front"}]}
        assert put(held, {"userName": "ada", "keys": [{"value": "b"}]})["keys"] == [{"value": "b"}]
        assert "keys" not in put(held, {"userName": "ada"})

    def test_an_extension_that_is_left_out_stays_whole_where_it_holds_one(self) -> None:
        badge: JsonObject = {"number": "1", "colour": "red", "serial": "A"}
        assert put({**ada(), OTHER_URN: badge}, {"userName": "ada"})[OTHER_URN] == badge
        del badge["serial"]
        assert OTHER_URN not in put({**ada(), OTHER_URN: badge}, {"userName": "ada"})


class TestReadOnly:
    def test_what_the_server_knows_of_a_value_stays_with_it(self) -> None:
        body: JsonObject = {"userName": "ada", ENTERPRISE_URN: {"manager": {"value": "usr_2", "displayName": "Eve"}}}
        after = put(ada(), body)[ENTERPRISE_URN]
        assert after == {"manager": {"value": "usr_2", "displayName": "Bob"}}
        body[ENTERPRISE_URN] = {"manager": {"value": "usr_3"}}
        assert put(ada(), body)[ENTERPRISE_URN] == {"manager": {"value": "usr_3"}}

    def test_an_address_of_ours_follows_from_its_value(self) -> None:
        manager: JsonObject = {"value": "user_2"}
        stored: JsonObject = {"schemas": [USER_URN], "userName": "ada", ENTERPRISE_URN: {"manager": manager}}
        sent: JsonObject = {**stored, ENTERPRISE_URN: {"manager": {**manager, "$ref": "../Users/user_2"}}}
        after = replacement(stored, sent, user_type(), strict())
        assert after[ENTERPRISE_URN] == {"manager": manager}
        sent = {**stored, ENTERPRISE_URN: {"manager": {"value": "user_3", "$ref": "../Users/user_3"}}}
        after = replacement(stored, sent, user_type(), strict())
        assert after[ENTERPRISE_URN] == {"manager": {"value": "user_3", "$ref": "../Users/user_3"}}

    def test_read_only_attributes_of_an_extension_stay(self) -> None:
        printed = "2026-01-01T00:00:00Z"
        only_badge = ResourceType("User", "/Users", "", USERS.schema, (Extension(BADGE),))
        sent: JsonObject = {"schemas": [USER_URN], "userName": "ada", OTHER_URN: {"number": "2"}}
        held: JsonObject = {**ada(), OTHER_URN: {"number": "1", "colour": "red", "printed": printed}}
        assert replacement(held, sent, only_badge, strict())[OTHER_URN] == {"number": "2", "printed": printed}


SENT = st.fixed_dictionaries(
    {"userName": st.sampled_from(["ada", "bob"])},
    optional={
        "active": st.booleans(),
        "title": st.sampled_from(["", "Dr"]),
        "birthPlace": st.sampled_from(["London", "Paris"]),
        "seat": st.fixed_dictionaries({"floor": st.integers(0, 2)}, optional={"desk": st.sampled_from(["8", "9"])}),
        "tags": st.lists(st.sampled_from(["a", "b"])),
        OTHER_URN: st.fixed_dictionaries({"number": st.just("1")}, optional={"serial": st.sampled_from(["A", "B"])}),
    },
)


@given(SENT, SENT)
def test_a_put_twice_is_as_one(first: dict[str, Json], second: dict[str, Json]) -> None:
    stored = put({"id": "usr_1"}, first)
    try:
        once = put(stored, second)
    except ScimProblem as problem:
        assert problem.scim_type == "mutability"
        return
    assert put(once, second) == once
    assert list(put(once, second)) == list(once)
    assert put(once, once) == once
