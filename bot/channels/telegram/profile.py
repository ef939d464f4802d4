"""What people see of the bot before they write: commands, description and short description, in every language."""

from __future__ import annotations

from telegram import Bot, BotCommand

from lotse.languages import Languages
from lotse.replies import say
from lotse.wording import Wording

COMMANDS = ("start", "intake", "human", "language", "privacy", "delete", "help")
DEFAULT_LANGUAGE = "en"


async def publish(bot: Bot, languages: Languages, wording: Wording, municipality: str) -> int:
    """Set what differs; returns how many settings were changed. Telegram allows few such changes, but many looks."""
    changed = 0
    codes: list[tuple[str | None, str]] = [(None, DEFAULT_LANGUAGE)]
    codes += [(language.tag.split("-")[0], language.tag) for language in languages.offered]
    for code, tag in codes:
        commands = [BotCommand(name, wording.render(say(f"telegram.command.{name}"), tag)) for name in COMMANDS]
        if list(await bot.get_my_commands(language_code=code)) != commands:
            await bot.set_my_commands(commands, language_code=code)
            changed += 1
        description = wording.render(say("telegram.description", municipality=municipality), tag)
        if (await bot.get_my_description(language_code=code)).description != description:
            await bot.set_my_description(description, language_code=code)
            changed += 1
        short = wording.render(say("telegram.about", municipality=municipality), tag)
        if (await bot.get_my_short_description(language_code=code)).short_description != short:
            await bot.set_my_short_description(short, language_code=code)
            changed += 1
    return changed
