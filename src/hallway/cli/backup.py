"""`hallway backup` and `hallway restore`."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from hallway.cli.printing import refuse_unless_sure, say, say_lines, show_json
from hallway.cli.running import AsJson, BaseUrl, Database, run, settings_of
from hallway.cli.shapes import instant
from hallway.file_lock import hold
from hallway.hub.organizations.service import Refused
from hallway.ids import DIRECTORY, GROUP, ORGANIZATION, TOKEN, USER, fresh_id, wire
from hallway.key_file import KeyFileProblem, read_master_key
from hallway.keys.model import WrongMasterKey
from hallway.keys.ring import opened
from hallway.scim.json import Json, JsonObject
from hallway.setting_values import SqliteLocation
from hallway.settings import Settings
from hallway.store.archive import Archive, ArchiveProblem, Manifest, archive_in
from hallway.store.restoring import Restored
from hallway.store.restoring_undone import Undone
from hallway.web.wiring import clock, opening_of

_PREFIX: Final = {
    "organization": ORGANIZATION,
    "directory": DIRECTORY,
    "token": TOKEN,
    "user": USER,
    "group": GROUP,
}
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Write everything in the database to a file, while it is served. The master key is not in it."""
    from hallway.store.archive_snapshot import (
        write_backup,  # with PostgreSQL's driver, which servers on SQLite go without
    )

    settings = settings_of({"database": database, "base_url": base_url})

    async def act() -> Manifest:
        with _refusing():
            return await write_backup(opening_of(settings), file, clock(), force)

    shape = {**_archive_shape(run(act), file), "bytes": file.stat().st_size}
    if as_json:
        show_json(shape)
        return
    say(
        f"Wrote {file}, {shape['bytes']} bytes. Organizations: {shape['organizations']}; directories: "
        f"{shape['directories']}; users and groups: {shape['resources']}; journal entries: {shape['journal_entries']}."
    )
    say("Keep the master key elsewhere: without it a restored database does not open.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `hallway backup` wrote, on either engine.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
    database: Database = None,
    base_url: BaseUrl = None,
) -> None:
    """Put a backup in the place of the database, which is kept; no server may run. Lists what to revoke again."""
    from hallway.store.restoring_engine import restored_into

    settings = settings_of({"database": database, "base_url": base_url})
    now = clock()
    epoch = fresh_id(now, os.urandom(10)).hex()

    async def act() -> JsonObject:
        with _refusing(), archive_in(file) as archive:
            _check_master_key(settings, archive)
            async with _alone(settings):
                if not yes:
                    _ask(settings, archive, file)
                restored = await restored_into(opening_of(settings), archive, epoch, now)
            return _shape(settings, restored, {"restored": _archive_shape(archive.manifest, file), "epoch": epoch})

    shape = run(act)
    if as_json:
        show_json(shape)
    else:
        _tell(settings, file, shape)


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ArchiveProblem as problem:
        raise Refused("invalid", str(problem)) from problem


def _check_master_key(settings: Settings, archive: Archive) -> None:
    """Refuse where the key at hand would not open what is restored; no key is made here."""
    record = archive.key_record()
    if not record.keys:
        return
    key = settings.master_key
    if key is None:
        if settings.key_file is None or not settings.key_file.exists():
            raise KeyFileProblem(
                "A backup is of use only with its master key. Put the key file that belongs to it at "
                f"{settings.key_file}, or name it by master_key_file. Nothing was changed."
            )
        key = read_master_key(settings.key_file)
    try:
        opened(record, key)
    except WrongMasterKey:
        raise Refused(
            "invalid",
            "The master key at hand is not the one of the time when the backup was made. Set master_key or "
            "master_key_file to that one; nothing was changed.",
        ) from None


def _ask(settings: Settings, archive: Archive, file: Path) -> None:
    made = instant(archive.manifest.made_at)
    refuse_unless_sure(
        f"Put {file}, made {made}, in the place of {settings.database.shown}? What was written since is lost, "
        "and revocations made since are undone; the database as it is now is kept.",
        "Nothing was changed.",
    )


@asynccontextmanager
async def _alone(settings: Settings) -> AsyncIterator[None]:
    """No server has the database, and on SQLite none can start."""
    with ExitStack() as stack:
        if isinstance(settings.database, SqliteLocation):
            stack.enter_context(hold(settings.database.path))
        from hallway.store.restoring_engine import refuse_connected

        await refuse_connected(opening_of(settings))
        yield


def _archive_shape(manifest: Manifest, file: Path) -> JsonObject:
    return {
        "file": str(file),
        "made_at": instant(manifest.made_at),
        "engine": manifest.engine,
        "schema": manifest.schema,
        "organizations": manifest.rows_of("organization"),
        "directories": manifest.rows_of("directory"),
        "resources": manifest.rows_of("resource"),
        "journal_entries": manifest.rows_of("journal"),
    }


def _shape(settings: Settings, restored: Restored, begun: JsonObject) -> JsonObject:
    undone: list[Json] = [_undone_shape(settings, one) for one in restored.undone]
    migrated: list[Json] = list(restored.migrated)
    return {
        **begun,
        "kept": restored.kept,
        "migrations": migrated,
        "compared": not restored.not_compared,
        "not_compared": restored.not_compared or None,
        "undone": undone,
    }


def _undone_shape(settings: Settings, one: Undone) -> JsonObject:
    prefix = GROUP if one.member_is_group else USER if one.kind == "membership" else _PREFIX[one.kind]
    return {
        "kind": one.kind,
        "was": one.what,
        "organization_id": wire(ORGANIZATION, one.organization_id),
        "directory_id": None if one.directory_id is None else wire(DIRECTORY, one.directory_id),
        "group_id": None if one.group_id is None else wire(GROUP, one.group_id),
        "id": wire(prefix, one.id),
        "name": one.name,
        "again": _again(settings, one, wire(prefix, one.id)),
    }


def _again(settings: Settings, one: Undone, own: str) -> str:
    """The command that makes the revocation again; `$TOKEN` stands for a token of the directory."""
    match one.kind, one.what:
        case (("organization" | "directory"), what):
            verb = {"suspended": "suspend", "disabled": "disable"}.get(what, "delete")
            return f"hallway hub {one.kind} {verb} {own}"
        case "token", _:
            return f"hallway hub token revoke {own}"
        case _:
            directory = wire(DIRECTORY, one.directory_id or b"")
            return _request(f"{settings.scim_base_url}/scim/{directory}/v2", one, own)


def _request(base: str, one: Undone, own: str) -> str:
    authorization = '-H "Authorization: Bearer $TOKEN"'
    endpoint = "Users" if one.kind == "user" else "Groups"
    if one.what == "deleted":
        return f"curl -X DELETE {authorization} {base}/{endpoint}/{own}"
    if one.group_id is not None:
        operation: JsonObject = {"op": "remove", "path": f'members[value eq "{own}"]'}
        own = wire(GROUP, one.group_id)
    else:
        operation = {"op": "replace", "path": "active", "value": False}
    body = orjson.dumps({"schemas": [_PATCH], "Operations": [operation]}).decode()
    return f"curl -X PATCH {authorization} -H 'Content-Type: application/scim+json' -d '{body}' {base}/{endpoint}/{own}"


def _tell(settings: Settings, file: Path, shape: JsonObject) -> None:
    say(f"{settings.database.shown} is now what {file} holds. The feed has a new epoch: {shape['epoch']}.")
    if shape["kept"]:
        say(f"The database before is kept: {shape['kept']}")
    if shape["not_compared"]:
        say(f"What the backup undoes cannot be listed: {shape['not_compared']}.")
        return
    undone = shape["undone"]
    found = [one for one in undone if isinstance(one, dict)] if isinstance(undone, list) else []
    if not found:
        say("No revocation was made since the backup: nothing to do again.")
        return
    many = len(found) > 1
    say(
        f"{len(found)} revocation{'s' * many} made since the backup {'are' if many else 'is'} undone. "
        f"Make {'them' if many else 'it'} again before you serve:"
    )
    for kind in dict.fromkeys(str(one["kind"]) for one in found):
        of_kind = [one for one in found if one["kind"] == kind]
        say("")
        say(f"{kind}: {len(of_kind)}")
        for one in of_kind:
            say(f"  {one['was']}: {one['id']}  {one['name']}".rstrip())
            say(f"    {one['again']}")
    if any("$TOKEN" in str(one["again"]) for one in found):
        say_lines(
            "\nA $TOKEN for them: hallway hub token create DIRECTORY. Or let the directory push everything again."
        )
