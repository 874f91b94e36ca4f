#!/usr/bin/env python3
"""Write docs/rules.md: the rule set as a page that a clinician can read and mark.

The page comes from the data alone: the rule set, its sources and the words of en-US. With
--check nothing is written; the exit status is 1 when the page is not what the data gives.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from jsonschema import Draft202012Validator

from skill.dialogue import script
from skill.dialogue.script import Line
from skill.errors import RuleSetError, SkillError
from skill.speech.catalogue import DEFAULT_LOCALE, Catalogue, load_catalogues
from skill.speech.ssml import to_text
from skill.triage.loading import RULES_FOLDER, load_rule_set, read_json
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skill.triage.model import AcceptedAnswers, Answer, Finding, Question, Rule, RuleSet

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "rules.md"
RULE_SET: Final = RULES_FOLDER / "upper_back_pain.json"
COMMAND: Final = "scripts/write_rules_doc.py"

_STALE: Final = 1
_UNUSABLE: Final = 2

Condition: TypeAlias = Mapping[str, object]
Entry: TypeAlias = Mapping[str, object]
Cells: TypeAlias = Sequence[str]

_LEVELS: Final[Mapping[Disposition, tuple[str, str]]] = {
    Disposition.EMERGENCY: ("Emergency", "Call the emergency number now. All questions stop."),
    Disposition.URGENT_SAME_DAY: ("Same day", "Be seen by somebody today."),
    Disposition.SEE_DOCTOR: ("See a doctor", "See a doctor within days or within two weeks."),
    Disposition.SELF_CARE: ("Home care", "Care for it at home. No rule fired."),
}
_WITHIN: Final = {"few_days": "in the next few days", "two_weeks": "in the next two weeks"}
_UNITS: Final = {"age": " years", "duration": " days", "count": ""}
_WORDS: Final = {"yes": "yes", "no": "no", "unsure": "not sure"}
_NONE: Final = "-"
_CHOICE: Final = "any of: "


@dataclass(frozen=True, slots=True)
class Material:
    """All that the page is made from.

    Attributes:
        rule_set: The rule set, checked.
        conditions: Id of a rule, or of a tip that is not for all, to its condition as the file
            has it.
        words: The lines spoken in en-US.
        article: The article that the product is made from.
        sources: The name of each list in ``sources.json`` to its entries.
    """

    rule_set: RuleSet
    conditions: Mapping[str, Condition]
    words: Catalogue
    article: Entry
    sources: Mapping[str, Sequence[Entry]]

    def spoken(self, line: Line) -> str:
        """Return the words of a line."""
        return to_text([self.words.phrase(line)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page and return the exit status."""
    options = _options(arguments)
    try:
        page = page_of(read_material(options.rule_set))
        if not options.check:
            options.page.write_text(page, encoding="utf-8")
            return 0
        is_current = options.page.exists() and options.page.read_text(encoding="utf-8") == page
    except SkillError as error:
        return _refuse(str(error))
    except (OSError, UnicodeError) as error:
        return _refuse(f"{options.page}: cannot be used ({error})")
    if not is_current:
        print(f"{_shown(options.page)} is stale; write it anew with: {COMMAND}", file=sys.stderr)
        return _STALE
    return 0


def read_material(rule_set_path: Path = RULE_SET) -> Material:
    """Read everything that the page is made from.

    Raises:
        SkillError: A file cannot be read, is no JSON, or is refused.
    """
    sources = read_json(RULES_FOLDER / "sources.json")
    schema = read_json(RULES_FOLDER / "sources.schema.json")
    problems = [
        f"sources.json: {error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(sources)
    ]
    if problems:
        raise RuleSetError(tuple(problems))
    rule_set = load_rule_set(rule_set_path)
    document = read_json(rule_set_path)
    return Material(
        rule_set=rule_set,
        conditions={
            entry["id"]: entry["when"]
            for part in ("rules", "tips")
            for entry in document[part]
            if "when" in entry
        },
        words=load_catalogues(rule_set)[DEFAULT_LOCALE],
        article=sources["article"],
        sources={name: entries for name, entries in sources.items() if isinstance(entries, list)},
    )


def page_of(material: Material) -> str:
    """Return the page; the same material always gives the same page."""
    sections = (
        _head(material),
        _how_to_read(material),
        _questions(material),
        _numbers(material),
        _rules(material),
        _findings(material),
        _knowledge(material),
        _declined(material),
        _sources(material),
    )
    lines = [line for section in sections for line in (*section, "")]
    return "\n".join(lines).rstrip("\n") + "\n"


def in_words(condition: Condition) -> str:
    """Return a rule's condition in words, such as ``fever AND (any of: a; b AND c)``."""
    parts = list(_parts(condition))
    return " AND ".join(map(_in_brackets, parts)) if len(parts) > 1 else "".join(parts)


# --- the sections ---------------------------------------------------------------------------


def _head(material: Material) -> Iterator[str]:
    rule_set = material.rule_set
    yield "# The rules of Upper Back Check"
    yield ""
    if rule_set.reviewed_on and rule_set.reviewed_by:
        yield f"**Reviewed on {rule_set.reviewed_on} by {rule_set.reviewed_by}.**"
    else:
        yield "**Not reviewed by a clinician.**"
    yield ""
    yield f"Rule set `{rule_set.id}`, version {rule_set.version}: {_size(rule_set)}."
    yield ""
    yield "This page is written by `scripts/write_rules_doc.py` from the files in `skill/rules/`"
    yield f"and the words in `skill/speech/locales/{material.words.locale}.json`. Do not edit it:"
    yield f"change the data, then run `{COMMAND}`."


def _how_to_read(material: Material) -> Iterator[str]:
    yield "## How to read this page"
    yield ""
    yield "There are four levels of advice. The most urgent rule that fires decides."
    yield ""
    firsts = {
        Disposition.EMERGENCY: [script.EMERGENCY_FIRST],
        Disposition.URGENT_SAME_DAY: [script.SAME_DAY[0]],
        Disposition.SEE_DOCTOR: [Line(f"see_doctor.{within}") for within in _WITHIN],
        Disposition.SELF_CARE: [script.SELF_CARE],
    }
    rows = [
        (title, meaning, " / ".join(_quoted(material.spoken(line)) for line in firsts[level]))
        for level, (title, meaning) in _LEVELS.items()
    ]
    yield from _table(("Level", "What it means", "Said first"), rows)
    yield ""
    yield "- **Finding**: something that is present or not, such as *fever*. Answers make"
    yield "  findings present. Its id in the files is its name here, with `_` for each space."
    yield "- **Rule**: findings that together ask for a level. A rule can only ask for findings to"
    yield "  be present, so one more finding can raise the advice and never lower it."
    yield "- **Main questions** are numbered 1, 2, 3. **Follow-ups** are 2a, 2b and so on: asked"
    yield "  only while one of the findings they follow is present. No question is asked whose"
    yield "  answer could not raise the advice."
    yield "  A follow-up numbered 0a stands ahead of question 1: it comes first once the finding it"
    yield "  follows was reported."
    yield "- **Elsewhere**: when the caller says that the pain is only in the neck or lower back,"
    yield "  only the questions marked *(elsewhere too)* are asked, and no home care is advised."
    yield "- **History**: an answer to a question marked *(history)*, or a report of a finding so"
    yield "  marked, still holds when a check that was broken off goes on later, where an operator"
    yield "  keeps checks. All else is about right now and is asked again after 30 minutes; a"
    yield "  report that no question could bring up again is kept, so that no warning sign is lost."
    yield "- **Not sure** is an answer of its own and never a no. What it makes present is shown."
    yield "  In reply to a follow-up it counts only while one of the findings followed is present."
    yield "- **Reported**: the caller names a finding unasked, at any moment."
    yield "- **Backed up by**: a rule that already gives at least the same advice; this one is kept"
    yield "  because the article names it by itself."
    yield "- **Sources**: S is a statement of the article, G a red flag of guidelines, C a conflict"
    yield "  or gap in the article and how it was settled, P a choice of this project."
    yield ""
    yield "What is said while help is on its way:"
    yield ""
    holdings = {rule.holding for rule in material.rule_set.rules if rule.holding}
    rows_of_holding = [
        (_name(holding), _quoted(material.spoken(Line(f"holding.{holding}"))))
        for holding in sorted(holdings)
    ]
    yield from _table(("Holding advice", "Words spoken"), rows_of_holding)


def _questions(material: Material) -> Iterator[str]:
    rule_set = material.rule_set
    numbers = _question_numbers(rule_set)
    yield "## The questions, in order"
    yield ""
    yield from _table(
        ("No.", "Question", "Words spoken", "In simpler words"),
        [(numbers[q.id], _marked(q), *_asked(material, q)) for q in rule_set.questions],
    )
    yield ""
    yield "What the answers make present:"
    yield ""
    rows = []
    for question in rule_set.questions:
        if question.kind == "yes_no":
            answered = [_present_on(rule_set, question, word) for word in ("yes", "no")]
        else:
            answered = ["see the numbers", _NONE]
        rows.append(
            (
                f"{numbers[question.id]} `{question.id}`",
                _listed(sorted(question.follows)) if question.follows else _NONE,
                *answered,
                _present_on(rule_set, question, "unsure"),
                ", ".join(question.sources),
            )
        )
    yield from _table(("Question", "Follows", "Yes", "No", "Not sure", "Sources"), rows)


def _numbers(material: Material) -> Iterator[str]:
    rule_set = material.rule_set
    yield "## The numbers and their thresholds"
    yield ""
    rows = []
    for question in rule_set.questions:
        if question.kind == "yes_no":
            continue
        for finding in rule_set.findings:
            if finding.question == question.id and finding.present_when is not None:
                readers = [rule.id for rule in rule_set.rules if finding.id in rule.mentions]
                rows.append(
                    (
                        f"`{question.id}`",
                        _name(finding.id),
                        _accepted(finding.present_when, _UNITS[question.kind]),
                        ", ".join(f"`{reader}`" for reader in readers) or _NONE,
                    )
                )
    yield from _table(("Number", "Finding", "Present at", "Read by"), rows)
    yield ""
    for question in rule_set.questions:
        if question.kind != "yes_no":
            taken = _accepted(question.answer, _UNITS[question.kind])
            yield f"- `{question.id}` takes {taken}."


def _rules(material: Material) -> Iterator[str]:
    yield "## The rules"
    for level, (title, meaning) in _LEVELS.items():
        rules = [rule for rule in material.rule_set.rules if rule.disposition == level]
        if not rules:
            continue
        yield ""
        yield f"### {title} ({len(rules)} rules)"
        yield ""
        yield meaning
        for rule in rules:
            yield ""
            yield from _rule(material, rule)


def _rule(material: Material, rule: Rule) -> Iterator[str]:
    yield f"#### `{rule.id}`"
    yield ""
    yield f"- Fires on: {in_words(material.conditions[rule.id])}"
    yield f"- Why: {rule.rationale}"
    if rule.within:
        yield f"- How soon: {_WITHIN[rule.within]}"
    if rule.holding:
        yield f"- Holding advice: {_name(rule.holding)}"
    yield f"- Reason spoken: {_quoted(material.spoken(script.because(rule)))}"
    if rule.backed_up_by:
        yield f"- Backed up by: `{rule.backed_up_by}`"
    yield f"- Sources: {', '.join(rule.sources)}"


def _findings(material: Material) -> Iterator[str]:
    rule_set = material.rule_set
    yield "## The findings"
    yield ""
    yield "### Findings that can be reported by voice"
    yield ""
    yield "A finding that no rule uses is taken so that the caller is heard; it raises nothing."
    yield ""
    read = _read_by_rules(rule_set)
    rows = [
        (
            f"{_name(finding.id)}{' *(history)*' if finding.history else ''}",
            _present_when(rule_set, finding),
            _listed(sorted(finding.implies)) if finding.implies else _NONE,
            "yes" if read & {finding.id, *finding.implies} else "no",
        )
        for finding in rule_set.findings
        if finding.reported
    ]
    yield from _table(("Finding", "Also present on", "Brings along", "Used by a rule"), rows)
    yield ""
    yield "### All other findings"
    yield ""
    rows_of_others = [
        (
            _name(finding.id),
            _present_when(rule_set, finding),
            _listed(f.id for f in rule_set.findings if finding.id in f.implies),
        )
        for finding in rule_set.findings
        if not finding.reported
    ]
    yield from _table(("Finding", "Present on", "Also brought along by"), rows_of_others)


def _knowledge(material: Material) -> Iterator[str]:
    yield "## What a caller can ask about"
    yield ""
    yield "In the middle of the check only the answer is given; outside of it the rest follows."
    yield ""
    rows_of_topics = [
        (
            f"`{topic.id}`",
            material.spoken(script.answer_to(topic)),
            material.spoken(script.more_about(topic)),
            ", ".join(topic.sources),
        )
        for topic in material.rule_set.topics
    ]
    yield from _table(("Topic", "Answer", "The rest", "Sources"), rows_of_topics)
    yield ""
    yield "## Tips for home care"
    yield ""
    yield "Offered after home care alone."
    yield ""
    rows_of_tips = [
        (
            f"`{tip.id}`",
            in_words(material.conditions[tip.id]) if tip.id in material.conditions else "all",
            material.spoken(script.tip_line(tip)),
            ", ".join(tip.sources),
        )
        for tip in material.rule_set.tips
    ]
    yield from _table(("Tip", "For callers with", "Words spoken", "Sources"), rows_of_tips)


def _declined(material: Material) -> Iterator[str]:
    yield "## Statements of the article that are declined"
    yield ""
    rows = [
        (_text(entry, "id"), _text(entry, "text"), _text(entry, "declined"))
        for entry in material.sources["statements"]
        if "declined" in entry
    ]
    yield from _table(("Id", "What the article says", "Why it is not used"), rows)


def _sources(material: Material) -> Iterator[str]:
    sources, article = material.sources, material.article
    yield "## The sources"
    yield ""
    yield f"The article: *{_text(article, 'title')}*, by {_text(article, 'author')},"
    yield f"{_text(article, 'publisher')}, medically reviewed on {_text(article, 'reviewed_on')}."
    yield _text(article, "note")
    yield ""
    yield "### S: what the article says, in our words"
    yield ""
    yield from _table(
        ("Id", "Statement", "What it tells its reader to do"),
        [_row(entry, "id", "text", "says") for entry in sources["statements"]],
    )
    yield ""
    yield "### G: red flags of guidelines"
    yield ""
    yield "Grade: A accuracy was measured, B guidelines or experts agree, C weak with many false"
    yield "alarms, policy a duty of care."
    yield ""
    yield from _table(
        ("Id", "Condition", "Statement", "Grade", "Verified", "References"),
        [
            (
                *_row(entry, "id", "condition", "statement"),
                " ".join([_text(entry, "grade"), _text(entry, "grade_note", "")]).strip(),
                _yes_or_no(entry),
                _references(entry),
            )
            for entry in sources["guideline_flags"]
        ],
    )
    yield ""
    yield "### C: conflicts and gaps in the article"
    yield ""
    yield from _table(
        ("Id", "Conflict", "Resolution"),
        [_row(e, "id", "conflict", "resolution") for e in sources["choices"] if "conflict" in e],
    )
    yield ""
    yield "### P: choices of this project"
    yield ""
    yield "No source settles them; each waits for a clinician."
    yield ""
    yield from _table(
        ("Id", "Choice", "Why"),
        [_row(e, "id", "choice", "why") for e in sources["choices"] if "choice" in e],
    )
    yield ""
    yield "### References"
    yield ""
    yield "Verified means: what it is cited for was read in a copy of it, not always on the live"
    yield "page. A title in square brackets was supplied by us and not read on the page."
    for entry in sources["references"]:
        yield ""
        yield f"- `{_text(entry, 'id')}`: {_text(entry, 'title')}."
        verified = "verified" if entry["verified"] else "**not verified**"
        yield f"  {_text(entry, 'publisher')}, {_text(entry, 'edition', 'no date')}; {verified}."
        address = _text(entry, "address", "")
        yield f"  <{address}>" if address else "  No address is known."


# --- words ----------------------------------------------------------------------------------


def _parts(condition: Condition) -> Iterator[str]:
    yield from (_name(finding) for finding in _strings(condition.get("required", ())))
    yield from (in_words(part) for part in _conditions(condition.get("allOf", ())))
    choices = [_in_brackets(in_words(part)) for part in _conditions(condition.get("anyOf", ()))]
    if choices:
        yield f"{_CHOICE}{'; '.join(choices)}"


def _in_brackets(part: str) -> str:
    """Enclose a choice, so that it is plain where it ends."""
    return f"({part})" if part.startswith(_CHOICE) else part


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, Sequence) else []


def _conditions(value: object) -> list[Condition]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, Sequence) else []


def _asked(material: Material, question: Question) -> tuple[str, str]:
    if question.volunteered:
        return "taken when the caller tells it, never asked", _NONE
    return (
        material.spoken(script.asking(question)),
        material.spoken(script.asking_simpler(question)),
    )


def _marked(question: Question) -> str:
    elsewhere = " *(elsewhere too)*" if question.even_out_of_scope else ""
    return f"`{question.id}`{elsewhere}{' *(history)*' if question.history else ''}"


def _question_numbers(rule_set: RuleSet) -> dict[str, str]:
    """Number the main questions, and letter the follow-ups behind each."""
    numbers: dict[str, str] = {}
    main = follow_ups = 0
    for question in rule_set.questions:
        if question.volunteered:
            numbers[question.id] = _NONE
        elif question.follows:
            follow_ups += 1
            numbers[question.id] = f"{main}{chr(ord('a') + follow_ups - 1)}"
        else:
            main, follow_ups = main + 1, 0
            numbers[question.id] = str(main)
    return numbers


def _present_on(rule_set: RuleSet, question: Question, answer: Answer) -> str:
    """Name the question's own findings that an answer makes present."""
    own = [
        finding.id
        for finding in rule_set.findings
        if finding.question == question.id
        and finding.present_when is not None
        and finding.present_when.accepts(answer)
    ]
    return _listed(own)


def _present_when(rule_set: RuleSet, finding: Finding) -> str:
    question = rule_set.question(finding.question) if finding.question else None
    if question is None or finding.present_when is None:
        return _NONE
    return f"`{question.id}`: {_accepted(finding.present_when, _UNITS.get(question.kind, ''))}"


def _accepted(answers: AcceptedAnswers, unit: str) -> str:
    said = [" or ".join(meaning for word, meaning in _WORDS.items() if word in answers.words)]
    if answers.takes_numbers:
        low, high = answers.minimum, answers.maximum
        if low is not None and high is not None:
            said.insert(0, f"{low} to {high}{unit}")
        elif low is not None:
            said.insert(0, f"{low}{unit} or more")
        else:
            said.insert(0, f"{high}{unit} or less")
    return ", or ".join(part for part in said if part)


def _read_by_rules(rule_set: RuleSet) -> frozenset[str]:
    return frozenset[str]().union(*(rule.mentions for rule in rule_set.rules))


def _size(rule_set: RuleSet) -> str:
    main = sum(1 for q in rule_set.questions if not q.follows and not q.volunteered)
    follow_ups = sum(1 for q in rule_set.questions if q.follows)
    return f"{main} questions, {follow_ups} follow-ups, {len(rule_set.rules)} rules"


def _name(identifier: str) -> str:
    return identifier.replace("_", " ")


def _listed(identifiers: Iterable[str]) -> str:
    return ", ".join(_name(identifier) for identifier in identifiers) or _NONE


def _quoted(text: str) -> str:
    return f"“{text}”"


def _text(entry: Entry, key: str, without: str = _NONE) -> str:
    """Return what an entry says under a key, or ``without`` where it says nothing."""
    value = entry.get(key)
    return without if value is None else str(value)


def _row(entry: Entry, *keys: str) -> tuple[str, ...]:
    return tuple(_text(entry, key) for key in keys)


def _yes_or_no(entry: Entry) -> str:
    return "yes" if entry["verified"] else "no"


def _references(entry: Entry) -> str:
    return ", ".join(f"`{reference}`" for reference in _strings(entry["references"])) or _NONE


def _table(head: Cells, rows: Iterable[Cells]) -> Iterator[str]:
    yield _table_row(head)
    yield _table_row(["---"] * len(head))
    yield from (_table_row(row) for row in rows)


def _table_row(cells: Cells) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


# --- the program ----------------------------------------------------------------------------


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="write_rules_doc",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the page is stale"
    )
    parser.add_argument(
        "--rule-set", type=Path, default=RULE_SET, metavar="FILE", help="another rule set"
    )
    parser.add_argument(
        "--page", type=Path, default=PAGE, metavar="FILE", help="another page than docs/rules.md"
    )
    return parser.parse_args(arguments)


def _refuse(message: str) -> int:
    first, *others = message.splitlines() or ["nothing is known"]
    more = f" (and {len(others)} more)" if others else ""
    print(f"write_rules_doc: {first}{more}", file=sys.stderr)
    return _UNUSABLE


def _shown(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT) if resolved.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    sys.exit(main())
