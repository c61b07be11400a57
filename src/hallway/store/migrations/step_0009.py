"""What sign-ins forget is found by its time, not among everything that their connection remembers."""

from typing import Final

SQL: Final = """
CREATE INDEX seen_message_until ON seen_message (organization_id, connection_id, until);

CREATE INDEX sso_session_expires ON sso_session (organization_id, connection_id, expires_at);
"""
