"""Forward-only migrations: `STEPS` in order, one SQL text each for both engines.

Rules: a step that has been released is never edited (its checksum is kept in the database); `{bytes}`,
`{text}`, `{int}`, `{small}` stand for each engine's types; every text column compares by bytes; every table
but the closed list `GLOBAL_TABLES` has `organization_id` first in its primary key, unique indexes and foreign
keys; no triggers, no identity columns. `tests/store/test_schema.py` holds them to this.
"""

from typing import Final

from hallway.store.migrations import (
    step_0001,
    step_0002,
    step_0003,
    step_0004,
    step_0005,
    step_0006,
    step_0007,
    step_0008,
    step_0009,
)

STEPS: Final = (
    (1, "the Hub's first schema", step_0001.SQL),
    (2, "accounts and members", step_0002.SQL),
    (3, "lists and histories of members", step_0003.SQL),
    (4, "single sign-on", step_0004.SQL),
    (5, "the feed", step_0005.SQL),
    (6, "applications and API keys", step_0006.SQL),
    (7, "delivery and receipts", step_0007.SQL),
    (8, "members of sign-ins under way", step_0008.SQL),
    (9, "what sign-ins forget", step_0009.SQL),
)

GLOBAL_TABLES: Final = frozenset(
    {
        "organization",
        "locator",
        "place",
        "deployment",
        "data_key",
        "schema_step",
        "key_check",
        "feed",
        "feed_ended",
        "journal_head",
    }
)
