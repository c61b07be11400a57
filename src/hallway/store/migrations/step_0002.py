"""Accounts, members, domains, set-up links, operators, mail: what the console stands on.

An account is a tenant of its own: its rows, and its journal, have the account's id in `organization_id`. The
operators' rows belong to the deployment itself, a tenant whose id is sixteen zero bytes.
"""

from typing import Final

SQL: Final = """
CREATE TABLE place (
    account_id {bytes} NOT NULL,
    organization_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    PRIMARY KEY (account_id, organization_id)
){strict};

CREATE INDEX place_organization ON place (organization_id);

CREATE TABLE account (
    organization_id {bytes} NOT NULL PRIMARY KEY,
    realm {text} NOT NULL,
    state {text} NOT NULL,
    email {text} NOT NULL,
    name {text} NOT NULL,
    locale {text} NOT NULL,
    password {text},
    password_at {int},
    otp {bytes},
    otp_at {int},
    otp_step {int} NOT NULL,
    proved_at {int},
    sessions_from {int} NOT NULL,
    created_at {int} NOT NULL,
    version {int} NOT NULL
){strict};

CREATE TABLE passkey (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    label {text} NOT NULL,
    credential {bytes} NOT NULL,
    public_key {bytes} NOT NULL,
    sign_count {int} NOT NULL,
    transports {text} NOT NULL,
    created_at {int} NOT NULL,
    last_used_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE UNIQUE INDEX passkey_credential ON passkey (organization_id, credential);

CREATE TABLE recovery_code (
    organization_id {bytes} NOT NULL,
    slot {small} NOT NULL,
    hash {bytes} NOT NULL,
    used_at {int},
    PRIMARY KEY (organization_id, slot)
){strict};

CREATE TABLE session (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    methods {text} NOT NULL,
    created_at {int} NOT NULL,
    authenticated_at {int} NOT NULL,
    seen_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int},
    opened {bytes},
    entered_at {int},
    address {text} NOT NULL,
    client {text} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE mail_link (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    purpose {text} NOT NULL,
    hash {bytes} NOT NULL,
    email {text} NOT NULL,
    facts {bytes} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    used_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE organization_member (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    account_id {bytes},
    email {text} NOT NULL,
    email_key {text} NOT NULL,
    name {text} NOT NULL,
    search_key {text} NOT NULL,
    role {text} NOT NULL,
    state {text} NOT NULL,
    source {text} NOT NULL,
    directory_id {bytes},
    resource_id {bytes},
    created_at {int} NOT NULL,
    joined_at {int},
    ended_at {int},
    access_from {int} NOT NULL,
    confirmed_at {int},
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE UNIQUE INDEX organization_member_account ON organization_member (organization_id, account_id);
CREATE INDEX organization_member_email ON organization_member (organization_id, email_key);
CREATE INDEX organization_member_search ON organization_member (organization_id, search_key, id);
CREATE INDEX organization_member_role ON organization_member (organization_id, state, role);

CREATE TABLE member_link (
    organization_id {bytes} NOT NULL,
    directory_id {bytes} NOT NULL,
    resource_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    reason {text} NOT NULL,
    at {int} NOT NULL,
    PRIMARY KEY (organization_id, directory_id, resource_id)
){narrow};

CREATE INDEX member_link_member ON member_link (organization_id, member_id);

CREATE TABLE invitation (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    email {text} NOT NULL,
    role {text} NOT NULL,
    hash {bytes} NOT NULL,
    created_by {bytes},
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    accepted_at {int},
    revoked_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE INDEX invitation_member ON invitation (organization_id, member_id);

CREATE TABLE domain (
    organization_id {bytes} NOT NULL,
    name {text} NOT NULL,
    state {text} NOT NULL,
    challenge {text} NOT NULL,
    created_at {int} NOT NULL,
    proved_at {int},
    checked_at {int},
    failing_since {int},
    finding {text} NOT NULL,
    development {small} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, name)
){strict};

CREATE TABLE contact (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    email {text} NOT NULL,
    name {text} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE setup_link (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    label {text} NOT NULL,
    tasks {text} NOT NULL,
    email {text} NOT NULL,
    code_hash {bytes},
    code_at {int},
    code_tries {small} NOT NULL,
    progress {bytes} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    opened_at {int},
    completed_at {int},
    revoked_at {int},
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE setup_session (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    link_id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    address {text} NOT NULL,
    client {text} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE operator (
    organization_id {bytes} NOT NULL,
    account_id {bytes} NOT NULL,
    role {text} NOT NULL,
    state {text} NOT NULL,
    created_at {int} NOT NULL,
    access_from {int} NOT NULL,
    PRIMARY KEY (organization_id, account_id)
){strict};

CREATE TABLE outgoing_mail (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    sealed {bytes} NOT NULL,
    created_at {int} NOT NULL,
    due_at {int} NOT NULL,
    tries {small} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE notice (
    organization_id {bytes} NOT NULL,
    kind {text} NOT NULL,
    subject_id {bytes} NOT NULL,
    step {small} NOT NULL,
    at {int} NOT NULL,
    PRIMARY KEY (organization_id, kind, subject_id, step)
){strict};

ALTER TABLE token ADD COLUMN first_used_at {int};
ALTER TABLE token ADD COLUMN replaces {bytes};
"""
