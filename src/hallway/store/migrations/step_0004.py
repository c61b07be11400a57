"""Single sign-on: connections, who people are at them, sign-ins that wait, what was seen, attempts, enforcement."""

from typing import Final

SQL: Final = """
CREATE TABLE connection (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    name {text} NOT NULL,
    protocol {text} NOT NULL,
    provider {text} NOT NULL,
    state {text} NOT NULL,
    created_at {int} NOT NULL,
    body {bytes} NOT NULL,
    sealed {bytes} NOT NULL,
    is_default {small} NOT NULL,
    tested_at {int},
    last_sign_in_at {int},
    due_at {int},
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE identity (
    organization_id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    subject {bytes} NOT NULL,
    shown {text} NOT NULL,
    member_id {bytes} NOT NULL,
    reason {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (organization_id, connection_id, subject)
){strict};

CREATE INDEX identity_member ON identity (organization_id, member_id);

CREATE TABLE sign_in (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    kind {text} NOT NULL,
    browser {bytes} NOT NULL,
    body {bytes} NOT NULL,
    answer {bytes},
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    answered_at {int},
    ended_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE seen_message (
    organization_id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    message {bytes} NOT NULL,
    until {int} NOT NULL,
    PRIMARY KEY (organization_id, connection_id, message)
){narrow};

CREATE TABLE sso_session (
    organization_id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    subject {bytes} NOT NULL,
    session_index {text} NOT NULL,
    account_id {bytes} NOT NULL,
    session_id {bytes} NOT NULL,
    name_id {bytes} NOT NULL,
    expires_at {int} NOT NULL,
    PRIMARY KEY (organization_id, connection_id, subject, session_id)
){strict};

CREATE TABLE attempt (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    at {int} NOT NULL,
    outcome {text} NOT NULL,
    code {text} NOT NULL,
    kind {text} NOT NULL,
    who {text} NOT NULL,
    search_key {text} NOT NULL,
    member_id {bytes},
    body {bytes} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE INDEX attempt_connection ON attempt (organization_id, connection_id, id);

CREATE TABLE refused_stranger (
    organization_id {bytes} NOT NULL,
    connection_id {bytes} NOT NULL,
    place {small} NOT NULL,
    at {int} NOT NULL,
    code {text} NOT NULL,
    address {text} NOT NULL,
    client {text} NOT NULL,
    PRIMARY KEY (organization_id, connection_id, place)
){strict};

CREATE TABLE enforcement (
    organization_id {bytes} NOT NULL PRIMARY KEY,
    connection_id {bytes} NOT NULL,
    since {int} NOT NULL,
    body {bytes} NOT NULL,
    version {int} NOT NULL
){strict};
"""
