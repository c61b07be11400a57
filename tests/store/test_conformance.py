"""The conformance suite on SQLite and on PostgreSQL."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.faults.agreement import disagreements
from tests.store import (
    conformance,
    conformance_accounts,
    conformance_api,
    conformance_applications,
    conformance_audit,
    conformance_belonging,
    conformance_connections,
    conformance_delivery,
    conformance_deployment,
    conformance_domains,
    conformance_feed,
    conformance_invitations,
    conformance_members,
    conformance_notices,
    conformance_operators,
    conformance_outgoing_mail,
    conformance_people,
    conformance_receipts,
    conformance_setup,
    conformance_sign_in,
    conformance_snapshot,
    conformance_streams,
)
from tests.store.stage import Stage, staged

Check = Callable[[Stage], Awaitable[None]]
CHECKS: dict[str, Check] = {
    name.removeprefix("holds_"): check
    for module in (
        conformance,
        conformance_accounts,
        conformance_applications,
        conformance_api,
        conformance_audit,
        conformance_belonging,
        conformance_connections,
        conformance_delivery,
        conformance_deployment,
        conformance_domains,
        conformance_feed,
        conformance_invitations,
        conformance_members,
        conformance_notices,
        conformance_outgoing_mail,
        conformance_operators,
        conformance_people,
        conformance_receipts,
        conformance_setup,
        conformance_snapshot,
        conformance_sign_in,
        conformance_streams,
    )
    for name, check in vars(module).items()
    if name.startswith("holds_")
}
_MADE_BY_HAND = {
    "a_kept_user_moves_and_comes_back_where_she_moved_to",
    "a_group_that_moves_brings_its_nesting",
    "a_removed_organization_leaves_nothing",
    "a_stale_change_of_a_batch_fails_alone",
    "an_exchanges_entries_are_found_from_its_first_one",
    "an_exact_update_needs_the_revision_too",
    "an_update_needs_the_version_it_was_decided_on",
    "exchanges_are_found_by_outcome_person_and_path",
    "groups_that_hold_each_other_do_not_hang_a_read",
    "members_are_added_and_removed_once",
    "nesting_has_a_version",
    "people_move_with_their_groups",
}
"""Checks whose entries do not speak of what their rows do: the journal cannot agree with those."""


@pytest.mark.parametrize("name", CHECKS)
async def test_store_conforms(name: str, database_url: str) -> None:
    async with staged(database_url) as stage:
        await CHECKS[name](stage)
    if name not in _MADE_BY_HAND:
        assert await disagreements(database_url) == []


def test_every_module_of_checks_is_run() -> None:
    there = {file.stem for file in Path(__file__).parent.glob("conformance*.py")}
    assert there == {check.__module__.rpartition(".")[2] for check in CHECKS.values()}


def test_every_check_says_what_must_hold() -> None:
    assert len(CHECKS) > 30
    assert all(check.__doc__ for check in CHECKS.values())
