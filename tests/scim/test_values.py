"""Values of attributes (RFC 7643 §2.3 types, §2.4 multi-valued, §2.5 unassigned)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.instant import instant
from hallway.scim.json import Json
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import Attribute, AttributeType
from hallway.scim.standard import STANDARD_SCHEMAS
from hallway.scim.values import MAX_TEXT_CHARACTERS, canonical_value, check_depth, shown
from tests.scim.small import ENTERPRISE, GROUP, USER, strict, tolerant

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "VALUE", "type", "primary", "$ref", "lines", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def of(name: str) -> Attribute:
    return {**USER.by_name, **ENTERPRISE.by_name, **GROUP.by_name}[name.lower()]


def value_of(name: str, value: Json, tolerance: Tolerance | None = None) -> Json:
    return canonical_value(of(name), value, tolerance or strict())


def refused(name: str, value: Json, tolerance: Tolerance | None = None) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        value_of(name, value, tolerance)
    assert caught.value.status == 400
    return caught.value


class TestTypes:
    """RFC 7643 §2.3."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title", "Dr."),
            ("title", ""),
            ("title", "Ærø 🚲"),
            ("active", False),
            ("shoeSize", -(2**63)),
            ("shoeSize", 2**63 - 1),
            ("height", 1),
            ("height", 1.5),
            ("born", "2026-01-31T08:00:00.123Z"),
            ("profileUrl", "../photo"),
            ("tags", ["a", "a"]),
            ("x509Certificates", [{"value": "AAAA"}]),
            ("x509Certificates", [{"value": "-_8"}]),
            ("x509Certificates", [{"value": "+/8="}]),
        ],
    )
    def test_a_value_of_its_type_is_kept_as_it_is(self, name: str, value: Json) -> None:
        assert value_of(name, value) == value

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title", 1),
            ("title", True),
            ("title", {}),
            ("title", "a\0b"),
            ("title", "é\0"),
            ("title", "\ud800"),
            ("title", "x" * (MAX_TEXT_CHARACTERS + 1)),
            ("active", 1),
            ("active", "yes"),
            ("active", "true"),
            ("active", None.__class__.__name__),
            ("shoeSize", True),
            ("shoeSize", 38.0),
            ("shoeSize", "38"),
            ("shoeSize", 2**63),
            ("height", float("nan")),
            ("height", float("inf")),
            ("height", "1.5"),
            ("height", False),
            ("born", "2026-01-31"),
            ("born", "yesterday"),
            ("born", 1),
            ("x509Certificates", [{"value": "A"}]),
            ("x509Certificates", [{"value": "AA="}]),
            ("x509Certificates", [{"value": "+/-_"}]),
            ("x509Certificates", [{"value": "AA==\n"}]),
            ("name", "Ada"),
            ("name", 1),
            ("emails", [[]]),
            ("emails", [3]),
            ("tags", "one"),
            ("title", ["one"]),
            ("title", ["one", "two"]),
            ("title", [["one"]]),
        ],
    )
    def test_a_value_of_another_type_is_invalid(self, name: str, value: Json) -> None:
        problem = refused(name, value)
        assert problem.scim_type == "invalidValue"
        assert name.split(".")[0] in problem.detail

    def test_a_problem_names_the_sub_attribute_and_not_the_value(self) -> None:
        problem = refused("emails", [{"value": "secret", "primary": "secret"}])
        assert "`emails.primary`" in problem.detail
        assert "secret" not in problem.detail


class TestUnassigned:
    """RFC 7643 §2.5: null, an empty array and nothing are one state."""

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("title", None),
            ("title", []),
            ("emails", []),
            ("emails", [None, {}, {"value": None}]),
            ("name", {}),
            ("name", {"givenName": None}),
            ("addresses", [{"lines": []}]),
        ],
    )
    def test_what_holds_nothing_is_none(self, name: str, value: Json) -> None:
        assert value_of(name, value) is None

    def test_null_inside_an_object_is_left_out(self) -> None:
        assert value_of("members", [{"$ref": None, "value": "u1"}]) == [{"value": "u1"}]


class TestComplex:
    """RFC 7643 §2.1, §2.3.8."""

    def test_names_get_their_spelling_and_the_order_of_the_schema(self) -> None:
        value = value_of("name", {"GIVENNAME": "Ada", "familyname": "Lovelace"})
        assert list(value.items()) == [("familyName", "Lovelace"), ("givenName", "Ada")]  # type: ignore[union-attr]

    def test_two_keys_that_differ_in_case_only_are_a_syntax_error(self) -> None:
        assert refused("name", {"givenName": "a", "GivenName": "b"}).scim_type == "invalidSyntax"

    def test_read_only_sub_attributes_are_dropped(self) -> None:
        assert value_of("manager", {"value": "u", "displayName": "Bob"}) == {"value": "u"}
        assert value_of("groups", ["g"], tolerant()) is None

    def test_an_object_without_a_required_sub_attribute_is_invalid(self) -> None:
        assert refused("seat", {"desk": "4a"}).scim_type == "invalidValue"
        assert refused("keys", [{"label": "front"}]).scim_type == "invalidValue"
        assert value_of("seat", {"floor": 4}) == {"floor": 4}

    def test_one_primary_is_the_most(self) -> None:
        one: Json = {"value": "a", "primary": True}
        assert value_of("emails", [one, {"value": "b", "primary": False}])
        assert refused("emails", [one, {"value": "b", "primary": True}]).scim_type == "invalidValue"


QUIRKS: list[tuple[str, Json, Json, set[Quirk]]] = [
    ("active", "False", False, {Quirk.BOOLEAN_AS_TEXT}),
    ("active", "TRUE", True, {Quirk.BOOLEAN_AS_TEXT}),
    ("title", ["one"], "one", {Quirk.SINGLE_VALUE_AS_ARRAY}),
    ("manager", [{"value": "u"}], {"value": "u"}, {Quirk.SINGLE_VALUE_AS_ARRAY}),
    ("manager", "u", {"value": "u"}, {Quirk.REFERENCE_AS_TEXT}),
    ("manager", "", None, {Quirk.EMPTY_TEXT_REMOVES}),
    ("active", "", None, {Quirk.EMPTY_TEXT_REMOVES}),
    ("emails", {"value": "a"}, [{"value": "a"}], {Quirk.ARRAY_AS_SINGLE_VALUE}),
    ("members", ["u"], [{"value": "u"}], {Quirk.REFERENCE_AS_TEXT}),
    ("tags", "a", ["a"], {Quirk.ARRAY_AS_SINGLE_VALUE}),
    ("name", {"givenName": "Ada", "nick": 1}, {"givenName": "Ada"}, {Quirk.UNKNOWN_ATTRIBUTE_IGNORED}),
]


class TestQuirks:
    @pytest.mark.parametrize(("name", "value", "stored", "noted"), QUIRKS)
    def test_a_quirk_is_noted(self, name: str, value: Json, stored: Json, noted: set[Quirk]) -> None:
        tolerance = tolerant()
        assert value_of(name, value, tolerance) == stored
        assert tolerance.met == noted

    @pytest.mark.parametrize(("name", "value", "stored", "noted"), QUIRKS)
    def test_a_strict_directory_refuses_it(self, name: str, value: Json, stored: Json, noted: set[Quirk]) -> None:
        refused(name, value)


class TestInstants:
    """RFC 7643 §2.3.5, XML Schema part 2 §3.3.7."""

    @pytest.mark.parametrize(
        ("text", "other"),
        [
            ("1970-01-01T00:00:00", "1970-01-01T00:00:00Z"),
            ("2026-01-31T24:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-01-31T08:00:00+05:30", "2026-01-31T02:30:00Z"),
            ("2026-01-31T20:00:00-14:00", "2026-02-01T10:00:00.000Z"),
            ("2026-01-31T08:00:00.1234567890Z", "2026-01-31T08:00:00.123456789Z"),
        ],
    )
    def test_one_instant_has_several_spellings(self, text: str, other: str) -> None:
        assert instant(text) is not None
        assert instant(text) == instant(other)

    def test_the_unit_is_the_nanosecond(self) -> None:
        assert instant("1970-01-01T00:00:01.000000002Z") == 1_000_000_002
        assert instant("1969-12-31T23:59:59.999999999Z") == -1

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "2026-01-31",
            "2026-01-31 08:00:00Z",
            "2026-01-31T08:00Z",
            "2026-02-30T08:00:00Z",
            "2026-01-31T25:00:00Z",
            "2026-01-31T24:00:01Z",
            "2026-01-31T24:00:00.1Z",
            "2026-01-31T08:00:60Z",
            "2026-01-31T08:00:00+14:01",
            "2026-01-31T08:00:00+05:60",
            "2026-01-31T08:00:00z",
            "2026-01-31T08:00:00.Z",
            "0000-01-01T00:00:00Z",
            "２026-01-31T08:00:00Z",
        ],
    )
    def test_what_is_no_date_time_is_no_instant(self, text: str) -> None:
        assert instant(text) is None

    @given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)), st.integers(-840, 840))
    def test_instants_are_those_of_the_calendar(self, local: datetime, minutes: int) -> None:
        moment = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        assert instant(moment.isoformat()) == microseconds * 1000


class TestDepth:
    def test_what_nests_too_deep_is_a_syntax_error(self) -> None:
        deep: Json = 1
        for _ in range(40):
            deep = {"a": [deep]}
        with pytest.raises(ScimProblem) as caught:
            check_depth(deep)
        assert caught.value.scim_type == "invalidSyntax"

    def test_the_limit_itself_is_allowed(self) -> None:
        check_depth([[[1]]], 3)
        with pytest.raises(ScimProblem):
            check_depth([[[[1]]]], 3)


def test_a_name_is_shown_short_and_printable() -> None:
    assert shown("a\n\ud800b") == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"
    assert len(shown("x" * 1000)) == 101


ATTRIBUTES = [
    *USER.attributes,
    *ENTERPRISE.attributes,
    *GROUP.attributes,
    *(attribute for schema in STANDARD_SCHEMAS for attribute in schema.attributes),
]


@given(st.sampled_from(ATTRIBUTES), JSON, st.booleans())
def test_any_json_is_a_value_or_a_problem(attribute: Attribute, value: Json, is_strict: bool) -> None:
    tolerance = Tolerance(strict=is_strict)
    try:
        canonical = canonical_value(attribute, value, tolerance)
    except ScimProblem as problem:
        assert problem.scim_type in {"invalidValue", "invalidSyntax"}
        return
    if canonical is not None and attribute.type is not AttributeType.DATE_TIME:
        again = strict()
        assert canonical_value(attribute, canonical, again) == canonical
    assert not (is_strict and tolerance.met)
