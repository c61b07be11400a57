"""Delivery: endpoints, how far each is in each organization's journal, what was tried; receipts and streams.

An endpoint (a webhook, an application's back-channel logout, a stream of security events) is a row of the deployment;
its lanes, deliveries and receipts are rows of the organization whose events they are. A lane says how far the endpoint
was told (`position`), what the feed has for it (`placed`), and when it is to be looked at (`due_at`, null: there is
nothing to tell). What is told of deleted organizations has a lane of the deployment's own, and the index `feed_told`.
"""

from typing import Final

SQL: Final = """
CREATE TABLE endpoint (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    kind {text} NOT NULL,
    url {text} NOT NULL,
    state {text} NOT NULL,
    reason {text} NOT NULL,
    body {bytes} NOT NULL,
    sealed {bytes} NOT NULL,
    created_at {int} NOT NULL,
    succeeded_at {int},
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE lane (
    organization_id {bytes} NOT NULL,
    endpoint_id {bytes} NOT NULL,
    position {int} NOT NULL,
    placed {int} NOT NULL,
    due_at {int},
    held {small} NOT NULL,
    tries {int} NOT NULL,
    head_since {int},
    failing_since {int},
    PRIMARY KEY (organization_id, endpoint_id)
){strict};

CREATE TABLE delivery (
    organization_id {bytes} NOT NULL,
    endpoint_id {bytes} NOT NULL,
    position {int} NOT NULL,
    event_id {bytes} NOT NULL,
    type {text} NOT NULL,
    state {text} NOT NULL,
    tries {int} NOT NULL,
    happened_at {int} NOT NULL,
    tried_at {int} NOT NULL,
    due_at {int},
    PRIMARY KEY (organization_id, endpoint_id, position)
){strict};

CREATE TABLE delivery_attempt (
    organization_id {bytes} NOT NULL,
    endpoint_id {bytes} NOT NULL,
    position {int} NOT NULL,
    id {bytes} NOT NULL,
    at {int} NOT NULL,
    status {small},
    duration {int} NOT NULL,
    reason {text} NOT NULL,
    answer {bytes} NOT NULL,
    PRIMARY KEY (organization_id, endpoint_id, position, id)
){strict};

CREATE INDEX feed_told ON feed (position) WHERE told IS NOT NULL;
CREATE TABLE stream (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    audience {text} NOT NULL,
    hash {bytes} NOT NULL,
    position {int} NOT NULL,
    created_at {int} NOT NULL,
    polled_at {int},
    refused {int} NOT NULL,
    last_error {text} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE stream_pending (
    organization_id {bytes} NOT NULL,
    stream_id {bytes} NOT NULL,
    position {int} NOT NULL,
    seq {int} NOT NULL,
    event_id {bytes} NOT NULL,
    PRIMARY KEY (organization_id, stream_id, position)
){strict};

CREATE TABLE receipt (
    organization_id {bytes} NOT NULL,
    event_id {bytes} NOT NULL,
    by_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    type {text} NOT NULL,
    member_id {bytes},
    event_at {int} NOT NULL,
    at {int} NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (organization_id, event_id, by_id)
){strict};

CREATE INDEX receipt_member ON receipt (organization_id, member_id);

CREATE TABLE idempotent_answer (
    organization_id {bytes} NOT NULL,
    key_hash {bytes} NOT NULL,
    request_hash {bytes} NOT NULL,
    status {small} NOT NULL,
    sealed {bytes} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (organization_id, key_hash)
){strict};
"""
