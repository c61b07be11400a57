"""The pages of an organization's settings, and who may open them."""

from typing import Final

from hallway.web.rows import ADMIN, FRESH_ADMIN, MEMBER, Row, page

ONE: Final = "/settings/members/{member}"

ROUTES: Final[tuple[Row, ...]] = (
    page("GET", "/settings/members", MEMBER, "settings_members", "Everybody, found while one types."),
    page("GET", "/settings/members/invite", ADMIN, "settings_invite", "Addresses, a role, and for how long."),
    page("POST", "/settings/members/invite", ADMIN, "settings_invite_send", "Invite people by mail."),
    page("GET", ONE, ADMIN, "settings_member", "One member, what may be done, and her history."),
    page("POST", f"{ONE}/resend", ADMIN, "settings_member_resend", "Send the invitation again."),
    page("POST", f"{ONE}/revoke", ADMIN, "settings_member_revoke", "Take the invitation back."),
    page("POST", f"{ONE}/role", FRESH_ADMIN, "settings_member_role", "Give another role."),
    page("POST", f"{ONE}/deactivate", FRESH_ADMIN, "settings_member_deactivate", "End her access."),
    page("POST", f"{ONE}/reactivate", FRESH_ADMIN, "settings_member_reactivate", "Let her in again."),
    page("POST", f"{ONE}/remove", FRESH_ADMIN, "settings_member_remove", "End the membership."),
    page("POST", f"{ONE}/sessions", ADMIN, "settings_member_sessions", "End her sessions here."),
)
