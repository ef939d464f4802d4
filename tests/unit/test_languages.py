"""Which language a message is in, and which one the bot then speaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.engine import Engine
from bot.turn import Gateway
from lotse import core, languages
from lotse.core import Core
from lotse.languages import Choice, Guess, Identifier, Languages, choose, vocabulary
from lotse.languages.words import lexicon, tokens
from lotse.settings import Settings, from_environment
from lotse.storage import Database
from lotse.storage.tables import Conversation, Inbound, Intake
from tests.unit.conftest import converse, training

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


MORE = {
    "nl": [
        "ik zoek een kamer voor mij en mijn kinderen",
        "waar moet ik heen met deze brief",
        "wanneer is het loket open",
        "hoe meld ik mij aan",
        "dat weet ik nog niet",
    ],
    "fr": [
        "je cherche une chambre pour ma famille",
        "ou je dois aller avec cette lettre",
        "c'est ouvert quand",
        "est ce que je peux travailler",
        "on ne sait pas encore",
    ],
    "es": [
        "busco una habitacion para mi familia",
        "a donde voy con esta carta",
        "cuando abren la oficina",
        "puedo trabajar ya",
        "todavia no lo sabemos",
    ],
    "ro": [
        "caut o camera pentru familia mea",
        "unde ma duc cu scrisoarea asta",
        "cand e deschis la birou",
        "am voie sa lucrez",
        "inca nu stim",
    ],
    "pl": [
        "szukam pokoju dla mojej rodziny",
        "gdzie mam isc z tym listem",
        "kiedy jest otwarte",
        "czy moge juz pracowac",
        "jeszcze nie wiemy",
    ],
    "tr": [
        "ailem icin bir oda ariyorum",
        "bu mektupla nereye gideyim",
        "daire ne zaman acik",
        "calisabilir miyim",
        "daha bilmiyoruz",
    ],
    "kmr": [
        "ez ji bo malbata xwe odeyekê digerim",
        "bi vê nameyê ez biçim ku derê",
        "kengî vekirî ye",
        "ez dikarim kar bikim?",
        "em hê nizanin",
        "ez dixwazim zimane almani hin bibim",
    ],
    "bg": [
        "търся стая за моето семейство",
        "къде да отида с това писмо",
        "кога е отворено",
        "мога ли вече да работя",
        "още не знаем",
    ],
    "ti": [
        "ንስድራይ ክፍሊ እደሊ ኣለኹ",
        "በዛ ደብዳበ ናበይ ክኸይድ",
        "መዓስ እዩ ዝኽፈት",
        "ክሰርሕ እኽእል ዶ",
        "ክሳብ ሕጂ ኣይንፈልጥን",
    ],
    "so": [
        "waxaan raadinayaa qol qoyskayga",
        "xagee la tagaa warqaddan",
        "goorma ayay furan tahay",
        "ma shaqayn karaa",
        "weli ma naqaan",
    ],
}
TYPED = [  # with Latin letters, as on a borrowed telephone
    ("kak poluchit termin", "ru"),
    ("gde mojno sdelat spravku", "ru"),
    ("ya ne ponimayu eto pismo", "ru"),
    ("mne nuzhna rabota", "ru"),
    ("4to nado dlya shkoly", "ru"),
    ("yak zapysatysya", "uk"),
    ("de mozhna zrobyty anmeldung", "uk"),
    ("meni potribna dopomoha", "uk"),
    ("kif b7ki ma3 doktor", "ar"),
    ("wein fini sajjel 3al kurs", "ar"),
    ("badi maw3id bokra", "ar"),
    ("shu lazem a3mel", "ar"),
    ("chetor sabt nam konam", "fa"),
    ("baraye bacheha chi mishe gereft", "fa"),
    ("mikham ba doktor harf bezanam", "fa"),
    ("kade moga da namerya rabota", "bg"),
    ("iskam da zapisha deteto", "bg"),
]
MIXED = [  # German nouns, names and words of others in between
    ("де взяти Anmeldung в Jobcenter", "uk"),
    ("was ist с моим Termin", "ru"),
    ("мне нужен Termin im Bürgeramt", "ru"),
    ("بدي Termin بالجوب سنتر", "ar"),
    ("چگونه Anmeldung کنم", "fa"),
    ("къде се прави Anmeldung", "bg"),
    ("ik heb een Termin bij de Ausländerbehörde", "nl"),
    ("comment prendre Termin au Jobcenter", "fr"),
    ("jobcenter için nasıl randevu alırım", "tr"),
    ("Ich heiße Иван Петренко", "de"),
    ("was bedeutet довідка", "de"),
]


@pytest.mark.parametrize("tag", MORE)
def test_language_of_a_sentence_in_the_other_languages(identifier: Identifier, tag: str) -> None:
    guesses = {text: identifier.identify(text) for text in MORE[tag]}
    assert {text: guess for text, guess in guesses.items() if guess is None or guess.tag != tag} == {}


@pytest.mark.parametrize(("text", "tag"), TYPED + MIXED)
def test_language_of_typed_and_mixed_text(identifier: Identifier, text: str, tag: str) -> None:
    guess = identifier.identify(text)
    assert guess is not None
    assert guess.tag == tag


@pytest.mark.parametrize("text", ["kurs b1", "A2 Kurs", "19 prozent von 250", "um 7h30 oder 5 uhr", "brauche 3 zimmer"])
def test_digits_of_other_kinds_are_no_arabic(identifier: Identifier, text: str) -> None:
    guess = identifier.identify(text)
    assert guess is None or guess.tag != "ar"


@pytest.mark.parametrize(
    ("text", "prior", "tag"),
    [
        ("ok", "ru", "ru"),
        ("ja", "de", "de"),
        ("ja", "pl", "pl"),
        ("no", "es", "es"),
        ("no", "en", "en"),
        ("tak", "uk", "uk"),
        ("так", "ru", "ru"),
        ("медсестра", "uk", "uk"),
        ("медсестра", "ru", "ru"),
        ("سلام", "ar", "ar"),
        ("سلام", "fa", "fa"),
        ("Berlin", "ru", "ru"),
        ("merci", "fa", "fa"),
        # clearly another language
        ("guten Tag", "uk", "de"),
        ("thank you", "de", "en"),
        ("wo ist der Arzt", "uk", "de"),
        ("where is the doctor please", "de", "en"),
        ("де лікар", "de", "uk"),
        ("шукаю лікаря", "ru", "uk"),
        # a language that is not known
        ("guten Tag", "xx", "de"),
    ],
)
def test_the_conversations_language_decides_what_is_short(identifier: Identifier, text: str, prior: str, tag: str) -> None:
    guess = identifier.identify(text, prior)
    assert guess is not None
    assert guess.tag == tag


@pytest.mark.parametrize("tag", ["de", "uk", "ar", "fa"])
def test_a_long_text_needs_no_prior(identifier: Identifier, tag: str) -> None:
    for text in ("I have a question about the school of my two children", "мені прийшов лист, я нічого в ньому не розумію"):
        assert identifier.identify(text, tag) == identifier.identify(text)


@pytest.mark.parametrize("text", ["unë kërkoj punë dhe shtëpi", "ممکن ہے کہ وہ نہیں ہے", "ја љубим њу", "ባቡር ጣቢያ የት ነው"])
def test_a_language_that_is_none_of_ours_stays_without_a_guess(identifier: Identifier, text: str) -> None:
    assert identifier.identify(text) is None


def test_the_lists_of_words(known: Languages) -> None:
    words = lexicon()
    tags = {language.tag for language in known.all}
    assert {tag for weights in words.own.values() for tag in weights} == tags
    for tag in tags:
        assert sum(tag in weights for weights in words.own.values()) >= 60, tag
    assert all(sum(weights.values()) <= 1.001 for weights in words.own.values()), "what a word says is shared out"
    assert words.is_loan("jobcentera")
    assert not words.is_loan("job")
    assert words.typed["gde"] == {"ru": 1.0}


def test_words_with_apostrophes() -> None:
    own, _ = lexicon().evidence(tokens("J’ai"), latin=True)
    assert own == lexicon().evidence(tokens("jai"), latin=True)[0]
    assert own["fr"] > 0


def test_words_of_our_texts_are_counted() -> None:
    shares = vocabulary.count({"de": ["der Hund", "der Hund und DER Kater", "бюро"], "en": ["hund", "hund"]})
    assert shares["der"] == {"de": round(vocabulary.PER * 3 / 7)}
    assert set(shares["hund"]) == {"de", "en"}
    assert "kater" not in shares, "once may be a typing error"
    assert "бюро" not in shares


@pytest.mark.parametrize("tag", ["de", "nl", "en", "ru", "uk", "tr", "ar", "fa", "fr", "es", "ro", "pl"])
def test_most_training_examples_are_told(identifier: Identifier, tag: str) -> None:
    longer = [text for _, text in training(tag) if len(text.split()) >= 4][::5]
    right = sum((guess := identifier.identify(text)) is not None and guess.tag == tag for text in longer)
    assert right >= 0.95 * len(longer)


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


@pytest.mark.parametrize(
    ("text", "looks_like", "strange"),
    [
        ("Ku mund ta regjistroj adresën time të re?", "ro", True),
        ("Gdje mogu prijaviti svoju novu adresu?", "pl", True),
        ("Dove posso registrare il mio nuovo indirizzo?", "es", True),
        ("Hol tudom bejelenteni az új lakcímemet?", "tr", True),
        ("Wo kann ich meine neue Adresse anmelden?", "de", False),
        ("¿Dónde puedo registrar mi nueva dirección?", "es", False),
        ("Unde îmi pot înregistra noua adresă?", "ro", False),
        ("Де мені зареєструвати нову адресу?", "uk", False),
        ("أين يمكنني تسجيل عنواني الجديد؟", "ar", False),
        ("Ez dikarim navnîşana xwe li ku qeyd bikim?", "kmr", False),
        ("12345 67890", "de", False),
    ],
)
def test_a_second_opinion_knows_languages_that_are_none_of_ours(
    identifier: Identifier, text: str, looks_like: str, strange: bool
) -> None:
    assert identifier.is_strange(text, looks_like) is strange


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
        ("de", False, Guess("ar", 0.99), 3, None, Choice("ar")),
        ("de", False, Guess("ar", 0.99), 2, None, Choice("de")),  # one or two words switch nothing
        ("de", False, Guess("ar", 0.99), 1, None, Choice("de")),
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
    ("chosen", "guess", "words", "declined", "expected"),
    [
        (False, Guess("de", 0.95), 5, None, Choice("uk", "de")),
        (True, Guess("de", 0.95), 5, None, Choice("uk", "de")),
        (False, Guess("de", 0.8), 5, None, Choice("uk")),
        (False, Guess("de", 0.95), 3, None, Choice("uk")),
        (False, Guess("de", 0.95), 5, "de", Choice("uk")),
        (False, Guess("uk", 0.95), 5, None, Choice("uk")),
        (False, None, 0, None, Choice("uk")),
    ],
)
def test_an_intake_under_way_is_only_asked_whether_to_switch(
    chosen: bool, guess: Guess | None, words: int, declined: str | None, expected: Choice
) -> None:
    found = choose(
        current="uk", chosen=chosen, guess=guess, words=words, offered=OFFER, declined=declined, default="en", under_way=True
    )
    assert found == expected


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """The core, on a database of no use."""
    return core.build(from_environment({"LOTSE_HOME": str(tmp_path_factory.mktemp("home"))}))


@pytest.fixture
def gateway(parts: Core, settings: Settings, database: Database, identifier: Identifier) -> Gateway:
    """The gateway on a database with the sample towns; no engine answers."""
    own = replace(parts, settings=settings, database=database)
    return Gateway(own, Engine("http://127.0.0.1:1", "secret"), identifier)


LONG = "I would like to find a flat with three rooms for my family"


@pytest.mark.parametrize(
    ("text", "intake", "chosen", "speaks", "proposes"),
    [
        (LONG, None, False, "en", None),
        (LONG, None, True, "uk", "en"),
        (LONG, "started", False, "uk", "en"),
        (LONG, "submitted", False, "en", None),
        ("thank you", None, False, "uk", None),
        ("thank you", "started", False, "uk", None),
        ("ok", None, False, "uk", None),
    ],
)
def test_which_language_a_message_leaves(
    gateway: Gateway, database: Database, text: str, intake: str | None, chosen: bool, speaks: str, proposes: str | None
) -> None:
    with database.session() as session:
        conversation, inbound = converse(session, language="uk", text=text)
        conversation.language_chosen = chosen
        if intake:
            session.add(
                Intake(
                    conversation_id=conversation.id, municipality_id=conversation.municipality_id,
                    questionnaire="intake", version="1", status=intake,
                )
            )  # fmt: skip
        inbound_id = inbound.id
    prepared = gateway._prepare(inbound_id)
    assert prepared is not None
    assert prepared.propose == proposes
    with database.session() as session:
        assert session.scalars(select(Conversation)).one().language == speaks


@pytest.mark.parametrize(
    ("text", "language", "understood"),
    [
        ("kak poluchit spravku v Jobcenter", "ru", "как получить справку в Jobcenter"),
        ("где получить справку", "ru", "где получить справку"),
        ("where is the school", "ru", "where is the school"),
    ],
)
def test_the_engine_gets_the_words_in_their_script_and_stored_words_stay_as_typed(
    gateway: Gateway, database: Database, text: str, language: str, understood: str
) -> None:
    with database.session() as session:
        _, inbound = converse(session, language=language, text=text)
        inbound_id = inbound.id
    prepared = gateway._prepare(inbound_id)
    assert prepared is not None
    assert prepared.text == understood
    with database.session() as session:
        assert session.scalars(select(Inbound)).one().body["text"] == text


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
    assert len(known.all) == 16
    assert known["kmr"].name_in("de") == "Kurdisch"
    assert known["de"].name_in("kmr") == "almanî"
    for language in known.all:
        assert language.locale.text_direction == language.direction, language.tag


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
