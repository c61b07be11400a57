"""The PatchOp message (RFC 7644 §3.5.2), and the edits of members that come out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.filter import filter_text
from hallway.scim.json import Json, JsonObject
from hallway.scim.member_edits import (
    AddMembers,
    Member,
    MemberEdit,
    RemoveAllMembers,
    RemoveMembers,
    RemoveMembersWhere,
    ReplaceMembers,
)
from hallway.scim.patch import patched
from hallway.scim.patch_operations import PATCH_OP, Operation, PatchLimits, Verb, patch_operations
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import ResourceType
from tests.scim.small import ENTERPRISE_URN, GROUP_URN, GROUPS, USER_URN, USERS, ada, strict, tolerant
from tests.scim.test_patch import message, op
from tests.scim.test_values import JSON

MEMBERS = frozenset({"members"})


def operations(body: Json, tolerance: Tolerance | None = None) -> tuple[Operation, ...]:
    return patch_operations(body, USERS, tolerance or strict())


def refused(body: Json, tolerance: Tolerance | None = None) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        operations(body, tolerance)
    return caught.value


class TestMessage:
    def test_operations_are_read_in_order(self) -> None:
        read = operations(message(op("add", "title", "x"), {"op": "remove", "path": "name.givenName"}))
        assert [(o.verb, o.path.name if o.path else None, o.value) for o in read] == [
            (Verb.ADD, "title", "x"),
            (Verb.REMOVE, "name.givenName", None),
        ]

    def test_names_and_urns_have_any_case(self) -> None:
        body: Json = {"SCHEMAS": [PATCH_OP.upper()], "operations": [{"OP": "add", "Path": "title", "VALUE": "x"}]}
        assert operations(body) == operations(message(op("add", "title", "x")))

    def test_a_null_path_is_no_path(self) -> None:
        assert operations(message({"op": "add", "path": None, "value": {}})) == (Operation(Verb.ADD, None, {}),)

    @pytest.mark.parametrize(
        "body",
        [
            None,
            [],
            "x",
            {},
            message(),
            {"schemas": [PATCH_OP]},
            {"schemas": [PATCH_OP], "Operations": "x"},
            {"schemas": [PATCH_OP], "Operations": ["x"]},
            {"schemas": [USER_URN], "Operations": [op("add", "title", "x")]},
            {"schemas": [7], "Operations": [op("add", "title", "x")]},
            {"schemas": 7, "Operations": [op("add", "title", "x")]},
            {"schemas": [PATCH_OP], "operations": [], "Operations": []},
            message({"path": "title", "value": "x"}),
            message(op("move", "title", "x")),
            message({"op": 1, "path": "title", "value": "x"}),
            message({"op": "add", "OP": "add", "value": {}}),
        ],
    )
    def test_what_is_no_patch_message_is_invalid_syntax(self, body: Json) -> None:
        problem = refused(body, tolerant())
        assert (problem.status, problem.scim_type) == (400, "invalidSyntax")

    @pytest.mark.parametrize("path", ["nick", "", "emails[", 7, ["title"]])
    def test_an_unknown_path_is_refused_always(self, path: Json) -> None:
        problem = refused(message({"op": "add", "path": path, "value": "x"}), tolerant())
        assert (problem.status, problem.scim_type) == (400, "invalidPath")

    @pytest.mark.parametrize("verb", ["add", "replace"])
    def test_a_missing_value_is_invalid(self, verb: str) -> None:
        assert refused(message({"op": verb, "path": "title"}), tolerant()).scim_type == "invalidValue"

    def test_a_body_that_nests_too_deep_is_invalid_syntax(self) -> None:
        deep: Json = {}
        for _ in range(2000):
            deep = {"name": deep}
        assert refused(message(op("add", None, deep)), tolerant()).scim_type == "invalidSyntax"

    @pytest.mark.parametrize(
        ("body", "quirk"),
        [
            ({"Operations": [op("add", "title", "x")]}, Quirk.MISSING_SCHEMAS),
            ({"schemas": [], "Operations": [op("add", "title", "x")]}, Quirk.MISSING_SCHEMAS),
            ({"schemas": PATCH_OP, "Operations": [op("add", "title", "x")]}, Quirk.ARRAY_AS_SINGLE_VALUE),
            ({"schemas": [PATCH_OP], "Operations": op("add", "title", "x")}, Quirk.ARRAY_AS_SINGLE_VALUE),
            ({"schemas": [PATCH_OP, "urn:x"], "Operations": [op("add", "title", "x")]}, Quirk.UNKNOWN_SCHEMA_IGNORED),
            ({**message(op("add", "title", "x")), "id": "1"}, Quirk.UNKNOWN_ATTRIBUTE_IGNORED),
            (message({**op("add", "title", "x"), "name": "setTitle"}), Quirk.UNKNOWN_ATTRIBUTE_IGNORED),
            (message(op("ADD", "title", "x")), Quirk.OPERATION_CASE),
        ],
    )
    def test_a_quirk_is_noted(self, body: Json, quirk: Quirk) -> None:
        tolerance = tolerant()
        assert operations(body, tolerance) == operations(message(op("add", "title", "x")))
        assert tolerance.met == {quirk}
        assert refused(body).scim_type == "invalidSyntax"

    @pytest.mark.parametrize(
        "listed",
        [
            [op("add", "title", "x")] * 3,
            [op("add", "tags", ["a"] * 6)],
            [op("add", None, {"tags": ["a"] * 3, "title": "x"}), op("add", "tags", ["a"] * 3)],
        ],
    )
    def test_too_much_at_once_is_too_large(self, listed: list[JsonObject]) -> None:
        with pytest.raises(ScimProblem) as caught:
            patch_operations(message(*listed), USERS, tolerant(), PatchLimits(operations=2, values=5))
        assert (caught.value.status, caught.value.scim_type) == (413, None)
        assert operations(message(*listed))


def edits(*given: JsonObject, tolerance: Tolerance | None = None) -> list[MemberEdit]:
    tolerance = tolerance or strict()
    group: JsonObject = {"schemas": [GROUP_URN], "id": "grp_1", "displayName": "Makers"}
    done = patched(group, patch_operations(message(*given), GROUPS, tolerance), GROUPS, tolerance, MEMBERS)
    assert done.resource == group
    return list(done.member_edits)


A, B = Member("a"), Member("b", "User")


class TestMembers:
    """Members are rows: edits come out, in order, and no member is read."""

    @pytest.mark.parametrize(
        ("operation", "edit"),
        [
            (op("add", "members", [{"value": "a"}, {"value": "b", "type": "User"}]), AddMembers((A, B))),
            (op("add", "members", [{"value": "a", "$ref": None}, {"value": "a"}]), AddMembers((A,))),
            (op("add", f"{GROUP_URN}:MEMBERS", [{"VALUE": "a", "display": "x"}]), AddMembers((A,))),
            (op("add", None, {"members": [{"value": "a"}]}), AddMembers((A,))),
            (op("replace", None, {"displayName": "Makers", "members": [{"value": "a"}]}), ReplaceMembers((A,))),
            (op("replace", "members", [{"value": "a"}]), ReplaceMembers((A,))),
            (op("replace", "members", []), ReplaceMembers(())),
            (op("replace", "members", None), ReplaceMembers(())),
            (op("remove", "members"), RemoveAllMembers()),
            (op("remove", 'members[value eq "a"]'), RemoveMembers(("a",))),
            (op("remove", 'members[value eq "a" or value eq "b" or value eq "a"]'), RemoveMembers(("a", "b"))),
        ],
    )
    def test_an_operation_is_an_edit(self, operation: JsonObject, edit: MemberEdit) -> None:
        assert edits(operation) == [edit]

    @pytest.mark.parametrize("text", ['type eq "User"', 'value eq "a" or type eq "User"', 'value ne "a"', "value pr"])
    def test_any_other_filter_is_left_to_the_rows(self, text: str) -> None:
        (edit,) = edits(op("remove", f"members[{text}]"))
        assert isinstance(edit, RemoveMembersWhere)
        assert filter_text(edit.filter).replace("members.", "") == text

    @pytest.mark.parametrize("value", [None, [], [None], [{}]])
    def test_nobody_added_is_no_edit(self, value: Json) -> None:
        assert edits(op("add", "members", value)) == []

    def test_edits_keep_their_order(self) -> None:
        done = edits(
            op("remove", 'members[value eq "a"]'),
            op("replace", None, {"id": "grp_1", "displayName": "Makers"}),
            op("add", "members", [{"value": "a"}]),
            tolerance=tolerant(),
        )
        assert done == [RemoveMembers(("a",)), AddMembers((A,))]

    @pytest.mark.parametrize(
        ("operation", "expected", "quirk"),
        [
            (op("add", "members", {"value": "a"}), [AddMembers((A,))], Quirk.ARRAY_AS_SINGLE_VALUE),
            (op("add", "members", ["a"]), [AddMembers((A,))], Quirk.REFERENCE_AS_TEXT),
            (op("replace", "members", ""), [ReplaceMembers(())], Quirk.EMPTY_TEXT_REMOVES),
            (op("remove", "members", [{"value": "a"}]), [RemoveMembers(("a",))], Quirk.REMOVE_WITH_VALUE),
            (op("remove", "members", []), [], Quirk.REMOVE_WITH_VALUE),
            (op("remove", "members", [{"value": None}]), [], Quirk.REMOVE_WITH_VALUE),
            (op("remove", 'members[value eq "a"]', ["b"]), [RemoveMembers(("a",))], Quirk.REMOVE_WITH_VALUE),
        ],
    )
    def test_a_quirk_is_noted(self, operation: JsonObject, expected: list[MemberEdit], quirk: Quirk) -> None:
        tolerance = tolerant()
        assert edits(operation, tolerance=tolerance) == expected
        assert tolerance.met == {quirk}
        with pytest.raises(ScimProblem):
            edits(operation)

    @pytest.mark.parametrize(
        ("operation", "scim_type"),
        [
            (op("add", "members", [{"type": "User"}]), "invalidValue"),
            (op("add", "members", [{"value": ""}]), "invalidValue"),
            (op("add", "members", [{"value": 7}]), "invalidValue"),
            (op("replace", 'members[value eq "a"]', {"value": "b"}), "mutability"),
            (op("add", 'members[value eq "a"].type', "User"), "mutability"),
            (op("remove", "members.value"), "mutability"),
        ],
    )
    def test_a_member_is_an_id_and_does_not_change(self, operation: JsonObject, scim_type: str) -> None:
        with pytest.raises(ScimProblem) as caught:
            edits(operation, tolerance=tolerant())
        assert (caught.value.status, caught.value.scim_type) == (400, scim_type)


SIMPLE = ("title", "userName", "name", "name.givenName", "active", "tags", "seat", "seat.floor", "keys", "manager")
PLURAL = ("emails", "emails.value", "emails.primary", "addresses.lines", 'tags[value eq "maths"]')
CHOSEN = ('emails[type eq "work"]', 'emails[type eq "work"].value', 'emails[type eq "x"].display')
PATHS = st.sampled_from((*SIMPLE, *PLURAL, *CHOSEN, ENTERPRISE_URN, f"{ENTERPRISE_URN}:manager"))
TEXTS = st.sampled_from(["", "a", "work", "True", "x"])
SUBS: dict[str, st.SearchStrategy[Json]] = {"value": TEXTS, "type": TEXTS, "primary": st.booleans()}
ELEMENTS = st.fixed_dictionaries({}, optional=SUBS)
VALUES: st.SearchStrategy[Json] = JSON | TEXTS | ELEMENTS | st.lists(ELEMENTS | TEXTS, max_size=3)
KEYS = PATHS | st.sampled_from(["id", "nick", USER_URN, "password", "schemas", "groups", "meta"])


def _operations(*verbs: str) -> st.SearchStrategy[JsonObject]:
    op: dict[str, st.SearchStrategy[Json]] = {"op": st.sampled_from(verbs)}
    value = VALUES | st.dictionaries(KEYS, VALUES, max_size=3)
    rest: dict[str, st.SearchStrategy[Json]] = {"path": PATHS, "value": value}
    return st.fixed_dictionaries(op, optional=rest)


def _patched(given: list[JsonObject], of: ResourceType = USERS) -> JsonObject | None:
    """Ada after the operations, or None where they are refused."""
    tolerance = tolerant()
    try:
        resource = ada()
        done = patched(resource, patch_operations(message(*given), of, tolerance), of, tolerance).resource
        assert resource == ada()
        return done
    except ScimProblem as problem:
        assert problem.status == 400
        return None


@pytest.mark.parametrize(
    "operation",
    [
        op("remove", 'zork[value eq "hunter2"]'),
        op("remove", 'emails[value eq "hunter2"'),
        op("remove", 'emails[value eq "hunter2"].zork'),
        op("remove", 'name[value eq "hunter2"]'),
        op("remove", 'emails[zork eq "hunter2"]'),
        {"op": "add", "value": {'zork[value eq "hunter2"]': "x"}},
        {"op": "add", "value": {'emails[value eq "hunter2"].display': "x"}},
    ],
)
def test_no_detail_quotes_what_a_path_compares_with(operation: JsonObject) -> None:
    """A detail is kept and logged; a value in a filter may be a secret."""
    with pytest.raises(ScimProblem) as problem:
        patched(ada(), operations(message(operation), strict()), USERS, strict())
    assert "hunter2" not in problem.value.detail


@given(st.lists(_operations("add", "replace", "remove", "Add"), min_size=1, max_size=4))
def test_any_operations_give_a_canonical_resource_or_a_problem(given: list[JsonObject]) -> None:
    after = _patched(given)
    if after is None:
        return
    assert after["userName"] and after["id"] == "usr_1"
    _assert_canonical(after)
    held = after.get("emails") or []
    assert isinstance(held, list)
    assert sum(isinstance(e, dict) and e.get("primary") is True for e in held) <= 1


def _assert_canonical(value: Json) -> None:
    for member in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        assert member is not None and member != {} and member != []
        _assert_canonical(member)


@given(_operations("replace", "remove"))
def test_replace_and_remove_twice_equal_once(operation: JsonObject) -> None:
    """Where the first one leaves nothing for the filter to match, the second has no target."""
    once, twice = _patched([operation]), _patched([operation, operation])
    assert twice is None or twice == once
    if "[" not in str(operation):
        assert twice == once


@given(JSON | st.dictionaries(st.sampled_from(["schemas", "Operations", "operations"]), JSON))
def test_any_body_is_operations_or_a_problem(body: Json) -> None:
    try:
        patch_operations(body, USERS, tolerant())
    except ScimProblem as problem:
        problem.detail.encode()


def test_what_the_limits_allow_is_taken() -> None:
    body: Json = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "tags", "value": ["a", "b"]}] * 2}
    assert len(patch_operations(body, USERS, strict(), PatchLimits(2, 4))) == 2
    for limits in (PatchLimits(1, 4), PatchLimits(2, 3)):
        with pytest.raises(ScimProblem) as caught:
            patch_operations(body, USERS, strict(), limits)
        assert caught.value.status == 413


def test_the_name_of_the_message_is_the_standards() -> None:
    assert PATCH_OP == "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "The body is"),
        ({"schemas": [PATCH_OP], "Operations": [1]}, "An operation is"),
        ({"schemas": [PATCH_OP], "Operations": [], "more": 1}, "The PatchOp message has no `more`"),
        ({"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "zork[a eq 1].b", "value": 1}]}, "`zork`"),
    ],
)
def test_a_detail_names_what_is_wrong(body: Json, said: str) -> None:
    with pytest.raises(ScimProblem) as caught:
        patch_operations(body, USERS, strict())
    assert said in caught.value.detail
