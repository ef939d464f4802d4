"""What is wrong with a questionnaire, in sentences that name the question and the remedy.

`malformed` looks at the plain data, before a questionnaire is made of it; `problems` at the questionnaire.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from itertools import combinations, islice, pairwise, product
from typing import TYPE_CHECKING, Any, Literal, get_args

from babel import Locale

from lotse.intake import relevance

if TYPE_CHECKING:
    from lotse.intake.questionnaire import Question, Questionnaire, Repeat, Translation

Type = Literal["select_one", "select_multiple", "integer", "text", "date", "place", "private", "review"]
TYPES: tuple[Type, ...] = get_args(Type)
LISTS = ("languages", "countries")  # choices that are not written down: languages.yml, ISO 3166
GIVEN = ("country", "link")  # what the town tells (`Intakes.told`)
SUMMARY_PARTS = ("person", "goal", "needs", "abilities", "themes", "language", "family", "consented")
NAME = re.compile(r"[a-z][a-z0-9_]*")
CHOICE = re.compile(r"[^\s'\"=,]+")

_TEXT, _NUMBER, _YES_NO, _LIST, _PAIRS = "a text", "a whole number", "true or false", "a list of texts", "pairs of texts"
_NUMBERS = "a list of whole numbers"
_QUESTION = {
    "name": _TEXT, "section": _TEXT, "type": _TEXT, "choices": _LIST, "shown": _LIST, "max": _NUMBER, "min": _NUMBER,
    "unit": _TEXT, "required": _YES_NO, "must_have": _YES_NO, "gate": _YES_NO, "other": _YES_NO, "exclusive": _LIST,
    "ends": _PAIRS, "alarm": _PAIRS, "consent": _TEXT, "sensitive": _YES_NO, "relevant": _TEXT, "summary": _TEXT,
    "codes": _PAIRS, "more": _YES_NO, "multiline": _YES_NO,
}  # fmt: skip
_GROUP = {"repeat": _TEXT, "max": _NUMBER, "count": _TEXT}
_TOP = {"name": _TEXT, "version": _TEXT, "sections": _LIST, "given": _LIST}
_WORDS = {"label": _TEXT, "short": _TEXT, "why": _TEXT, "next": _TEXT, "one_of": _TEXT, "choices": _PAIRS}
_CONTRADICTION = {"between": _LIST, "when": _TEXT}
_TRANSLATION = {"sections": _PAIRS, "consents": _PAIRS}
_FITS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str),
    _NUMBER: lambda value: type(value) is int,
    _YES_NO: lambda value: isinstance(value, bool),
    _LIST: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    _NUMBERS: lambda value: isinstance(value, list) and all(type(item) is int for item in value),
    _PAIRS: lambda value: isinstance(value, dict) and all(isinstance(item, str) for pair in value.items() for item in pair),
}

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_INSERTED = {"municipality"}  # what every text may name
_OF_ENTRIES = {"number", "count"}  # what the words about one of several entries may name besides
_COUNT = re.compile(r"\$\{(\w+)\}")
_LITERAL_NUMBER = re.compile(r"(?<![\w'])\d+(?![\w'])")
_TWO_RESPONSES = re.compile(r"\$\{\w+\}\s*(?:!=|=|[<>]=?)\s*\$\{\w+\}")
_TRIED = 5_000  # combinations of responses that are tried to reach a question


# the form of the plain data


def malformed(source: dict[str, Any], structure: str = "questions.yml") -> list[str]:
    """What in the plain data has another form than it must have: missing, unknown or of another kind."""
    data = source.get("questions")
    if not isinstance(data, dict):
        return [f"{structure}: name, version, sections and questions are missing"]
    found = list(_kinds(structure, data, _TOP, {"name", "version", "sections"}, {"questions", "contradictions"}))
    entries = data.get("questions")
    if not isinstance(entries, list) or not entries:
        return [*found, f"{structure}: there are no questions; list at least one under questions"]
    for number, entry in enumerate(entries, 1):
        found += _entry(structure, entry, number)
    contradictions = data.get("contradictions", [])
    if not isinstance(contradictions, list) or not all(isinstance(each, dict) for each in contradictions):
        found.append(f"{structure}: contradictions must be a list of {{between: [...], when: ...}}")
    else:
        for number, each in enumerate(contradictions, 1):
            found += _kinds(f"{structure}: contradiction {number}", each, _CONTRADICTION, set(_CONTRADICTION))
    for tag, labels in source.get("words", {}).items():
        found += _words(f"{tag}.yml", labels)
    return found


def _entry(structure: str, entry: Any, number: int) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield f"{structure}: entry {number} is no question; write {{name: ..., section: ..., type: ...}}"
    elif "repeat" in entry:
        yield from _kinds(f"{structure}: group {entry['repeat']}", entry, _GROUP, {"max"}, {"questions"})
        inside = entry.get("questions")
        if not isinstance(inside, list):
            yield f"{structure}: group {entry['repeat']} has no questions; list them under questions, or remove the group"
            return
        for place, each in enumerate(inside, 1):
            if isinstance(each, dict) and "repeat" in each:
                yield f"{structure}: group {each['repeat']} stands inside group {entry['repeat']}; move it out"
            else:
                yield from _entry(structure, each, place)
    else:
        where = f"{structure}: question {entry['name']}" if "name" in entry else f"{structure}: question number {number}"
        choices = entry.get("choices")
        kept = {name: value for name, value in entry.items() if name != "choices" or not isinstance(choices, str)}
        kinds = _QUESTION | ({"shown": _NUMBERS} if entry.get("type") == "integer" else {})  # buttons of a number are numbers
        yield from _kinds(where, kept, kinds, {"name", "section", "type"})
        if isinstance(choices, str) and choices not in LISTS:
            yield f"{where}: choices {choices!r} is no list that we know; write [a, b] or one of {', '.join(LISTS)}"


def _words(file: str, labels: Any) -> Iterator[str]:
    if not isinstance(labels, dict) or not isinstance(labels.get("questions"), dict):
        yield f"{file}: sections and questions are missing"
        return
    yield from _kinds(file, labels, _TRANSLATION, {"sections"}, {"questions", "inserts"})
    inserts = labels.get("inserts", {})
    if not isinstance(inserts, dict) or not all(_FITS[_PAIRS](inserted) for inserted in inserts.values()):
        yield f"{file}: inserts must be pairs of texts for each country, such as DE: {{local_language: German}}"
    for name, entry in labels["questions"].items():
        where = f"{file}: question {name}"
        if not isinstance(entry, dict):
            yield f"{where}: label, short and why are missing"
            continue
        yield from _kinds(where, entry, _WORDS, set(), {"also"})
        also = entry.get("also", {})
        if not isinstance(also, dict) or not all(isinstance(choice, str) and _FITS[_LIST](ways) for choice, ways in also.items()):
            yield f"{where}: also must name choices with lists of texts; put numbers, yes and no in quotes"


def _kinds(
    where: str, data: dict[str, Any], kinds: dict[str, str], needed: set[str], others: Collection[str] = ()
) -> Iterator[str]:
    for name in sorted(needed - set(data)):
        yield f"{where}: {name} is missing"
    for name, value in data.items():
        if name in others:
            continue
        if name not in kinds:
            yield f"{where}: {name!r} is no field that we know{_perhaps(str(name), [*kinds, *others])}"
        elif not _FITS[kinds[name]](value):
            hint = "; put numbers, yes and no in quotes" if kinds[name] in (_TEXT, _LIST, _PAIRS) else ""
            yield f"{where}: {name} must be {kinds[name]}, not {value!r}{hint}"


def _perhaps(name: str, known: Collection[str]) -> str:
    """The nearest name that there is, as a proposal."""
    near = difflib.get_close_matches(name, [str(each) for each in known], n=1)
    return f"; do you mean {near[0]!r}?" if near else ""


# the questionnaire


def problems(questionnaire: Questionnaire, tags: list[str]) -> list[str]:
    """What is wrong with a questionnaire whose words must exist in the given languages; empty when all is well."""
    found = [*_wrong_sections(questionnaire), *_wrong_given(questionnaire)]
    before: set[str] = set(questionnaire.given)
    for question in questionnaire.questions:
        found += [f"question {question.name}: {problem}" for problem in _wrong_in(questionnaire, question, before)]
        before.add(question.name)
    found += _wrong_repeats(questionnaire)
    found += _wrong_order(questionnaire)
    found += _wrong_contradictions(questionnaire)
    for tag in tags:
        translation = questionnaire.translations.get(tag)
        if translation is None:
            found.append(f"there is no {tag}.yml, but the language {tag} is offered; add it with the words of all questions")
        else:
            found += _wrong_words(questionnaire, tag, translation)
    if "en" not in questionnaire.translations and "en" not in tags:
        found.append("there is no en.yml; English stands in where another language has no words yet")
    return found


def needed_wordings(questionnaire: Questionnaire) -> dict[str, str]:
    """Keys of wordings without which the bot or the case worker's page would fail, with the question that needs each."""
    found: dict[str, str] = {}
    for question in questionnaire.questions:
        for ended in question.ends.values():
            found.setdefault(f"intake.ended.{ended}", question.name)
        for alarm in question.alarm.values():
            found.setdefault(f"intake.alarm.{alarm}", question.name)
        if question.consent:
            found.setdefault(f"summary.purpose.{question.consent}", question.name)
    return found


def missing_for_use(questionnaire: Questionnaire) -> list[str]:
    """What an intake cannot do without, although each question is right."""
    found = []
    if not any(question.gate and question.consent for question in questionnaire.questions):
        found.append("no question asks for the agreement (gate: true and a consent), so nothing could be kept; add one")
    if not any(question.type == "review" for question in questionnaire.questions):
        found.append("there is no question of type review, so nothing could be sent; add it as the last one")
    return found


def _wrong_sections(questionnaire: Questionnaire) -> Iterator[str]:
    used = {question.section for question in questionnaire.questions}
    for section, times in Counter(questionnaire.sections).items():
        if times > 1:
            yield f"section {section} is listed twice under sections; remove one"
        if section not in used:
            yield f"section {section} has no questions; remove it from sections, or give a question this section"


def _wrong_given(questionnaire: Questionnaire) -> Iterator[str]:
    unknown = sorted(set(questionnaire.given) - set(GIVEN))
    if unknown:
        yield f"given names {', '.join(unknown)}, which the town does not tell; there are {', '.join(GIVEN)}"


def _wrong_contradictions(questionnaire: Questionnaire) -> Iterator[str]:
    known = {question.name for question in questionnaire.questions if question.repeat is None}
    shown = {question.name for question in questionnaire.questions if question.summary}
    for number, each in enumerate(questionnaire.contradictions, 1):
        where = f"contradiction {number}"
        if len(each.between) < 2 or not set(each.between) <= known & shown:
            named = ", ".join(each.between)
            yield f"{where}: between names {named}; name two or more questions that the summary shows, none of a group"
        unknown = sorted(relevance.names(each.when) - known - set(questionnaire.given))
        if unknown:
            yield f"{where}: when names {', '.join(unknown)}, which is no question outside of a group; correct the name"
        try:
            relevance.holds(each.when, {})
        except ValueError as error:
            yield f"{where}: when {each.when!r} cannot be read: {error}"


def _wrong_in(questionnaire: Questionnaire, question: Question, before: set[str]) -> Iterator[str]:
    """Problems of one question; `before` are the names of those before it."""
    if question.name in questionnaire.given:
        yield "its name is that of a given value; choose another name"
    elif question.name in before:
        yield "it stands twice; rename or remove one"
    if not NAME.fullmatch(question.name):
        yield "the name may have small letters, digits and _ only, a letter first; rename it"
    if question.type not in TYPES:
        yield f"type {question.type!r} is none of {', '.join(TYPES)}{_perhaps(question.type, TYPES)}"
    if question.section not in questionnaire.sections:
        near = _perhaps(question.section, questionnaire.sections)
        yield f"section {question.section!r} is not listed under sections; add it there{near}"
    yield from _wrong_choices(question)
    yield from _wrong_limits(question)
    if question.summary is not None and question.summary not in SUMMARY_PARTS:
        yield f"summary {question.summary!r} is no part of the case worker's page; there are {', '.join(SUMMARY_PARTS)}"
    if question.unit is not None and (question.unit != "years" or question.type != "integer"):
        yield "unit may be years, and of an integer only; remove it"
    if question.sensitive and not question.consent:
        yield "it is sensitive, so it needs a consent of its own; name its purpose as consent"
    if question.sensitive and not any(each.type == "private" for each in questionnaire.questions):
        yield "it is sensitive, but no question of type private leads to the page on which it is asked; add one before it"
    if question.gate and (question.relevant or question.repeat or question.sensitive):
        yield "a gate comes first for everybody: it has no relevant, is not repeated and not sensitive"
    if question.consent and not question.sensitive and not {"yes", "no"} <= set(question.choices):
        yield "it asks for a consent, so its choices must be yes and no"
    if question.more and (question.type != "select_one" or "yes" not in question.choices):
        yield "it asks whether there is more (more: true), so it must be a select_one with the choice yes"
    if question.more and not question.repeat:
        yield "more: true belongs to the last question of a repeated group; remove it"
    if question.relevant is not None:
        yield from _wrong_condition(questionnaire, question, question.relevant, before)


def _wrong_choices(question: Question) -> Iterator[str]:
    if question.type.startswith("select") and not question.choices and not question.listed:
        yield "choices are missing; list them"
    twice = [choice for choice, times in Counter(question.choices).items() if times > 1]
    if twice:
        yield f"the choice {', '.join(twice)} stands twice; remove one"
    odd = [choice for choice in question.choices if not CHOICE.fullmatch(choice)]
    if odd:
        yield f"the name of a choice has no spaces, quotes, commas or =; rename {', '.join(map(repr, odd))}"
    for name in ("ends", "exclusive", "alarm"):
        unknown = sorted(set(getattr(question, name)) - set(question.choices))
        if unknown and not question.listed:
            yield f"{name} names {', '.join(unknown)}, which is no choice; there are {', '.join(question.choices) or 'none'}"
    if not question.listed and question.type != "integer" and set(question.shown) - set(question.choices):
        yield f"shown names {', '.join(sorted(set(question.shown) - set(question.choices)))}, which is no choice; remove it"
    if question.other and question.type != "select_multiple":
        yield "other (own words beside the choices) is of a select_multiple only; make it a text with choices instead"


def _wrong_limits(question: Question) -> Iterator[str]:
    if question.min is not None and question.max is not None and question.min > question.max:
        yield f"min {question.min} is more than max {question.max}; swap them"
    if question.min is not None and question.type != "integer":
        yield "min is of an integer only; remove it"
    if question.max is not None and question.type not in ("integer", "select_multiple"):
        yield "max is of an integer or a select_multiple only; remove it"
    if question.type == "integer":
        outside = [number for number in question.shown if not _is_within(question, int(number))]
        if outside:
            yield f"shown names {', '.join(outside)}, which is not between min and max; remove it"
    if question.multiline and not question.is_free:
        yield "multiline is of a text or place only; remove it"
    if question.max is not None and question.type == "select_multiple" and question.max < 1:
        yield "max is how many may be chosen, so at least 1"


def _is_within(question: Question, number: int) -> bool:
    return (question.min is None or number >= question.min) and (question.max is None or number <= question.max)


# conditions


def _wrong_condition(questionnaire: Questionnaire, question: Question, condition: str, before: set[str]) -> Iterator[str]:
    """A condition that cannot be read, names what it may not, compares with a choice that there is not, or never holds."""
    where = f"relevant {condition!r}"
    try:
        relevance.holds(condition, {})
    except ValueError as error:
        yield f"{where} cannot be read ({error}); use comparisons, and, or, not() and selected(${{name}}, 'choice')"
        return
    wrong = False
    for name in sorted(relevance.names(condition)):
        for problem in _wrong_name(questionnaire, question, name, before):
            wrong = True
            yield f"{where} {problem}"
    for name in sorted(relevance.names(condition) & before - set(questionnaire.given)):
        named = questionnaire.question(name)
        for choice in sorted(relevance.compared(condition, name) - {""}):
            if named.choices and not named.listed and not named.is_free and choice not in named.choices:
                wrong = True
                yield f"{where}: {choice!r} is no choice of {name}; there are {', '.join(named.choices)}"
    if not wrong and not _can_be_asked(questionnaire, question):
        yield f"{where} never holds: the question cannot be reached; correct the condition or remove the question"


def _wrong_name(questionnaire: Questionnaire, question: Question, name: str, before: set[str]) -> Iterator[str]:
    if name in questionnaire.given:
        return
    known = [each.name for each in questionnaire.questions]
    if name == question.name:
        yield "names the question itself: a cycle, it would never be asked; name an earlier question"
    elif name not in known:
        yield f"names {name}, but there is no such question{_perhaps(name, [*known, *questionnaire.given])}"
    elif name not in before:
        cycle = _cycle(questionnaire, question.name, name)
        if cycle:
            yield f"names {name}: a cycle ({' → '.join(cycle)}), none of them would be asked; remove one of the conditions"
        else:
            yield f"names {name}, which is asked later; move {name} before {question.name}"
    else:
        named = questionnaire.question(name)
        if named.repeat and named.repeat != question.repeat:
            yield f"names {name} of the group {named.repeat}, which has several responses; name a question outside of it"
        if named.sensitive and not question.sensitive:
            yield f"names {name}, which is sensitive: that it is asked would tell the response; make it sensitive as well"


def _cycle(questionnaire: Questionnaire, start: str, first: str) -> list[str]:
    """The way from a question through conditions back to it; empty where there is none."""
    named = {each.name: relevance.names(each.relevant or "") for each in questionnaire.questions}
    ways, seen = [[start, first]], {first}
    while ways:
        way = ways.pop(0)
        for name in sorted(named.get(way[-1], ())):
            if name == start:
                return [*way, start]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _can_be_asked(questionnaire: Questionnaire, question: Question) -> bool:
    """Whether some responses make the condition true, those before it being asked only where theirs hold.

    All combinations that differ for it are tried; where there are too many, it is taken as possible.
    """
    concerned = _concerned(questionnaire, question)
    conditions = [each.relevant for each in (*concerned, question) if each.relevant]
    names = [*questionnaire.given, *(each.name for each in concerned)]
    told = [["", *sorted(_compared(conditions, name))] for name in questionnaire.given]
    choices = [*told, *([*_possible(each, conditions)] for each in concerned)]
    tried = 0
    for values in islice(product(*choices), _TRIED):
        tried += 1
        if _leads_to(dict(zip(names, values)), concerned, question):
            return True
    return tried == _TRIED


def _leads_to(wanted: dict[str, Any], concerned: list[Question], question: Question) -> bool:
    values = dict(wanted)
    for each in concerned:
        asked = each.relevant is None or relevance.holds(each.relevant, values)
        if asked and each.required and values[each.name] == "":
            return False
        if not asked:
            values[each.name] = ""
    return relevance.holds(question.relevant or "true()", values)


def _concerned(questionnaire: Questionnaire, question: Question) -> list[Question]:
    """The questions that a condition names, those that their conditions name and so on, in the order they are asked."""
    found: set[str] = set()
    waiting = set(relevance.names(question.relevant or ""))
    before = {each.name: each for each in questionnaire.questions[: questionnaire.questions.index(question)]}
    while waiting:
        name = waiting.pop()
        if name in before and name not in found:
            found.add(name)
            waiting |= relevance.names(before[name].relevant or "")
    return [each for each in before.values() if each.name in found]


def _compared(conditions: list[str], name: str) -> set[str]:
    return {choice for condition in conditions for choice in relevance.compared(condition, name)} - {""}


def _possible(question: Question, conditions: list[str]) -> Iterator[Any]:
    """Values of a question that differ for the conditions; "" where it is skipped."""
    yield ""
    text = " ".join(conditions)
    numbers = [int(number) for number in _LITERAL_NUMBER.findall(text)]
    if question.type == "integer":
        low, high = (-(10**6) if question.min is None else question.min), (10**6 if question.max is None else question.max)
        near = {number + step for number in (*numbers, low, high, 0) for step in (-1, 0, 1)}
        yield from sorted(number for number in near if low <= number <= high)
        return
    mentioned = _compared(conditions, question.name) | {str(number) for number in numbers}
    everything = bool(_TWO_RESPONSES.search(text))
    staying = [choice for choice in question.choices if choice not in question.ends]  # after the others nothing is asked
    told = [choice for choice in staying if choice in mentioned]
    others = [choice for choice in staying if choice not in mentioned]
    if question.type == "select_multiple":
        for size in range(1, min(len(told), question.max or len(told)) + 1):
            yield from (list(each) for each in combinations(told, size) if size == 1 or not set(each) & set(question.exclusive))
        yield from ([choice] for choice in others[: None if everything else 1])
        return
    yield from told
    yield from others[: None if everything else 1]
    if question.is_free or question.listed or question.type == "date":
        yield from sorted(_compared(conditions, question.name) - set(told))
        yield "some words"


# groups and order


def _wrong_repeats(questionnaire: Questionnaire) -> Iterator[str]:
    entries = questionnaire.source["questions"]["questions"]
    for name, times in Counter(entry["repeat"] for entry in entries if "repeat" in entry).items():
        if times > 1:
            yield f"group {name} stands twice; rename or join them"
    for repeat in questionnaire.repeats.values():
        inside = [question for question in questionnaire.questions if question.repeat == repeat.name]
        if not inside:
            yield f"group {repeat.name} has no questions; add one or remove the group"
            continue
        if not NAME.fullmatch(repeat.name):
            yield f"group {repeat.name}: the name may have small letters, digits and _ only, a letter first; rename it"
        if repeat.max < 1:
            yield f"group {repeat.name}: max is how many entries there may be, so at least 1"
        if repeat.count is not None:
            yield from _wrong_count(questionnaire, repeat, inside[0])
        if (repeat.count is None) != (sum(question.more for question in inside) == 1 and inside[-1].more):
            yield f"group {repeat.name} needs either a count or, as its last question, one with more: true"


def _wrong_count(questionnaire: Questionnaire, repeat: Repeat, first: Question) -> Iterator[str]:
    match = _COUNT.fullmatch(repeat.count or "")
    before = {each.name: each for each in questionnaire.questions[: questionnaire.questions.index(first)]}
    if match is None or match[1] not in before:
        yield f"group {repeat.name}: count {repeat.count!r} must be ${{name}} of an integer that is asked before it"
    elif before[match[1]].type != "integer":
        yield f"group {repeat.name}: count names {match[1]}, which is no integer; name one"
    elif before[match[1]].repeat:
        yield f"group {repeat.name}: count names {match[1]} of the group {before[match[1]].repeat}; name one outside of it"


def _wrong_order(questionnaire: Questionnaire) -> Iterator[str]:
    questions = questionnaire.questions
    for before, question in pairwise(questions):
        if question.gate and not before.gate:
            yield f"question {question.name}: a gate comes before all other questions; move it before {before.name}"
    for question in questions[:-1]:
        if question.type == "review":
            yield f"question {question.name} must be the last one, since it shows all responses; move it to the end"


# words


def _wrong_words(questionnaire: Questionnaire, tag: str, translation: Translation) -> Iterator[str]:
    for section in questionnaire.sections:
        if not translation.sections.get(section):
            yield f"section {section} has no name in {tag}.yml; add it under sections"
    for question in questionnaire.questions:
        for problem in _wrong_words_of(question, translation):
            yield f"question {question.name}: {problem.replace('{file}', f'{tag}.yml')}"
    names = {question.name for question in questionnaire.questions}
    for name in translation.questions:
        if name not in names:
            near = _perhaps(name, names)
            yield f"question {name} has words in {tag}.yml, but there is no such question; remove them{near}"
    yield from _wrong_inserts(translation, tag)


def _wrong_words_of(question: Question, translation: Translation) -> Iterator[str]:
    """Problems of one question's words; {file} stands for the name of the file."""
    words = translation.questions.get(question.name)
    missing = [name for name in ("label", "short", "why") if words is None or not getattr(words, name).strip()]
    if missing:
        named = " and ".join([", ".join(missing[:-1]), missing[-1]] if missing[1:] else missing)
        yield f"{named} {'are' if missing[1:] else 'is'} missing in {{file}}; add {'them' if missing[1:] else 'it'}"
    if question.sensitive and question.consent and not translation.consents.get(question.consent):
        yield f"consents has no text for {question.consent} in {{file}}; add what is agreed to"
    if words is None:
        return
    named_here = [each for each in question.shown if not _is_listed(question, each)] if question.listed else question.choices
    unnamed = [each for each in named_here if not words.choices.get(each)]
    if unnamed:
        yield f"choices {', '.join(unnamed)} have no label in {{file}}; add them"
    if question.listed:
        return
    unknown = sorted(set(words.choices) - set(question.choices))
    if unknown:
        yield f"{{file}} has labels for {', '.join(unknown)}, which is no choice; remove them"
    odd = sorted(set(words.also) - set(question.choices))
    if question.type == "integer":
        odd = [choice for choice in odd if not choice.isdigit()]
    if odd:
        yield f"also in {{file}} names {', '.join(odd)}, which is no choice; there are {', '.join(question.choices) or 'none'}"
    labels = Counter(words.choices.get(choice) for choice in question.choices if words.choices.get(choice))
    for label, times in labels.items():
        if times > 1:
            same = [choice for choice in question.choices if words.choices.get(choice) == label]
            yield f"choices {', '.join(same)} have the same label in {{file}}; nobody could tell them apart"


def _is_listed(question: Question, choice: str) -> bool:
    """Whether a choice of a list that is not written down has its name from there."""
    english = Locale("en")
    if question.listed == "countries":
        return len(choice) == 2 and choice in english.territories
    return choice in question.choices or choice in english.languages


def _wrong_inserts(translation: Translation, tag: str) -> Iterator[str]:
    """Placeholders that nothing fills in, in one of the countries."""
    common = set.intersection(*map(set, translation.inserts.values())) if translation.inserts else set()
    for name, words in translation.questions.items():
        everywhere = [words.label, words.short, words.why, words.next, *words.choices.values()]
        holes = _holes(everywhere) - common - _INSERTED | _holes([words.one_of]) - common - _INSERTED - _OF_ENTRIES
        for hole in sorted(holes):
            yield f"question {name}: {{{hole}}} in {tag}.yml is filled by nothing; add it to inserts for every country"
    for purpose, text in translation.consents.items():
        for hole in sorted(_holes([text]) - common - _INSERTED):
            yield f"consent {purpose}: {{{hole}}} in {tag}.yml is filled by nothing; add it to inserts for every country"


def _holes(texts: list[str]) -> set[str]:
    return {hole for text in texts for hole in _PLACEHOLDER.findall(text)}
