"""`hallway mail …`."""

from typing import Annotated

import typer

from hallway.accounts.addresses import checked_address
from hallway.accounts.desk import Declined
from hallway.cli.printing import say, show_json
from hallway.cli.running import AsJson, BaseUrl, Database, run_with_hub, settings_of
from hallway.hub.organizations.service import Refused
from hallway.ids import MailId
from hallway.outbox.model import Mail
from hallway.outbox.ports import NotCarried
from hallway.web.wiring import Hub

app = typer.Typer(help="How mails leave.", no_args_is_help=True)
To = Annotated[str, typer.Argument(metavar="ADDRESS", help="Who gets the mail.")]


@app.callback()
def mail() -> None:
    """How mails leave."""


@app.command("test")
def test_command(to: To, as_json: AsJson = False, database: Database = None, base_url: BaseUrl = None) -> None:
    """Send one mail now, and say what the server answered."""
    settings = settings_of({"database": database, "base_url": base_url})

    async def act(hub: Hub) -> str:
        try:
            address = checked_address(to)
        except Declined as declined:
            raise Refused("invalid", declined.sentence) from None
        carrier = hub.mailing.carrier
        if carrier is None:
            raise Refused("invalid", "This deployment sends no mail: set smtp_url and mail_from.")
        text = f"This mail was sent by hand, to see whether mails of {hub.settings.base_url} arrive.\n"
        mail = Mail(address, f"A test of {hub.settings.product_name}", text)
        try:
            return await carrier.answer(mail, MailId(hub.desk.fresh_id()), hub.desk.clock())
        except NotCarried as problem:
            more = f" It said: {problem.said}" if problem.said else ""
            raise Refused("invalid", f"Not sent: {problem}.{more}") from problem

    said = run_with_hub(settings, act)
    via = settings.smtp_url.shown if settings.smtp_url is not None else str(settings.kept_mail)
    if as_json:
        show_json({"to": to, "from": settings.mail_sender, "by": via, "answer": said})
        return
    say(f"{via} took the mail to {to} from {settings.mail_sender}. It said: {said}")
