"""PATCH (RFC 7644 §3.5.2): what operations do to a resource."""

import copy

import pytest

from hallway.scim.json import Json, JsonObject
from hallway.scim.patch import Patched, patched
from hallway.scim.patch_operations import PATCH_OP, patch_operations
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Extension, ResourceType
from tests.scim.small import BADGE, ENTERPRISE_URN, OTHER_URN, USER, USER_URN, USERS, ada, strict, tolerant

WORK = 'emails[type eq "work"]'
OTHER = 'emails[type eq "other"]'


def op(verb: str, path: str | None = None, value: Json = None) -> JsonObject:
    operation: JsonObject = {"op": verb, "value": value}
    return operation if path is None else {**operation, "path": path}


def message(*operations: JsonObject) -> JsonObject:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def apply(
    resource: JsonObject, *operations: JsonObject, tolerance: Tolerance | None = None, of: ResourceType = USERS
) -> Patched:
    tolerance = tolerance or strict()
    before = copy.deepcopy(resource)
    try:
        return patched(resource, patch_operations(message(*operations), of, tolerance), of, tolerance)
    finally:
        assert resource == before


def result(*operations: JsonObject, tolerance: Tolerance | None = None) -> JsonObject:
    """Ada after the operations."""
    return apply(ada(), *operations, tolerance=tolerance).resource


def change(*operations: JsonObject, tolerance: Tolerance | None = None) -> JsonObject:
    """The attributes of Ada that differ afterwards; null for what is gone."""
    before, after = ada(), result(*operations, tolerance=tolerance)
    return {name: after.get(name) for name in [*before, *after] if before.get(name) != after.get(name)}


def refused(*operations: JsonObject, tolerance: Tolerance | None = None) -> str | None:
    with pytest.raises(ScimProblem) as caught:
        result(*operations, tolerance=tolerance)
    assert caught.value.status == 400
    caught.value.detail.encode()
    return caught.value.scim_type


def emails(*operations: JsonObject, tolerance: Tolerance | None = None) -> Json:
    return result(*operations, tolerance=tolerance).get("emails")


WORK_EMAIL: JsonObject = {"value": "ada@work.example", "type": "work", "primary": True}
HOME_EMAIL: JsonObject = {"value": "Ada@home.example", "type": "home"}


class TestAdd:
    """§3.5.2.1."""

    @pytest.mark.parametrize(
        ("path", "value", "changed"),
        [
            ("title", "Dr.", {"title": "Dr."}),
            ("userName", "ada", {"userName": "ada"}),
            (f"{USER_URN}:title", "Dr.", {"title": "Dr."}),
            ("name.formatted", "A.", {"name": {"formatted": "A.", "familyName": "Lovelace", "givenName": "Ada"}}),
            ("name", {"GIVENNAME": "A."}, {"name": {"familyName": "Lovelace", "givenName": "A."}}),
            ("tags", ["new", "Maths"], {"tags": ["Maths", "poetry", "new"]}),
            ("roles", [{"value": "a"}, {"value": "a"}], {"roles": [{"value": "a"}]}),
            ("emails", [HOME_EMAIL], {}),
            ("emails", [], {}),
            ("emails", None, {}),
            ("title", None, {}),
        ],
    )
    def test_a_value_is_added(self, path: str, value: Json, changed: JsonObject) -> None:
        assert change(op("add", path, value)) == changed

    def test_an_array_grows_at_its_end(self) -> None:
        new: JsonObject = {"value": "x", "type": "work"}
        assert emails(op("add", "emails", [new])) == [WORK_EMAIL, HOME_EMAIL, new]

    def test_without_a_path_each_attribute_is_added(self) -> None:
        value: Json = {"TITLE": "Dr.", "name": {"givenName": "A."}, "tags": ["new"], "active": False}
        assert change(op("add", None, value)) == {
            "title": "Dr.",
            "name": {"familyName": "Lovelace", "givenName": "A."},
            "tags": ["Maths", "poetry", "new"],
            "active": False,
        }

    def test_chosen_elements_get_what_is_named(self) -> None:
        assert emails(op("add", WORK, {"display": "W"})) == [{**WORK_EMAIL, "display": "W"}, HOME_EMAIL]
        assert emails(op("add", f"{WORK}.display", "W")) == [{**WORK_EMAIL, "display": "W"}, HOME_EMAIL]
        assert emails(op("add", WORK, None)) == [WORK_EMAIL, HOME_EMAIL]
        assert change(op("add", 'tags[value eq "maths"]', "sums")) == {"tags": ["sums", "poetry"]}


class TestReplace:
    """§3.5.2.3."""

    @pytest.mark.parametrize(
        ("path", "value", "changed"),
        [
            ("title", "Dr.", {"title": "Dr."}),
            ("active", False, {"active": False}),
            ("name", {"givenName": "A."}, {"name": {"familyName": "Lovelace", "givenName": "A."}}),
            ("name", {"givenName": None}, {"name": {"familyName": "Lovelace"}}),
            ("name", {"givenName": None, "familyName": None}, {"name": None}),
            ("name.givenName", None, {"name": {"familyName": "Lovelace"}}),
            ("tags", ["new"], {"tags": ["new"]}),
            ("tags", [], {"tags": None}),
            ("emails", None, {"emails": None}),
            ("shoeSize", None, {"shoeSize": None}),
            ("addresses", [{"lines": ["a"]}], {"addresses": [{"lines": ["a"]}]}),
        ],
    )
    def test_a_value_is_replaced(self, path: str, value: Json, changed: JsonObject) -> None:
        assert change(op("replace", path, value)) == changed

    def test_one_sub_attribute_of_chosen_elements_is_replaced(self) -> None:
        assert emails(op("replace", f"{WORK}.value", "x")) == [{**WORK_EMAIL, "value": "x"}, HOME_EMAIL]
        everyone = emails(op("replace", "emails.display", "x"))
        assert everyone == [{**WORK_EMAIL, "display": "x"}, {**HOME_EMAIL, "display": "x"}]

    def test_an_element_without_anything_left_is_gone(self) -> None:
        value: Json = [{"type": "x"}, {"value": "a"}]
        after = emails(op("replace", "emails", value), op("replace", 'emails[type eq "x"].type', None))
        assert after == [{"value": "a"}]

    def test_chosen_elements_are_replaced_whole(self) -> None:
        new: JsonObject = {"value": "x", "type": "work"}
        assert emails(op("replace", WORK, new)) == [new, HOME_EMAIL]
        assert emails(op("replace", WORK, {"value": "x"})) == [{"value": "x"}, HOME_EMAIL]
        assert emails(op("replace", WORK, None)) == [HOME_EMAIL]
        assert emails(op("replace", "emails[type pr]", {"value": "x"})) == [{"value": "x"}]

    def test_what_the_filter_said_of_them_stays(self) -> None:
        tolerance = tolerant()
        new: Json = {"value": "x"}
        assert emails(op("replace", WORK, new), tolerance=tolerance) == [
            {"value": "x", "type": "work"},
            HOME_EMAIL,
        ]
        assert tolerance.met == {Quirk.ELEMENT_MADE_FROM_FILTER}
        assert emails(op("replace", "emails[type pr]", new), tolerance=tolerant()) == [{"value": "x"}]

    def test_simple_elements_are_replaced_by_value(self) -> None:
        assert change(op("replace", 'tags[value eq "maths"]', "sums")) == {"tags": ["sums", "poetry"]}

    def test_without_a_match_there_is_no_target(self) -> None:
        assert refused(op("replace", f"{OTHER}.value", "x")) == "noTarget"
        assert refused(op("replace", OTHER, {"value": "x"}), tolerance=tolerant()) == "noTarget"
        assert refused(op("replace", 'tags[value eq "x"]', "y"), tolerance=tolerant()) == "noTarget"
        assert refused(op("add", f"{OTHER}.value", "x")) == "noTarget"

    def test_several_operations_are_applied_in_order(self) -> None:
        assert change(op("replace", "title", "a"), op("add", "title", "b"), op("remove", "title")) == {}

    def test_a_problem_in_the_last_operation_refuses_all(self) -> None:
        assert refused(op("replace", "title", "a"), op("replace", "active", 1)) == "invalidValue"


class TestRemove:
    """§3.5.2.2."""

    @pytest.mark.parametrize(
        ("path", "changed"),
        [
            ("active", {"active": None}),
            ("title", {}),
            ("name", {"name": None}),
            ("name.givenName", {"name": {"familyName": "Lovelace"}}),
            ("emails", {"emails": None}),
            (WORK, {"emails": [HOME_EMAIL]}),
            ("emails[type pr]", {"emails": None}),
            (f"{WORK}.primary", {"emails": [{"value": "ada@work.example", "type": "work"}, HOME_EMAIL]}),
            ('tags[value sw "m"]', {"tags": ["poetry"]}),
            ("addresses.locality", {}),
            ("seat.desk", {}),
        ],
    )
    def test_what_the_path_names_is_removed(self, path: str, changed: JsonObject) -> None:
        assert change({"op": "remove", "path": path}) == changed

    def test_a_sub_attribute_is_removed_from_all_elements(self) -> None:
        emptied: Json = [{"type": "x"}]
        assert change(op("add", "roles", emptied), op("remove", "roles.type")) == {}
        assert emails(op("remove", "emails.type")) == [
            {"value": "ada@work.example", "primary": True},
            {"value": "Ada@home.example"},
        ]

    def test_it_needs_a_path(self) -> None:
        assert refused(op("remove", None, {"title": "x"}), tolerance=tolerant()) == "noTarget"

    @pytest.mark.parametrize("path", ["userName", "schemas"])
    def test_what_is_required_stays(self, path: str) -> None:
        assert refused(op("remove", path), tolerance=tolerant()) == "invalidValue"

    @pytest.mark.parametrize("value", [None, ""])
    def test_what_is_required_is_not_unassigned_either(self, value: Json) -> None:
        assert refused(op("replace", "userName", value), tolerance=tolerant()) == "invalidValue"

    @pytest.mark.parametrize("path", ["id", "meta", "meta.version", "groups", 'groups[value eq "grp_1"]'])
    def test_what_is_read_only_stays(self, path: str) -> None:
        assert refused(op("remove", path), tolerance=tolerant()) == "mutability"

    def test_without_a_match_nothing_changes(self) -> None:
        tolerance = tolerant()
        assert change(op("remove", OTHER), op("remove", f"{OTHER}.value"), tolerance=tolerance) == {}
        assert tolerance.met == {Quirk.UNMATCHED_REMOVE}
        assert refused(op("remove", OTHER)) == "noTarget"

    def test_a_value_narrows_what_is_removed_from_an_array(self) -> None:
        tolerance = tolerant()
        removed = op("remove", "emails", [{"value": "ADA@HOME.example"}])
        assert emails(removed, tolerance=tolerance) == [WORK_EMAIL]
        assert tolerance.met == {Quirk.REMOVE_WITH_VALUE}
        assert result(op("remove", "tags", ["MATHS"]), tolerance=tolerant())["tags"] == ["poetry"]
        assert "tags" not in result(op("remove", "tags", ["maths", "poetry"]), tolerance=tolerant())
        assert refused(removed) == "invalidValue"

    @pytest.mark.parametrize("value", [[], [{"value": "x"}], [{"value": "ada@work.example", "type": "home"}]])
    def test_a_value_that_is_not_there_removes_nothing(self, value: Json) -> None:
        tolerance = tolerant()
        assert change(op("remove", "emails", value), tolerance=tolerance) == {}
        assert tolerance.met == {Quirk.REMOVE_WITH_VALUE, Quirk.UNMATCHED_REMOVE}
        assert change(op("remove", "roles", [{"value": "x"}]), tolerance=tolerant()) == {}

    def test_a_case_exact_value_is_removed_by_its_case(self) -> None:
        keys: Json = [{"value": "K"}]
        added = op("add", "keys", keys)
        assert change(added, op("remove", "keys", [{"value": "k"}]), tolerance=tolerant()) == {"keys": keys}

    @pytest.mark.parametrize("path", ["active", "name.givenName", WORK])
    def test_a_value_beside_an_exact_path_is_noted(self, path: str) -> None:
        tolerance = tolerant()
        assert change(op("remove", path, "x"), tolerance=tolerance) == change(op("remove", path))
        assert tolerance.met == {Quirk.REMOVE_WITH_VALUE}
        assert refused(op("remove", path, "x")) == "invalidValue"


class TestPrimary:
    """§3.5.2: setting one primary value makes the others not primary."""

    @pytest.mark.parametrize(
        "operation",
        [
            op("replace", 'emails[type eq "home"].primary', True),
            op("add", 'emails[type eq "home"]', {"primary": True}),
            op("replace", 'emails[type eq "home"]', {**HOME_EMAIL, "primary": True}),
        ],
    )
    def test_a_chosen_element_becomes_the_only_primary_one(self, operation: JsonObject) -> None:
        assert emails(operation) == [{**WORK_EMAIL, "primary": False}, {**HOME_EMAIL, "primary": True}]

    def test_an_added_element_becomes_the_only_primary_one(self) -> None:
        new: Json = {"value": "x", "primary": True}
        assert emails(op("add", "emails", [new])) == [{**WORK_EMAIL, "primary": False}, HOME_EMAIL, new]

    def test_a_made_element_becomes_the_only_primary_one(self) -> None:
        after = emails(op("add", 'emails[primary eq "True" and type eq "x"].value', "a"), tolerance=tolerant())
        assert after == [
            {**WORK_EMAIL, "primary": False},
            HOME_EMAIL,
            {"value": "a", "type": "x", "primary": True},
        ]

    def test_the_primary_element_may_change_otherwise(self) -> None:
        assert emails(op("replace", f"{WORK}.value", "x")) == [{**WORK_EMAIL, "value": "x"}, HOME_EMAIL]

    @pytest.mark.parametrize(
        "operation",
        [
            op("replace", "roles.primary", True),
            op("add", "roles", [{"value": "c", "primary": True}, {"value": "d", "primary": True}]),
            op("replace", "roles", [{"value": "c", "primary": True}, {"value": "d", "primary": True}]),
        ],
    )
    def test_two_new_primary_values_are_refused(self, operation: JsonObject) -> None:
        roles = op("replace", "roles", [{"value": "a"}, {"value": "b"}])
        assert refused(roles, operation) == "invalidValue"

    def test_two_are_refused_where_one_was_primary_already(self) -> None:
        assert refused(op("replace", "emails.primary", True)) == "invalidValue"


class TestMutability:
    @pytest.mark.parametrize(
        "operation",
        [
            op("replace", "id", "usr_9"),
            op("replace", "id", "USR_1"),
            op("add", "groups", [{"value": "grp_2"}]),
            op("replace", 'groups[value eq "grp_1"].display', "x"),
            op("replace", "groups.display", "Makers"),
            op("replace", "meta.version", "2"),
            op("replace", f"{ENTERPRISE_URN}:manager.displayName", "Zoe"),
            op("replace", None, {"id": "usr_9"}),
            op("replace", None, {"groups": []}),
            op("replace", None, {"meta": {"nick": 1}}),
            op("replace", None, {"meta": "x"}),
        ],
    )
    def test_what_is_read_only_cannot_be_set(self, operation: JsonObject) -> None:
        assert refused(operation, tolerance=tolerant()) == "mutability"

    @pytest.mark.parametrize(
        "operation",
        [
            op("replace", None, {"id": "usr_1", "groups": [{"VALUE": "grp_1"}], "meta": {"resourceType": "User"}}),
            op("replace", "id", "usr_1"),
            op("replace", "meta.version", 'W/"1"'),
            op("replace", f"{ENTERPRISE_URN}:manager.displayName", "Bob"),
            op("replace", f"{OTHER_URN}:printed", None),
        ],
    )
    def test_the_value_that_is_there_is_a_quirk(self, operation: JsonObject) -> None:
        tolerance = tolerant()
        assert change(operation, tolerance=tolerance) == {}
        assert tolerance.met == {Quirk.EQUAL_READ_ONLY_VALUE}
        assert refused(operation) == "mutability"

    def test_a_read_only_sub_attribute_in_an_object_is_dropped(self) -> None:
        value: Json = {"value": "usr_3", "displayName": "Zoe"}
        after = result(op("replace", f"{ENTERPRISE_URN}:manager", value))
        assert after[ENTERPRISE_URN] == {"employeeNumber": "E7", "manager": {"value": "usr_3"}}

    def test_an_immutable_attribute_is_set_once(self) -> None:
        london = op("replace", "birthPlace", "London")
        assert change(london, london) == {"birthPlace": "London"}
        for other in (op("replace", "birthPlace", "Paris"), op("remove", "birthPlace")):
            assert refused(london, other) == "mutability"
        assert change(op("remove", "birthPlace")) == {}

    def test_an_immutable_array_is_set_once(self) -> None:
        codes = op("add", "codes", ["a"])
        assert change(codes, codes) == {"codes": ["a"]}
        assert refused(codes, op("add", "codes", ["b"])) == "mutability"

    def test_an_immutable_sub_attribute_is_set_once(self) -> None:
        seat = op("add", "seat", {"floor": 4, "desk": "a"})
        assert change(seat, op("replace", "seat.floor", 5)) == {"seat": {"floor": 5, "desk": "a"}}
        for other in (op("replace", "seat.desk", "b"), op("remove", "seat.desk"), op("remove", "seat")):
            assert refused(seat, other) == "mutability"

    def test_elements_with_an_immutable_sub_attribute_come_and_go(self) -> None:
        added = op("add", "keys", [{"value": "a"}, {"value": "b"}])
        chosen = 'keys[value eq "a"]'
        assert change(added, op("remove", chosen)) == {"keys": [{"value": "b"}]}
        assert change(
            added, op("replace", chosen, {"value": "a", "label": "x"}), op("remove", 'keys[value eq "b"]')
        ) == {"keys": [{"value": "a", "label": "x"}]}
        for other in (
            op("replace", f"{chosen}.value", "c"),
            op("replace", chosen, {"value": "c"}),
            op("remove", f"{chosen}.value"),
        ):
            assert refused(added, other) == "mutability"


class TestCompleteness:
    def test_what_was_set_has_what_is_required(self) -> None:
        desk, floor = op("add", "seat.desk", "a"), op("add", "seat.floor", 1)
        assert refused(desk) == "invalidValue"
        assert change(desk, floor) == {"seat": {"floor": 1, "desk": "a"}}
        assert refused(floor, desk, op("remove", "seat.floor")) == "invalidValue"
        assert refused(op("add", "keys", [{"label": "x"}])) == "invalidValue"
        assert refused(op("add", "keys.label", "x"), tolerance=tolerant()) == "invalidValue"

    def test_an_extension_that_was_set_has_what_is_required(self) -> None:
        number = op("add", OTHER_URN, {"number": "1"})
        assert refused(op("add", f"{OTHER_URN}:colour", "red")) == "invalidValue"
        assert refused(number, op("remove", f"{OTHER_URN}:number")) == "invalidValue"
        assert refused(op("add", f"{OTHER_URN}:doors", [{"value": "a"}])) == "invalidValue"

    def test_what_was_not_touched_is_not_looked_at(self) -> None:
        old: JsonObject = {"schemas": [USER_URN], "userName": "a", "seat": {"desk": "a"}, OTHER_URN: {"colour": "red"}}
        assert apply(old, op("replace", "title", "x")).resource == {**old, "title": "x"}


class TestExtensions:
    """RFC 7643 §3.3."""

    @pytest.mark.parametrize(
        "operation",
        [
            op("replace", f"{ENTERPRISE_URN}:employeeNumber", "E8"),
            op("replace", ENTERPRISE_URN, {"EMPLOYEENUMBER": "E8"}),
            op("replace", None, {ENTERPRISE_URN.upper(): {"employeeNumber": "E8"}}),
        ],
    )
    def test_its_attributes_are_reached_in_three_ways(self, operation: JsonObject) -> None:
        held = ada()[ENTERPRISE_URN]
        assert isinstance(held, dict)
        assert change(operation) == {ENTERPRISE_URN: {**held, "employeeNumber": "E8"}}

    @pytest.mark.parametrize(
        "operation",
        [
            op("remove", ENTERPRISE_URN),
            op("replace", ENTERPRISE_URN, None),
            op("replace", None, {ENTERPRISE_URN: None}),
        ],
    )
    def test_all_of_it_goes_with_its_urn(self, operation: JsonObject) -> None:
        assert change(operation) == {ENTERPRISE_URN: None, "schemas": [USER_URN]}

    def test_its_last_attribute_takes_it_along(self) -> None:
        after = change(op("remove", f"{ENTERPRISE_URN}:employeeNumber"), op("remove", f"{ENTERPRISE_URN}:manager"))
        assert after == {ENTERPRISE_URN: None, "schemas": [USER_URN]}

    def test_a_new_one_is_listed(self) -> None:
        after = change(op("add", f"{OTHER_URN}:number", "1"))
        assert after == {OTHER_URN: {"number": "1"}, "schemas": [USER_URN, ENTERPRISE_URN, OTHER_URN]}

    def test_one_that_is_listed_already_is_not_listed_again(self) -> None:
        listed: JsonObject = {"schemas": [USER_URN, OTHER_URN.upper()], "userName": "a"}
        after = apply(listed, op("add", f"{OTHER_URN}:number", "1")).resource
        assert after["schemas"] == listed["schemas"]

    def test_a_resource_without_schemas_gets_none(self) -> None:
        assert "schemas" not in apply({"userName": "a"}, op("add", f"{OTHER_URN}:number", "1")).resource

    def test_one_that_is_not_there_can_be_removed(self) -> None:
        assert change(op("remove", OTHER_URN)) == {}

    @pytest.mark.parametrize("value", ["", "x", [], 1])
    def test_it_is_an_object(self, value: Json) -> None:
        assert refused(op("replace", ENTERPRISE_URN, value), tolerance=tolerant()) == "invalidValue"

    def test_what_must_stay_keeps_it(self) -> None:
        added = op("add", OTHER_URN, {"number": "1", "serial": "s"})
        assert refused(added, op("remove", OTHER_URN)) == "mutability"
        needed = ResourceType("User", "/Users", "", USER, (Extension(BADGE, required=True),))
        with pytest.raises(ScimProblem) as caught:
            apply({"userName": "a", OTHER_URN: {"number": "1"}}, op("remove", OTHER_URN), of=needed)
        assert caught.value.scim_type == "invalidValue"

    def test_what_is_unknown_in_it_is_a_quirk(self) -> None:
        tolerance = tolerant()
        assert change(op("add", ENTERPRISE_URN, {"nick": 1}), tolerance=tolerance) == {}
        assert tolerance.met == {Quirk.UNKNOWN_ATTRIBUTE_IGNORED}
        assert refused(op("add", ENTERPRISE_URN, {"nick": 1})) == "invalidPath"


class TestReferences:
    """RFC 7643 §4.3 `manager`; what was joined for the old one does not describe the new one."""

    @pytest.mark.parametrize(
        ("path", "value", "manager"),
        [
            ("manager", {"value": "usr_3"}, {"value": "usr_3"}),
            ("manager", {"value": "usr_3", "$ref": "x"}, {"value": "usr_3", "$ref": "x"}),
            ("manager.value", "usr_3", {"value": "usr_3"}),
            ("manager", {"value": "usr_2"}, {"value": "usr_2", "$ref": "../Users/usr_2", "displayName": "Bob"}),
            ("manager", {"value": None}, None),
        ],
    )
    def test_a_new_value_drops_what_was_known_of_the_old(self, path: str, value: Json, manager: Json) -> None:
        after = result(op("replace", f"{ENTERPRISE_URN}:{path}", value))[ENTERPRISE_URN]
        assert isinstance(after, dict)
        assert after.get("manager") == manager


class TestQuirks:
    """What real clients send; a strict directory refuses each."""

    @pytest.mark.parametrize(
        ("operation", "changed", "quirks"),
        [
            (op("replace", "active", "False"), {"active": False}, {Quirk.BOOLEAN_AS_TEXT}),
            (op("Replace", "title", "x"), {"title": "x"}, {Quirk.OPERATION_CASE}),
            (op("replace", "shoeSize", ""), {"shoeSize": None}, {Quirk.EMPTY_TEXT_REMOVES}),
            (op("replace", "name", ""), {"name": None}, {Quirk.EMPTY_TEXT_REMOVES}),
            (op("replace", "emails", ""), {"emails": None}, {Quirk.EMPTY_TEXT_REMOVES}),
            (
                op("replace", None, {"name.givenName": "A."}),
                {"name": {"familyName": "Lovelace", "givenName": "A."}},
                {Quirk.DOTTED_KEY},
            ),
            (
                op("replace", None, {f"{USER_URN}:title": "x", USER_URN: {"displayName": "y"}}),
                {"title": "x", "displayName": "y"},
                {Quirk.URN_KEY},
            ),
            (
                op("add", None, {f"{ENTERPRISE_URN}:manager.value": "usr_2"}),
                {},
                {Quirk.URN_KEY},
            ),
            (op("add", ENTERPRISE_URN, {"manager.value": "usr_2"}), {}, {Quirk.DOTTED_KEY}),
            (
                op("replace", None, {f"{WORK}.value": "x"}),
                {"emails": [{**WORK_EMAIL, "value": "x"}, HOME_EMAIL]},
                {Quirk.FILTERED_KEY},
            ),
            (
                op("add", f"{OTHER}.value", "x"),
                {"emails": [WORK_EMAIL, HOME_EMAIL, {"value": "x", "type": "other"}]},
                {Quirk.ELEMENT_MADE_FROM_FILTER},
            ),
            (
                op("replace", f"{OTHER}.value", "x"),
                {"emails": [WORK_EMAIL, HOME_EMAIL, {"value": "x", "type": "other"}]},
                {Quirk.ELEMENT_MADE_FROM_FILTER},
            ),
            (
                op("add", OTHER, {"value": "x"}),
                {"emails": [WORK_EMAIL, HOME_EMAIL, {"value": "x", "type": "other"}]},
                {Quirk.ELEMENT_MADE_FROM_FILTER},
            ),
            (op("add", "roles.value", "a"), {"roles": [{"value": "a"}]}, {Quirk.ELEMENT_MADE_FROM_FILTER}),
            (op("replace", f"{OTHER}.value", None), {}, {Quirk.UNMATCHED_REMOVE}),
            (op("replace", OTHER, []), {}, {Quirk.UNMATCHED_REMOVE}),
            (
                op("add", "emails", {"value": "x"}),
                {"emails": [WORK_EMAIL, HOME_EMAIL, {"value": "x"}]},
                {Quirk.ARRAY_AS_SINGLE_VALUE},
            ),
            (op("add", "roles", ["a"]), {"roles": [{"value": "a"}]}, {Quirk.REFERENCE_AS_TEXT}),
            (
                op("replace", WORK, [{"value": "x", "type": "work"}]),
                {"emails": [{"value": "x", "type": "work"}, HOME_EMAIL]},
                {Quirk.SINGLE_VALUE_AS_ARRAY},
            ),
            (op("add", None, {"nick": 1, "x.y": 2, "a[b": 3}), {}, {Quirk.UNKNOWN_ATTRIBUTE_IGNORED}),
            (op("replace", "schemas", [USER_URN.upper(), "urn:x"]), {}, {Quirk.UNKNOWN_SCHEMA_IGNORED}),
        ],
    )
    def test_a_quirk_is_noted(self, operation: JsonObject, changed: JsonObject, quirks: set[Quirk]) -> None:
        tolerance = tolerant()
        assert change(operation, tolerance=tolerance) == changed
        assert tolerance.met == quirks
        assert refused(operation) is not None

    @pytest.mark.parametrize(
        ("value", "manager", "quirk"),
        [
            (
                [{"$ref": "../Users/usr_3", "value": "usr_3"}],
                {"value": "usr_3", "$ref": "../Users/usr_3"},
                Quirk.SINGLE_VALUE_AS_ARRAY,
            ),
            ("usr_3", {"value": "usr_3"}, Quirk.REFERENCE_AS_TEXT),
            ("", None, Quirk.EMPTY_TEXT_REMOVES),
            ([""], None, Quirk.EMPTY_TEXT_REMOVES),
            ({"value": ""}, None, Quirk.EMPTY_TEXT_REMOVES),
            (None, None, Quirk.EXTENSION_WITHOUT_URN),
            ([], None, Quirk.EXTENSION_WITHOUT_URN),
        ],
    )
    def test_the_manager_comes_in_many_shapes(self, value: Json, manager: Json, quirk: Quirk) -> None:
        tolerance = tolerant()
        after = result(op("replace", "manager", value), tolerance=tolerance)[ENTERPRISE_URN]
        assert isinstance(after, dict)
        assert after.get("manager") == manager
        assert {quirk, Quirk.EXTENSION_WITHOUT_URN} <= tolerance.met

    def test_empty_text_is_text_to_a_strict_directory(self) -> None:
        assert change(op("replace", "title", "")) == {"title": ""}

    def test_several_sub_attributes_arrive_one_by_one(self) -> None:
        untyped = 'emails[type eq "untyped"]'
        after = emails(
            op("Add", f"{untyped}.value", "x"),
            op("Add", f"{untyped}.display", "X"),
            op("Add", f"{untyped}.primary", "False"),
            tolerance=tolerant(),
        )
        assert after == [
            WORK_EMAIL,
            HOME_EMAIL,
            {"value": "x", "display": "X", "type": "untyped", "primary": False},
        ]

    @pytest.mark.parametrize(
        "path",
        [
            'emails[type ne "other" and type eq "other"].value',
            'emails[type eq "a" or type eq "b"].value',
            'emails[type eq "other" and display eq null].value',
            'emails[value eq "nobody"].value',
            'emails[type eq "a" and type eq "b"].value',
            'addresses[lines eq "a"].locality',
            'keys[checked eq "a"].value',
        ],
    )
    def test_no_element_is_made_from_a_filter_that_does_not_say_how(self, path: str) -> None:
        for verb in ("add", "replace"):
            assert refused(op(verb, path, "x"), tolerance=tolerant()) == "noTarget"

    def test_an_element_that_would_not_match_is_not_made(self) -> None:
        operation = op("add", OTHER, {"value": "x", "type": "work"})
        assert refused(operation, tolerance=tolerant()) == "noTarget"

    @pytest.mark.parametrize(
        "operation", [op("add", None, {"password": "a"}), op("replace", "password", 7), op("remove", "password")]
    )
    def test_a_password_is_discarded_everywhere(self, operation: JsonObject) -> None:
        tolerance = strict()
        assert change(operation, tolerance=tolerance) == {}
        assert tolerance.met == {Quirk.PASSWORD_DISCARDED}

    def test_schemas_may_be_sent(self) -> None:
        assert change(op("replace", None, {"schemas": [USER_URN, OTHER_URN]})) == {}
        assert change(op("add", "schemas", USER_URN)) == {}
        assert refused(op("add", "schemas", [1]), tolerance=tolerant()) == "invalidValue"


class TestShape:
    @pytest.mark.parametrize("value", [None, "x", 1, [], [{"title": "x"}]])
    def test_without_a_path_the_value_is_an_object(self, value: Json) -> None:
        assert refused(op("replace", None, value), tolerance=tolerant()) == "invalidValue"

    def test_two_keys_that_differ_in_case_only_are_a_syntax_error(self) -> None:
        assert refused(op("add", None, {"title": "a", "Title": "b"}), tolerance=tolerant()) == "invalidSyntax"

    @pytest.mark.parametrize("value", ["x", None, {"x": 1}])
    def test_a_core_urn_holds_an_object_of_core_attributes(self, value: Json) -> None:
        assert change(op("add", None, {USER_URN: value}), tolerance=tolerant()) == {}
        assert refused(op("add", None, {USER_URN: value})) == "invalidPath"

    def test_a_bad_filter_in_a_key_is_an_invalid_filter(self) -> None:
        assert refused(op("add", None, {"emails[type eq].value": "x"}), tolerance=tolerant()) == "invalidFilter"


class TestWhatMutantsFound:
    def test_all_of_a_read_only_value_must_be_what_is_there(self) -> None:
        for given in (
            [{"value": "grp_1"}, {"value": "grp_2"}], [{"value": "grp_2", "display": "Makers"}], {"value": "grp_1"}, [],
        ):  # fmt: skip
            assert refused(op("replace", "groups", given), tolerance=tolerant()) == "mutability"
        assert change(op("replace", "groups", [{"value": "grp_1", "display": "Makers"}]), tolerance=tolerant()) == {}

    def test_nothing_is_what_is_there_where_nothing_is(self) -> None:
        for given in (None, "", [], {}):
            assert change(op("replace", "seat.plan", given), tolerance=tolerant()) == {}
        assert refused(op("replace", "seat.plan", "B"), tolerance=tolerant()) == "mutability"

    def test_schemas_cannot_be_removed(self) -> None:
        assert refused(op("remove", "schemas"), tolerance=tolerant()) == "invalidValue"

    def test_further_keys_are_read_after_a_core_urn(self) -> None:
        value: Json = {USER_URN: {"title": "Dr."}, "displayName": "A."}
        tolerance = tolerant()
        assert change(op("replace", None, value), tolerance=tolerance) == {"title": "Dr.", "displayName": "A."}
        assert Quirk.URN_KEY in tolerance.met
        assert refused(op("replace", None, value)) == "invalidPath"
