"""How often words stand in our own texts, by language: beside the commonest words, those that newcomers' messages are about.

`python -m lotse.languages.vocabulary` counts them anew, in data/nlu and content/, and writes vocabulary.tsv. Worth doing
when a language was added; nothing breaks while it is old.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from lotse import languages
from lotse.files import read_yaml
from lotse.languages.words import PER, VOCABULARY, script_of, script_of_language, tokens
from lotse.settings import ROOT

SOURCES = ("data/nlu/{tag}/*.yml", "content/glossary/{tag}.yml", "content/crisis/{tag}.yml",
           "content/questionnaires/*/{tag}.yml", "content/answers/*/*/{tag}.yml", "lotse/languages/words.yml")  # fmt: skip
LEAST = 2  # times; once may be a typing error


def count(texts: dict[str, Iterable[str]]) -> dict[str, dict[str, int]]:
    """Word -> language -> how often in 100,000 words, of words in the language's own script."""
    shares: dict[str, dict[str, int]] = {}
    for tag, lines in texts.items():
        script = script_of_language(tag)
        counted = Counter(
            token.plain for line in lines for token in tokens(line) if len(token.plain) > 1 and script_of(token.typed) == script
        )
        total = sum(counted.values())
        for word, times in counted.items():
            if times >= LEAST:
                shares.setdefault(word, {})[tag] = max(1, round(PER * times / total))
    return shares


def own_texts(tag: str) -> Iterator[str]:
    """All that we wrote in a language."""
    for source in SOURCES:
        for file in sorted(ROOT.glob(source.format(tag=tag))):
            data = read_yaml(file)
            for text in _strings(data[tag]["words"] if file.name == "words.yml" else data):
                yield text.replace("*", "")


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _strings(value)


def main() -> None:
    """Count and write."""
    tags = [language.tag for language in languages.load(ROOT / "content" / "languages.yml").all]
    shares = count({tag: own_texts(tag) for tag in tags})
    lines = (" ".join([word, *(f"{tag}:{share}" for tag, share in sorted(shares[word].items()))]) for word in sorted(shares))
    VOCABULARY.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(shares)} words of {len(tags)} languages")


if __name__ == "__main__":
    main()
