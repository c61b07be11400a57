"""What lists of members and a member's own history are read by."""

from typing import Final

SQL: Final = """
DROP INDEX organization_member_search;

CREATE INDEX organization_member_search ON organization_member (organization_id, search_key, id, state, role);

CREATE INDEX journal_of_member ON journal (organization_id, subject_id, seq)
    WHERE type >= 'member.' AND type < 'member/';
"""
