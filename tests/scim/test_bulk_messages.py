"""Bulk messages (RFC 7644 §3.7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.bulk_messages import (
    BULK_REQUEST,
    BULK_RESPONSE,
    BulkOperation,
    BulkOutcome,
    BulkRequest,
    Method,
    bulk_request,
    bulk_response,
)
from hallway.scim.json import Json, JsonObject
from hallway.scim.messages import error_body
from hallway.scim.problem import ScimProblem, invalid_value
from hallway.scim.quirks import Quirk, Tolerance
from tests.scim.small import met, strict, tolerant

POST: JsonObject = {"method": "POST", "bulkId": "a", "path": "/Users", "data": {"userName": "ada"}}
DELETE: JsonObject = {"method": "DELETE", "path": "/Users/user_1"}


def request(*operations: Json, tolerance: Tolerance | None = None) -> BulkRequest:
    return bulk_request({"schemas": [BULK_REQUEST], "Operations": list(operations)}, 10, tolerance or strict())


def only(operation: Json, tolerance: Tolerance | None = None) -> BulkOperation:
    return request(operation, tolerance=tolerance).operations[0]


def refused(body: Json) -> ScimProblem:
    with pytest.raises(ScimProblem) as caught:
        bulk_request(body, 2, tolerant())
    return caught.value


class TestBulkRequest:
    def test_operations_are_read_in_their_order(self) -> None:
        put: JsonObject = {"method": "PUT", "path": "/Users/user_1", "version": 'W/"1"', "data": {"userName": "bob"}}
        patch: JsonObject = {"method": "PATCH", "path": "Groups/bulkId:a", "bulkId": "b", "data": {"Operations": []}}
        assert request(POST, put, patch, DELETE).operations == (
            BulkOperation(Method.POST, "/Users", bulk_id="a", data={"userName": "ada"}),
            BulkOperation(Method.PUT, "/Users", "user_1", version='W/"1"', data={"userName": "bob"}),
            BulkOperation(Method.PATCH, "/Groups", "bulkId:a", "b", data={"Operations": []}),
            BulkOperation(Method.DELETE, "/Users", "user_1"),
        )

    def test_names_are_found_in_any_case(self) -> None:
        body: JsonObject = {"SCHEMAS": [BULK_REQUEST.upper()], "operations": [{"METHOD": "DELETE", "Path": "/Users/u"}]}
        assert bulk_request(body, 1, strict()).operations == (BulkOperation(Method.DELETE, "/Users", "u"),)

    def test_a_request_may_hold_nothing(self) -> None:
        assert request() == BulkRequest(None, ())

    def test_fail_on_errors_is_a_number_of_errors(self) -> None:
        body: JsonObject = {"schemas": [BULK_REQUEST], "Operations": [], "failOnErrors": 1}
        assert bulk_request(body, 1, strict()).fail_on_errors == 1
        others: tuple[Json, ...] = (0, -1, 1.0, "1", True, [])
        for other in others:
            assert refused({**body, "failOnErrors": other}).scim_type == "invalidValue"

    def test_too_many_operations_are_413(self) -> None:
        assert refused({"Operations": [DELETE] * 3}).status == 413

    @pytest.mark.parametrize(
        "body", [None, [], "x", {}, {"Operations": None}, {"Operations": {}}, {"Operations": [], "operations": []}]
    )
    def test_another_body_is_refused(self, body: Json) -> None:
        assert refused(body).scim_type == "invalidSyntax"
        with_schemas: Json = {**body, "schemas": ["urn:example:other"]} if isinstance(body, dict) else body
        assert refused(with_schemas).scim_type == "invalidSyntax"


class TestProblemsOfOneOperation:
    """They stay with the operation; the others run."""

    @pytest.mark.parametrize(
        ("change", "scim_type"),
        [
            ({"bulkId": None}, "invalidValue"),
            ({"bulkId": ""}, "invalidValue"),
            ({"bulkId": 1}, "invalidValue"),
            ({"bulkId": "x" * 201}, "invalidValue"),
            ({"method": None}, "invalidSyntax"),
            ({"method": "GET"}, "invalidSyntax"),
            ({"method": 1}, "invalidSyntax"),
            ({"path": None}, "invalidPath"),
            ({"path": ""}, "invalidPath"),
            ({"path": "/"}, "invalidPath"),
            ({"path": "//Users"}, "invalidPath"),
            ({"path": "/Users/"}, "invalidPath"),
            ({"path": "/Users/user_1"}, "invalidPath"),
            ({"path": "/v2/Users/user_1"}, "invalidPath"),
            ({"path": "/Users?attributes=id"}, "invalidPath"),
            ({"path": "/Users#a"}, "invalidPath"),
            ({"path": "/Users/" + "x" * 500}, "invalidPath"),
            ({"version": 1}, "invalidValue"),
            ({"data": None}, "invalidSyntax"),
            ({"data": [1]}, "invalidSyntax"),
            ({"METHOD": "POST"}, "invalidSyntax"),
        ],
    )
    def test_of_a_post(self, change: JsonObject, scim_type: str) -> None:
        broken, whole = request({**POST, **change}, DELETE, tolerance=tolerant()).operations
        assert broken.problem is not None
        assert (broken.problem.status, broken.problem.scim_type) == (400, scim_type)
        assert whole.problem is None

    def test_of_methods_that_need_a_resource(self) -> None:
        for method in ("PUT", "PATCH", "DELETE"):
            operation = only({"method": method, "path": "/Users", "data": {}})
            assert operation.problem is not None
            assert operation.problem.scim_type == "invalidPath"

    @pytest.mark.parametrize("operation", [None, [], "x", 1])
    def test_of_what_is_no_operation(self, operation: Json) -> None:
        problem = only(operation).problem
        assert problem is not None
        assert problem.scim_type == "invalidSyntax"

    def test_what_could_be_read_is_kept_for_the_answer(self) -> None:
        operation = only({"method": "post", "path": 1, "bulkId": "a", "data": None}, tolerant())
        assert (operation.method, operation.bulk_id) == (Method.POST, "a")
        assert operation.problem is not None
        assert operation.problem.scim_type == "invalidPath"

    def test_a_method_in_lower_case_is_tolerated(self) -> None:
        tolerance = tolerant()
        assert only({**POST, "method": "Post"}, tolerance).problem is None
        assert met(tolerance) == {Quirk.OPERATION_CASE}
        assert only({**POST, "method": "Post"}).problem is not None

    def test_data_of_a_delete_are_not_looked_at(self) -> None:
        assert only({**DELETE, "data": "x"}) == BulkOperation(Method.DELETE, "/Users", "user_1")


def test_the_response_says_what_became_of_each_operation() -> None:
    created, deleted = request(POST, DELETE).operations
    problem = invalid_value("No.")
    answer = bulk_response(
        [
            BulkOutcome(created, 201, "https://h.example/Users/user_1", 'W/"1"'),
            BulkOutcome(deleted, 400, "https://h.example/Users/user_1", response=error_body(problem)),
            BulkOutcome(BulkOperation(problem=problem), 400, response=error_body(problem)),
        ]
    )
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "detail": "No."}
    error["scimType"] = "invalidValue"
    location = "https://h.example/Users/user_1"
    assert json.loads(answer) == {
        "schemas": [BULK_RESPONSE],
        "Operations": [
            {"location": location, "method": "POST", "bulkId": "a", "version": 'W/"1"', "status": "201"},
            {"location": location, "method": "DELETE", "status": "400", "response": error},
            {"status": "400", "response": error},
        ],
    }
    assert json.loads(bulk_response([])) == {"schemas": [BULK_RESPONSE], "Operations": []}


VALUES = st.none() | st.integers() | st.sampled_from(["POST", "DELETE", "/Users", "/Users/u", "a", "", "GET"])
OPERATIONS = st.dictionaries(st.sampled_from(["method", "path", "bulkId", "data", "version", "Method"]), VALUES)


@given(st.lists(OPERATIONS | VALUES, max_size=5))
def test_any_operations_are_read(operations: list[Json]) -> None:
    read = request(*operations, tolerance=tolerant()).operations
    assert len(read) == len(operations)
    assert all(operation.problem or operation.method for operation in read)
