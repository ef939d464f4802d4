"""Simulated newcomers against the dialogue in this process: what is stored is what was told, whatever comes in between."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from lotse import core
from lotse.core import Core
from lotse.intake.questionnaire import Questionnaire
from lotse.settings import from_environment
from tests.simulation.checking import check, same
from tests.simulation.diary import Stuck
from tests.simulation.newcomer import Newcomer
from tests.simulation.oracle import Oracle, Town, holds
from tests.simulation.phrases import LANGUAGES, phrases
from tests.simulation.playing import STYLES, Style, oracle_of, play, town_for
from tests.simulation.worlds import InProcess, in_process

PAGES = "https://lotse.example"
TOWN = Town("musterstadt", "Musterstadt", "DE")


class Stage:
    """One dialogue for the whole module, on an event loop of its own."""

    def __init__(self, parts: Core) -> None:
        self.core = parts
        self.numbers = count()
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.world: InProcess = self.run(self._stack.enter_async_context(in_process(parts)))

    def run(self, act: Any) -> Any:
        """Run a coroutine to its end."""

        async def to_the_end() -> Any:
            return await act

        return self._runner.run(to_the_end())

    def newcomer(self, random: Random, language: str, style: Style) -> Newcomer:
        """Somebody new, greeted, with the first question open."""
        oracle = oracle_of(self.core, town_for(self.core, language))
        name = f"newcomer-{next(self.numbers)}"
        chat = self.run(self.world.chat(name, language, oracle.town.slug))
        newcomer = Newcomer(
            self.world, chat, name, oracle, self.core.wording, random, types=style != "presses", presses=style != "types"
        )
        self.run(newcomer.arrive())
        self.run(newcomer.begin())
        return newcomer

    def close(self) -> None:
        """End the dialogue."""
        self.run(self._stack.aclose())
        self._runner.close()
        self.core.database.engine.dispose()


@pytest.fixture(scope="module")
def stage(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The dialogue, where a page for private answers can be offered."""
    home = tmp_path_factory.mktemp("stage")
    shutil.copy(filled, home / "lotse.db")
    parts = core.build(replace(from_environment({"LOTSE_HOME": str(home)}), public_url=PAGES))
    made = Stage(parts)
    yield made
    made.close()


class AnyNewcomer(RuleBasedStateMachine):
    """One newcomer who does anything at any moment."""

    stage: ClassVar[Stage]

    @initialize(random=st.randoms(use_true_random=False), language=st.sampled_from(LANGUAGES), style=st.sampled_from(STYLES))
    def arrives(self, random: Random, language: str, style: Style) -> None:
        self.newcomer = self.stage.newcomer(random, language, style)

    def _do(self, act: Callable[[], Awaitable[bool]]) -> None:
        try:
            self.stage.run(act())
        except Stuck:
            pass  # it stands in the diary

    def is_asked(self) -> bool:
        return self.newcomer.at is not None and self.newcomer.at.type != "review"

    @precondition(is_asked)
    @rule()
    def tells(self) -> None:
        self._do(self.newcomer.tell)

    @precondition(is_asked)
    @rule()
    def tells_more(self) -> None:
        for _ in range(3):
            if self.is_asked():
                self._do(self.newcomer.tell)

    @precondition(is_asked)
    @rule(act=st.sampled_from(("in_two_messages", "tick_and_wait", "keep", "back", "start_over")))
    def does_something_else_with_the_question(self, act: str) -> None:
        self._do(getattr(self.newcomer, act))

    @precondition(lambda self: self.newcomer.at is not None)
    @rule(
        act=st.sampled_from(
            ("why", "help", "progress", "greet", "ask", "privacy", "my_data", "pause", "stop", "human", "crisis",
             "switch_language", "press_old_button", "deliver_twice", "lose_tracker", "talk_nonsense", "refuse_to_delete")
        )
    )  # fmt: skip
    def interrupts(self, act: str) -> None:
        self._do(getattr(self.newcomer, act))

    @precondition(lambda self: self.newcomer.at is not None)
    @rule(act=st.sampled_from(("change_by_list", "change_by_words", "change_by_number")))
    def corrects(self, act: str) -> None:
        self._do(getattr(self.newcomer, act))

    @precondition(lambda self: self.newcomer.at is not None)
    @rule(act=st.sampled_from(("another_person", "other_person")))
    def comes_with_another(self, act: str) -> None:
        self._do(getattr(self.newcomer, act))

    @invariant()
    def nothing_is_wrong(self) -> None:
        newcomer = getattr(self, "newcomer", None)
        assert newcomer is None or not newcomer.diary.problems, "\n".join(newcomer.diary.transcript)

    def teardown(self) -> None:
        newcomer = getattr(self, "newcomer", None)
        if newcomer is None:
            return
        self.stage.run(newcomer.leave())
        assert not check(self.stage.core, newcomer), "\n".join(newcomer.diary.transcript)


def test_what_is_stored_is_what_was_told_whatever_comes_in_between(stage: Stage) -> None:
    AnyNewcomer.stage = stage
    run_state_machine_as_test(
        AnyNewcomer,
        settings=settings(
            max_examples=24,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],  # the story that is shown is short enough; making it shorter takes minutes
        ),
    )


def test_what_is_corrected_in_the_review_and_after_sending_counts(stage: Stage) -> None:
    newcomer = stage.newcomer(Random(3), "ar", "both")
    while newcomer.at is not None and newcomer.at.type != "review":
        stage.run(newcomer.tell("skip pressed"))
    for correct in (newcomer.change_by_list, newcomer.change_by_number):
        stage.run(correct())
        stage.run(newcomer.tell())
    for _ in range(2):
        stage.run(newcomer.send())
        stage.run(newcomer.amend())
        stage.run(newcomer.tell())
    stage.run(newcomer.send())
    stage.run(newcomer.leave())
    assert newcomer.person.times_sent == 3
    assert newcomer.diary.problems + check(stage.core, newcomer) == [], "\n".join(newcomer.diary.transcript)


def test_a_simulated_newcomer_plays_a_whole_intake_from_its_seed(stage: Stage) -> None:
    oracle = oracle_of(stage.core, town_for(stage.core, "uk"))
    played = stage.run(play(stage.core, stage.world, oracle, "whole", "uk", "both"))
    assert played.problems == [], "\n".join(played.diary.transcript)
    assert played.diary.turns > 20


# the simulator itself: it must find what is wrong


def test_a_response_that_was_changed_behind_the_back_is_found(stage: Stage) -> None:
    newcomer = stage.newcomer(Random(1), "de", "presses")
    for way in ("press", "press", "press"):
        stage.run(newcomer.tell(way))
    stage.run(newcomer.leave())
    assert check(stage.core, newcomer) == []
    told = newcomer.person.told.pop("town")
    assert [(problem.kind, problem.question) for problem in check(stage.core, newcomer)] == [("invented", "town")]
    newcomer.person.told["town"] = replace(told, values=("Elsewhere",))
    assert [(problem.kind, problem.question) for problem in check(stage.core, newcomer)] == [("wrong", "town")]
    newcomer.person.told |= {"town": told, "gender": replace(told, values=("woman",))}
    assert [(problem.kind, problem.question) for problem in check(stage.core, newcomer)] == [("lost", "gender")]


@pytest.mark.parametrize(
    ("expression", "told", "expected"),
    [
        ("${a} = 'x'", {"a": "x"}, True),
        ("${a} = 'x'", {"a": None}, False),
        ("${a} != ''", {"a": ["own words with spaces"]}, True),
        ("${a} != ''", {}, False),
        ("${a} > 0", {"a": 2}, True),
        ("${a} > 0", {"a": 0}, False),
        ("${a} > 0", {}, False),
        ("${a} = 'x' or ${b} = 'y' and ${c} = 'z'", {"a": "x"}, True),
        ("${a} != '' and ${a} != 'none'", {"a": "none"}, False),
        ("selected(${a}, 'x')", {"a": ["y", "x"]}, True),
        ("not(selected(${a}, 'x'))", {"a": ["y"]}, True),
    ],
)
def test_the_oracle_reads_conditions(expression: str, told: dict[str, Any], expected: bool) -> None:
    assert holds(expression, told) is expected


def test_the_oracle_follows_conditions_and_groups(questionnaire: Questionnaire) -> None:
    oracle = Oracle(questionnaire, TOWN, link=False)
    keys = [question.key for question in oracle.relevant({})]
    assert "private" not in keys
    assert keys[0] == "age"
    assert "job_years.1" not in keys
    told = {"job.1": "baker", "job_more.1": "yes", "children": 2, "course": "waiting"}
    keys = [question.key for question in oracle.relevant(told)]
    assert [key for key in keys if key.startswith("job")] == ["job.1", "job_years.1", "job_more.1", "job.2", "job_wish"]
    assert [key for key in keys if key.startswith("child")] == ["children", "child_age.1", "child_age.2", "childcare"]
    assert "course_start" in keys
    assert "faith" not in keys, "sensitive questions are never asked in a chat"


def test_no_phrase_of_a_simulated_newcomer_names_danger_but_those_that_shall(stage: Stage) -> None:
    kinds = ("wishes", "more", "fields", "jobs", "sentences", "own_needs", "topics", "questions", "names")
    for language in LANGUAGES:
        assert all(stage.core.crisis.names_danger(text) for text in phrases(language, "crisis"))
        assert not any(stage.core.crisis.names_danger(text) for kind in kinds for text in phrases(language, kind))


@pytest.mark.parametrize(
    ("stored", "told", "expected"),
    [
        (["a", "b"], ["b", "a"], True),
        (["a"], ["a", "b"], False),
        (0, 0, True),
        (0, None, False),
        (1, True, False),
        ("0", 0, False),
    ],
)
def test_values_are_compared_without_the_order_of_choices(stored: Any, told: Any, expected: bool) -> None:
    assert same(stored, told) is expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_has_paused_always_finds_the_way_on(stage: Stage, language: str) -> None:
    """Also where a wish to go on was taken for thanks, a goodbye or a greeting."""
    newcomer = stage.newcomer(Random(1), language, "presses")
    try:
        stage.run(newcomer.say("pause", "pause"))
        assert newcomer.line.question is None
        for intent in ("thank", "goodbye", "bot_challenge", "greet"):
            line = stage.run(newcomer.say(f"… {intent} …", intent))
            assert "resume" in [button.value for message in line.messages for button in message.buttons], intent
    finally:
        stage.run(newcomer.leave())
