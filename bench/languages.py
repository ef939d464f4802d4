"""./run bench languages: how often the language of a text is told, of the whole text and of its first two words alone.

The whole as the bot uses it, and each of its parts alone: the commonest words, py3langid, and for comparison langdetect
with our languages only. On our own held-out messages, with and without the conversation's language as `prior`; where the
sets of others lie beside the project, also on those. `./run bench understanding` calls `measure`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from lotse import languages
from lotse.files import read_yaml
from lotse.languages import Identifier
from lotse.languages.identification import Statistics
from lotse.languages.strangers import Shares as Langdetect
from lotse.languages.words import is_arabizi, lexicon, tokens
from lotse.settings import ROOT, Settings

HELD_OUT = ROOT / "tests" / "understanding"
DATA = ROOT.parent / "shared" / "data"
MOST = 250  # texts of a language
SAME = {"ku": "kmr", "prs": "fa"}  # tags of the sets of others
PLAIN = ("full", "short")

Texts = dict[str, list[str]]
Tell = Callable[[str], str | None]
Shares = dict[str, dict[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--most", type=int, default=MOST, help="texts of a language")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    figures = measure(most=arguments.most)
    for name in [name for name, value in figures.items() if _is_table(value)]:
        print(f"\n{name}")
        for tag, shares in figures[name].items():
            print(f"  {tag:<6}" + "".join(f"{part} {share:>6.3f}   " for part, share in shares.items()))
    print(f"\nmilliseconds {figures['milliseconds']}")
    print(json.dumps(figures, ensure_ascii=False))


def measure(most: int | None = None) -> dict[str, Any]:
    """By part or set, then by language: shares of the texts (`full`) and of their first two words (`short`).

    `whole`, `langdetect`, `py3langid`, `words`: on our held-out messages. `prior`: the whole when the conversation is in
    the message's language. `tatoeba`, `udhr`, `phrasebook`: the whole on these sets. `means` of each over its languages.
    `milliseconds` a text. The shares of the whole stand by language at the top as well.
    """
    tags = [language.tag for language in languages.load(ROOT / "content" / "languages.yml").all]
    identifier = Identifier(tags)
    own = held_out(most)
    parts: dict[str, Tell] = {
        "whole": _whole(identifier),
        "words": _words(tags),
        "py3langid": _py3langid(tags),
        "langdetect": _langdetect(tags),
    }
    figures: dict[str, Any] = {name: _shares(own, tell) for name, tell in parts.items()}
    figures["prior"] = {tag: _share(texts, tag, partial(_with_prior, identifier, tag)) for tag, texts in own.items()}
    for name, texts in {"tatoeba": tatoeba(), "udhr": udhr(), "phrasebook": phrasebook()}.items():
        known = {tag: texts[tag][: most or MOST] for tag in tags if tag in texts}
        if known:
            for part, tell in parts.items():
                figures[name if part == "whole" else f"{name} {part}"] = _shares(known, tell)
    means = {name: {part: _mean(table, part) for part in PLAIN} for name, table in figures.items()}
    some = [text for texts in own.values() for text in texts][::12]
    took = {
        name: {"full": _took(tell, some), "short": _took(tell, [short(text) for text in some])} for name, tell in parts.items()
    }
    return {**figures["whole"], **figures, "means": means, "milliseconds": took}


def held_out(most: int | None = None) -> Texts:
    """Our own messages, none of them in the training examples."""
    files = sorted(HELD_OUT.glob("*/messages.yml"))
    return {file.parent.name: [entry["text"] for entry in read_yaml(file)][:most] for file in files}


def tatoeba() -> Texts:
    """Sentences of Tatoeba."""
    return _lines("language_id_tatoeba.jsonl")


def udhr() -> Texts:
    """Lines of the Universal Declaration of Human Rights."""
    return _lines("udhr_lines.jsonl")


def phrasebook() -> Texts:
    """Short phrases, with signs for gaps and variants in them."""
    texts: Texts = {}
    for entry in _json("phrasebook.jsonl"):
        for tag, text in entry["text"].items():
            if "(" not in text and "/" not in text:  # two scripts or forms side by side
                texts.setdefault(SAME.get(tag, tag).removesuffix("-levant"), []).append(text)
    return texts


def short(text: str) -> str:
    """The first two words."""
    return " ".join(text.split()[:2])


def _lines(name: str) -> Texts:
    texts: Texts = {}
    for entry in _json(name):
        texts.setdefault(SAME.get(entry["lang"], entry["lang"]), []).append(entry["text"])
    return texts


def _json(name: str) -> list[dict[str, Any]]:
    file: Path = DATA / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def _whole(identifier: Identifier) -> Tell:
    return partial(_with_prior, identifier, None)


def _with_prior(identifier: Identifier, prior: str | None, text: str) -> str | None:
    guess = identifier.identify(text, prior)
    return guess.tag if guess else None


def _words(tags: list[str]) -> Tell:
    lists = lexicon()

    def tell(text: str) -> str | None:
        found = tokens(text)
        own, typed = lists.evidence(found, latin=True)
        for tag, says in typed.items():
            own[tag] = own.get(tag, 0.0) + says
        own["ar"] = own.get("ar", 0.0) + sum(map(is_arabizi, found))
        best = max(own, key=lambda tag: own[tag])
        return best if own[best] else None

    return tell


def _py3langid(tags: list[str]) -> Tell:
    ranking = Statistics(tags)

    def tell(text: str) -> str | None:
        ranked = ranking.rank(text.lower(), tags)
        return max(ranked, key=lambda tag: ranked[tag]) if ranked else None

    return tell


def _langdetect(tags: list[str]) -> Tell:
    restricted = Langdetect(tags)
    return lambda text: next(iter(restricted.of(text)), None)


def _shares(texts: Texts, tell: Tell) -> Shares:
    return {tag: _share(of_tag, tag, tell) for tag, of_tag in texts.items()}


def _share(texts: list[str], tag: str, tell: Tell) -> dict[str, float]:
    words = [text for text in texts if sum(character.isalpha() for character in text) > 1]
    return {
        "full": round(statistics.fmean(tell(text) == tag for text in words), 3),
        "short": round(statistics.fmean(tell(short(text)) == tag for text in words), 3),
    }


def _mean(table: Shares, part: str) -> float:
    return round(statistics.fmean(shares[part] for shares in table.values()), 3)


def _took(tell: Tell, texts: list[str]) -> float:
    times = []
    for text in texts:
        begun = time.perf_counter()
        tell(text)
        times.append(time.perf_counter() - begun)
    return round(statistics.median(times) * 1000, 3)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) for each in value.values())
