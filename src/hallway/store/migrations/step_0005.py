"""The feed: one position for each entry of an organization's journal, and what members were at a time.

`feed` is one of the global tables: the order in which entries of all organizations are told. `journal_head.fed` is how
far an organization's journal has its positions; the partial index finds the organizations that are behind.
"""

from typing import Final

SQL: Final = """
CREATE TABLE feed (
    position {int} NOT NULL PRIMARY KEY,
    organization_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    type {text} NOT NULL,
    at {int} NOT NULL
){strict};

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
