"""The Hub's first schema.

No partial index stands on `resource`: SQLite would compile a statement anew for each value that is bound where such
an index might serve.
"""

from typing import Final

SQL: Final = """
CREATE TABLE deployment (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
){strict};

CREATE TABLE key_check (
    id {small} NOT NULL PRIMARY KEY CHECK (id = 1),
    value {bytes} NOT NULL
){strict};

CREATE TABLE data_key (
    id {int} NOT NULL PRIMARY KEY,
    wrapped {bytes} NOT NULL,
    created_at {int} NOT NULL,
    retired_at {int}
){strict};

CREATE TABLE organization (
    organization_id {bytes} NOT NULL PRIMARY KEY,
    name {text} NOT NULL,
    external_id {text} UNIQUE,
    plan {text} NOT NULL,
    state {text} NOT NULL,
    created_at {int} NOT NULL
){strict};

CREATE TABLE locator (
    kind {text} NOT NULL,
    key_hash {bytes} NOT NULL,
    organization_id {bytes} NOT NULL,
    target {bytes} NOT NULL,
    PRIMARY KEY (kind, key_hash)
){strict};

CREATE INDEX locator_organization ON locator (organization_id);

CREATE TABLE journal_head (
    organization_id {bytes} NOT NULL PRIMARY KEY,
    seq {int} NOT NULL
){strict};

CREATE TABLE journal (
    organization_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    id {bytes} NOT NULL,
    type {text} NOT NULL,
    at {int} NOT NULL,
    actor_kind {text} NOT NULL,
    actor_id {bytes},
    directory_id {bytes},
    subject_id {bytes},
    exchange_id {bytes},
    facts {bytes} NOT NULL,
    personal_hash {bytes} NOT NULL,
    position {int},
    PRIMARY KEY (organization_id, seq)
){strict};

CREATE TABLE journal_personal (
    organization_id {bytes} NOT NULL,
    seq {int} NOT NULL,
    salt {bytes} NOT NULL,
    body {bytes} NOT NULL,
    PRIMARY KEY (organization_id, seq)
){strict};

CREATE TABLE directory (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    name {text} NOT NULL,
    provider {text} NOT NULL,
    state {text} NOT NULL,
    base_path {text} NOT NULL,
    rules {bytes} NOT NULL,
    created_at {int} NOT NULL,
    last_request_at {int},
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id) REFERENCES organization (organization_id)
){strict};

CREATE TABLE token (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    label {text} NOT NULL,
    hash {bytes} NOT NULL,
    imported {small} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    revoked_at {int},
    last_used_at {int},
    last_address {text} NOT NULL,
    last_client {text} NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, directory_id) REFERENCES directory (organization_id, id)
){strict};

CREATE INDEX token_directory ON token (organization_id, directory_id);

CREATE TABLE resource (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    kind {small} NOT NULL,
    id {bytes} NOT NULL,
    seq {int} NOT NULL,
    revision {int} NOT NULL,
    schema_version {int} NOT NULL,
    created_at {int} NOT NULL,
    modified_at {int} NOT NULL,
    name_key {text},
    external_id {text},
    display {text} NOT NULL,
    display_key {text},
    active {small},
    members {int} NOT NULL,
    manager_id {bytes},
    splice_at {int},
    hidden {bytes},
    document {bytes} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, kind, id)
){strict};

CREATE UNIQUE INDEX resource_name ON resource (organization_id, directory_id, kind, name_key);
CREATE INDEX resource_external ON resource (organization_id, directory_id, kind, external_id);
CREATE INDEX resource_display ON resource (organization_id, directory_id, kind, display_key);

CREATE TABLE resource_version (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    kind {small} NOT NULL,
    id {bytes} NOT NULL,
    from_seq {int} NOT NULL,
    to_seq {int} NOT NULL,
    revision {int} NOT NULL,
    schema_version {int} NOT NULL,
    created_at {int} NOT NULL,
    modified_at {int} NOT NULL,
    hidden {bytes},
    document {bytes} NOT NULL,
    PRIMARY KEY (organization_id, id, from_seq)
){strict};

CREATE TABLE resource_key (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    kind {small} NOT NULL,
    attribute {small} NOT NULL,
    value {text} NOT NULL,
    id {bytes} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, kind, attribute, value, id)
){narrow};

CREATE TABLE resource_count (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    kind {small} NOT NULL,
    count {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, kind)
){strict};

CREATE TABLE member (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    group_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    member_kind {small} NOT NULL,
    seq {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, group_id, member_id)
){narrow};

CREATE INDEX member_groups ON member (organization_id, directory_id, member_id, group_id);

CREATE TABLE member_past (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    group_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    member_kind {small} NOT NULL,
    from_seq {int} NOT NULL,
    to_seq {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, group_id, member_id, from_seq)
){narrow};

CREATE TABLE exchange (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    token_id {bytes},
    seq {int} NOT NULL,
    at {int} NOT NULL,
    method {text} NOT NULL,
    path {text} NOT NULL,
    status {small} NOT NULL,
    duration {int} NOT NULL,
    client {text} NOT NULL,
    address {text} NOT NULL,
    content_type {text} NOT NULL,
    accept {text} NOT NULL,
    request {bytes},
    request_note {text} NOT NULL,
    quirks {text} NOT NULL,
    answer {bytes},
    answer_resource {bytes},
    answer_revision {int} NOT NULL,
    not_applied {text} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, id)
){strict};

CREATE INDEX exchange_not_applied ON exchange (organization_id, directory_id, id) WHERE not_applied <> '';

CREATE TABLE stranger_refusal (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    slot {small} NOT NULL,
    at {int} NOT NULL,
    method {text} NOT NULL,
    path {text} NOT NULL,
    reason {text} NOT NULL,
    client {text} NOT NULL,
    address {text} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, slot)
){strict};

CREATE TABLE quirk_count (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    quirk {text} NOT NULL,
    count {int} NOT NULL,
    last_at {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, quirk)
){strict};

CREATE TABLE request_count (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    hour {int} NOT NULL,
    what {text} NOT NULL,
    count {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, hour, what)
){strict};
"""
