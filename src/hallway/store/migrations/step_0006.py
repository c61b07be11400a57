"""What we issue to: the vendor's applications with their secrets, API keys, and what people granted.

Applications, secrets, keys and signing keys are rows of the deployment (sixteen zero bytes); a grant, its code and its
refresh tokens are rows of the organization that was signed in to, so that leaving ends them in one transaction. Of a
grant's refresh tokens only the living one and the one before it are kept: any other is known to be an old one.
"""

from typing import Final

SQL: Final = """
CREATE TABLE application (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    state {text} NOT NULL,
    body {bytes} NOT NULL,
    created_at {int} NOT NULL,
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE application_secret (
    organization_id {bytes} NOT NULL,
    application_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int},
    last_used_at {int},
    PRIMARY KEY (organization_id, application_id, id)
){strict};

CREATE TABLE api_key (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    name {text} NOT NULL,
    hash {bytes} NOT NULL,
    scopes {text} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int},
    revoked_at {int},
    last_used_at {int},
    last_address {text} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE signing_key (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    algorithm {text} NOT NULL,
    sealed {bytes} NOT NULL,
    public {bytes} NOT NULL,
    created_at {int} NOT NULL,
    signs_from {int} NOT NULL,
    retired_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE app_grant (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    application_id {bytes} NOT NULL,
    member_id {bytes} NOT NULL,
    account_id {bytes} NOT NULL,
    session_id {bytes} NOT NULL,
    connection_id {bytes},
    scope {text} NOT NULL,
    body {bytes} NOT NULL,
    entered_at {int} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int},
    version {int} NOT NULL,
    PRIMARY KEY (organization_id, id)
){strict};

CREATE INDEX app_grant_member ON app_grant (organization_id, member_id);
CREATE INDEX app_grant_session ON app_grant (organization_id, session_id);

CREATE TABLE auth_code (
    organization_id {bytes} NOT NULL,
    id {bytes} NOT NULL,
    grant_id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    body {bytes} NOT NULL,
    expires_at {int} NOT NULL,
    used_at {int},
    PRIMARY KEY (organization_id, id)
){strict};

CREATE TABLE refresh_token (
    organization_id {bytes} NOT NULL,
    grant_id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    used_at {int},
    PRIMARY KEY (organization_id, grant_id, hash)
){strict};

CREATE TABLE seen_assertion (
    organization_id {bytes} NOT NULL,
    application_id {bytes} NOT NULL,
    hash {bytes} NOT NULL,
    until {int} NOT NULL,
    PRIMARY KEY (organization_id, application_id, hash)
){strict};
"""
