"""Which handler a request goes to.

Rules: a literal segment goes before a parameter; the more literal template takes all methods of its paths;
HEAD is served by GET. Matching costs one dictionary look-up per segment, whatever the number of routes.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from hallway.web.http import Request, Response

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the route table: `path` is a template such as `/scim/{directory}/v2/Users/{id}`.

    `cross_site` says that pages of other sites may post here; `any_host` that the `Host` is not asked for
    (probes come by address).
    """

    method: str
    path: str
    guard: str
    handler: Handler
    cross_site: bool = False
    any_host: bool = False
    description: str = ""


class Match(NamedTuple):
    """The route of a request, and what stands in the place of its parameters."""

    route: Route
    params: dict[str, str]


class WrongMethod(NamedTuple):
    """The path is there, but not for this method; `allow` is the value of the header."""

    allow: str


@dataclass(slots=True)
class _Leaf:
    """The routes of one template; `takes` has each parameter's name and the number of its segment."""

    template: str
    takes: tuple[tuple[str, int], ...]
    routes: dict[str, Route] = field(default_factory=dict)
    allow: str = ""


@dataclass(slots=True)
class _Node:
    literal: dict[str, "_Node"] = field(default_factory=dict)
    parameter: "_Node | None" = None
    leaf: _Leaf | None = None


class Router:
    """The route table, ready for look-ups; `fallback` answers what no template matches."""

    __slots__ = ("_root", "fallback", "routes")

    def __init__(self, routes: Iterable[Route], fallback: Handler | None = None) -> None:
        self.routes = tuple(routes)
        self.fallback = fallback
        self._root = _Node()
        for route in self.routes:
            _plant(self._root, route)
        _graft(self._root)

    def match(self, method: str, path: str) -> Match | WrongMethod | None:
        """Where a tidy path leads; `None` where no template is."""
        node = self._root
        segments = path.split("/")[1:] if path != "/" else []
        if not path.startswith("/"):
            return None
        for segment in segments:
            following = node.literal.get(segment, node.parameter)
            if following is None:
                return None
            node = following
        leaf = node.leaf
        if leaf is None:
            return None
        route = leaf.routes.get(method)
        if route is None:
            return WrongMethod(leaf.allow)
        return Match(route, {name: segments[place] for name, place in leaf.takes})


def _plant(root: _Node, route: Route) -> None:
    takes = []
    node = root
    for place, segment in enumerate(route.path.strip("/").split("/") if route.path != "/" else []):
        if segment.startswith("{"):
            takes.append((segment[1:-1], place))
            node.parameter = node = node.parameter or _Node()
        else:
            node = node.literal.setdefault(segment, _Node())
    leaf = node.leaf = node.leaf or _Leaf(route.path, tuple(takes))
    if leaf.template != route.path or route.method in leaf.routes:
        raise ValueError(f"{route.method} {route.path}: another route has this place: {leaf.template}")
    leaf.routes[route.method] = route
    if route.method == "GET":
        leaf.routes["HEAD"] = route
    leaf.allow = ", ".join(sorted(leaf.routes))


def _graft(node: _Node) -> None:
    """Give each literal branch what grows on the parameter beside it, so that a look-up never goes back."""
    if node.parameter is not None:
        _graft(node.parameter)
    for branch in node.literal.values():
        if node.parameter is not None:
            _merge(branch, node.parameter)
        _graft(branch)


def _merge(into: _Node, source: _Node) -> None:
    into.leaf = into.leaf or source.leaf
    for segment, branch in source.literal.items():
        _merge(into.literal.setdefault(segment, _Node()), branch)
    if source.parameter is not None:
        into.parameter = into.parameter or _Node()
        _merge(into.parameter, source.parameter)
