"""Searches by address and by message (RFC 7644 §3.4.2, §3.4.3; RFC 9865 §2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.json import Json
from hallway.scim.problem import ScimProblem
from hallway.scim.quirks import Quirk
from hallway.scim.search_request import SEARCH_REQUEST, SearchRequest, query_parameters, search_request
from tests.scim.small import met, strict, tolerant


def by_address(**parameters: str) -> SearchRequest:
    return query_parameters(parameters.items())


def by_message(**parameters: Json) -> SearchRequest:
    return search_request({"schemas": [SEARCH_REQUEST], **parameters}, strict())


def refused_address(**parameters: str) -> str | None:
    with pytest.raises(ScimProblem) as caught:
        by_address(**parameters)
    assert caught.value.status == 400
    return caught.value.scim_type


def refused_message(**parameters: Json) -> str | None:
    with pytest.raises(ScimProblem) as caught:
        search_request({"schemas": [SEARCH_REQUEST], **parameters}, tolerant())
    assert caught.value.status == 400
    return caught.value.scim_type


def test_both_ways_give_the_same_value() -> None:
    expected = SearchRequest(
        filter='userName eq "ada"',
        attributes=("userName", "name.givenName"),
        excluded_attributes=("meta",),
        sort_by="userName",
        descending=True,
        start_index=11,
        count=5,
        cursor="abc",
    )
    rest = {"filter": 'userName eq "ada"', "sortBy": "userName", "sortOrder": "Descending", "cursor": "abc"}
    address = by_address(
        attributes="userName, name.givenName,", excludedAttributes="meta", startIndex="11", count="5", **rest
    )
    message = search_request(
        {
            "schemas": [SEARCH_REQUEST],
            "attributes": ["userName", " name.givenName", ""],
            "excludedAttributes": ["meta"],
            "startIndex": 11,
            "count": 5,
            **rest,
        },
        strict(),
    )
    assert address == message == expected


def test_nothing_asked_is_the_first_page_of_everything() -> None:
    assert by_address() == by_message() == SearchRequest()
    nothing: dict[str, Json] = dict.fromkeys(("filter", "attributes", "count", "startIndex", "cursor", "sortBy"))
    assert by_message(**nothing) == SearchRequest()


class TestAddress:
    def test_names_are_found_in_any_case_and_unknown_ones_ignored(self) -> None:
        pairs = [("STARTINDEX", "2"), ("aadOptscim062020", ""), ("x", "1"), ("x", "2")]
        assert query_parameters(pairs) == SearchRequest(start_index=2)

    @pytest.mark.parametrize("second", ["count", "COUNT"])
    def test_a_known_parameter_comes_once(self, second: str) -> None:
        with pytest.raises(ScimProblem) as caught:
            query_parameters([("count", "1"), (second, "1")])
        assert caught.value.scim_type == "invalidValue"

    @pytest.mark.parametrize(
        ("text", "start_index", "count"), [("0", 1, 0), ("-5", 1, 0), ("+3", 3, 3), (" 3", 3, 3), ("007", 7, 7)]
    )
    def test_integers_are_clamped_from_below(self, text: str, start_index: int, count: int) -> None:
        assert by_address(startIndex=text).start_index == start_index
        assert by_address(count=text).count == count

    @pytest.mark.parametrize("text", ["", "-", "1.0", "1e3", "x", "٣", "1_0", "²", "9" * 19, "9" * 5_000, "- 1"])
    def test_other_text_is_no_integer(self, text: str) -> None:
        assert refused_address(startIndex=text) == "invalidValue"
        assert refused_address(count=text) == "invalidValue"
        assert refused_address(count=text, cursor="") == "invalidCount"

    def test_an_empty_cursor_asks_for_the_first_page(self) -> None:
        assert by_address(cursor="").cursor == ""
        assert by_address().cursor is None

    def test_an_empty_filter_stays_a_filter(self) -> None:
        assert by_address(filter="").filter == ""

    def test_empty_names_ask_for_nothing(self) -> None:
        assert by_address(attributes="", excludedAttributes=" , ", sortBy="") == SearchRequest()

    @pytest.mark.parametrize(("text", "descending"), [("ascending", False), ("DESCENDING", True), ("", False)])
    def test_the_order_is_read_in_any_case(self, text: str, descending: bool) -> None:
        assert by_address(sortOrder=text).descending is descending

    def test_another_order_is_refused(self) -> None:
        assert refused_address(sortOrder="down") == "invalidValue"

    def test_too_much_is_refused(self) -> None:
        assert refused_address(filter="x" * 70_000) == "invalidValue"
        assert refused_address(cursor="x" * 9_000) == "invalidValue"
        assert refused_address(sortBy="x" * 501) == "invalidValue"
        assert refused_address(attributes="x" * 501) == "invalidValue"
        assert refused_address(attributes="x," * 201) == "invalidValue"


class TestMessage:
    def test_names_are_found_in_any_case_and_unknown_ones_ignored(self) -> None:
        assert by_message(STARTINDEX=2, extra=[1]) == SearchRequest(start_index=2)

    @pytest.mark.parametrize("body", [None, [], "x", 1, {"a": 1, "A": 2}])
    def test_another_body_is_refused(self, body: Json) -> None:
        with pytest.raises(ScimProblem) as caught:
            search_request(body, tolerant())
        assert caught.value.scim_type == "invalidSyntax"

    def test_missing_schemas_are_tolerated(self) -> None:
        tolerance = tolerant()
        assert search_request({"count": 0}, tolerance) == SearchRequest(count=0)
        assert met(tolerance) == {Quirk.MISSING_SCHEMAS}

    def test_names_as_one_text_are_tolerated(self) -> None:
        tolerance = tolerant()
        body: Json = {"schemas": [SEARCH_REQUEST], "attributes": "userName,name"}
        assert search_request(body, tolerance).attributes == ("userName", "name")
        assert met(tolerance) == {Quirk.ARRAY_AS_SINGLE_VALUE}
        with pytest.raises(ScimProblem):
            search_request(body, strict())

    @pytest.mark.parametrize("names", [1, {}, [1], ["a", None]])
    def test_names_are_texts(self, names: Json) -> None:
        assert refused_message(attributes=names) == "invalidValue"

    @pytest.mark.parametrize("number", ["1", 1.0, True, [], 2**63])
    def test_integers_are_numbers(self, number: Json) -> None:
        assert refused_message(startIndex=number) == "invalidValue"
        assert refused_message(count=number, cursor="x") == "invalidCount"

    @pytest.mark.parametrize("name", ["filter", "sortBy", "sortOrder", "cursor"])
    def test_texts_are_texts(self, name: str) -> None:
        others: tuple[Json, ...] = (1, [], {}, True)
        for other in others:
            assert refused_message(**{name: other}) == "invalidValue"


PARAMETERS = st.sampled_from(["filter", "attributes", "sortBy", "sortOrder", "startIndex", "count", "cursor", "COUNT"])


@given(st.lists(st.tuples(PARAMETERS | st.text(max_size=3), st.text(max_size=5) | st.sampled_from(["1", "-1"]))))
def test_any_pairs_give_a_search_or_a_problem(pairs: list[tuple[str, str]]) -> None:
    try:
        search = query_parameters(pairs)
    except ScimProblem as problem:
        assert problem.status == 400
    else:
        assert search.start_index >= 1
        assert search.count is None or search.count >= 0
