"""What of a resource is answered (RFC 7644 §3.9; RFC 7643 §7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.json import Json, JsonObject
from hallway.scim.problem import ScimProblem
from hallway.scim.projection import Projection, includes, merged_hidden, projected, split_returned
from hallway.scim.schema import Attribute, AttributeType, Extension, Mutability, ResourceType, Returned, Schema
from tests.scim.small import ENTERPRISE_URN, USER_URN, USERS, ada

COMPLEX = AttributeType.COMPLEX
EXTENSION_URN = "urn:example:extension"
PARTS = (
    Attribute("value"),
    Attribute("always", returned=Returned.ALWAYS),
    Attribute("request", returned=Returned.REQUEST),
    Attribute("never", returned=Returned.NEVER),
)
ATTRIBUTES = (
    *PARTS,
    Attribute("written", mutability=Mutability.WRITE_ONLY),
    Attribute("one", COMPLEX, sub_attributes=PARTS),
    Attribute("many", COMPLEX, multi_valued=True, sub_attributes=PARTS),
    Attribute("sure", COMPLEX, returned=Returned.ALWAYS, sub_attributes=PARTS),
    Attribute("hidden", COMPLEX, sub_attributes=(Attribute("never", returned=Returned.NEVER),)),
)
THINGS = ResourceType(
    "Thing",
    "/Things",
    "",
    Schema("urn:example:thing", "Thing", "", ATTRIBUTES),
    (Extension(Schema(EXTENSION_URN, "Extension", "", ATTRIBUTES)),),
)


def part() -> JsonObject:
    return {"value": "v", "always": "a", "request": "r", "never": "n"}


def attributes() -> JsonObject:
    rest: JsonObject = {"written": "w", "one": part(), "many": [part(), {"never": "n"}], "sure": part()}
    return {**part(), **rest, "hidden": {"never": "n"}}


def thing() -> JsonObject:
    """A resource with everything in it."""
    return {"schemas": ["urn:example:thing"], "id": "t1", **attributes(), EXTENSION_URN: attributes()}


SHOWN: JsonObject = {"value": "v", "always": "a"}
ALWAYS: JsonObject = {"always": "a", "sure": SHOWN}
DEFAULT: JsonObject = {**SHOWN, "one": SHOWN, "many": [SHOWN], "sure": SHOWN}
HEAD: JsonObject = {"schemas": ["urn:example:thing"], "id": "t1"}


def only(*names: str) -> JsonObject:
    return projected(thing(), Projection.of(names, (), THINGS), THINGS)


def without(*names: str) -> JsonObject:
    return projected(thing(), Projection.of((), names, THINGS), THINGS)


class TestReturned:
    """RFC 7643 §7."""

    def test_by_default_what_is_on_request_or_never_returned_is_left_out(self) -> None:
        assert projected(thing(), None, THINGS) == {**HEAD, **DEFAULT, EXTENSION_URN: DEFAULT}

    def test_attributes_takes_the_place_of_what_is_returned_by_default(self) -> None:
        assert only("value") == {**HEAD, **ALWAYS, "value": "v", EXTENSION_URN: ALWAYS}
        assert only("one")["one"] == SHOWN

    def test_what_is_on_request_is_there_when_it_is_named_itself(self) -> None:
        assert only("request") == {**HEAD, **ALWAYS, "request": "r", EXTENSION_URN: ALWAYS}
        assert only("one.request")["one"] == {"always": "a", "request": "r"}
        assert only("many.request")["many"] == [{"always": "a", "request": "r"}]
        assert "request" not in without("value")

    def test_what_is_always_returned_cannot_be_excluded(self) -> None:
        shown = without("always", "sure", "sure.value", "id", "schemas", "one.always")
        assert shown == {**HEAD, **DEFAULT, EXTENSION_URN: DEFAULT}

    def test_what_is_never_returned_cannot_be_asked_for(self) -> None:
        for names in (["never"], ["written"], ["one.never"], ["many.never"], ["hidden"], [f"{EXTENSION_URN}:never"]):
            shown = only(*names)
            assert "never" not in str(shown)
            assert "written" not in shown

    def test_excluded_attributes_are_left_out(self) -> None:
        assert "value" not in without("value")
        assert without("one.value", "many.value")["many"] == [{"always": "a"}]
        assert without("one.value")["one"] == {"always": "a"}
        assert "one" not in without("one", "one.value")
        assert "one" not in without("one.value", "one")


class TestExtensions:
    def test_a_urn_alone_stands_for_all_of_the_extension(self) -> None:
        assert only(EXTENSION_URN.upper()) == {**HEAD, **ALWAYS, EXTENSION_URN: DEFAULT}
        assert without(EXTENSION_URN) == {**HEAD, **DEFAULT, EXTENSION_URN: ALWAYS}

    def test_an_attribute_of_an_extension_has_its_urn(self) -> None:
        assert only(f"{EXTENSION_URN}:value")[EXTENSION_URN] == {**ALWAYS, "value": "v"}
        assert only(f"{EXTENSION_URN}:one.request")[EXTENSION_URN] == {**ALWAYS, "one": {"always": "a", "request": "r"}}
        assert "value" not in str(without(f"{EXTENSION_URN}:one.value")[EXTENSION_URN]).split("one")[1].split("}")[0]
        assert without(f"{EXTENSION_URN}:value")["value"] == "v"

    def test_an_extension_without_anything_in_the_answer_is_left_out(self) -> None:
        asked = Projection.of(["userName"], [], USERS)
        assert ENTERPRISE_URN not in projected(ada(), asked, USERS)
        assert ENTERPRISE_URN not in projected(ada(), Projection.of([], [ENTERPRISE_URN], USERS), USERS)


class TestCoreUrn:
    def test_the_urn_of_the_core_schema_stands_for_what_it_has_and_is_returned_by_default(self) -> None:
        assert only("URN:example:THING") == {**HEAD, **DEFAULT, EXTENSION_URN: ALWAYS}
        assert without("urn:example:thing") == {**HEAD, **ALWAYS, EXTENSION_URN: DEFAULT}
        assert "meta" not in projected(ada(), Projection.of([USER_URN], None, USERS), USERS)
        assert projected(ada(), Projection.of(None, [USER_URN], USERS), USERS).keys() == {
            *("schemas", "id", "externalId", "meta"),
            ENTERPRISE_URN,
        }


class TestNames:
    """RFC 7644 §3.9, §3.10."""

    @pytest.mark.parametrize("name", ["userName", "USERNAME", f"{USER_URN}:userName", f"{USER_URN.upper()}:username"])
    def test_names_are_found_in_any_case(self, name: str) -> None:
        asked = Projection.of([name], [], USERS)
        assert projected(ada(), asked, USERS) == {name: ada()[name] for name in ("schemas", "id", "userName")}

    def test_a_sub_attribute_brings_only_itself(self) -> None:
        asked = Projection.of(["name.givenName", "emails.VALUE"], [], USERS)
        shown = projected(ada(), asked, USERS)
        assert shown["name"] == {"givenName": "Ada"}
        assert shown["emails"] == [{"value": "ada@work.example"}, {"value": "Ada@home.example"}]

    def test_a_whole_beats_its_parts(self) -> None:
        for names in (["name", "name.givenName"], ["name.givenName", "name"], ["name.givenName", "name.familyName"]):
            asked = Projection.of(names, [], USERS)
            assert projected(ada(), asked, USERS)["name"] == ada()["name"]

    def test_unknown_names_say_nothing(self) -> None:
        asked = Projection.of(["hat", "urn:example:none:hat", "name.hat"], [], USERS)
        assert projected(ada(), asked, USERS) == {name: ada()[name] for name in ("schemas", "id")}
        asked = Projection.of([], ["hat"], USERS)
        assert projected(ada(), asked, USERS) == ada()

    def test_both_parameters_at_once_are_refused(self) -> None:
        with pytest.raises(ScimProblem) as caught:
            Projection.of(["userName"], ["name"], USERS)
        assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")

    def test_an_attribute_of_an_extension_is_found_without_its_urn(self) -> None:
        asked = Projection.of(["employeeNumber"], None, USERS)
        assert projected(ada(), asked, USERS)[ENTERPRISE_URN] == {"employeeNumber": "E7"}

    def test_no_name_at_all_asks_for_nothing(self) -> None:
        assert Projection.of(None, None, USERS) is None
        assert Projection.of([], [], USERS) is None


@pytest.mark.parametrize(
    ("wanted", "excluded", "expected"),
    [
        ([], [], True),
        (["members"], [], True),
        (["members.value"], [], True),
        (["userName"], [], False),
        ([], ["groups"], True),
        ([], ["GROUPS"], True),
        ([], ["groups.value"], True),
    ],
)
def test_what_is_not_in_the_answer_needs_no_loading(wanted: list[str], excluded: list[str], expected: bool) -> None:
    members = Attribute("members", COMPLEX, multi_valued=True, sub_attributes=(Attribute("value"),))
    groups = ResourceType("Group", "/Groups", "", Schema("urn:example:group", "Group", "", (members,)))
    assert includes(Projection.of(wanted, excluded, groups), "members") is expected
    assert includes(Projection.of([], ["members"], groups), "members") is False


def test_an_unreadable_value_of_a_complex_attribute_stays_as_it_is() -> None:
    shown = projected({"one": "text", "many": ["text", part()]}, None, THINGS)
    assert shown == {"one": "text", "many": [SHOWN]}


class TestSplitReturned:
    def test_the_document_is_what_is_returned_by_default(self) -> None:
        document, hidden = split_returned(thing(), THINGS)
        assert document == projected(thing(), None, THINGS)
        kept = ("request", "never", "written", "one", "many", "sure", "hidden")
        assert hidden == {
            **{name: thing()[name] for name in kept},
            EXTENSION_URN: {name: attributes()[name] for name in kept},
        }
        assert merged_hidden(document, hidden) == thing()

    def test_most_resources_hide_nothing(self) -> None:
        assert split_returned(ada(), USERS) == (ada(), {})
        assert merged_hidden(ada(), {}) == ada()

    def test_what_could_hide_something_and_does_not_is_shown(self) -> None:
        open_thing: JsonObject = {"id": "t1", "one": {"value": "v"}, EXTENSION_URN: {"value": "v", "many": [SHOWN]}}
        assert split_returned(open_thing, THINGS) == (open_thing, {})

    def test_an_extension_of_which_nothing_is_returned_is_hidden_as_a_whole(self) -> None:
        secret: JsonObject = {"id": "t1", EXTENSION_URN: {"never": "n"}}
        document, hidden = split_returned(secret, THINGS)
        assert (document, hidden) == ({"id": "t1"}, {EXTENSION_URN: {"never": "n"}})
        assert merged_hidden(document, hidden) == secret

    def test_what_was_joined_to_the_document_stays(self) -> None:
        document, hidden = split_returned(thing(), THINGS)
        joined: JsonObject = {**document, "one": {**SHOWN, "joined": 1}, "meta": {}}
        assert merged_hidden(joined, hidden) == {**thing(), "one": {**part(), "joined": 1}, "meta": {}}
        assert merged_hidden(document, None) == document

    def test_a_document_does_not_share_its_keys(self) -> None:
        resource = ada()
        split_returned(resource, USERS)[0].clear()
        assert resource == ada()


NAMES = st.sampled_from(
    [prefix + name for prefix in ("", f"{EXTENSION_URN}:") for name in ("value", "always", "request", "never", "one")]
    + ["one.value", "one.request", "many.never", "sure", "id", "schemas", EXTENSION_URN, "hat", "", ":", "."]
)
RESOURCES = st.sets(st.sampled_from([*attributes(), EXTENSION_URN])).map(
    lambda names: {name: value for name, value in thing().items() if name in names or name in HEAD}
)


@given(RESOURCES, st.lists(NAMES, max_size=4), st.booleans())
def test_any_names_leave_a_part_of_the_resource(resource: JsonObject, names: list[str], wanted: bool) -> None:
    asked = Projection.of(names if wanted else [], [] if wanted else names, THINGS)
    shown = projected(resource, asked, THINGS)
    assert projected(shown, asked, THINGS) == shown
    assert_part(shown, resource)
    assert {name: shown[name] for name in HEAD} == HEAD
    for name in ("always", "sure"):
        assert (name in shown) is (name in resource)
    assert '"never"' not in str(shown).replace("'", '"')


@given(RESOURCES)
def test_what_was_split_comes_together(resource: JsonObject) -> None:
    document, hidden = split_returned(resource, THINGS)
    assert merged_hidden(document, hidden) == resource


def assert_part(part: Json, whole: Json) -> None:
    """Nothing stands in `part` that does not stand in `whole`."""
    match part, whole:
        case dict(), dict():
            for name, value in part.items():
                assert_part(value, whole[name])
        case list(), list():
            assert len(part) <= len(whole)
        case _:
            assert part == whole


def test_a_projection_is_a_value() -> None:
    assert Projection.of(["NAME.givenname"], [], USERS) == Projection({"name": {"givenName": None}}, only=True)
