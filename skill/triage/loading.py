"""From a rule-set file to a :class:`RuleSet`, or to every reason why it is refused.

Two passes. The first asks the JSON Schema whether the shape is right; the second, only on a
file of the right shape, asks what no schema can: do references resolve, is every id used
once, does every follow-up stand with its trigger. Each pass reports all it finds.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain, pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skill.errors import RuleSetError
from skill.shapes import shape_problems, shape_problems_of_file
from skill.triage.model import (
    AcceptedAnswers,
    Disposition,
    Finding,
    Question,
    Rule,
    RuleSet,
    Tip,
    Topic,
    YesNo,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from skill.shapes import ShapeProblem

# What a parsed JSON file is made of; nothing past this module is typed so.
Json = Any

RULES_FOLDER = Path(__file__).parent.parent / "rules"
_SCHEMA_PATH = RULES_FOLDER / "rule_set.schema.json"
_DISPOSITIONS = {disposition.name.lower(): disposition for disposition in Disposition}
_FROM_CALM_TO_ALARMING: dict[YesNo, tuple[YesNo, YesNo, YesNo]] = {
    "yes": ("no", "unsure", "yes"),
    "no": ("yes", "unsure", "no"),
}


def load_rule_set(path: Path = RULES_FOLDER / "upper_back_pain.json") -> RuleSet:
    """Read and check a rule-set file.

    Raises:
        RuleSetError: The file cannot be read, is no JSON, or breaks a rule; its ``problems``
            name every place.
    """
    document = read_json(path)
    sources = read_json(RULES_FOLDER / "sources.json")
    shape = shape_problems_of_file(path, document, read_json(_SCHEMA_PATH))
    try:
        return _of_right_meaning(document, shape, source_ids(sources))
    except RuleSetError as error:
        raise RuleSetError(tuple(f"{path}: {one}" for one in error.problems)) from error


def read_json(path: Path) -> Json:
    """Return what a JSON file holds.

    Raises:
        RuleSetError: The file cannot be read, is no JSON, or writes one key twice.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
    except OSError as error:
        raise RuleSetError((f"{path}: cannot be read ({error.strerror})",)) from error
    except ValueError as error:
        raise RuleSetError((f"{path}: is not JSON ({error})",)) from error


def source_ids(sources: Json) -> frozenset[str]:
    """Return the id of every entry of ``sources.json``, whatever list it stands in."""
    lists = [value for value in sources.values() if isinstance(value, list)]
    return frozenset(entry["id"] for entry in chain(*lists))


def parse_rule_set(document: Json, *, source_ids: frozenset[str]) -> RuleSet:
    """Check a parsed rule set and return it.

    Args:
        document: The file's content, as ``json.loads`` gives it.
        source_ids: The ids that a ``sources`` list may name.

    Raises:
        RuleSetError: With every defect of the first pass that found any.
    """
    shape = shape_problems(document, read_json(_SCHEMA_PATH))
    return _of_right_meaning(document, shape, source_ids)


def _of_right_meaning(
    document: Json, shape: Sequence[ShapeProblem], source_ids: frozenset[str]
) -> RuleSet:
    """Go on after the first pass."""
    problems = [f"{place}: {message}" for place, message in shape]
    if not problems:
        problems = _meaning_problems(document, source_ids)
    if problems:
        raise RuleSetError(tuple(problems))
    return _built(document)


def alternatives_of(condition: Json) -> frozenset[frozenset[str]]:
    """Return the smallest sets of findings that satisfy a condition.

    Equal to asking ``jsonschema`` whether an object with the findings as keys is valid
    (``tests/triage/test_loading.py`` proves it), at a hundredth of the time.
    """
    parts: list[frozenset[frozenset[str]]] = []
    if "required" in condition:
        parts.append(frozenset({frozenset(condition["required"])}))
    parts.extend(alternatives_of(part) for part in condition.get("allOf", ()))
    if "anyOf" in condition:
        parts.append(frozenset().union(*map(alternatives_of, condition["anyOf"])))
    combined = {frozenset[str]().union(*choice) for choice in product(*parts)}
    return frozenset(one for one in combined if not any(other < one for other in combined))


def accepted_answers(fragment: Json) -> AcceptedAnswers:
    """Return the compiled form of a fragment over one answer.

    Equal to asking ``jsonschema``, as :func:`alternatives_of` is.
    """
    if "const" in fragment:
        return AcceptedAnswers(frozenset({fragment["const"]}))
    if "enum" in fragment:
        return AcceptedAnswers(frozenset(fragment["enum"]))
    if "anyOf" in fragment:
        number, word = (accepted_answers(part) for part in fragment["anyOf"])
        return AcceptedAnswers(
            word.words, takes_numbers=True, minimum=number.minimum, maximum=number.maximum
        )
    return AcceptedAnswers(
        frozenset(),
        takes_numbers=True,
        minimum=fragment.get("minimum"),
        maximum=fragment.get("maximum"),
    )


def _without_repeats(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    repeated = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
    if repeated:
        raise ValueError(f"the key {repeated[0]!r} stands twice in one object")
    return dict(pairs)


# --- second pass: the meaning ---------------------------------------------------------------


def _meaning_problems(document: Json, source_ids: frozenset[str]) -> list[str]:
    return [
        *_repeated_ids(document),
        *_unknown_references(document, source_ids),
        *_answer_problems(document),
        *_implication_cycles(document),
        *_follow_up_problems(document),
        *_unsure_problems(document),
    ]


def _repeated_ids(document: Json) -> Iterator[str]:
    for part in ("questions", "findings", "rules", "topics", "tips"):
        counts = Counter(entry["id"] for entry in document[part])
        for repeated in (entry_id for entry_id, count in counts.items() if count > 1):
            yield f"$.{part}: the id {repeated!r} stands {counts[repeated]} times"


def _unknown_references(document: Json, source_ids: frozenset[str]) -> Iterator[str]:
    questions = {question["id"] for question in document["questions"]}
    findings = {finding["id"] for finding in document["findings"]}
    rules = {rule["id"] for rule in document["rules"]}
    references: list[tuple[str, str, Sequence[str], frozenset[str] | set[str]]] = []
    for index, question in enumerate(document["questions"]):
        where = f"$.questions[{index}]"
        references += [
            (f"{where}.asks_about", "finding", question.get("asks_about", ()), findings),
            (f"{where}.follows", "finding", question.get("follows", ()), findings),
            (f"{where}.sources", "source", question["sources"], source_ids),
        ]
    for index, finding in enumerate(document["findings"]):
        where = f"$.findings[{index}]"
        asked_in = [finding["question"]] if "question" in finding else []
        references += [
            (f"{where}.question", "question", asked_in, questions),
            (f"{where}.implies", "finding", finding.get("implies", ()), findings),
        ]
    for index, rule in enumerate(document["rules"]):
        where = f"$.rules[{index}]"
        mentioned = sorted(frozenset().union(*alternatives_of(rule["when"])))
        backing = [rule["backed_up_by"]] if "backed_up_by" in rule else []
        references += [
            (f"{where}.when", "finding", mentioned, findings),
            (f"{where}.backed_up_by", "rule", backing, rules - {rule["id"]}),
            (f"{where}.sources", "source", rule["sources"], source_ids),
        ]
    for key in ("in_scope", "out_of_scope"):
        references.append((f"$.{key}", "finding", document[key], findings))
    for part in ("topics", "tips"):
        for index, entry in enumerate(document[part]):
            where = f"$.{part}[{index}]"
            needed = sorted(frozenset().union(*alternatives_of(entry.get("when", {}))))
            references += [
                (f"{where}.when", "finding", needed, findings),
                (f"{where}.sources", "source", entry["sources"], source_ids),
            ]
    for where, kind, named, known in references:
        for name in named:
            if name not in known:
                yield f"{where}: unknown {kind} {name!r}"


def _answer_problems(document: Json) -> Iterator[str]:
    questions = {question["id"]: question for question in document["questions"]}
    decided = {finding["question"] for finding in document["findings"] if "question" in finding}
    for index, question in enumerate(document["questions"]):
        if question["id"] not in decided:
            yield f"$.questions[{index}]: no finding depends on its answer"
    for index, finding in enumerate(document["findings"]):
        where = f"$.findings[{index}]"
        kind = questions.get(finding.get("question", ""), {}).get("kind")
        if kind is None:
            if finding["id"] in questions:
                yield f"{where}: {finding['id']!r} is a question's id too; name its 'question'"
            continue
        when = finding["present_when"]
        words_only = not accepted_answers(when).takes_numbers
        if (kind == "yes_no") != words_only and when != {"const": "unsure"}:
            yield f"{where}.present_when: does not fit the answers of a {kind} question"
        about = questions[finding["question"]].get("asks_about", ())
        if finding.get("reported") and len(about) > 1 and not finding.get("several"):
            yield f"{where}: its question asks about more; say so with 'several'"
        if finding.get("reported") and "yes" not in accepted_answers(when).words:
            yield f"{where}.reported: a report would not make it present"


def _implication_cycles(document: Json) -> Iterator[str]:
    implies = _implications(document)
    for index, finding in enumerate(document["findings"]):
        if finding["id"] in _closure(implies, finding["id"]):
            yield f"$.findings[{index}].implies: leads back to {finding['id']!r}"


def _closure(implies: Mapping[str, Sequence[str]], start: str) -> frozenset[str]:
    reached: set[str] = set()
    ahead = list(implies.get(start, ()))
    while ahead:
        one = ahead.pop()
        if one not in reached:
            reached.add(one)
            ahead.extend(implies.get(one, ()))
    return frozenset(reached)


def _follow_up_problems(document: Json) -> Iterator[str]:
    """Find rules that could need a follow-up's answer without what opens the follow-up.

    Such a rule would have the follow-up asked of everyone, or too late. A trigger that is
    implied counts as named: a report of the finding then brings its trigger along.
    """
    questions = {question["id"]: question for question in document["questions"]}
    asked_in = {finding["id"]: finding.get("question") for finding in document["findings"]}
    implies = _implications(document)
    for index, rule in enumerate(document["rules"]):
        for alternative in sorted(alternatives_of(rule["when"]), key=sorted):
            reached = alternative.union(*(_closure(implies, finding) for finding in alternative))
            for finding in sorted(alternative):
                follows = questions.get(asked_in.get(finding), {}).get("follows", ())
                if follows and reached.isdisjoint(follows):
                    yield (
                        f"$.rules[{index}].when: {rule['id']!r} needs {finding!r}, which is only"
                        f" asked after {' or '.join(sorted(follows))}; require that too"
                    )


def _unsure_problems(document: Json) -> Iterator[str]:
    """Find yes/no questions where a calmer answer makes something present that counts.

    From the calm answer over "not sure" to the alarming one, the findings that rules read may
    only be added to. Then the advice can only rise, whatever else was answered:
    level(calm) <= level(not sure) <= level(alarming).
    """
    implies = _implications(document)
    read = frozenset[str]().union(
        *(
            alternative
            for rule in document["rules"]
            for alternative in alternatives_of(rule["when"])
        )
    )

    def counted_on(question_id: str, answer: YesNo) -> frozenset[str]:
        made_present = {
            finding["id"]
            for finding in document["findings"]
            if finding.get("question") == question_id
            and accepted_answers(finding["present_when"]).accepts(answer)
        }
        return read & made_present.union(*(_closure(implies, one) for one in made_present))

    for index, question in enumerate(document["questions"]):
        steps = _FROM_CALM_TO_ALARMING.get(question.get("alarming"), ())
        for calmer, graver in pairwise(steps):
            less = counted_on(question["id"], calmer)
            for finding in sorted(less - counted_on(question["id"], graver)):
                yield (
                    f"$.questions[{index}]: {finding!r} is present on {calmer!r} but not on "
                    f"{graver!r}, so the graver answer could lower the advice"
                )


def _implications(document: Json) -> dict[str, Sequence[str]]:
    return {finding["id"]: finding.get("implies", ()) for finding in document["findings"]}


# --- the rule set ---------------------------------------------------------------------------


def _built(document: Json) -> RuleSet:
    implies = _implications(document)
    return RuleSet(
        id=document["id"],
        version=document["version"],
        reviewed_on=document["reviewed_on"],
        reviewed_by=document["reviewed_by"],
        otherwise=_DISPOSITIONS[document["otherwise"]],
        questions=tuple(
            Question(
                id=question["id"],
                kind=question["kind"],
                answer=accepted_answers(question["answer"]),
                alarming=question.get("alarming"),
                asks_about=tuple(question.get("asks_about", ())),
                follows=frozenset(question.get("follows", ())),
                volunteered=question.get("volunteered", False),
                even_out_of_scope=question.get("even_out_of_scope", False),
                history=question.get("history", False),
                sources=tuple(question["sources"]),
            )
            for question in document["questions"]
        ),
        findings=tuple(
            Finding(
                id=finding["id"],
                question=finding.get("question"),
                present_when=(
                    accepted_answers(finding["present_when"]) if "question" in finding else None
                ),
                reported=finding.get("reported", False),
                own_words=finding.get("own_words", False),
                several=finding.get("several", False),
                history=finding.get("history", False),
                implies=_closure(implies, finding["id"]),
            )
            for finding in document["findings"]
        ),
        rules=tuple(_built_rule(rule, implies) for rule in document["rules"]),
        in_scope=frozenset(document["in_scope"]),
        out_of_scope=frozenset(document["out_of_scope"]),
        topics=tuple(
            Topic(id=topic["id"], sources=tuple(topic["sources"])) for topic in document["topics"]
        ),
        tips=tuple(
            Tip(
                id=tip["id"],
                alternatives=tuple(sorted(alternatives_of(tip.get("when", {})), key=sorted)),
                sources=tuple(tip["sources"]),
            )
            for tip in document["tips"]
        ),
    )


def _built_rule(rule: Json, implies: Mapping[str, Sequence[str]]) -> Rule:
    alternatives = alternatives_of(rule["when"])
    complete = {
        alternative.union(*(_closure(implies, finding) for finding in alternative))
        for alternative in alternatives
    }
    return Rule(
        id=rule["id"],
        disposition=_DISPOSITIONS[rule["disposition"]],
        within=rule.get("within"),
        holding=rule.get("holding"),
        alternatives=tuple(sorted(complete, key=sorted)),
        unsure=rule.get("unsure", False),
        backed_up_by=rule.get("backed_up_by"),
        rationale=rule["rationale"],
        sources=tuple(rule["sources"]),
        mentions=frozenset().union(*alternatives),
    )
