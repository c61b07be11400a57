import pytest

from hallway.web.http import Request, Response
from hallway.web.routing import Match, Route, Router, WrongMethod


async def handler(request: Request) -> Response:
    return Response(200)


def route(method: str, path: str) -> Route:
    return Route(method, path, "open", handler)


ROUTER = Router(
    [
        route("GET", "/"),
        route("GET", "/healthz"),
        route("GET", "/scim/{directory}/v2/Users"),
        route("POST", "/scim/{directory}/v2/Users"),
        route("POST", "/scim/{directory}/v2/Users/.search"),
        route("GET", "/scim/{directory}/v2/Users/{id}"),
        route("PATCH", "/scim/{directory}/v2/Users/{id}"),
        route("GET", "/scim/open/v2/{kind}"),
        route("GET", "/a/b/c"),
        route("GET", "/a/{x}/{y}/d"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "template", "params"),
    [
        ("GET", "/", "/", {}),
        ("HEAD", "/healthz", "/healthz", {}),
        ("GET", "/scim/dir_1/v2/Users", "/scim/{directory}/v2/Users", {"directory": "dir_1"}),
        ("GET", "/scim/dir_1/v2/Users/7", "/scim/{directory}/v2/Users/{id}", {"directory": "dir_1", "id": "7"}),
        ("POST", "/scim/d/v2/Users/.search", "/scim/{directory}/v2/Users/.search", {"directory": "d"}),
        ("GET", "/scim/open/v2/Groups", "/scim/open/v2/{kind}", {"kind": "Groups"}),
        ("GET", "/scim/open/v2/Users", "/scim/{directory}/v2/Users", {"directory": "open"}),
        ("GET", "/scim/open/v2/Users/7", "/scim/{directory}/v2/Users/{id}", {"directory": "open", "id": "7"}),
        ("GET", "/a/b/c", "/a/b/c", {}),
        ("GET", "/a/b/c/d", "/a/{x}/{y}/d", {"x": "b", "y": "c"}),
        ("GET", "/a/b/z/d", "/a/{x}/{y}/d", {"x": "b", "y": "z"}),
    ],
)
def test_a_path_leads_to_the_most_literal_template_that_fits(
    method: str, path: str, template: str, params: dict[str, str]
) -> None:
    found = ROUTER.match(method, path)
    assert isinstance(found, Match)
    assert (found.route.path, found.params) == (template, params)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/scim/d/v2/Users", "GET, HEAD, POST"),
        ("DELETE", "/scim/d/v2/Users/7", "GET, HEAD, PATCH"),
        ("GET", "/scim/d/v2/Users/.search", "POST"),
        ("POST", "/", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_are_possible(method: str, path: str, allow: str) -> None:
    assert ROUTER.match(method, path) == WrongMethod(allow)


@pytest.mark.parametrize("path", ["/scim", "/scim/d/v2", "/scim/d/v2/Users/7/8", "/nothing", "*", "", "/a/b/c/d/e"])
def test_what_no_template_fits_leads_nowhere(path: str) -> None:
    assert ROUTER.match("GET", path) is None


def test_two_routes_cannot_have_one_place() -> None:
    for second in ("/a/{x}", "/a/{y}"):
        with pytest.raises(ValueError, match="another route"):
            Router([route("GET", "/a/{x}"), route("GET", second)])


def test_the_table_can_be_read_back() -> None:
    assert [one.path for one in ROUTER.routes][:2] == ["/", "/healthz"]
    assert ROUTER.fallback is None
