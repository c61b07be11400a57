"""Whose sign-in through a connection is under way, so that it ends when she leaves; OpenID providers read again."""

from typing import Final

SQL: Final = """
ALTER TABLE sign_in ADD COLUMN member_id {bytes};

CREATE INDEX sign_in_member ON sign_in (organization_id, member_id) WHERE ended_at IS NULL;

UPDATE connection SET due_at = 0 WHERE protocol = 'oidc' AND due_at IS NULL;
"""
