"""The feed: one position for each entry of an organization's journal, and what members were at a time.

`feed` is one of the global tables: the order in which entries of all organizations are told. `journal_head` is one from
here on: of each tenant it holds two numbers, the last entry of its journal and (`fed`) the last that has its position;
the partial index finds those that are behind. `feed_ended` holds organizations that were deleted and are still to be
told of; what is told of them stands in `feed.told`, since no journal of theirs is left.
"""

from typing import Final

SQL: Final = """
CREATE TABLE feed (
    position {int} NOT NULL PRIMARY KEY,
    organization_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    event_id {bytes} NOT NULL,
    type {text} NOT NULL,
    at {int} NOT NULL,
    told {bytes}
){strict};

CREATE TABLE feed_ended (
    organization_id {bytes} NOT NULL PRIMARY KEY,
    at {int} NOT NULL,
    told {bytes} NOT NULL
){strict};

CREATE INDEX feed_at ON feed (at);
CREATE INDEX feed_event ON feed (event_id);
CREATE INDEX feed_organization ON feed (organization_id, position);

ALTER TABLE journal_head ADD COLUMN fed {int};

CREATE INDEX journal_unfed ON journal_head (organization_id) WHERE fed IS NULL OR fed < seq;

CREATE TABLE member_version (
    organization_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    email {text} NOT NULL,
    name {text} NOT NULL,
    role {text} NOT NULL,
    state {text} NOT NULL,
    directory_id {bytes},
    resource_id {bytes},
    PRIMARY KEY (organization_id, member_id, seq)
){strict};

INSERT INTO member_version (organization_id, member_id, seq, email, name, role, state, directory_id, resource_id)
SELECT organization_id, id, 0, email, name, role, state, directory_id, resource_id FROM organization_member;
"""
