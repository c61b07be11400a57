"""Whole resources as clients send them (RFC 7643 §2, §3; RFC 7644 §3.3)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.required import ensure_valid
from hallway.scim.resource import created_defaults, parsed_resource, split_rows
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, ResourceType, Schema
from hallway.scim.standard import ENTERPRISE_USER, GROUP_SCHEMA, USER_SCHEMA, group_type, user_type
from hallway.scim.values import canonical_value
from tests.scim.small import BADGE, OTHER_URN, met, strict, tolerant
from tests.scim.small import USER as SMALL_USER

USER_URN, GROUP_URN, ENTERPRISE_URN = USER_SCHEMA.id, GROUP_SCHEMA.id, ENTERPRISE_USER.id
USERS, GROUPS = user_type(), group_type()
BADGED = ResourceType("User", "/Users", "", SMALL_USER, (Extension(ENTERPRISE_USER), Extension(BADGE, required=True)))


def user(body: Json, tolerance: Tolerance | None = None) -> JsonObject:
    return parsed_resource(body, USERS, strict() if tolerance is None else tolerance)


def refused(body: Json, tolerance: Tolerance | None = None, resource_type: ResourceType = USERS) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        parsed_resource(body, resource_type, strict() if tolerance is None else tolerance)
    assert caught.value.status == 400
    return caught.value


def sent(**attributes: Json) -> JsonObject:
    """The smallest user, with more."""
    return {"schemas": [USER_URN], "userName": "ada", **attributes}


def extended(urn: str, value: Json) -> JsonObject:
    """The smallest user, with an extension or something like one."""
    return {**sent(), urn: value}


class TestParsedResource:
    def test_a_full_user_keeps_every_value(self) -> None:
        body: JsonObject = {
            "schemas": [USER_URN, ENTERPRISE_URN],
            "externalId": "701984",
            "userName": "ada@example.com",
            "name": {"formatted": "Ms. Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
            "profileUrl": "https://example.com/ada",
            "locale": "",
            "active": False,
            "emails": [{"value": "ada@example.com", "type": "work", "primary": True}, {"value": "a@b.example"}],
            "photos": [{"value": "https://photos.example.com/ada", "type": "photo"}],
            "addresses": [{"streetAddress": "1 High Street\nTop floor", "country": "GB", "primary": True}],
            "x509Certificates": [{"value": "MIIDQzCC"}],
            ENTERPRISE_URN: {"employeeNumber": "7", "manager": {"value": "user_2", "$ref": "../Users/user_2"}},
        }
        assert user(body) == body
        assert list(user(body)) == list(body)

    def test_names_in_any_case_become_canonical_in_the_order_of_the_schema(self) -> None:
        body: JsonObject = {
            ENTERPRISE_URN.upper(): {"MANAGER": {"VALUE": "user_2"}, "costcenter": "1"},
            "EMAILS": [{"TYPE": "work", "VALUE": "a@b.example"}],
            "username": "ada",
            "Schemas": [USER_URN.upper(), ENTERPRISE_URN.lower()],
        }
        expected: JsonObject = {
            "schemas": [USER_URN, ENTERPRISE_URN],
            "userName": "ada",
            "emails": [{"value": "a@b.example", "type": "work"}],
            ENTERPRISE_URN: {"costCenter": "1", "manager": {"value": "user_2"}},
        }
        assert user(body) == expected
        assert list(user(body)) == list(expected)

    def test_read_only_attributes_are_ignored_without_a_word(self) -> None:
        tolerance = strict()
        body = sent(id="user_7", meta={"location": "x"}, groups=[{"value": "group_1"}])
        assert user(body, tolerance) == sent()
        assert met(tolerance) == set()

    @pytest.mark.parametrize("nothing", [None, [], {}])
    def test_unassigned_values_are_left_out(self, nothing: Json) -> None:
        body: JsonObject = sent(emails=[], name={}, title=None, roles=[{}, None])
        body[ENTERPRISE_URN] = {"manager": nothing, "division": None}
        assert user(body) == sent()

    @pytest.mark.parametrize("nothing", [None, {}])
    def test_an_extension_without_data_is_left_out(self, nothing: Json) -> None:
        assert user({**sent(), "schemas": [USER_URN, ENTERPRISE_URN], ENTERPRISE_URN: nothing}) == sent()

    def test_a_body_that_is_no_object_is_refused(self) -> None:
        bodies: tuple[Json, ...] = (None, [], "x", 1, True)
        for body in bodies:
            assert refused(body).scim_type == "invalidSyntax"

    def test_two_keys_that_differ_only_in_case_are_refused(self) -> None:
        assert refused(sent(USERNAME="bob"), tolerant()).scim_type == "invalidSyntax"
        twice: JsonObject = {ENTERPRISE_URN: {"division": "a", "Division": "b"}}
        assert refused({**sent(), **twice}, tolerant()).scim_type == "invalidSyntax"
        assert refused({**sent(), ENTERPRISE_URN: {}, ENTERPRISE_URN.lower(): {}}).scim_type == "invalidSyntax"

    def test_an_extension_that_is_no_object_is_refused(self) -> None:
        assert refused({**sent(), ENTERPRISE_URN: ["x"]}, tolerant()).scim_type == "invalidSyntax"

    def test_all_that_is_required_and_missing_is_named_at_once(self) -> None:
        problem = refused({"schemas": [SMALL_USER.id], OTHER_URN: {"colour": "red"}}, tolerant(), BADGED)
        assert problem.scim_type == "invalidValue"
        assert "`userName`" in problem.detail
        assert f"`{OTHER_URN}:number`" in problem.detail
        assert f"`{OTHER_URN}`" in refused(sent(), tolerant(), BADGED).detail

    @pytest.mark.parametrize("blank", [None, "", "  "])
    def test_a_required_text_is_not_blank(self, blank: Json) -> None:
        assert "`userName`" in refused(sent(userName=blank)).detail
        group: JsonObject = {"schemas": [GROUP_URN], "displayName": blank}
        assert "`displayName`" in refused(group, strict(), GROUPS).detail

    def test_a_required_sub_attribute_is_named(self) -> None:
        assert (
            "`floor`"
            in refused({**extended(OTHER_URN, {"number": "1"}), "seat": {"desk": "9"}}, tolerant(), BADGED).detail
        )

    def test_text_that_cannot_be_stored_is_refused(self) -> None:
        for text in ("a\0b", "ü\0", "x" * 70_000, "\ud800"):
            assert refused(sent(title=text)).scim_type == "invalidValue"

    def test_a_value_of_another_type_is_refused(self) -> None:
        for body in (sent(title=1), sent(title=["a", "b"]), sent(active="perhaps")):
            assert refused(body, tolerant()).scim_type == "invalidValue"

    def test_members_stay_as_a_list_without_what_the_server_knows(self) -> None:
        body: JsonObject = {
            "schemas": [GROUP_URN],
            "displayName": "Makers",
            "members": [{"value": "user_1", "display": "Ada", "type": "User"}, {"value": "user_2"}],
        }
        assert parsed_resource(body, GROUPS, strict()) == {
            "schemas": [GROUP_URN],
            "displayName": "Makers",
            "members": [{"value": "user_1", "type": "User"}, {"value": "user_2"}],
        }


class TestTolerated:
    """Each quirk is noted by its name, and refused by a strict directory."""

    @pytest.mark.parametrize(
        ("body", "quirk"),
        [
            ({"userName": "ada"}, Quirk.MISSING_SCHEMAS),
            (sent(schemas=None), Quirk.MISSING_SCHEMAS),
            (sent(schemas=[]), Quirk.MISSING_SCHEMAS),
            (sent(schemas=[ENTERPRISE_URN]), Quirk.MISSING_SCHEMAS),
            (sent(schemas=USER_URN), Quirk.ARRAY_AS_SINGLE_VALUE),
            (sent(schemas=[USER_URN, "urn:example:none"]), Quirk.UNKNOWN_SCHEMA_IGNORED),
            (sent(favouriteColour="red"), Quirk.UNKNOWN_ATTRIBUTE_IGNORED),
            (sent(department="Research"), Quirk.UNKNOWN_ATTRIBUTE_IGNORED),
            (extended("urn:example:none", {"a": 1}), Quirk.UNKNOWN_ATTRIBUTE_IGNORED),
            (
                {**sent(), "schemas": [USER_URN, ENTERPRISE_URN], ENTERPRISE_URN: {"x": 1}},
                Quirk.UNKNOWN_ATTRIBUTE_IGNORED,
            ),
            ({"schemas": [USER_URN], USER_URN: {"userName": "ada"}}, Quirk.URN_KEY),
            (extended(USER_URN.lower(), None), Quirk.URN_KEY),
        ],
    )
    def test_the_rest_counts(self, body: JsonObject, quirk: Quirk) -> None:
        tolerance = tolerant()
        assert user(body, tolerance) == sent()
        assert met(tolerance) == {quirk}
        assert refused(body).scim_type in ("invalidValue", "invalidSyntax")

    def test_an_extension_with_data_that_is_not_listed(self) -> None:
        body = extended(ENTERPRISE_URN, {"division": "x"})
        tolerance = tolerant()
        assert user(body, tolerance)["schemas"] == [USER_URN, ENTERPRISE_URN]
        assert met(tolerance) == {Quirk.MISSING_SCHEMAS}
        assert ENTERPRISE_URN in refused(body).detail

    def test_unknown_attributes_are_named(self) -> None:
        assert "`favouritecolour`, `hat`" in refused(sent(hat=1, favouriteColour="red")).detail

    def test_a_password_is_dropped_unread_and_noted_also_when_strict(self) -> None:
        for tolerance in (strict(), tolerant()):
            assert user(sent(PASSWORD={"not": ["read"]}), tolerance) == sent()
            assert met(tolerance) == {Quirk.PASSWORD_DISCARDED}
        tolerance = strict()
        assert user(sent(password=None), tolerance) == sent()
        assert met(tolerance) == set()

    def test_a_resource_type_without_passwords_does_not_know_them(self) -> None:
        body: JsonObject = {"schemas": [GROUP_URN], "displayName": "Makers", "password": "secret"}
        assert "`password`" in refused(body, strict(), GROUPS).detail

    def test_core_attributes_under_their_urn_stand_beside_the_others(self) -> None:
        body: JsonObject = {"schemas": [USER_URN], "title": "Dr", USER_URN.lower(): {"USERNAME": "ada"}}
        assert user(body, tolerant()) == sent(title="Dr")
        others: tuple[Json, ...] = ({"Title": "Ms", "userName": "ada"}, ["x"], "x")
        for under in others:
            assert refused({**body, USER_URN.lower(): under}, tolerant()).scim_type == "invalidSyntax"

    @pytest.mark.parametrize("schemas", [1, {"a": 1}, [1], [[USER_URN]], [None]])
    def test_schemas_that_are_no_urns_are_refused(self, schemas: Json) -> None:
        assert refused(sent(schemas=schemas), tolerant()).scim_type == "invalidSyntax"


class TestEnsureValid:
    def test_all_that_is_missing_is_named_at_once(self) -> None:
        broken: JsonObject = {
            "schemas": [SMALL_USER.id],
            "seat": {"desk": "9"},
            "keys": [{"label": "a"}, {"value": "b"}, {"label": "c"}],
            OTHER_URN: {"doors": [{}]},
        }
        with pytest.raises(ScimProblem) as caught:
            ensure_valid(broken, BADGED)
        names = ("userName", "seat.floor", "keys.value", f"{OTHER_URN}:number", f"{OTHER_URN}:doors.value")
        assert caught.value.detail.endswith(": " + ", ".join(f"`{name}`" for name in names) + ".")

    def test_what_only_the_server_sets_is_not_asked_of_a_client(self) -> None:
        made = Attribute("made", AttributeType.DATE_TIME, required=True, mutability=Mutability.READ_ONLY)
        things = ResourceType("Thing", "/Things", "", Schema("urn:example:thing", "Thing", "", (made,)))
        ensure_valid({}, things)


VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["", "a", "å", "a\nb", "a\0b", "\ud800", "x" * 70_000, 1, 1.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "type", "TYPE", "primary", "display", "$ref", "x"]), inner)
    ),
    max_leaves=6,
)
ATTRIBUTES = st.sampled_from(
    [a for a in (*SMALL_USER.attributes, *GROUP_SCHEMA.attributes) if a.mutability is not Mutability.READ_ONLY]
)


def outcome_of(read: Callable[[], Json]) -> tuple[Json, str]:
    try:
        return read(), ""
    except ScimProblem as problem:
        return None, problem.detail


@given(ATTRIBUTES, VALUES, st.booleans())
def test_values_are_read_as_those_of_a_patch(attribute: Attribute, value: Json, is_strict: bool) -> None:
    assume(attribute.name != "password")
    optional = replace(attribute, required=False)
    things = ResourceType("Thing", "/Things", "", Schema("urn:example:thing", "Thing", "", (optional,)))
    body: JsonObject = {"schemas": ["urn:example:thing"], attribute.name: value}
    first, second = Tolerance(strict=is_strict), Tolerance(strict=is_strict)
    whole = outcome_of(lambda: parsed_resource(body, things, first).get(attribute.name))
    assert whole == outcome_of(lambda: canonical_value(optional, value, second))
    assert met(first) == met(second)


def test_a_body_that_nests_deep_is_read_no_deeper_than_its_schema() -> None:
    deep: Json = "x"
    for _ in range(5_000):
        deep = [deep] if isinstance(deep, dict) else {"value": deep}
    assert user(sent(hat=deep), tolerant()) == sent()
    assert refused(sent(emails=[{"value": deep}]), tolerant()).scim_type == "invalidValue"


def test_a_user_is_active_from_the_start_unless_the_client_says_otherwise() -> None:
    made = created_defaults({**user(sent()), ENTERPRISE_URN: {"division": "x"}}, USERS)
    assert made["active"] is True
    assert list(made) == ["schemas", "userName", "active", ENTERPRISE_URN]
    assert created_defaults(sent(active=False), USERS)["active"] is False
    group: JsonObject = {"displayName": "Makers"}
    assert created_defaults(group, GROUPS) == group


def test_rows_are_split_from_the_document() -> None:
    group: JsonObject = {"displayName": "Makers", "members": [{"value": "user_1"}]}
    assert split_rows(group, frozenset({"members"})) == ({"displayName": "Makers"}, [{"value": "user_1"}])
    assert split_rows({"displayName": "Makers"}, frozenset({"members"})) == ({"displayName": "Makers"}, [])
    assert "members" in group


CORE_KEYS = ("userName", "USERNAME", "name", "emails", "active", "schemas", "groups", "password", "addresses", "")
SUB_KEYS = ("givenName", "value", "primary", "type", "manager", "division", "x509Certificates", "$ref")
KEYS = st.sampled_from([*CORE_KEYS, *SUB_KEYS, USER_URN, ENTERPRISE_URN])
LEAVES = st.sampled_from([USER_URN, ENTERPRISE_URN, "ada", "", "true", "MIID", "a\0b"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | LEAVES | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)
BODIES = JSON | st.dictionaries(KEYS, JSON, max_size=8).map(lambda body: {"userName": "ada", **body})


@given(BODIES, st.booleans())
def test_any_json_gives_a_resource_or_a_problem(body: Json, is_strict: bool) -> None:
    try:
        parsed = user(body, Tolerance(strict=is_strict))
    except ScimProblem as problem:
        assert problem.status == 400
        return
    again = strict()
    assert user(parsed, again) == parsed
    assert list(user(parsed, again)) == list(parsed)
    assert met(again) == set()
    ensure_valid(parsed, USERS)


def test_what_is_shown_at_once_is_plain_and_single_or_complex() -> None:
    """Several plain values, and what nobody is shown, take the way that looks at each value."""
    attributes = (
        Attribute("nick", AttributeType.STRING),
        Attribute("tags", AttributeType.STRING, multi_valued=True),
        Attribute("name", AttributeType.COMPLEX, sub_attributes=(Attribute("given", AttributeType.STRING),)),
    )
    schema = Schema("urn:x", "X", "", attributes)
    shown = replace(user_type(()), schema=schema, extensions=()).showable
    assert "tags" not in shown and shown["nick"] is str and shown["name"] == {"given": str}
