"""The rows of the route table, and the names of the guards in them.

Rules: a page is made by `page`, and no page of another site can post to it; the table is the one place that says
who may call what.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hallway.web.http import Request, Response

NONE: Final = "none"
TOKEN: Final = "directory token"  # noqa: S105 - the guard's name
METRICS_TOKEN: Final = "metrics token, if one is set"  # noqa: S105 - the guard's name
API: Final = "API key or access token"
STREAM_SECRET: Final = "stream secret"  # noqa: S105 - the guard's name

ACCOUNT: Final = "account"
MEMBER: Final = "member"
ADMIN: Final = "admin"
FRESH_ACCOUNT: Final = "fresh account"
FRESH_ADMIN: Final = "fresh admin"
SETUP_LINK: Final = "setup link"
OPERATOR_VISIT: Final = "operator's sign-in"
OPERATOR_ACCOUNT: Final = "operator's account"
FRESH_OPERATOR_ACCOUNT: Final = "fresh operator's account"
OPERATOR: Final = "operator"
OPERATOR_SUPPORT: Final = "operator support"
OPERATOR_OWNER: Final = "operator owner"
FRESH_OPERATOR_OWNER: Final = "fresh operator owner"

PAGE_GUARDS: Final = frozenset(
    {NONE, ACCOUNT, MEMBER, ADMIN, FRESH_ACCOUNT, FRESH_ADMIN, SETUP_LINK}
    | {OPERATOR_VISIT, OPERATOR_ACCOUNT, FRESH_OPERATOR_ACCOUNT}
    | {OPERATOR, OPERATOR_SUPPORT, OPERATOR_OWNER, FRESH_OPERATOR_OWNER}
)
"""The guards that a page may stand behind."""

PageHandler: TypeAlias = Callable[[Request, Any], Awaitable[Response]]
"""Called with whom the guard let in; behind `none`, with whoever is signed in, or None."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the route table: `handler` names the function; `cross_site` as in `Route`; `page` says that people
    read the answer: it has the headers of a page, and its errors are pages too.
    """

    method: str
    path: str
    guard: str
    handler: str
    description: str
    cross_site: bool = False
    any_host: bool = False
    page: bool = False


def page(method: str, path: str, guard: str, handler: str, description: str) -> Row:
    """A row whose answer people read."""
    return Row(method, path, guard, handler, description, page=True)
