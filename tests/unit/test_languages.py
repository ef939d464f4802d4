"""Which language a message is in, and which one the bot then speaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from lotse import languages
from lotse.languages import Choice, Guess, Identifier, Languages, choose

SENTENCES = {
    "de": [
        "Guten Tag, wo kann ich mich anmelden?",
        "ich suche einen Deutschkurs am Abend",
        "Meine Tochter braucht einen Platz im Kindergarten",
        "Was kostet die Fahrkarte im Monat?",
        "ich habe ein Brief vom Jobcenter bekommen und verstehe nicht",
        "Darf ich mit diesem Papier arbeiten",
        "wir wohnen noch in der Unterkunft",
        "Können Sie mir bitte helfen?",
        "Mein Mann ist krank, welcher Arzt hat heute offen",
        "Ich möchte gern als Köchin arbeiten.",
    ],
    "en": [
        "Hello, where can I register my address?",
        "i am looking for a german course in the evening",
        "My daughter needs a place in kindergarten",
        "How much is the bus ticket per month?",
        "i got a letter from the job centre and i do not understand it",
        "Can I work with this paper",
        "we still live in the shelter",
        "Could you please help me?",
        "My husband is ill, which doctor is open today",
        "I would like to work as a cook.",
    ],
    "uk": [
        "Добрий день, де можна зареєструвати адресу?",
        "шукаю курс німецької мови ввечері",
        "Моїй доньці потрібне місце в дитячому садку",
        "Скільки коштує проїзний на місяць?",
        "мені прийшов лист з центру зайнятості, нічого не розумію",
        "Чи можна працювати з цим документом",
        "ми ще живемо в гуртожитку",
        "Допоможіть мені, будь ласка",
        "Чоловік захворів, який лікар сьогодні приймає",
        "Я хотіла б працювати кухаркою.",
    ],
    "ar": [
        "مرحبا، أين يمكنني تسجيل عنواني؟",
        "أبحث عن دورة لغة ألمانية في المساء",
        "ابنتي تحتاج إلى مكان في الروضة",
        "كم سعر تذكرة الباص في الشهر؟",
        "وصلتني رسالة من مكتب العمل وما فهمت شي",
        "هل أستطيع العمل بهذه الورقة",
        "لسا ساكنين بالكامب",
        "ممكن تساعدوني من فضلكم",
        "زوجي مريض، أي طبيب يعمل اليوم",
        "أريد أن أعمل طباخة.",
    ],
    "ru": [
        "Здравствуйте, где можно зарегистрировать адрес?",
        "ищу курсы немецкого языка вечером",
        "Моей дочери нужно место в детском саду",
        "Сколько стоит проездной на месяц?",
        "мне пришло письмо из центра занятости, ничего не понимаю",
        "Можно ли работать с этим документом",
        "мы ещё живём в общежитии",
        "Помогите мне, пожалуйста",
        "Муж заболел, какой врач сегодня принимает",
        "Я хотела бы работать поваром.",
    ],
    "fa": [
        "سلام، کجا می‌توانم آدرسم را ثبت کنم؟",
        "دنبال کلاس زبان آلمانی در عصر هستم",
        "دخترم به جا در مهدکودک نیاز دارد",
        "قیمت بلیط ماهانه اتوبوس چقدر است؟",
        "از اداره کار نامه آمده و چیزی نمی‌فهمم",
        "آیا با این مدرک می‌توانم کار کنم",
        "ما هنوز در کمپ زندگی می‌کنیم",
        "لطفا به من کمک کنید",
        "شوهرم مریض است، امروز کدام دکتر باز است",
        "می‌خواهم به عنوان آشپز کار کنم.",
    ],
}


@pytest.mark.parametrize("tag", SENTENCES)
def test_language_of_a_sentence(identifier: Identifier, tag: str) -> None:
    assert len(SENTENCES[tag]) == 10
    guesses = {text: identifier.identify(text) for text in SENTENCES[tag]}
    assert {text: guess for text, guess in guesses.items() if guess is None or guess.tag != tag} == {}


def test_the_same_text_gets_the_same_guess(identifier: Identifier, known: Languages) -> None:
    another = Identifier([language.tag for language in known.all])
    texts = [texts[-1] for texts in SENTENCES.values()] + ["ich bin da", "i am here please", "Wat kost dat?"]
    first = {text: identifier.identify(text) for text in texts}
    assert {text: identifier.identify(text) for text in reversed(texts)} == first
    assert {text: another.identify(text) for text in texts} == first


@pytest.mark.parametrize(
    "text", ["", " ", "123", "٣٤", "🙂👍🏽", "?!…", "1. 2. 3.", "a", "https://www.example.org/de", "x@example.org"]
)
def test_too_little_to_tell(identifier: Identifier, text: str) -> None:
    assert identifier.identify(text) is None


@pytest.mark.parametrize("text", ["你好，我需要帮助", "γεια σας", "ግዕዝ እንዴት ነህ"])
def test_a_script_of_no_known_language(identifier: Identifier, text: str) -> None:
    assert identifier.identify(text) is None


@pytest.mark.parametrize("text", ["ok", "ja", "так", "لا", "no", "si"])
def test_two_letters_prove_little(identifier: Identifier, text: str) -> None:
    guess = identifier.identify(text)
    assert guess is not None
    assert guess.confidence < languages.choice.SURE_TO_START


@pytest.mark.parametrize("tag", SENTENCES)
def test_confidence_is_a_share(identifier: Identifier, tag: str) -> None:
    for text in SENTENCES[tag]:
        guess = identifier.identify(text)
        assert guess is not None
        assert 0.0 < guess.confidence <= 1.0


OFFER = ["de", "en", "uk", "ar"]


@pytest.mark.parametrize(
    ("current", "chosen", "guess", "words", "declined", "expected"),
    [
        # nothing is known yet
        (None, False, None, 0, None, Choice("en")),
        (None, False, Guess("uk", 0.8), 2, None, Choice("uk")),
        (None, False, Guess("uk", 0.5), 2, None, Choice("en")),
        (None, False, Guess("ru", 0.99), 9, None, Choice("en")),  # recognised, not offered
        # the device named a language, the newcomer has not chosen
        ("de", False, None, 0, None, Choice("de")),
        ("de", False, Guess("ar", 0.9), 5, None, Choice("ar")),
        ("de", False, Guess("ar", 0.59), 5, None, Choice("de")),
        ("de", False, Guess("ar", 0.6), 5, None, Choice("ar")),
        ("de", False, Guess("ru", 0.99), 5, None, Choice("de")),
        # the newcomer has chosen: only a proposal, only for longer and sure text
        ("uk", True, None, 0, None, Choice("uk")),
        ("uk", True, Guess("uk", 0.99), 9, None, Choice("uk")),
        ("uk", True, Guess("de", 0.95), 4, None, Choice("uk", "de")),
        ("uk", True, Guess("de", 0.95), 3, None, Choice("uk")),
        ("uk", True, Guess("de", 0.89), 9, None, Choice("uk")),
        ("uk", True, Guess("ru", 0.99), 9, None, Choice("uk")),
        ("uk", True, Guess("de", 0.95), 9, "de", Choice("uk")),  # declined before
        ("uk", True, Guess("ar", 0.95), 9, "de", Choice("uk", "ar")),
        (None, True, Guess("ar", 0.95), 9, None, Choice("en", "ar")),
    ],
)
def test_choose(
    current: str | None, chosen: bool, guess: Guess | None, words: int, declined: str | None, expected: Choice
) -> None:
    found = choose(current=current, chosen=chosen, guess=guess, words=words, offered=OFFER, declined=declined, default="en")
    assert found == expected


@pytest.mark.parametrize(
    ("tag", "offered"),
    [
        ("uk", "uk"),
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("AR", "ar"),
        ("ar-SY", "ar"),
        ("en-Latn-GB", "en"),
        ("uk-UA", "uk"),
        ("ru", "ru"),
        ("nl-BE", "nl"),
        ("tr", None),  # planned
        ("tlh", None),
        ("ukr", None),
        ("", None),
        (None, None),
        ("-", None),
    ],
)
def test_offered_tag(known: Languages, tag: str | None, offered: str | None) -> None:
    assert known.offered_tag(tag) == offered


def test_the_list(known: Languages) -> None:
    assert {"de", "en", "uk", "ar", "ru", "nl"} <= {language.tag for language in known.offered}
    assert {language.tag for language in known.all if language.direction == "rtl"} == {"ar", "fa"}
    assert known["uk"].name == "Українська"
    assert known["ar"].locale.text_direction == "rtl"
    assert len({language.tag for language in known.all}) == len(known.all)


@pytest.mark.parametrize(
    "entry",
    [
        "{tag: xx, name: Wrong, direction: ltr}",
        "{tag: xx, name: Wrong, direction: ltr, status: full, colour: red}",
        "{tag: xx, name: Wrong, direction: sideways, status: full}",
        "{tag: xx, name: Wrong, direction: ltr, status: ful}",
    ],
)
def test_a_mistake_in_the_list_names_its_entry(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "languages.yml"
    file.write_text(f"- {{tag: de, name: Deutsch, direction: ltr, status: full}}\n- {entry}\n")
    with pytest.raises(ValueError, match="xx"):
        languages.load(file)


@pytest.mark.parametrize(
    ("text", "spoken", "expected"),
    [
        ("english please", "de", "en"),
        ("auf Deutsch bitte", "uk", "de"),
        ("українська", "ar", "uk"),
        ("بالعربية لو سمحت", "en", "ar"),
        ("арабська", "uk", "ar"),
        ("another language", "en", None),
        ("english or deutsch", "en", None),
    ],
)
def test_a_language_named_in_words(known: Languages, text: str, spoken: str, expected: str | None) -> None:
    assert known.named(text, spoken) == expected
