"""Bodies as bytes (RFC 7644 §3.4.2, §3.8, §3.12)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.json import Json
from hallway.scim.messages import (
    ERROR,
    LIST_RESPONSE,
    Paging,
    check_message_schemas,
    decoded_body,
    error_body,
    list_response,
)
from hallway.scim.problem import ScimProblem, uniqueness
from hallway.scim.quirks import Quirk, Tolerance
from tests.scim.small import met, strict, tolerant

WANTED = "urn:ietf:params:scim:api:messages:2.0:Wanted"


def refused(raw: bytes, tolerance: Tolerance | None = None) -> str:
    with pytest.raises(ScimProblem) as caught:
        decoded_body(raw, tolerance or tolerant())
    assert (caught.value.status, caught.value.scim_type) == (400, "invalidSyntax")
    return caught.value.detail


class TestDecodedBody:
    def test_any_json_value_is_decoded(self) -> None:
        assert decoded_body('{"name": ["ä", 1.5, null, true]}'.encode(), strict()) == {"name": ["ä", 1.5, None, True]}

    def test_a_byte_order_mark_is_skipped_and_noted(self) -> None:
        tolerance = tolerant()
        assert decoded_body(b"\xef\xbb\xbf{}", tolerance) == {}
        assert met(tolerance) == {Quirk.BYTE_ORDER_MARK}
        assert "byte-order mark" in refused(b"\xef\xbb\xbf{}", strict())

    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (b"", "empty"),
            (b" \r\n", "empty"),
            (b'{\n  "a": }', "line 2, column 8"),
            (b"{} x", "line 1, column 4"),
            (b'{"a": "\xff"}', "byte 8"),
            (b'"\xed\xa0\x80"', "byte 2"),
            ("{}".encode("utf-16"), "byte 1"),
            ("{}".encode("utf-16-be"), "line 1, column 1"),
            (b'"\\ud800"', "line 1"),
            (b'"a\x00"', "line 1, column 3"),
            (b"NaN", "line 1"),
            (b"1e999", "line 1"),
            (b"[" * 5_000, "depth"),
        ],
    )
    def test_what_is_no_json_is_refused_with_its_place(self, raw: bytes, said: str) -> None:
        assert said in refused(raw)

    @pytest.mark.parametrize(
        "raw", [rb'"\u0000"', rb'{"a\u0000": 1}', rb'{"a": [["b", "\u0000"]]}', rb'["\\u0000", "\u0000"]']
    )
    def test_nul_is_refused_wherever_it_is(self, raw: bytes) -> None:
        assert "NUL" in refused(raw)

    def test_text_about_nul_is_not_nul(self) -> None:
        assert decoded_body(rb'["\\u0000", 1, {"a": null}]', strict()) == ["\\u0000", 1, {"a": None}]

    def test_thirty_two_levels_are_enough_for_everybody(self) -> None:
        assert decoded_body(b"[" * 32 + b"]" * 32, strict()) is not None
        assert decoded_body(b"[" + b"[]," * 100 + b"[]]", strict()) == [[]] * 101
        assert "32 levels" in refused(b"[" * 33 + b"]" * 33)
        assert "32 levels" in refused(b'{"a":' * 40 + b"1" + b"}" * 40)

    @given(st.binary(max_size=30) | st.text(alphabet='{}[]",:\\u0d8 1eä\ufeff').map(str.encode))
    def test_any_bytes_give_a_value_or_a_problem(self, raw: bytes) -> None:
        try:
            value = decoded_body(raw, tolerant())
        except ScimProblem as problem:
            assert problem.scim_type == "invalidSyntax"
        else:
            assert "\0" not in json.loads(json.dumps(str(value)))


class TestErrorBody:
    def test_the_status_is_text(self) -> None:
        assert json.loads(error_body(uniqueness("Taken: ä"))) == {
            "schemas": [ERROR],
            "status": "409",
            "scimType": "uniqueness",
            "detail": "Taken: ä",
        }

    def test_scim_type_is_there_only_where_there_is_one(self) -> None:
        assert json.loads(error_body(ScimProblem(404, "Gone."))) == {
            "schemas": [ERROR],
            "status": "404",
            "detail": "Gone.",
        }


class TestListResponse:
    def test_resources_are_joined_as_they_are(self) -> None:
        answer = list_response([b'{"id":"1"}', b'{ "id" : "2" }'], Paging(total=7, start_index=3))
        assert b'{ "id" : "2" }' in answer
        assert json.loads(answer) == {
            "schemas": [LIST_RESPONSE],
            "totalResults": 7,
            "startIndex": 3,
            "itemsPerPage": 2,
            "Resources": [{"id": "1"}, {"id": "2"}],
        }

    def test_resources_are_an_array_also_where_there_are_none(self) -> None:
        assert json.loads(list_response([], Paging(total=0, start_index=1)))["Resources"] == []

    def test_a_walk_by_cursor_has_no_start_index(self) -> None:
        paging = Paging(total=None, next_cursor="n", previous_cursor="p")
        assert json.loads(list_response([b"{}"], paging)) == {
            "schemas": [LIST_RESPONSE],
            "itemsPerPage": 1,
            "previousCursor": "p",
            "nextCursor": "n",
            "Resources": [{}],
        }


class TestSchemasOfAMessage:
    @pytest.mark.parametrize("urns", [[WANTED], [WANTED.upper()], [WANTED, WANTED]])
    def test_the_wanted_urn_is_enough_in_any_case(self, urns: Json) -> None:
        check_message_schemas(urns, WANTED, strict())

    @pytest.mark.parametrize(
        ("urns", "quirk"),
        [
            (None, Quirk.MISSING_SCHEMAS),
            ([], Quirk.MISSING_SCHEMAS),
            (WANTED, Quirk.ARRAY_AS_SINGLE_VALUE),
            ([WANTED, "urn:example:other"], Quirk.UNKNOWN_SCHEMA_IGNORED),
        ],
    )
    def test_deviations_are_noted(self, urns: Json, quirk: Quirk) -> None:
        tolerance = tolerant()
        check_message_schemas(urns, WANTED, tolerance)
        assert met(tolerance) == {quirk}
        with pytest.raises(ScimProblem, match="schemas"):
            check_message_schemas(urns, WANTED, strict())

    @pytest.mark.parametrize("urns", [["urn:example:other"], "urn:example:other", 1, {}, [1]])
    def test_another_message_is_refused(self, urns: Json) -> None:
        with pytest.raises(ScimProblem) as caught:
            check_message_schemas(urns, WANTED, tolerant())
        assert caught.value.scim_type == "invalidSyntax"
