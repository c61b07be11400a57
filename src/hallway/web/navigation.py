"""What stands at the side of the console's pages.

Rules: only what is served is listed, and only what the visitor may open; the entry whose path begins the page's own
is the current one.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from hallway.web.language import N_, Language


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go to; `least` is the role that it needs, "" for everybody who is signed in.

    Pages below `also` belong to it too.
    """

    label: str
    path: str
    icon: str
    least: str = "admin"
    also: str = ""

    def reach(self, path: str) -> int:
        """How much of a page's path this entry, or what belongs to it, has; 0 where the page is not below it."""
        within = [own for own in (self.path, self.also) if own and (path == own or path.startswith(own + "/"))]
        return max(map(len, within), default=0)


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under a heading, "" for none."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a page shows it, in the visitor's language."""

    label: str
    path: str
    icon: str
    current: bool


CONSOLE: Final = (
    Section("", (Entry(N_("Directories"), "/directories", "directory"),)),
    Section(
        N_("Organization settings"),
        (
            Entry(N_("General"), "/settings/general", "settings"),
            Entry(N_("Members"), "/settings/members", "people", "guest"),
            Entry(N_("Domains"), "/settings/domains", "globe"),
            Entry(N_("Technical contacts"), "/settings/contacts", "bell"),
            Entry(N_("Authentication and SSO"), "/settings/sso", "key", also="/connections"),
            Entry(N_("Sign-ins"), "/connections/attempts", "shield"),
            Entry(N_("Set-up links"), "/settings/setup-links", "link"),
            Entry(N_("Plan"), "/settings/plan", "plan"),
            Entry(N_("Audit"), "/settings/audit", "list"),
        ),
    ),
)
ACCOUNT: Final = (
    Section(
        N_("Your account"),
        (
            Entry(N_("Profile"), "/account", "person", ""),
            Entry(N_("Security"), "/account/security", "shield", ""),
            Entry(N_("Sessions"), "/account/sessions", "device", ""),
            Entry(N_("Organizations"), "/organizations", "building", ""),
        ),
    ),
)
OPERATOR: Final = (
    Section(
        "",
        (
            Entry(N_("Organizations"), "/operator/organizations", "building", "viewer"),
            Entry(N_("Problems"), "/operator/problems", "alert", "viewer"),
            Entry(N_("Applications"), "/operator/applications", "device", "owner"),
            Entry(N_("Webhooks"), "/operator/webhooks", "out", "support"),
            Entry(N_("API keys"), "/operator/api-keys", "key", "owner"),
            Entry(N_("Operators"), "/operator/operators", "people", "owner"),
            Entry(N_("Audit"), "/operator/audit", "list", "owner"),
            Entry(N_("Security"), "/operator/account/security", "shield", "viewer"),
        ),
    ),
)
_RANKS: Final = {"": 0, "guest": 1, "user": 2, "admin": 3, "viewer": 1, "support": 2, "owner": 3}
"""Of the console's roles and of the operators'; no visitor has one of each."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """The sections of a deployment; `served` has the paths of its pages."""

    served: Set[str]

    def shown(
        self, sections: Sequence[Section], path: str, role: str, language: Language
    ) -> list[tuple[str, list[Shown]]]:
        """The sections that are not empty, each by its heading."""
        open_to = [
            (section.label, [entry for entry in section.entries if self._is_open(entry, role)]) for section in sections
        ]
        current = _current([entry for _, entries in open_to for entry in entries], path)
        return [
            (
                language.text(label) if label else "",
                [Shown(language.text(entry.label), entry.path, entry.icon, entry is current) for entry in entries],
            )
            for label, entries in open_to
            if entries
        ]

    def _is_open(self, entry: Entry, role: str) -> bool:
        return entry.path in self.served and _RANKS.get(role, 0) >= _RANKS[entry.least]


def _current(entries: Sequence[Entry], path: str) -> Entry | None:
    """The entry that has the most of the page's path."""
    return max((one for one in entries if one.reach(path)), key=lambda one: one.reach(path), default=None)
