"""In what order Bulk operations run (RFC 7644 §3.7.1, §3.7.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallway.scim.bulk import bulk_plan, operation_references, references, resolved
from hallway.scim.bulk_messages import BulkOperation, Method
from hallway.scim.json import Json
from hallway.scim.problem import ScimProblem, invalid_path


def post(bulk_id: str, *named: str) -> BulkOperation:
    members: list[Json] = [{"value": f"bulkId:{name}"} for name in named]
    return BulkOperation(Method.POST, "/Groups", bulk_id=bulk_id, data={"members": members})


def patch(resource_id: str, *named: str) -> BulkOperation:
    value: list[Json] = [{"value": f"bulkId:{name}"} for name in named]
    operations: Json = [{"op": "add", "path": "members", "value": value}]
    return BulkOperation(Method.PATCH, "/Groups", resource_id, data={"Operations": operations})


def steps(*operations: BulkOperation) -> tuple[tuple[int, ...], ...]:
    return bulk_plan(operations).steps


class TestReferences:
    def test_they_are_found_anywhere_in_a_value(self) -> None:
        value: Json = {
            "a": ["bulkId:x", {"b": "bulkId:y"}],
            "manager": "bulkId:z",
            "c": [1, None, True, "x", "abulkId:n"],
        }
        assert references(value) == {"x", "y", "z"}
        assert references("bulkId:x") == {"x"}

    def test_they_are_found_in_the_filters_of_patch_paths(self) -> None:
        path = 'members[value eq "bulkId:x" or value eq "bulkId:y z"]'
        assert references({"Operations": [{"op": "remove", "PATH": path}]}) == {"x", "y z"}
        assert references({"path": "bulkId:x"}) == {"x"}
        assert references({"displayName": path}) == frozenset()

    def test_they_are_found_in_the_path_of_an_operation(self) -> None:
        assert operation_references(patch("bulkId:a", "b")) == {"a", "b"}

    def test_they_give_way_to_ids(self) -> None:
        value: Json = {
            "members": [{"value": "bulkId:x"}, {"value": "user_9"}],
            "path": 'members[value eq "bulkId:x"]',
            "about": '"bulkId:x"',
            "count": 1,
        }
        assert resolved(value, {"x": "user_1"}) == {
            "members": [{"value": "user_1"}, {"value": "user_9"}],
            "path": 'members[value eq "user_1"]',
            "about": '"bulkId:x"',
            "count": 1,
        }
        assert resolved("bulkId:x", {"x": "user_1"}) == "user_1"

    @pytest.mark.parametrize("value", ["bulkId:y", ["bulkId:y"], {"path": 'members[value eq "bulkId:y"]'}, "bulkId:"])
    def test_one_that_nobody_made_is_a_problem(self, value: Json) -> None:
        with pytest.raises(ScimProblem) as caught:
            resolved(value, {"x": "user_1"})
        assert (caught.value.status, caught.value.scim_type) == (400, "invalidValue")


class TestOrder:
    def test_without_references_it_is_that_of_the_request(self) -> None:
        assert steps(patch("1"), post("a"), patch("2"), post("b")) == ((0,), (1,), (2,), (3,))
        assert steps() == ()

    def test_an_operation_waits_for_what_it_refers_to(self) -> None:
        assert steps(post("g", "u"), patch("7"), post("u")) == ((1,), (2,), (0,))
        assert steps(patch("bulkId:g"), post("g", "u"), post("u")) == ((2,), (1,), (0,))

    def test_operations_on_one_resource_keep_their_order(self) -> None:
        assert steps(patch("7", "u"), patch("7"), patch("8"), post("u")) == ((2,), (3,), (0,), (1,))

    def test_the_same_id_elsewhere_is_another_resource(self) -> None:
        elsewhere = BulkOperation(Method.DELETE, "/Users", "7")
        assert steps(patch("7", "u"), elsewhere, post("u")) == ((1,), (2,), (0,))

    def test_a_circle_is_one_step(self) -> None:
        assert steps(post("a", "b"), patch("7"), post("b", "c"), post("c", "a")) == ((0, 2, 3), (1,))
        assert steps(patch("bulkId:a"), post("a", "b"), post("b", "a", "d"), post("d")) == ((3,), (1, 2), (0,))

    def test_what_refers_to_itself_is_a_step_of_its_own(self) -> None:
        assert steps(post("a", "a"), post("b")) == ((0,), (1,))

    def test_long_chains_need_no_recursion(self) -> None:
        chain = [post(str(i), str(i + 1)) for i in range(5_000)]
        assert steps(*chain, post("5000")) == tuple((i,) for i in reversed(range(5_001)))
        circle = [post(str(i), str((i + 1) % 5_000)) for i in range(5_000)]
        assert steps(*circle) == (tuple(range(5_000)),)


class TestPlan:
    def test_it_says_who_refers_to_whom(self) -> None:
        plan = bulk_plan([post("g", "u", "v"), post("u"), post("v"), patch("bulkId:g", "u")])
        assert plan.refers_to == (frozenset({1, 2}), frozenset(), frozenset(), frozenset({0, 1}))
        assert plan.problems == {}

    def test_the_later_of_two_with_one_bulk_id_is_refused(self) -> None:
        plan = bulk_plan([post("a"), post("a"), post("b", "a")])
        assert {index: problem.scim_type for index, problem in plan.problems.items()} == {1: "invalidValue"}
        assert plan.refers_to[2] == {0}

    def test_an_unknown_reference_is_a_problem_of_its_operation(self) -> None:
        plan = bulk_plan([post("a", "none", "b"), post("b"), patch("bulkId:other")])
        assert set(plan.problems) == {0, 2}
        assert "`none`" in plan.problems[0].detail
        assert plan.refers_to[0] == {1}

    def test_only_what_a_post_makes_can_be_referred_to(self) -> None:
        named = BulkOperation(Method.PATCH, "/Groups", "7", bulk_id="a", data={})
        assert set(bulk_plan([named, post("b", "a")]).problems) == {1}

    def test_what_could_not_be_read_keeps_its_problem(self) -> None:
        unread = BulkOperation(Method.POST, bulk_id="a", data={"x": "bulkId:none"}, problem=invalid_path("No."))
        plan = bulk_plan([unread, post("b", "a")])
        assert {index: problem.detail for index, problem in plan.problems.items()} == {0: "No."}
        assert plan.steps == ((0,), (1,))


NAMES = st.sampled_from("abcdef")
OPERATIONS = st.builds(post, NAMES) | st.builds(lambda n, m: post(n, *m), NAMES, st.lists(NAMES, max_size=2))
OPERATIONS |= st.builds(lambda i, m: patch(i, *m), st.sampled_from(["1", "2", "bulkId:a"]), st.lists(NAMES, max_size=2))


@given(st.lists(OPERATIONS, max_size=10))
def test_any_request_has_a_plan(operations: list[BulkOperation]) -> None:
    plan = bulk_plan(operations)
    place = {index: number for number, step in enumerate(plan.steps) for index in step}
    assert sorted(place) == list(range(len(operations)))
    reach = {index: reachable(plan.refers_to, index) for index in place}
    for index, named in enumerate(plan.refers_to):
        for other in named:
            assert place[other] < place[index] or (place[other] == place[index] and index in reach[other])
    for step in plan.steps:
        assert list(step) == sorted(step)
        assert all(other in reach[index] for index in step for other in step if len(step) > 1)
    touched: dict[str, int] = {}
    for index, operation in enumerate(operations):
        if operation.resource_id is not None:
            assert place[index] > touched.get(operation.resource_id, -1)
            touched[operation.resource_id] = place[index]


def reachable(refers_to: tuple[frozenset[int], ...], start: int) -> set[int]:
    """Everything that an operation refers to, directly or not."""
    found: set[int] = set()
    fresh = set(refers_to[start])
    while fresh:
        found |= fresh
        fresh = {other for index in fresh for other in refers_to[index]} - found
    return found
