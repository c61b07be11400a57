"""Who may call what: each guard with the credentials that it lets in, and the table of all routes made from it.

`python -m hallway.web.access` writes `docs/reference/access.md`; tests hold the page, and every route as it is served,
to this table.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from hallway.web.routes import ROUTES
from hallway.web.rows import (
    ACCOUNT,
    ADMIN,
    API,
    FRESH_ACCOUNT,
    FRESH_ADMIN,
    FRESH_OPERATOR_ACCOUNT,
    FRESH_OPERATOR_OWNER,
    MEMBER,
    METRICS_TOKEN,
    NONE,
    OPERATOR,
    OPERATOR_ACCOUNT,
    OPERATOR_OWNER,
    OPERATOR_SUPPORT,
    OPERATOR_VISIT,
    SETUP_LINK,
    STREAM_SECRET,
    TOKEN,
)

NOTHING: Final = "nothing"
OUTSIDER: Final = "account"
GUEST: Final = "guest"
USER: Final = "user"
ADMINISTRATOR: Final = "admin"
LINK: Final = "set-up link"
VIEWER: Final = "viewer"
SUPPORT: Final = "support"
OWNER: Final = "owner"
DIRECTORY: Final = "directory token"
API_KEY: Final = "API key"

CREDENTIALS: Final = (NOTHING, OUTSIDER, GUEST, USER, ADMINISTRATOR, LINK, VIEWER, SUPPORT, OWNER, DIRECTORY, API_KEY)
"""What a request can come with: an account's session without an organization, then with each role in one; a browser in
which a set-up link was opened; an operator's session of each role; a directory's token; an API key.
"""

_PEOPLE: Final = frozenset({OUTSIDER, GUEST, USER, ADMINISTRATOR})
_OPERATORS: Final = frozenset({VIEWER, SUPPORT, OWNER})

ADMITS: Final[Mapping[str, frozenset[str]]] = {
    NONE: frozenset(CREDENTIALS),
    METRICS_TOKEN: frozenset(CREDENTIALS),
    TOKEN: frozenset({DIRECTORY}),
    API: frozenset({API_KEY}),
    STREAM_SECRET: frozenset(),
    ACCOUNT: _PEOPLE,
    FRESH_ACCOUNT: _PEOPLE,
    MEMBER: _PEOPLE - {OUTSIDER},
    ADMIN: frozenset({ADMINISTRATOR}),
    FRESH_ADMIN: frozenset({ADMINISTRATOR}),
    SETUP_LINK: frozenset({LINK}),
    OPERATOR: _OPERATORS,
    OPERATOR_SUPPORT: frozenset({SUPPORT, OWNER}),
    OPERATOR_OWNER: frozenset({OWNER}),
    FRESH_OPERATOR_OWNER: frozenset({OWNER}),
    OPERATOR_VISIT: frozenset(CREDENTIALS),
    OPERATOR_ACCOUNT: _OPERATORS,
    FRESH_OPERATOR_ACCOUNT: _OPERATORS,
}
"""The credentials that each guard lets in; a "fresh" one asks who they are of once more after ten minutes."""

_HEAD: Final = """# Who may call what

Every route with the credentials that open it; made from the route table by `python -m hallway.web.access`, and every
cell is a test. What a route is for stands in [Routes](routes.md).

- **nothing**: no cookie, no token. **account**: signed in, with no organization open. **guest**, **user**, **admin**:
  a member with this role in the organization that her session has open. **set-up link**: a browser in which a link was
  opened. **viewer**, **support**, **owner**: an operator, signed in with
  two factors. **directory token**: the token of one directory. **API key**: a key, or an application's access token,
  with the scope that the [API's page](api.md) says of the route.
- Each opens its own organization, directory or link only: an object of another one is 404, as one that never was.
- `again` stands where a page asks who is signed in to prove it once more, ten minutes after the last time.
- `/streams/…` asks for the stream's own secret, and nothing else opens it.
- `/metrics` asks for its own token where [`metrics_token`](settings.md#metrics_token) is set.

"""


def page() -> str:
    """The page of the reference."""
    lines = [_HEAD + "| route | " + " | ".join(CREDENTIALS) + " |", "|---|" + "---|" * len(CREDENTIALS)]
    for row in ROUTES:
        word = "again" if row.guard.startswith("fresh") else "yes"
        cells = (word if one in ADMITS[row.guard] else "" for one in CREDENTIALS)
        lines.append(f"| `{row.method} {row.path}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    Path("docs/reference/access.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
