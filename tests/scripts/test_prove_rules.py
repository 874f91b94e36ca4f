"""The prover names each property that a rule set violates, and finds none where all hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import z3

from scripts import prove_rules
from scripts.rule_interview import middle_of, walk
from scripts.rule_mutations import (
    CASES,
    EQUIVALENT,
    LOADER,
    ONLY_THE_ORDER,
    PROVER,
    VIGNETTES,
    Judges,
    mutants,
    what_changes,
)
from scripts.rule_properties import (
    Subject,
    absent_findings,
    dead_lines,
    dead_questions,
    dead_rules,
    disagreements,
    false_back_ups,
    heard_when_calm,
    idle_rules,
    late_emergencies,
    lone_emergencies,
    lowered_advice,
    questions_left_out,
    too_many_for_calm,
    unsure_emergencies,
    waiting_follow_ups,
    without_one_advice,
    wrong_longest_ways,
)
from scripts.rule_space import (
    Advice,
    Cell,
    SymbolicRules,
    answer_cells,
    choice_of_answers,
    columns,
    number_of_answer_sets,
)
from skill.triage.assessment import assess
from skill.triage.loading import RULES_FOLDER, parse_rule_set, read_json, source_ids
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skill.triage.model import Answer, RuleSet

Json: TypeAlias = Any
Change: TypeAlias = Callable[[Json], object]

SOURCE = "S01"


def asked(question: str, **more: object) -> Json:
    return {
        "id": question,
        "kind": "yes_no",
        "answer": {"enum": ["yes", "no", "unsure"]},
        "alarming": "yes",
        **more,
        "sources": [SOURCE],
    }


def measured(question: str, kind: str, maximum: int, **more: object) -> Json:
    whole = {"type": "integer", "minimum": 0, "maximum": maximum}
    answer = {"anyOf": [whole, {"const": "unsure"}]}
    return {"id": question, "kind": kind, "answer": answer, **more, "sources": [SOURCE]}


def on_yes(finding: str, question: str, **more: object) -> Json:
    return {"id": finding, "question": question, "present_when": {"const": "yes"}, **more}


def on_yes_or_unsure(finding: str, question: str, **more: object) -> Json:
    words = {"enum": ["yes", "unsure"]}
    return {"id": finding, "question": question, "present_when": words, **more}


def on_number(finding: str, question: str, **bound: int) -> Json:
    band = {"type": "integer", **bound}
    return {"id": finding, "question": question, "present_when": band}


def rule(name: str, level: str, *required: str, **more: object) -> Json:
    kinds = {"emergency": {"holding": "sit"}, "see_doctor": {"within": "two_weeks"}}
    return {
        "id": name,
        "disposition": level,
        **kinds.get(level, {}),
        **more,
        "when": {"required": list(required)},
        "rationale": "Made up to show one thing.",
        "sources": [SOURCE],
    }


def document(questions: Json, findings: Json, rules: Json, **more: Json) -> Json:
    return {
        "$schema": "rule_set.schema.json",
        "id": "small",
        "version": "1.0.0",
        "reviewed_on": None,
        "reviewed_by": None,
        "otherwise": "self_care",
        "in_scope": [],
        "out_of_scope": [],
        "questions": questions,
        "findings": findings,
        "rules": rules,
        "topics": [],
        "tips": [],
        **more,
    }


WHOLE = document(
    [
        asked("chest", even_out_of_scope=True),
        measured("age_years", "age", 120),
        measured("duration_days", "duration", 1000),
        measured("nights", "count", 366),
        asked("leg"),
        asked("leg_worse", follows=["leg_weak"]),
        asked("fever"),
        measured("treatment_days", "duration", 1000, volunteered=True),
    ],
    [
        {"id": "for_someone_else", "reported": True},
        on_yes("chest_sign", "chest", implies=["chest_possible"]),
        on_yes_or_unsure("chest_possible", "chest"),
        on_number("under_16", "age_years", maximum=15),
        on_number("age_70_or_over", "age_years", minimum=70),
        on_yes("leg_weak", "leg", reported=True),
        on_yes_or_unsure("leg_weaker", "leg_worse"),
        on_yes("hot", "fever", reported=True, implies=["warm"]),
        on_yes_or_unsure("warm", "fever"),
        on_number("lasting_28_days", "duration_days", minimum=28),
        on_number("woken_over_3_nights", "nights", minimum=4),
        on_number("treated_3_days", "treatment_days", minimum=3),
        {"id": "neck_only", "reported": True},
        {"id": "stiff", "reported": True},
    ],
    [
        rule("heart", "emergency", "chest_sign"),
        rule("cord", "emergency", "leg_weak", "leg_weaker", holding="keep_still"),
        rule("infection", "emergency", "leg_weak", "hot"),
        rule("perhaps_heart", "urgent_same_day", "chest_possible", unsure=True),
        rule("nerve", "urgent_same_day", "leg_weak"),
        rule("broken_nights", "see_doctor", "woken_over_3_nights", within="few_days"),
        rule("untreated", "see_doctor", "treated_3_days", within="few_days"),
        rule("perhaps_infection", "see_doctor", "warm"),
        rule("child", "see_doctor", "under_16"),
        rule("old", "see_doctor", "age_70_or_over"),
        rule("long", "see_doctor", "lasting_28_days"),
    ],
    out_of_scope=["neck_only"],
    topics=[{"id": "causes", "sources": [SOURCE]}],
    tips=[
        {"id": "move", "sources": [SOURCE]},
        {"id": "stretch", "when": {"required": ["stiff"]}, "sources": [SOURCE]},
    ],
)


def changed(change: Change, original: Json = WHOLE) -> Json:
    """Return a copy of a document after a change to it."""
    copy = deepcopy(original)
    change(copy)
    return copy


def loaded(parsed: Json) -> RuleSet:
    return parse_rule_set(parsed, source_ids=frozenset({SOURCE}))


def subject_of(parsed: Json) -> Subject:
    return Subject(loaded(parsed))


def part(parsed: Json, kind: str, name: str) -> Json:
    return next(entry for entry in parsed[kind] if entry["id"] == name)


def put(parsed: Json, folder: Path) -> str:
    path = folder / "rules.json"
    path.write_text(json.dumps(parsed), encoding="utf-8")
    return str(path)


# --- the rule set as it should be -----------------------------------------------------------


def test_a_sound_rule_set_violates_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = prove_rules.main([put(WHOLE, tmp_path)])
    told = capsys.readouterr().out
    assert "  violated: " not in told
    assert "properties violated: 0 of 15" in told
    assert status == 0


def test_the_figures_are_told_one_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prove_rules.main([put(WHOLE, tmp_path), "--ways"])
    told = capsys.readouterr().out.splitlines()
    assert "rule set: small@1.0.0" in told
    assert "questions heard with nothing alarming: 3 at best, 6 at worst" in told
    assert "longest way to heart: 1 question" in told
    assert "longest way to infection: 7 questions" in told
    way = json.loads(told[told.index("longest way to infection: 7 questions") + 1])
    assert way["leg"] == "yes"
    assert way["leg_worse"] == "no"
    assert "words of the questions: unknown, en-US has no lines for them" in told


# --- each property, and a rule set that violates it -----------------------------------------


def violating(
    find: Callable[[Subject], Iterator[str]], change: Change, original: Json = WHOLE
) -> list[str]:
    """Return the violations that a change brings, where there were none before."""
    assert list(find(subject_of(original))) == []
    return list(find(subject_of(changed(change, original))))


class Doctored(Subject):
    """A rule set whose formulas are those of another one."""

    other: RuleSet

    @cached_property
    def rules(self) -> SymbolicRules:
        rules = SymbolicRules(self.other, self.chosen, "given")
        rules.define_next_question()
        rules.define_spoken()
        return rules


def test_answers_without_advice_are_found() -> None:
    subject = subject_of(WHOLE)
    assert list(without_one_advice(subject)) == []
    subject.rules.at_least[Advice.SELF_CARE] = z3.BoolVal(val=False)
    assert list(without_one_advice(subject)) == ["{}"]


def test_formulas_of_another_rule_set_disagree_with_the_engine() -> None:
    subject = Doctored(loaded(WHOLE))
    subject.other = loaded(changed(lambda d: d["rules"].pop(0)))
    told = list(disagreements(subject))
    assert any("at least emergency" in one and '"chest": "yes"' in one for one in told)


def test_a_longer_time_that_lowers_the_advice_is_found_with_the_two_answers() -> None:
    def mend_only_the_short(parsed: Json) -> None:
        parsed["findings"].append(on_number("short", "duration_days", maximum=3))
        parsed["rules"].append(rule("short_pain", "see_doctor", "short"))

    [told] = violating(lowered_advice, mend_only_the_short)
    assert told == (
        'before: {"duration_days": 0} -> see doctor in two weeks (short_pain); '
        'after: {"duration_days": 4} -> self care (no rule)'
    )


def test_not_sure_about_a_time_that_counts_less_than_the_shortest_is_found() -> None:
    def mend_any_number(parsed: Json) -> None:
        parsed["findings"].append(on_number("any_time", "duration_days", minimum=0))
        parsed["rules"].append(rule("any_pain", "see_doctor", "any_time"))

    [told] = violating(lowered_advice, mend_any_number)
    assert 'after: {"duration_days": "unsure"}' in told


def test_an_alarming_answer_that_lowers_the_advice_is_found() -> None:
    """The loader refuses such a file, so the side is swapped behind its back."""
    sound = loaded(WHOLE)
    swapped = tuple(
        replace(question, alarming="no") if question.id == "chest" else question
        for question in sound.questions
    )
    [told] = lowered_advice(Subject(replace(sound, questions=swapped)))
    assert told == (
        'before: {"chest": "unsure"} -> urgent same day (perhaps_heart); '
        'after: {"chest": "no"} -> self care (no rule)'
    )


def test_a_lower_time_frame_counts_as_lower_advice() -> None:
    def hurry_for_the_short(parsed: Json) -> None:
        parsed["findings"].append(on_number("short", "nights", maximum=3))
        parsed["rules"].append(rule("calm_nights", "see_doctor", "short", within="few_days"))
        part(parsed, "rules", "broken_nights")["within"] = "two_weeks"

    [told] = violating(lowered_advice, hurry_for_the_short)
    assert "see doctor in a few days (calm_nights)" in told


def test_an_emergency_of_doubts_alone_is_found() -> None:
    def take_doubt_for_a_sign(parsed: Json) -> None:
        part(parsed, "rules", "heart")["when"] = {"required": ["chest_possible"]}

    assert violating(unsure_emergencies, take_doubt_for_a_sign) == [
        '{"chest": "unsure"} -> emergency (heart)'
    ]


def test_doubts_about_a_detail_add_up_only_beside_its_trigger() -> None:
    """Each "not sure" would open the other question, but nothing opens the first."""

    def open_each_other(parsed: Json) -> None:
        part(parsed, "questions", "leg_worse")["follows"] = ["leg_weak", "knee_bad"]
        parsed["questions"].insert(7, asked("knee", follows=["leg_weaker"]))
        parsed["findings"].append(on_yes_or_unsure("knee_bad", "knee"))
        part(parsed, "rules", "cord")["when"] = {"required": ["leg_weaker", "knee_bad"]}

    subject = subject_of(changed(open_each_other))
    assert list(unsure_emergencies(subject)) == []
    assert list(disagreements(subject)) == []


def test_advice_that_comes_before_an_open_question_is_found() -> None:
    subject = subject_of(WHOLE)
    assert list(questions_left_out(subject)) == []
    # As if nothing were ever worth asking.
    subject.rules.worth_asking.clear()
    [told] = questions_left_out(subject)
    assert "asked on:" in told


def test_a_finding_that_nothing_makes_present_is_found() -> None:
    assert violating(absent_findings, lambda d: d["findings"].append({"id": "ghost"})) == ["ghost"]


def test_a_rule_that_cannot_fire_is_found() -> None:
    def ask_the_impossible(parsed: Json) -> None:
        parsed["rules"].append(rule("ageless", "see_doctor", "under_16", "age_70_or_over"))

    assert violating(dead_rules, ask_the_impossible) == ["ageless"]


def test_a_rule_that_only_repeats_another_is_found_with_the_other() -> None:
    def repeat(parsed: Json) -> None:
        parsed["rules"].append(rule("leg_again", "see_doctor", "leg_weak"))

    assert violating(idle_rules, repeat) == ["leg_again (whenever it fires, so does nerve)"]


def test_a_rule_that_names_its_back_up_may_repeat_it() -> None:
    def repeat(parsed: Json) -> None:
        parsed["rules"].append(rule("leg_again", "see_doctor", "leg_weak", backed_up_by="nerve"))

    subject = subject_of(changed(repeat))
    assert list(idle_rules(subject)) == []
    assert list(false_back_ups(subject)) == []


@pytest.mark.parametrize(
    ("name", "backing", "told"),
    [
        ("nerve", "heart", "nerve fires without heart"),
        ("cord", "nerve", "cord is backed up by nerve, which is less urgent"),
        ("later", "old", "later is backed up by old, which is later"),
    ],
)
def test_a_back_up_that_does_not_hold_is_found(name: str, backing: str, told: str) -> None:
    def back_up(parsed: Json) -> None:
        parsed["rules"].append(rule("soon", "see_doctor", "age_70_or_over", within="few_days"))
        parsed["rules"].append(rule("later", "see_doctor", "age_70_or_over", within="few_days"))
        part(parsed, "rules", name)["backed_up_by"] = backing

    [violation] = violating(false_back_ups, back_up)
    assert violation.startswith(told)


def test_rules_that_back_up_each_other_are_found() -> None:
    def back_each_other_up(parsed: Json) -> None:
        parsed["rules"].append(rule("leg", "urgent_same_day", "leg_weak", backed_up_by="nerve"))
        part(parsed, "rules", "nerve")["backed_up_by"] = "leg"

    assert len(violating(false_back_ups, back_each_other_up)) == 2


def test_an_emergency_that_is_asked_about_late_is_found() -> None:
    def ask_last(parsed: Json) -> None:
        parsed["questions"].append(parsed["questions"].pop(0))

    assert violating(late_emergencies, ask_last) == ["chest_sign is first asked about in chest"]


def test_an_emergency_that_is_only_reported_need_not_be_asked_about() -> None:
    def mind_the_swelling(parsed: Json) -> None:
        parsed["findings"].append({"id": "swelling", "reported": True})
        parsed["rules"].append(rule("airway", "emergency", "swelling"))

    subject = subject_of(changed(mind_the_swelling))
    assert list(late_emergencies(subject)) == []
    assert ("swelling", []) in lone_emergencies(subject.rule_set)


def test_a_follow_up_that_waits_for_another_question_is_found() -> None:
    def ask_after_fever(parsed: Json) -> None:
        parsed["questions"][5], parsed["questions"][6] = parsed["questions"][6:4:-1]

    assert violating(waiting_follow_ups, ask_after_fever) == [
        "leg_worse waits until fever were asked"
    ]


def test_a_follow_up_may_stand_before_what_opens_it() -> None:
    def ask_at_once(parsed: Json) -> None:
        parsed["questions"].insert(0, parsed["questions"].pop(5))

    assert list(waiting_follow_ups(subject_of(changed(ask_at_once)))) == []


def test_too_many_questions_to_a_calm_caller_are_found() -> None:
    def ask_on_and_on(parsed: Json) -> None:
        for number in range(10):
            parsed["questions"].append(asked(f"more_{number}"))
            parsed["findings"].append(on_yes(f"sign_{number}", f"more_{number}"))
            parsed["rules"].append(rule(f"rule_{number}", "see_doctor", f"sign_{number}"))

    assert violating(too_many_for_calm, ask_on_and_on) == ["16 questions"]


def test_a_question_that_is_never_asked_is_found_with_its_lines() -> None:
    def ask_for_nothing(parsed: Json) -> None:
        parsed["questions"].append(asked("weather"))
        parsed["findings"].append(on_yes("rain", "weather"))

    subject = subject_of(changed(ask_for_nothing))
    assert list(dead_questions(subject)) == ["weather"]
    assert "question.weather" in dead_lines(subject)


def test_a_reason_that_another_always_takes_the_place_of_is_found() -> None:
    def say_the_same_twice(parsed: Json) -> None:
        parsed["rules"].append(rule("leg_too", "urgent_same_day", "leg_weak"))

    assert "because.leg_too" in dead_lines(subject_of(changed(say_the_same_twice)))
    assert "because.nerve" not in dead_lines(subject_of(WHOLE))


def test_a_longest_way_that_the_engine_does_not_go_is_found() -> None:
    subject = subject_of(WHOLE)
    assert list(wrong_longest_ways(subject)) == []
    reordered = changed(lambda d: d["questions"].insert(0, d["questions"].pop(1)))
    subject.interviews = subject_of(reordered).interviews
    assert any("the engine does not ask" in told for told in wrong_longest_ways(subject))


# --- the answers and the interviews ---------------------------------------------------------


def test_numbers_are_told_apart_exactly_where_a_finding_begins_or_ends() -> None:
    cells = answer_cells(loaded(WHOLE))
    assert cells["age_years"] == (
        Cell("age_years", 0, 15),
        Cell("age_years", 16, 69),
        Cell("age_years", 70, 120),
        Cell("age_years", "unsure"),
    )
    assert [str(cell) for cell in cells["nights"]] == [
        "nights = 0 to 3",
        "nights = 4 to 366",
        "nights = unsure",
    ]
    assert cells["stiff"] == (Cell("stiff", "yes"),)
    assert number_of_answer_sets({key: cells[key] for key in ("age_years", "stiff")}) == 10


def test_formulas_are_evaluated_on_many_sets_of_answers_at_once() -> None:
    cells = answer_cells(loaded(WHOLE))
    rules = SymbolicRules(loaded(WHOLE), choice_of_answers(cells, "given"), "given")
    values = columns(rules, [{}, {"chest": "yes"}, {"chest": "unsure"}, {"age_years": 70}])
    assert values["given fires heart"] == 0b0010
    assert values["given fires perhaps_heart"] == 0b0110
    assert values["given fires old"] == 0b1000


def every_interview(rule_set: RuleSet) -> Iterator[tuple[float, int, frozenset[str]]]:
    """Give how likely each is, how many questions it has, and the emergency rules that fire."""
    cells = answer_cells(rule_set)
    ahead: list[tuple[float, dict[str, Answer]]] = [(1.0, {})]
    while ahead:
        chance, answers = ahead.pop()
        assessment = assess(rule_set, answers)
        question = assessment.next_question
        if question is None:
            urgent = (r.id for r in assessment.fired if r.disposition is Disposition.EMERGENCY)
            yield chance, len(answers), frozenset(urgent)
            continue
        replies = cells[question.id]
        ahead += [
            (chance / len(replies), {**answers, question.id: cell.answer}) for cell in replies
        ]


@pytest.mark.parametrize("move", [None, 0, 3], ids=["as it is", "follow-up first", "in between"])
def test_walking_like_interviews_as_one_gives_the_figures_of_walking_each(
    move: int | None,
) -> None:
    moved = changed(
        lambda d: d["questions"].insert(move, d["questions"].pop(5)) if move is not None else None
    )
    rule_set = loaded(moved)
    found = walk(rule_set, answer_cells(rule_set))
    chances: dict[int, float] = {}
    longest: dict[str, int] = {}
    for chance, questions, fired in every_interview(rule_set):
        chances[questions] = chances.get(questions, 0.0) + chance
        for name in fired:
            longest[name] = max(longest.get(name, 0), questions)
    assert found.all_chances == pytest.approx(chances)
    assert {name: ways.longest.length for name, ways in found.emergencies.items()} == longest
    assert middle_of(found.all_chances) == middle_of(chances)


def test_the_wordiest_way_is_counted_in_the_words_of_its_questions() -> None:
    rule_set = loaded(WHOLE)
    words = {"chest": 5, "age_years": 3, "leg": 7, "leg_worse": 11}
    found = walk(rule_set, answer_cells(rule_set), words)
    assert found.emergencies["heart"].wordiest.length == 5
    assert found.emergencies["cord"].wordiest.length == 26
    answers = found.answers_on_wordiest(found.emergencies["cord"])
    assert [key for key in answers if key in words] == list(words)


def test_a_calm_caller_may_be_of_any_age() -> None:
    heard = heard_when_calm(subject_of(WHOLE))
    assert sum(heard.values()) == pytest.approx(1)
    assert max(heard) == 6


def test_the_median_is_the_number_that_half_stay_within() -> None:
    assert middle_of({1: 0.5, 2: 0.1, 9: 0.4}) == 1
    assert middle_of({1: 0.3, 2: 0.3, 9: 0.4}) == 2
    assert middle_of({4: 0.25}) == 4


# --- the rule set of the skill --------------------------------------------------------------


@pytest.fixture(scope="module")
def skill_rules() -> Json:
    return read_json(RULES_FOLDER / "upper_back_pain.json")


@pytest.fixture(scope="module")
def skill_subject(rule_set: RuleSet) -> Subject:
    return Subject(rule_set)


@pytest.mark.parametrize(
    "find",
    [
        without_one_advice,
        lowered_advice,
        unsure_emergencies,
        questions_left_out,
        absent_findings,
        dead_rules,
        false_back_ups,
        late_emergencies,
        waiting_follow_ups,
        too_many_for_calm,
    ],
)
def test_the_rule_set_of_the_skill_keeps(
    find: Callable[[Subject], Iterator[str]], skill_subject: Subject
) -> None:
    """What takes no time to prove; the rest is proved when the program itself is run."""
    assert list(find(skill_subject)) == []


def test_a_duration_of_the_skill_that_counts_only_up_to_a_limit_is_found(
    skill_rules: Json,
) -> None:
    def cap_the_duration(parsed: Json) -> None:
        band = part(parsed, "findings", "lasting_28_days")["present_when"]
        del band["minimum"]
        band["maximum"] = 28

    sources = source_ids(read_json(RULES_FOLDER / "sources.json"))
    rule_set = parse_rule_set(changed(cap_the_duration, skill_rules), source_ids=sources)
    [told] = lowered_advice(Subject(rule_set))
    assert "duration_days" in told


# --- seeded defects -------------------------------------------------------------------------

FEW = document(
    [asked("chest"), measured("age_years", "age", 120)],
    [
        on_yes("chest_sign", "chest", implies=["chest_possible"]),
        on_yes_or_unsure("chest_possible", "chest"),
        on_number("age_70_or_over", "age_years", minimum=70),
        {"id": "stiff", "reported": True},
    ],
    [
        rule("heart", "emergency", "chest_sign"),
        rule("perhaps_heart", "urgent_same_day", "chest_possible"),
        rule("old", "see_doctor", "age_70_or_over"),
    ],
)


def place_tests(folder: Path, cases: Json = None, vignettes: Json = None) -> Path:
    (folder / "cases").mkdir()
    for case in cases or ():
        path = folder / "cases" / f"{case['rule']}.json"
        path.write_text(json.dumps(case), encoding="utf-8")
    if vignettes is not None:
        (folder / "vignettes.json").write_text(json.dumps({"vignettes": vignettes}))
    return folder


OLD_CASES = [
    {
        "rule": "old",
        "fires": [{"answers": {"age_years": 70}, "disposition": "see_doctor"}],
        "does_not_fire": [{"answers": {"age_years": 69}, "disposition": "self_care"}],
    }
]
CHEST_PATIENT = {
    "id": "V1",
    "findings": {"chest_sign": "yes", "age_years": 40},
    "min_level": "self_care",
    "max_level": "self_care",
}


def verdicts(parsed: Json, tests: Path) -> dict[str, str]:
    judges = Judges(subject_of(parsed), frozenset({SOURCE}), tests)
    return {f"{one.kind}: {one.place}": judges.verdict(one) for one in mutants(parsed)}


def test_every_kind_of_defect_is_seeded() -> None:
    kinds = {mutant.kind for mutant in mutants(WHOLE)}
    assert kinds == {
        "threshold moved",
        "rule dropped",
        "level swapped",
        "required finding dropped",
        "required finding added",
        "not sure added",
        "not sure removed",
        "implies dropped",
        "follows dropped",
        "not smuggled in",
        "questions swapped",
        "alarming side swapped",
    }


def test_a_mutant_differs_from_the_original_and_leaves_it_alone() -> None:
    before = deepcopy(WHOLE)
    assert all(mutant.document != WHOLE for mutant in mutants(WHOLE))
    assert before == WHOLE


def test_a_required_finding_is_dropped_from_an_alternative_with_all_that_holds_it() -> None:
    when = {"required": ["hot"], "anyOf": [{"required": ["leg_weak"]}, {"required": ["stiff"]}]}
    parsed = changed(lambda d: part(d, "rules", "nerve").update(when=when))
    dropped = {
        mutant.place: part(mutant.document, "rules", "nerve")["when"]
        for mutant in mutants(parsed)
        if mutant.kind == "required finding dropped" and mutant.place.startswith("nerve")
    }
    assert dropped == {
        "nerve/hot": {"anyOf": when["anyOf"]},
        "nerve/anyOf/0/leg_weak": {"required": ["hot"], "allOf": [{"required": ["stiff"]}]},
        "nerve/anyOf/1/stiff": {"required": ["hot"], "allOf": [{"required": ["leg_weak"]}]},
    }


def test_each_defect_is_put_down_to_who_notices_it_first(tmp_path: Path) -> None:
    found = verdicts(FEW, place_tests(tmp_path, OLD_CASES))
    assert found["not smuggled in: heart"] == LOADER
    assert found["alarming side swapped: chest"] == LOADER
    assert found["threshold moved: age_70_or_over by +1"] == CASES
    assert found["threshold moved: age_70_or_over by -1"] == CASES
    assert found["rule dropped: old"] == CASES
    assert found["not sure added: chest_sign"] == PROVER
    assert found["required finding added: perhaps_heart: age_70_or_over"] == PROVER
    assert found["implies dropped: chest_sign: chest_possible"] == EQUIVALENT
    assert found["questions swapped: chest and age_years"] == ONLY_THE_ORDER


def test_a_patient_who_gets_advice_out_of_range_notices(tmp_path: Path) -> None:
    judges = Judges(
        subject_of(FEW), frozenset({SOURCE}), place_tests(tmp_path, (), [CHEST_PATIENT])
    )
    assert judges.accept(loaded(FEW))
    [older] = [m for m in mutants(FEW) if m.place == "age_70_or_over by -1"]
    part(older.document, "findings", "age_70_or_over")["present_when"]["minimum"] = 30
    assert judges.verdict(older) == VIGNETTES


def test_what_changes_is_told_from_what_does_not() -> None:
    same = loaded(
        changed(
            lambda d: part(d, "rules", "old").update(rationale="Another sentence, and as long.")
        )
    )
    moved = loaded(changed(lambda d: d["questions"].append(d["questions"].pop(0))))
    assert what_changes(loaded(WHOLE), same) == EQUIVALENT
    assert what_changes(loaded(WHOLE), moved) == ONLY_THE_ORDER


def test_the_score_counts_what_is_caught_of_what_is_no_equivalent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tests = place_tests(tmp_path, OLD_CASES)
    status = prove_rules.main(["--mutate", "--tests", str(tests), put(FEW, tmp_path)])
    told = capsys.readouterr().out
    seeded = len(list(mutants(FEW)))
    assert f"seeded: {seeded}\n" in told
    assert "not caught: questions swapped: chest and age_years (" in told
    assert "equivalent, as z3 proves: 2\n" in told
    assert f"of {seeded - 2} (" in told
    assert status == 0


def test_tests_that_refuse_the_rule_set_itself_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [{**OLD_CASES[0], "fires": OLD_CASES[0]["does_not_fire"]}]
    tests = place_tests(tmp_path, wrong)
    assert prove_rules.main(["--mutate", "--tests", str(tests), put(FEW, tmp_path)]) == 2
    assert "refuse" in capsys.readouterr().err


# --- what it is given -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        ('{"id": ', "is not JSON"),
        ("[]", "$: [] is not of type 'object'"),
        (json.dumps({**FEW, "otherwise": "emergency"}), "$.otherwise: 'self_care' was expected"),
    ],
    ids=["missing", "broken", "no object", "refused"],
)
def test_what_is_no_rule_set_is_refused_in_one_line(
    content: str | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rules.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert prove_rules.main([str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"prove_rules: {path}: ")
    assert told in output.err
    assert output.err.count("\n") == 1


def test_help_tells_what_the_exit_status_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        prove_rules.main(["--help"])
    assert stopped.value.code == 0
    assert "exit status" in capsys.readouterr().out
