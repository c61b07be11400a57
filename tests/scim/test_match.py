"""The evaluation of filters (RFC 7644 §3.4.2.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.filter import And, Filter, Not, Op, Or, ValuePath, parse_filter
from hallway.scim.json import Json, JsonObject
from hallway.scim.match import element_matches, element_predicate, matches, predicate, present
from hallway.scim.values import canonical_value
from tests.scim.small import ENTERPRISE_URN, USER, USER_URN, USERS, ada, strict
from tests.scim.test_filter import eq, filters, path
from tests.scim.test_values import JSON


def holds(text: str, resource: JsonObject | None = None) -> bool:
    return matches(parse_filter(text, USERS, strict()), ada() if resource is None else resource)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada@example.COM"',
        'userName ne "bob"',
        'userName co "@EXAMPLE"',
        'userName sw "ADA"',
        'userName ew ".COM"',
        'userName gt "aca"',
        'userName ge "ADA@example.com"',
        'userName lt "B"',
        'userName le "ada@example.com"',
        'externalId eq "Ext-1"',
        'externalId sw "Ext"',
        'externalId gt "E"',
        'id eq "usr_1"',
        f'schemas eq "{USER_URN}"',
        'meta.resourceType eq "User"',
        """meta.version eq "W/\\"1\\"" """,
        'meta.location ew "/Users/usr_1"',
        'meta.created eq "2025-12-31T23:00:00-01:00"',
        'meta.created lt "2026-01-01T00:00:00+00:00" or meta.created le "2026-01-01T00:00:00Z"',
        'meta.lastModified gt "2026-02-01T00:00:00.4999Z"',
        'born ge "1815-12-10T11:00:00Z"',
        'born ne "1815-12-10T12:00:00Z"',
        "active eq true",
        "active ne false",
        "shoeSize eq 38",
        "shoeSize eq 38.0",
        "shoeSize ge 38",
        "height gt 1.6",
        "height lt 2",
        'name.givenName eq "ada"',
        "name pr",
        "emails pr",
        'tags eq "maths"',
        'tags[value sw "poe"]',
        'emails co "HOME"',
        'emails.type eq "home"',
        'emails.type eq "work" and emails.type eq "home"',
        'emails[type eq "work" and primary eq true]',
        'emails[type eq "work" and not (value co "home")]',
        'name[givenName eq "Ada" and familyName eq "Lovelace"]',
        f'{ENTERPRISE_URN}:manager.value eq "usr_2"',
        f'{ENTERPRISE_URN}:employeeNumber eq "e7"',
        'not (title eq "x")',
        "title eq null",
        "emails ne null",
        "addresses eq null",
        'title pr or displayName pr or userName sw "a"',
    ],
)
def test_ada_meets(text: str) -> None:
    assert holds(text)
    assert not holds(f"not ({text})")


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada"',
        'userName ne "ADA@example.com"',
        'externalId eq "ext-1"',
        'externalId co "EXT"',
        'externalId gt "a"',
        'id eq "USR_1"',
        "active eq false",
        "shoeSize gt 38",
        "shoeSize ne 38",
        'born lt "1815-12-10T11:00:00Z"',
        "title pr",
        'title eq ""',
        'title co "a"',
        "title ne null",
        'addresses.locality co ""',
        'emails[type eq "work" and value co "home"]',
        'emails[type eq "home" and primary eq true]',
        'emails.type ne "home"',
        'tags ne "maths"',
        'userName eq "a" and userName pr',
        'userName eq "a" or userName eq "b"',
    ],
)
def test_ada_does_not_meet(text: str) -> None:
    assert not holds(text)
    assert holds(f"not ({text})")


class TestAbsence:
    """`ne` and `not` hold for resources without the attribute; `pr` does not."""

    @pytest.mark.parametrize("text", ['title ne "x"', 'not (title eq "x")', "title eq null", "not (title pr)"])
    def test_nothing_is_not_equal(self, text: str) -> None:
        assert holds(text, {"userName": "a"})
        assert holds(text, {"userName": "a", "title": ""})

    @pytest.mark.parametrize("text", ["title pr", "title ne null", 'title gt ""', 'title lt "x"', 'title sw ""'])
    def test_nothing_is_not_present_and_has_no_order(self, text: str) -> None:
        assert not holds(text, {"userName": "a"})

    @pytest.mark.parametrize("value", [None, "", {}, [], [{}], {"a": ""}, [{"a": [None]}]])
    def test_what_is_empty_is_not_present(self, value: Json) -> None:
        assert not present(value)

    @pytest.mark.parametrize("value", [False, 0, 0.0, " ", {"a": False}, ["a"]])
    def test_what_is_false_or_zero_is_present(self, value: Json) -> None:
        assert present(value)

    def test_ne_on_several_values_says_that_none_is_equal(self) -> None:
        two: JsonObject = {"tags": ["a", "b"]}
        assert not holds('tags ne "a"', two)
        assert holds('tags ne "c"', two)
        assert holds('tags[value ne "a"]', two)

    def test_an_extension_that_is_not_there_has_no_attributes(self) -> None:
        assert not holds(f"{ENTERPRISE_URN}:manager pr", {})
        assert holds(f'{ENTERPRISE_URN}:manager.value ne "u"', {})


class TestTypes:
    def test_a_boolean_is_no_number(self) -> None:
        assert not holds("shoeSize eq 1", {"shoeSize": True})
        assert not holds("active eq true", {"active": 1})

    @pytest.mark.parametrize("value", [1, True, ["a"], {"value": "a"}])
    def test_a_value_of_another_type_compares_with_nothing(self, value: Json) -> None:
        for text in ('userName co ""', 'externalId ge ""', 'born gt "0001-01-01T00:00:00Z"'):
            assert not holds(text, {"userName": value, "externalId": value, "born": value})

    def test_text_that_is_no_instant_compares_with_nothing(self) -> None:
        assert not holds('born gt "0001-01-01T00:00:00Z"', {"born": "then"})

    def test_binary_values_differ_in_case(self) -> None:
        held: JsonObject = {"x509Certificates": [{"value": "AAaa"}]}
        assert holds('x509Certificates eq "AAaa"', held)
        assert not holds('x509Certificates eq "aaAA"', held)

    def test_case_is_folded_beyond_ascii(self) -> None:
        assert holds('title sw "STRASS"', {"title": "Straße"})
        assert holds('title eq "É"', {"title": "e\u0301"})

    def test_arrays_inside_elements_are_looked_into(self) -> None:
        held: JsonObject = {"addresses": [{"lines": ["Long Lane", "2"]}, {"lines": ["Short Street"]}]}
        assert holds('addresses.lines sw "short"', held)
        assert not holds('addresses[lines sw "long" and lines sw "short"]', held)


def test_one_element_is_asked_by_itself() -> None:
    tree = parse_filter('emails[type eq "work"]', USERS, strict())
    assert isinstance(tree, ValuePath)
    assert element_matches(tree.filter, {"type": "Work"})
    assert not element_matches(tree.filter, {"value": "work"})
    assert not element_matches(tree.filter, "work")
    assert list(map(element_predicate(eq("tags", "a")), ["a", "b"])) == [True, False]


def _resource(given: JsonObject) -> JsonObject:
    canonical = {name: canonical_value(USER.by_name[name.lower()], value, strict()) for name, value in given.items()}
    return {name: value for name, value in canonical.items() if value is not None}


TEXT = st.sampled_from(["", "a", "A", "b", "work", "é", "É"])
VALUES: dict[str, st.SearchStrategy[Json]] = {
    "userName": TEXT,
    "name": st.dictionaries(st.sampled_from(["givenName", "familyName"]), TEXT),
    "active": st.booleans(),
    "shoeSize": st.integers(0, 3),
    "height": st.floats(0, 3),
    "tags": st.lists(TEXT, max_size=3),
    "emails": st.lists(st.fixed_dictionaries({}, optional={"value": TEXT, "type": TEXT}), max_size=3),
}
RESOURCES = st.fixed_dictionaries({}, optional=VALUES).map(_resource)


@given(filters(), filters(), RESOURCES)
def test_the_connectives_are_those_of_logic(one: Filter, other: Filter, resource: JsonObject) -> None:
    left, right = matches(one, resource), matches(other, resource)
    assert matches(And((one, other)), resource) is (left and right)
    assert matches(Or((one, other)), resource) is (left or right)
    assert matches(Not(one), resource) is not left


@given(TEXT, RESOURCES)
def test_ne_is_the_negation_of_eq(text: str, resource: JsonObject) -> None:
    for name in ("userName", "tags", "emails.value", "name.givenName"):
        equal = eq(name, text)
        assert matches(equal, resource) is not matches(type(equal)(path(name), Op.NE, text), resource)


@given(filters(), st.dictionaries(st.sampled_from([a.name for a in USER.attributes]), JSON))
def test_what_is_not_canonical_does_no_harm(tree: Filter, resource: JsonObject) -> None:
    assert predicate(tree)(resource) in (True, False)
