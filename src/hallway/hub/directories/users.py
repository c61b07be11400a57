"""Creating, changing and ending directory users: what is decided, before anything is written."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from hallway.hub.directories.belonging import followed
from hallway.hub.directories.carrying import Decision, Happening, Outcome, carried
from hallway.hub.directories.columns import Keys, columns_of, same_keys, with_plain_manager
from hallway.hub.directories.desk import Desk, Scene
from hallway.hub.directories.documents import document_of, resource_of
from hallway.hub.directories.ending import Ending, ended, existing, removal
from hallway.hub.directories.facts import changed_names, label, names_of
from hallway.hub.directories.matching import refuse_unmatched
from hallway.hub.directories.model import Kind, Rules
from hallway.hub.directories.resources import Columns, NewResource, ResourceUpdate, Stored
from hallway.ids import ResourceId
from hallway.scim.json import Json, JsonObject
from hallway.scim.patch import patched
from hallway.scim.patch_operations import patch_operations
from hallway.scim.problem import invalid_value, mutability, uniqueness
from hallway.scim.replacement import replacement
from hallway.scim.resource import created_defaults, parsed_resource

Changed: TypeAlias = Callable[[JsonObject], JsonObject]


class Former(NamedTuple):
    """The version before; `keys` are empty where all of its look-up keys stay."""

    stored: Stored
    keys: Keys | None = None


async def create_user(desk: Desk, scene: Scene, body: Json, given_id: ResourceId | None = None) -> Outcome:
    """Store a new user; 409 where the userName is taken, in any letter case.

    `given_id` is the id that a bulk request gave out before.
    """
    user_type = scene.types[Kind.USER]
    sent = with_plain_manager(created_defaults(parsed_resource(body, user_type, scene.tolerance), user_type))
    _refuse_by_rules(scene.directory.rules, sent)
    user_id = given_id or ResourceId(desk.fresh_id())

    async def decide() -> Decision:
        stored, columns = await drafted(desk, scene, user_id, sent)
        await _refuse_taken(desk, scene, columns, None)
        former = await _former(desk, scene, columns)
        if former is not None:
            return await restored(desk, scene, former, sent)
        rows = (NewResource(scene.key, stored, columns),)
        return Decision(
            stored, rows, (Happening("user.created", user_id, {"attributes": names_of(sent)}, label(sent)),)
        )

    return await carried(desk, scene, 201, followed(desk, scene, decide))


async def replace_user(desk: Desk, scene: Scene, user_id: ResourceId, body: Json, if_match: str | None) -> Outcome:
    """Replace what the client owns of a user (RFC 7644 §3.5.1); a missing `active` stays as it is."""
    user_type = scene.types[Kind.USER]
    sent = parsed_resource(body, user_type, scene.tolerance)

    def changed(old: JsonObject) -> JsonObject:
        return replacement(old, sent, user_type, scene.tolerance)

    return await _change_user(desk, scene, user_id, changed, if_match)


async def patch_user(desk: Desk, scene: Scene, user_id: ResourceId, body: Json, if_match: str | None) -> Outcome:
    """Apply a PATCH, all of it or nothing (RFC 7644 §3.5.2)."""
    user_type = scene.types[Kind.USER]
    operations = patch_operations(body, user_type, scene.tolerance)

    def changed(old: JsonObject) -> JsonObject:
        return patched(old, operations, user_type, scene.tolerance).resource

    return await _change_user(desk, scene, user_id, changed, if_match)


async def delete_user(desk: Desk, scene: Scene, user_id: ResourceId, if_match: str | None) -> Outcome:
    """End a user: gone, or by the directory's rules kept, hidden and inactive."""

    async def ending(was: Stored, old: JsonObject, exact: bool) -> Ending:
        groups: list[Json] = [f"group_{group.id.hex()}" for group in was.groups if group.direct]
        facts: JsonObject = {"groups": groups}
        if not scene.directory.rules.delete_deactivates:
            return Ending(removal(desk, scene, was, old, exact), facts)
        stored, columns = await drafted(desk, scene, user_id, {**old, "active": False}, Former(was))
        gone = replace(stored, kind=Kind.GONE)
        # Her other keys stay: no list of users finds her by them, and a search of all who ever were here can.
        kept = replace(columns, name_key=None)
        return Ending(ResourceUpdate(scene.key, was, gone, kept, kept.keys, exact), facts)

    return await ended(desk, scene, (Kind.USER, user_id), if_match, ending)


async def _change_user(
    desk: Desk, scene: Scene, user_id: ResourceId, changed: Changed, if_match: str | None
) -> Outcome:
    async def decide() -> Decision:
        was = await existing(desk, scene, Kind.USER, user_id)
        refuse_unmatched(if_match, was)
        old = resource_of(was)
        new = with_plain_manager(changed(old))
        if new == old:
            return Decision(was)
        _refuse_by_rules(scene.directory.rules, new, old)
        return await _updated(desk, scene, (was, old, new), if_match is not None)

    async with desk.queues.turn(user_id):
        return await carried(desk, scene, 200, followed(desk, scene, decide))


async def _updated(desk: Desk, scene: Scene, versions: tuple[Stored, JsonObject, JsonObject], exact: bool) -> Decision:
    """A user's new document; the happening says whether she was deactivated or came back."""
    was, old, new = versions
    same = same_keys(old, new)  # then no key is written or removed, and none has to be known
    stored, columns = await drafted(desk, scene, was.id, new, Former(was, () if same else None))
    if old.get("userName") != new.get("userName"):
        await _refuse_taken(desk, scene, columns, was.id)
    old_keys = () if same else columns_of(Kind.USER, old).keys
    row = ResourceUpdate(scene.key, was, stored, columns, old_keys, exact)
    facts: JsonObject = {"attributes": changed_names(old, new)}
    return Decision(stored, (row,), (Happening(_kind_of_change(old, new), was.id, facts, label(new)),))


def _kind_of_change(old: JsonObject, new: JsonObject) -> str:
    before, after = old.get("active"), new.get("active")
    if before is not False and after is False:
        return "user.deactivated"
    if before is False and after is not False:
        return "user.reactivated"
    return "user.updated"


async def restored(desk: Desk, scene: Scene, former: Stored, sent: JsonObject) -> Decision:
    """The same person again, under her old id (IDENTITY: only with the same externalId)."""
    stored, columns = await drafted(desk, scene, former.id, sent, Former(former))
    back = replace(stored, kind=Kind.USER)
    row = ResourceUpdate(scene.key, former, back, columns, columns_of(Kind.USER, resource_of(former)).keys)
    happening = Happening("user.restored", former.id, {"attributes": names_of(sent)}, label(sent))
    return Decision(back, (row,), (happening,))


async def drafted(
    desk: Desk, scene: Scene, user_id: ResourceId, resource: JsonObject, former: Former | None = None
) -> tuple[Stored, Columns]:
    """A document and its columns, not yet written."""
    was, keys = former or (None, None)
    document, hidden, splice_at = document_of(resource, Kind.USER, user_id, scene.types[Kind.USER])
    columns = columns_of(Kind.USER, resource, splice_at, keys)
    now = desk.now()
    stored = Stored(
        id=user_id,
        kind=Kind.USER,
        seq=0 if was is None else was.seq,
        revision=1 if was is None else was.revision + 1,
        created_at=now if was is None else was.created_at,
        modified_at=now,
        document=document,
        hidden=hidden,
        splice_at=splice_at,
        manager_id=columns.manager_id,
        manager_display=await _display_of_manager(desk, scene, columns, was),
        schema_version=scene.schema_version,
        groups_text="" if was is None else was.groups_text,
    )
    return stored, columns


async def _display_of_manager(desk: Desk, scene: Scene, columns: Columns, was: Stored | None) -> str | None:
    if columns.manager_id is None:
        return None
    if was is not None and was.manager_id == columns.manager_id:
        return was.manager_display
    return await desk.resources.display_of_user(scene.key, columns.manager_id)


async def _former(desk: Desk, scene: Scene, columns: Columns) -> Stored | None:
    rules = scene.directory.rules
    if not (rules.delete_deactivates and rules.restore_by_external_id) or columns.external_id is None:
        return None
    return await desk.resources.gone_by_external_id(scene.key, columns.external_id)


async def _refuse_taken(desk: Desk, scene: Scene, columns: Columns, own: ResourceId | None) -> None:
    if columns.name_key is None:
        return
    holder = await desk.resources.id_by_name(scene.key, Kind.USER, columns.name_key)
    if holder is not None and holder != own:
        raise uniqueness("A user with this userName is already in this directory (letter case does not count).")


def _refuse_by_rules(rules: Rules, new: JsonObject, old: JsonObject | None = None) -> None:
    name = new.get("userName")
    if rules.user_name_is_email and not (isinstance(name, str) and _is_email(name)):
        raise invalid_value("This directory wants an e-mail address as userName.")
    if old is None:
        return
    for path in rules.immutable:
        if _at(new, path) != _at(old, path):
            raise mutability(f"This directory does not let SCIM change `{path}` after creation.")


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and local and "." in domain.strip(".") and not any(map(str.isspace, text)))


def _at(resource: JsonObject, path: str) -> Json:
    """What stands at a lower-case path, `name.givenname` or an extension's URN and a name."""
    for name, value in resource.items():
        lower = name.lower()
        if lower == path:
            return value
        if isinstance(value, dict) and (path.startswith((lower + ".", lower + ":"))):
            return _at(value, path[len(lower) + 1 :])
    return None
