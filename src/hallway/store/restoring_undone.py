"""What a restore brings back to life: revocations that were made after the backup, by comparing old and new.

Rules: only what the backup has and the old database had ended is named; what both lack, or a token that has expired
meanwhile, gives nobody access.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast


@dataclass(frozen=True, slots=True)
class Undone:
    """One revocation that is no longer so.

    `kind` is organization, directory, token, user, group or membership; `what` is what it was: suspended, deleted,
    disabled, revoked, deactivated or removed. `id` is the member's for a membership, and `group_id` its group.
    """

    kind: str
    what: str
    organization_id: bytes
    directory_id: bytes | None
    id: bytes
    name: str
    group_id: bytes | None = None
    member_is_group: bool = False


_STANDING: Final = """(SELECT MAX(COALESCE(m.active, 1)) FROM {old}.directory d CROSS JOIN {old}.resource m
    WHERE d.organization_id = n.organization_id AND m.organization_id = d.organization_id AND m.directory_id = d.id
      AND m.kind = n.kind AND m.id = n.id)"""
"""1 where the old database has the resource, in any directory; 0 where it is inactive; null where it is gone.

CROSS JOIN, so that SQLite looks the resource up in each directory instead of reading all of them.
"""

_ALIVE: Final = """EXISTS (SELECT 1 FROM {old}.resource a WHERE a.organization_id = n.organization_id
    AND a.directory_id = n.directory_id AND a.kind = %s AND a.id = %s AND COALESCE(a.active, 1) = 1)"""

_NAME: Final = "COALESCE(NULLIF(%s.display, ''), %s.name_key, '')"
"""What people know a resource by."""

COMPARISONS: Final[Mapping[str, str]] = {
    "organization": """SELECT n.organization_id, NULL, n.organization_id, n.name,
            CASE WHEN o.organization_id IS NULL THEN 'deleted' ELSE 'suspended' END, NULL, NULL
        FROM {new}.organization n LEFT JOIN {old}.organization o ON o.organization_id = n.organization_id
        WHERE o.organization_id IS NULL OR (o.state = 'suspended' AND n.state <> 'suspended')
        ORDER BY n.organization_id""",
    "directory": """SELECT n.organization_id, n.id, n.id, n.name, o.state, NULL, NULL
        FROM {new}.directory n
        JOIN {old}.directory o ON o.organization_id = n.organization_id AND o.id = n.id
        WHERE (o.state = 'deleted' AND n.state <> 'deleted') OR (o.state = 'disabled' AND n.state = 'active')
        ORDER BY n.organization_id, n.id""",
    "token": """SELECT n.organization_id, n.directory_id, n.id, n.label, 'revoked', NULL, NULL
        FROM {new}.token n JOIN {old}.token o ON o.organization_id = n.organization_id AND o.id = n.id
        WHERE n.revoked_at IS NULL AND o.revoked_at IS NOT NULL AND n.expires_at > {now}
        ORDER BY n.organization_id, n.id""",
    "user": f"""SELECT c.organization_id, c.directory_id, c.id, c.display,
            CASE WHEN c.standing IS NULL THEN 'deleted' ELSE 'deactivated' END, NULL, NULL
        FROM (SELECT n.organization_id, n.directory_id, n.id, {_NAME % ("n", "n")} AS display, {_STANDING} AS standing
              FROM {{new}}.resource n JOIN {{old}}.organization o ON o.organization_id = n.organization_id
              WHERE n.kind = 1 AND COALESCE(n.active, 1) = 1 AND NOT {_ALIVE % ("1", "n.id")}) c
        WHERE COALESCE(c.standing, 0) = 0 ORDER BY c.organization_id, c.id""",
    "group": f"""SELECT c.organization_id, c.directory_id, c.id, c.display, 'deleted', NULL, NULL
        FROM (SELECT n.organization_id, n.directory_id, n.id, n.display, {_STANDING} AS standing
              FROM {{new}}.resource n JOIN {{old}}.organization o ON o.organization_id = n.organization_id
              WHERE n.kind = 2 AND NOT {_ALIVE % ("2", "n.id")}) c
        WHERE c.standing IS NULL ORDER BY c.organization_id, c.id""",
    "membership": f"""SELECT n.organization_id, n.directory_id, n.member_id, {_NAME % ("r", "r")}, 'removed',
            n.group_id, n.member_kind
        FROM {{new}}.member n JOIN {{new}}.resource r ON r.organization_id = n.organization_id
          AND r.directory_id = n.directory_id AND r.kind = n.member_kind AND r.id = n.member_id
        WHERE NOT EXISTS (SELECT 1 FROM {{old}}.member o WHERE o.organization_id = n.organization_id
            AND o.directory_id = n.directory_id AND o.group_id = n.group_id AND o.member_id = n.member_id)
          AND {_ALIVE % ("2", "n.group_id")} AND {_ALIVE % ("n.member_kind", "n.member_id")}
        ORDER BY n.organization_id, n.group_id, n.member_id""",
}
"""A query for each kind, over two schemas of one database."""

ANY: Final = "SELECT 1 FROM {old}.organization LIMIT 1"
"""Whether the old database had anything in it."""


def comparison(text: str, new: str, old: str, now: int) -> str:
    """One of the queries above, for the schemas `new` and `old`; `now` is microseconds since 1970."""
    return text.format(new=new, old=old, now=int(now))


def undone_of(kind: str, row: Sequence[object]) -> Undone:
    """A row of one of the queries."""
    organization, directory, one, name, what, group, member_kind = cast(
        "tuple[bytes, bytes | None, bytes, str, str, bytes | None, int | None]", tuple(row)
    )
    return Undone(kind, what, organization, directory, one, name, group, member_kind == 2)
