"""Languages: which there are, which one a message is in, which one the bot speaks, and their scripts."""

from lotse.languages.choice import Choice, choose
from lotse.languages.identification import Guess, Identifier
from lotse.languages.registry import Language, Languages, load
from lotse.languages.transliteration import native

__all__ = ["Choice", "Guess", "Identifier", "Language", "Languages", "choose", "load", "native"]
