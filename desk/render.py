"""The desk's pages: every template gets the member, the token for forms and the navigation.

@router.get("/desk/figures")
def figures(desk: TheDesk, member: Observer) -> HTMLResponse:
    return desk.page(member, "figures.html", numbers=...)
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from bot.outbox import Outbox
from desk import provider
from desk.engine import Engine
from desk.hub import Hub
from desk.pages import DESK, DESK_LANGUAGES, Pages, preferred
from desk.rate import PROVIDER_TRIES, Limit
from lotse.core import Core
from lotse.crisis import alerts
from lotse.replies import say
from lotse.staff import Accounts, Administration, Member, Role
from lotse.storage.tables import CrisisCall
from lotse.wording import Wording

# in the order of the bar; who sees an entry is the rule of its route, an entry without a route does not show
NAVIGATION = (
    ("/desk/cases", "nav.cases"),
    ("/desk/tasks", "nav.tasks"),
    ("/desk/calls", "nav.calls"),
    ("/desk/answers", "nav.answers"),
    ("/desk/questions", "nav.questions"),
    ("/desk/figures", "nav.figures"),
    ("/desk/staff", "nav.staff"),
    ("/desk/audit", "nav.audit"),
    ("/desk/tokens", "nav.tokens"),
    ("/desk/webhooks", "nav.webhooks"),
    ("/desk/account", "nav.account"),
)


class Desk:
    """What every page of the desk needs: the core, what is signed in, the templates."""

    def __init__(self, core: Core, hub: Hub, statics: dict[str, Path], engine: Engine | None = None) -> None:
        self.core = core
        self.engine = engine
        self.hub = hub
        self.accounts = Accounts(core.database)
        self.administration = Administration(core.database, self.accounts)
        self.provider = provider.of(core.settings)
        self.outbox = Outbox(core.wording, core.languages)  # what is laid there, the bot sends
        self.secure = (core.settings.public_url or "").startswith("https://")
        self.sign_in_limit, self.code_limit, self.provider_limit = Limit(), Limit(), Limit(PROVIDER_TRIES)
        self.roles_at: dict[str, frozenset[Role]] = {}  # of the pages, by path; filled from the routes at the start
        self._wording = Wording(core.languages, domain="desk", folder=DESK / "locale", needed=list(DESK_LANGUAGES))
        self._pages = Pages(core.languages, self._wording, DESK / "templates", statics)

    def page(
        self, member: Member, template: str, status: int = 200, session: Session | None = None, **context: Any
    ) -> HTMLResponse:
        """A page for a member, in their language. `zone` in the context is the time zone of its moments.

        Whoever has a session open hands it in: a second one at the same time could wait for the first.
        """
        frame: dict[str, Any] = {
            "member": member,
            "csrf": member.csrf,
            "navigation": self.navigation(member),
            "languages": DESK_LANGUAGES,
            "calls": self._calls(member, session),
        }
        return self._pages.page(template, member.language, status, **frame, **context)

    def public_page(self, language: str, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page for somebody who is not signed in."""
        frame: dict[str, Any] = {"member": None, "csrf": "", "navigation": [], "languages": DESK_LANGUAGES, "calls": None}
        return self._pages.page(template, language, status, **frame, **context)

    def text(self, member: Member, key: str, /, **values: Any) -> str:
        """One wording in the member's language, for what a page has to sort or search by."""
        return self._wording.render(say(key, **values), member.language)

    def navigation(self, member: Member) -> list[tuple[str, str]]:
        """(path, wording) of the pages that a member may see; before they have set up what they must, the account alone."""
        pages = [(path, key) for path, key in NAVIGATION if member.holds(*self.roles_at.get(path, ()))]
        return pages[-1:] if member.to_do else pages

    def _calls(self, member: Member, session: Session | None) -> list[CrisisCall] | None:
        """Calls that wait, for the top of every page; None for a member who is not told of them."""
        towns = member.municipalities(Role.CASE_WORKER)
        if not towns or member.to_do:
            return None
        if session is not None:
            return alerts.waiting(session, towns)
        with self.core.database.reading() as reading:
            return alerts.waiting(reading, towns)


def desk_of(request: Request) -> Desk:
    """The desk of this server."""
    desk: Desk = request.app.state.desk
    return desk


def language_of(request: Request) -> str:
    """The desk's language for somebody who is not signed in: as asked for, or as their browser says."""
    asked = request.query_params.get("language")
    return asked if asked in DESK_LANGUAGES else preferred(request.headers.get("accept-language"), list(DESK_LANGUAGES), "de")


TheDesk = Annotated[Desk, Depends(desk_of)]
