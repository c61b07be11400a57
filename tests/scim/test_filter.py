"""Filters (RFC 7644 §3.4.2.2)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.filter import (
    MAX_COMPARISONS,
    MAX_LEVELS,
    And,
    Compare,
    Filter,
    Literal,
    Not,
    Op,
    Or,
    Present,
    ValuePath,
    filter_text,
    parse_filter,
)
from hallway.scim.path import AttributePath, attribute_path, with_sub
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk, Tolerance
from hallway.scim.schema import AttributeType
from tests.scim.small import ENTERPRISE_URN, GROUPS, OTHER_URN, USER_URN, USERS, strict, tolerant


def parsed(text: str, tolerance: Tolerance | None = None) -> Filter:
    return parse_filter(text, USERS, tolerance or strict())


def printed(text: str, tolerance: Tolerance | None = None) -> str:
    return filter_text(parsed(text, tolerance))


def refused(text: str, tolerance: Tolerance | None = None) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        parsed(text, tolerance)
    assert caught.value.status == 400
    caught.value.detail.encode()
    return caught.value


def path(text: str) -> AttributePath:
    found = attribute_path(text, USERS, strict())
    assert isinstance(found, AttributePath)
    return found


def eq(name: str, value: Literal) -> Compare:
    return Compare(path(name), Op.EQ, value)


A, B, C, D = (eq("title", letter) for letter in "abcd")
a, b, c, d = (f'title eq "{letter}"' for letter in "abcd")


class TestGrammar:
    """Figure 1, table 3, table 4."""

    @pytest.mark.parametrize("op", list(Op))
    def test_every_operator_is_read_in_any_case(self, op: Op) -> None:
        wanted = Compare(path("userName"), op, "x")
        assert parsed(f'userName {op.value} "x"') == wanted
        assert parsed(f'USERNAME {op.value.upper()} "x"') == wanted

    def test_present_takes_no_value(self) -> None:
        assert parsed("title PR") == parsed("title pr") == Present(path("title"))

    @pytest.mark.parametrize(
        ("text", "tree"),
        [
            (f"{a} and {b} or {c} and {d}", Or((And((A, B)), And((C, D))))),
            (f"{a} or {b} and {c} or {d}", Or((A, And((B, C)), D))),
            (f"({a} or {b}) AND {c}", And((Or((A, B)), C))),
            (f"not ({a}) and {b}", And((Not(A), B))),
            (f"not({a} and {b})", Not(And((A, B)))),
            (f"NOT (not ({a}))", Not(Not(A))),
            (f"({a})", A),
            (f"  ( ({a}) )  ", A),
            (f"{a} and ({b} and {c})", And((A, And((B, C))))),
            (f"{a} or {b} or {c}", Or((A, B, C))),
        ],
    )
    def test_precedence_is_groups_then_not_then_and_then_or(self, text: str, tree: Filter) -> None:
        assert parsed(text) == tree
        assert parsed(filter_text(tree)) == tree

    def test_a_value_path_holds_a_whole_filter(self) -> None:
        tree = parsed('EMAILS[type eq "work" and not (value co "@x" or primary eq true)]')
        assert isinstance(tree, ValuePath)
        assert tree.path == path("emails")
        assert filter_text(tree) == 'emails[type eq "work" and not (value co "@x" or primary eq true)]'

    def test_a_value_path_may_stand_on_a_single_complex_attribute(self) -> None:
        assert parsed('name[givenName eq "a"]') == ValuePath(path("name"), eq("name.givenName", "a"))

    def test_an_array_of_simple_values_is_chosen_from_by_value(self) -> None:
        assert parsed('tags[value eq "a"]') == ValuePath(path("tags"), eq("tags", "a"))
        assert printed('tags[VALUE eq "a"]') == 'tags[value eq "a"]'

    @pytest.mark.parametrize(
        ("text", "canonical"),
        [
            (f'{USER_URN}:userName eq "a"', 'userName eq "a"'),
            (f'{USER_URN.upper()}:NAME.GIVENNAME eq "a"', 'name.givenName eq "a"'),
            (f'{ENTERPRISE_URN.lower()}:employeeNumber eq "a"', f'{ENTERPRISE_URN}:employeeNumber eq "a"'),
            (f'{ENTERPRISE_URN}:manager.value eq "a"', f'{ENTERPRISE_URN}:manager.value eq "a"'),
            (f'{OTHER_URN}:doors[value eq "a"]', f'{OTHER_URN}:doors[value eq "a"]'),
            ('id eq "a"', 'id eq "a"'),
            ('schemas eq "urn:x"', 'schemas eq "urn:x"'),
            ('meta.resourceType eq "User"', 'meta.resourceType eq "User"'),
            ('emails co "x"', 'emails.value co "x"'),
            ("emails pr", "emails pr"),
            ("name pr", "name pr"),
            ("addresses pr", "addresses pr"),
            ("emails eq null", "emails eq null"),
            ("name ne null", "name ne null"),
            ("title eq null", "title eq null"),
        ],
    )
    def test_names_are_printed_in_canonical_spelling(self, text: str, canonical: str) -> None:
        assert printed(text) == canonical
        assert printed(canonical) == canonical

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "title",
            "title eq",
            'title eq "a',
            'title "a"',
            'eq "a"',
            'title == "a"',
            'title eq "a" and',
            'title eq "a" or or title pr',
            'title eq "a" title pr',
            'title eq "a" title',
            'title eq "a"and title pr',
            "(title pr)and (title pr)",
            'title eq "a" and(title pr)',
            "(title pr",
            "title pr)",
            "()",
            "not title pr",
            "not",
            "not ()",
            "title pr pr",
            'emails[type eq "work"',
            "emails[]",
            'emails [type eq "work"]',
            'emails[type eq "work")',
            'emails[emails[type eq "work"]]',
            "emails[type[value pr]]",
            'emails.value[type eq "work"]',
            'title[value eq "a"]',
            '["a"]',
            "title eq (title)",
            'title eq ["a"]',
            '"title" eq "a"',
            "title eq\t1",
        ],
    )
    def test_what_is_not_of_the_grammar_is_an_invalid_filter(self, text: str) -> None:
        assert refused(text, tolerant()).scim_type == "invalidFilter"


class TestValues:
    """`compValue` is JSON."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
            (r'"\u0041\ud83d\udeb2"', "A🚲"),
            ('"Ærø"', "Ærø"),
            ('"a ) ] and b"', "a ) ] and b"),
            ('""', ""),
        ],
    )
    def test_text_has_the_escapes_of_json(self, text: str, value: str) -> None:
        assert parsed(f"title eq {text}") == eq("title", value)

    @pytest.mark.parametrize(
        ("text", "value"),
        [("height eq 1", 1), ("height gt -1.5e1", -15.0), ("shoeSize le 0", 0), ("shoeSize eq 1E2", 100.0)],
    )
    def test_numbers_are_those_of_json(self, text: str, value: float) -> None:
        tree = parsed(text)
        assert isinstance(tree, Compare)
        assert tree.value == value

    @pytest.mark.parametrize("op", ["eq", "ne", "gt", "ge", "lt", "le"])
    def test_instants_compare_in_every_order(self, op: str) -> None:
        text = f'meta.lastModified {op} "2026-01-01T00:00:00+02:00"'
        assert printed(text) == text

    def test_binary_values_are_equal_or_not(self) -> None:
        assert printed('x509Certificates eq "AAAA"') == 'x509Certificates.value eq "AAAA"'

    @pytest.mark.parametrize(
        "text",
        [
            "title eq a",
            "title eq 'a'",
            "title eq 1",
            "title eq true",
            "title eq nil",
            "title eq NULL",
            "title gt null",
            "title co null",
            r'title eq "\x"',
            r'title eq "\u00"',
            r'title eq "\u0000"',
            r'title eq "\ud800"',
            'title eq "a\nb"',
            'title eq "a\0"',
            'title eq "\ud800"',
            "active eq 1",
            'active eq "yes"',
            "active gt true",
            "active co true",
            "emails.primary lt false",
            'x509Certificates gt "AAAA"',
            "x509Certificates eq 1",
            'shoeSize eq "38"',
            "shoeSize eq true",
            "shoeSize sw 3",
            "shoeSize eq 038",
            "shoeSize eq +38",
            "shoeSize eq 1.",
            "shoeSize eq 9223372036854775808",
            "height eq 1e999",
            'height ew "5"',
            'born eq "1815"',
            "born eq 1815",
            'born sw "1815-12-10T12:00:00Z"',
            'name eq "a"',
            'addresses eq "a"',
            'meta eq "a"',
        ],
    )
    def test_what_does_not_fit_its_attribute_is_an_invalid_filter(self, text: str) -> None:
        assert refused(text, tolerant()).scim_type == "invalidFilter"


class TestNames:
    @pytest.mark.parametrize(
        "text", ["nick pr", 'emails.nick eq "a"', 'emails[nick eq "a"]', "urn:x:nick pr", "nick[a pr]"]
    )
    def test_an_unknown_attribute_is_named(self, text: str) -> None:
        problem = refused(text, tolerant())
        assert problem.scim_type == "invalidFilter"
        assert "nick" in problem.detail

    def test_a_whole_extension_is_no_attribute(self) -> None:
        assert refused(f"{ENTERPRISE_URN} pr").scim_type == "invalidFilter"

    @pytest.mark.parametrize(
        "text",
        [
            'password eq "hunter2"',
            'PASSWORD sw "hunter2"',
            "password pr",
            f"{USER_URN}:password pr",
            "keys.secret pr",
            'keys[secret eq "hunter2"]',
        ],
    )
    def test_what_is_never_returned_cannot_be_found_out(self, text: str) -> None:
        problem = refused(text, tolerant())
        assert problem.scim_type == "invalidFilter"
        assert "hunter2" not in problem.detail


class TestLimits:
    def test_a_filter_has_at_most_four_kibibytes(self) -> None:
        def long(letters: str) -> str:
            return f'title eq "{letters}"'

        room = 4096 - len(long(""))
        assert parsed(long("a" * room))
        assert refused(long("a" * (room + 1))).scim_type == "invalidFilter"
        assert refused(long("é" * (room // 2 + 1))).scim_type == "invalidFilter"

    @pytest.mark.parametrize(("opened", "closed"), [("(", ")"), ("not (", ")")])
    def test_it_nests_at_most_thirty_two_levels(self, opened: str, closed: str) -> None:
        assert parsed(opened * MAX_LEVELS + "title pr" + closed * MAX_LEVELS)
        too_deep = opened * (MAX_LEVELS + 1) + "title pr" + closed * (MAX_LEVELS + 1)
        assert refused(too_deep).scim_type == "invalidFilter"
        inside = "emails[" + opened * MAX_LEVELS + "type pr" + closed * MAX_LEVELS + "]"
        assert refused(inside).scim_type == "invalidFilter"

    def test_it_has_at_most_a_hundred_conditions(self) -> None:
        assert parsed(" or ".join(["title pr"] * MAX_COMPARISONS))
        assert refused(" or ".join(["title pr"] * (MAX_COMPARISONS + 1))).scim_type == "tooMany"


QUIRKS = [
    ('active eq "True"', "active eq true", Quirk.BOOLEAN_AS_TEXT),
    ('roles[primary eq "False"]', "roles[primary eq false]", Quirk.BOOLEAN_AS_TEXT),
    ("active eq TRUE", "active eq true", Quirk.BOOLEAN_AS_TEXT),
    (f'{ENTERPRISE_URN}:manager eq "u"', f'{ENTERPRISE_URN}:manager.value eq "u"', Quirk.COMPLEX_AS_VALUE),
    ('manager.value eq "u"', f'{ENTERPRISE_URN}:manager.value eq "u"', Quirk.EXTENSION_WITHOUT_URN),
    (
        'emails[type eq "work"].value eq "a"',
        'emails[type eq "work" and value eq "a"]',
        Quirk.FILTER_AFTER_VALUE_PATH,
    ),
    (
        'emails[type eq "work" and primary eq true].value co "a"',
        'emails[type eq "work" and primary eq true and value co "a"]',
        Quirk.FILTER_AFTER_VALUE_PATH,
    ),
    (
        'emails[type eq "a" or type eq "b"].value pr and title pr',
        'emails[(type eq "a" or type eq "b") and value pr] and title pr',
        Quirk.FILTER_AFTER_VALUE_PATH,
    ),
]


class TestQuirks:
    @pytest.mark.parametrize(("text", "meaning", "quirk"), QUIRKS)
    def test_a_quirk_is_noted(self, text: str, meaning: str, quirk: Quirk) -> None:
        tolerance = tolerant()
        assert printed(text, tolerance) == meaning
        assert tolerance.met == {quirk}

    @pytest.mark.parametrize(("text", "meaning", "quirk"), QUIRKS)
    def test_a_strict_directory_refuses_it(self, text: str, meaning: str, quirk: Quirk) -> None:
        assert refused(text).scim_type == "invalidFilter"

    @pytest.mark.parametrize(
        "text", ['emails[type eq "work"].nick eq "a"', 'emails[type eq "work"] .value pr', "emails[type pr]x pr"]
    )
    def test_what_follows_brackets_is_a_sub_attribute(self, text: str) -> None:
        assert refused(text, tolerant()).scim_type == "invalidFilter"

    def test_members_of_a_group_are_compared_by_their_id(self) -> None:
        tree = parse_filter('id eq "x" and members eq "y"', GROUPS, strict())
        assert filter_text(tree) == 'id eq "x" and members.value eq "y"'


def _values(of: AttributePath) -> st.SearchStrategy[Literal]:
    match of.leaf.type:
        case AttributeType.BOOLEAN:
            return st.booleans()
        case AttributeType.INTEGER:
            return st.integers(-(2**63), 2**63 - 1)
        case AttributeType.DECIMAL:
            return st.floats(allow_nan=False, allow_infinity=False)
        case AttributeType.DATE_TIME:
            return st.datetimes().map(lambda moment: moment.isoformat() + "Z")
        case _:
            return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


def _condition(of: AttributePath) -> st.SearchStrategy[Filter]:
    ops = [Op.EQ, Op.NE]
    if of.leaf.type not in (AttributeType.BOOLEAN, AttributeType.BINARY):
        ops += [Op.GT, Op.LE]
    if of.leaf.type in (AttributeType.STRING, AttributeType.REFERENCE):
        ops += [Op.CO, Op.SW, Op.EW]
    compared = st.builds(Compare, st.just(of), st.sampled_from(ops), _values(of))
    null = st.builds(Compare, st.just(of), st.sampled_from([Op.EQ, Op.NE]), st.none())
    return compared | null | st.just(Present(of))


def _trees(conditions: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    def larger(smaller: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(smaller, min_size=2, max_size=3).map(tuple)
        return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, smaller)

    return st.recursive(conditions, larger, max_leaves=6)


SIMPLE = [
    path(name)
    for name in (
        "userName",
        "name.givenName",
        "active",
        "shoeSize",
        "height",
        "born",
        "tags",
        "emails.type",
        "x509Certificates.value",
        "meta.created",
        "id",
        "externalId",
        f"{ENTERPRISE_URN}:employeeNumber",
        f"{ENTERPRISE_URN}:manager.value",
        f"{OTHER_URN}:colour",
    )
]
ELEMENTS = [path("emails"), path("addresses"), path("name"), path(f"{OTHER_URN}:doors")]


def _inner(of: AttributePath) -> list[AttributePath]:
    return [with_sub(of, sub) for sub in of.attribute.sub_attributes]


def filters() -> st.SearchStrategy[Filter]:
    """Any filter on the small user type."""
    inside = st.sampled_from(ELEMENTS).flatmap(
        lambda of: st.builds(ValuePath, st.just(of), _trees(st.sampled_from(_inner(of)).flatmap(_condition)))
    )
    tags = st.builds(ValuePath, st.just(path("tags")), _trees(_condition(path("tags"))))
    whole = st.sampled_from([path("name"), path("emails")]).map(Present)
    return _trees(st.sampled_from(SIMPLE).flatmap(_condition) | inside | tags | whole)


@given(filters())
def test_what_is_printed_reads_back(tree: Filter) -> None:
    assert parse_filter(filter_text(tree), USERS, strict()) == tree


KEYWORDS = ("(", ")", "[", "]", " ", "not", "and", "or", "pr", "eq", "ne", "gt", "null", "true", "1", '"a"', '"')
NAMES = ("userName", "emails", ".value", "value", "type", "meta.created", "name", "manager", "active", "nick")
WORDS = st.sampled_from((*KEYWORDS, *NAMES, "\\"))


@given(st.text() | st.lists(WORDS, max_size=20).map(" ".join) | st.lists(WORDS, max_size=20).map("".join))
def test_any_text_is_a_filter_or_a_problem(text: str) -> None:
    tolerance = tolerant()
    try:
        tree = parse_filter(text, USERS, tolerance)
    except ScimProblem as problem:
        assert (problem.status, problem.scim_type) == (400, "invalidFilter")
        json.dumps(problem.detail).encode()
        return
    assert parse_filter(filter_text(tree), USERS, strict()) == tree
