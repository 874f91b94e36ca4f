"""What Amazon asks of a skill manifest: of its texts, addresses and declarations."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scripts.simulator.words import spelt
from scripts.skill_lint.problems import Problem, shape_problems, shown
from scripts.skill_package.hosting import HostingError, at_endpoint, in_lambda
from scripts.skill_package.manifest import SUBSCRIPTIONS
from skill.alexa.handlers import ASKS_FOR_AMBULANCE
from skill.triage.model import Disposition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scripts.skill_lint.clashes import Phrases, Reading
    from scripts.skill_lint.problems import Json
    from skill.triage.model import RuleSet

# What Amazon asks a health skill to say of itself, each in words of its own.
DISCLAIMERS: Final = (
    "no medical advice",
    "information and education only",
    "not a substitute for professional medical advice, diagnosis or treatment",
    "talk to your doctor",
    "emergency number",
)
NOT_REVIEWED: Final = "No clinician has reviewed its rules"
NO_ACCOUNT: Final = "no account"
# Claims that a triage by voice cannot make. In the disclaimer they stand as nouns.
_CLAIMS: Final = re.compile(
    r"\b(?:cur(?:e|es|ed|ing)|heal(?:s|ed|ers?|ing)?|diagnos(?:e|es|ed|ing)|treat(?:s|ed|ing)?"
    r"|life-?saving|saves? (?:your )?li(?:fe|ves)|guarantee[ds]?"
    r"|detect(?:s|ed|ing)?|prevent(?:s|ed|ing)?|reliev(?:e|es|ed|ing)|monitor(?:s|ed|ing)?"
    # It is in no programme, nobody has approved it, and it calls nobody.
    r"|hipaa|fda|(?:clinically|medically|doctor)[ -]\w+ed|approved|certified|calls? \w+ for you"
    r"|calls \d+)\b",
    re.IGNORECASE,
)
# What a denial says of itself is no claim.
_DENIALS: Final = re.compile(r"\b(?:cannot|does not) call \w+ for you\b")
_NUMBER_TO_CALL: Final = re.compile(r"\bcall (\d[\d ]*\d)")
_NOUNS: Final = re.compile(r"\b(?:diagnos(?:is|tic)|treatments?)\b", re.IGNORECASE)
_AMAZONS: Final = re.compile(r"\b(?:alexa|amazon|echo|skill|app)\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"[\"\u201c]([^\"\u201d]+)[\"\u201d]")
_CALLED: Final = re.compile(r"Alexa, (?:open|ask|tell) ", re.IGNORECASE)
_ADDRESSES: Final = 3
_JOINTS: Final = ("about ", "to ", "if ", "whether ", "that ")
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z' ,-]*[A-Za-z][.?!]?")


@dataclass(frozen=True, slots=True)
class Sayable:
    """What may be said in a locale.

    Attributes:
        invocation_name: What opens the skill.
        phrases: Everything in the interaction model.
        own: What Alexa understands by itself, with the intent that it means.
        emergency_number: The number to call, as the skill says it.
    """

    invocation_name: str
    phrases: Phrases
    own: Mapping[str, str]
    emergency_number: str

    def readings(self, phrase: str) -> frozenset[Reading]:
        """Return what a phrase may mean by the samples of the model."""
        return self.phrases.readings(phrase)

    def is_understood(self, phrase: str) -> bool:
        """Say whether a phrase is in the model, or is one that Alexa knows by itself."""
        return bool(self.readings(phrase)) or spelt(phrase) in self.own


def manifest_problems(
    file: str, document: Json, sayable: Mapping[str, Sayable], rule_set: RuleSet
) -> Iterator[Problem]:
    """Find what Amazon would refuse in a manifest.

    Args:
        file: The file, for messages.
        document: What it holds.
        sayable: Each locale that has an interaction model, with what may be said there.
        rule_set: What the skill triages by.
    """
    misshapen = list(shape_problems(file, document, "skill_manifest"))
    yield from misshapen
    if misshapen:
        return
    manifest = document["manifest"]
    publishing = manifest["publishingInformation"]
    places = {
        "publishingInformation": publishing["locales"],
        "privacyAndCompliance": manifest["privacyAndCompliance"]["locales"],
    }
    for name, locales in places.items():
        if set(locales) != set(sayable):
            expected = f"{shown(sorted(sayable))}, which have interaction models"
            yield Problem(file, f"$.manifest.{name}.locales", shown(sorted(locales)), expected)
    countries = sorted(locale[-2:] for locale in sayable)
    if sorted(publishing["distributionCountries"]) != countries:
        yield Problem(
            file,
            "$.manifest.publishingInformation.distributionCountries",
            shown(publishing["distributionCountries"]),
            f"{shown(countries)}, whose emergency numbers are known",
        )
    for locale, texts in publishing["locales"].items():
        if locale in sayable:
            path = f"$.manifest.publishingInformation.locales.{locale}"
            yield from _text_problems(file, path, texts, sayable[locale])
            is_told = NOT_REVIEWED in texts["description"]
            if is_told != (rule_set.reviewed_by is None):
                found = shown(NOT_REVIEWED) if is_told else "nothing of a review"
                expected = f"what the rule set says: reviewed by {shown(rule_set.reviewed_by)}"
                yield Problem(file, f"{path}.description", found, expected)
    yield from _testing_problems(file, publishing["testingInstructions"], sayable, rule_set)
    yield from _hosting_problems(file, manifest)


def _text_problems(file: str, path: str, texts: Json, sayable: Sayable) -> Iterator[Problem]:
    name = texts["name"]
    if _AMAZONS.search(name) or _NOUNS.search(name):
        expected = "a name without Alexa, Amazon, Echo, skill, app, diagnosis or treatment"
        yield Problem(file, f"{path}.name", shown(name), expected)
    for key in ("name", "summary", "description", "examplePhrases", "keywords"):
        said = [texts[key]] if isinstance(texts[key], str) else texts[key]
        for text in said:
            if claim := _CLAIMS.search(_DENIALS.sub("", text)):
                yield Problem(file, f"{path}.{key}", shown(claim[0]), "no claim to heal or to name")
            yield from _sign_problems(file, f"{path}.{key}", text)
            if key != "description" and ("\n" in text or text != text.strip()):
                yield Problem(file, f"{path}.{key}", shown(text), "one line, no space around it")
    yield from _keyword_problems(file, f"{path}.keywords", texts["keywords"])
    yield from _description_problems(file, f"{path}.description", texts["description"], sayable)
    yield from _example_problems(file, f"{path}.examplePhrases", texts["examplePhrases"], sayable)


def _sign_problems(file: str, path: str, text: str) -> Iterator[Problem]:
    for sign in sorted({one for one in text if _is_picture(one)}):
        yield Problem(file, path, shown(sign), "no emoji or other picture")
    for sign in sorted({one for one in text if one in "<>" or (one < " " and one != "\n")}):
        yield Problem(file, path, shown(sign), "plain text, without markup or control characters")
    # A phrase whose quotes do not close is not looked up in the model.
    if text.count('"') % 2 or text.count("\u201c") != text.count("\u201d"):
        yield Problem(file, path, "a quote that is not closed", "quotes in pairs")


def _keyword_problems(file: str, path: str, keywords: Sequence[str]) -> Iterator[Problem]:
    for place, keyword in enumerate(keywords):
        at = f"{path}[{place}]"
        if "," in keyword or _AMAZONS.search(keyword):
            expected = "one keyword, without a name of Amazon's"
            yield Problem(file, at, shown(keyword), expected)
        if keyword.casefold() in {one.casefold() for one in keywords[:place]}:
            yield Problem(file, at, shown(keyword), "another keyword than those before")


def _description_problems(
    file: str, path: str, description: str, sayable: Sayable
) -> Iterator[Problem]:
    for words in DISCLAIMERS:
        if words not in description:
            yield Problem(file, path, "no such words", f"the disclaimer {shown(words)}")
    number = sayable.emergency_number
    if set(_NUMBER_TO_CALL.findall(description)) != {number}:
        yield Problem(file, path, "another number or none", f"call {number}, as the skill says")
    for phrase in _quoted(description):
        if not sayable.is_understood(phrase):
            yield Problem(file, path, shown(phrase), "a phrase of the model")


def _example_problems(
    file: str, path: str, examples: Sequence[str], sayable: Sayable
) -> Iterator[Problem]:
    opening = f"Alexa, open {sayable.invocation_name}"
    if examples[0] != opening:
        yield Problem(file, f"{path}[0]", shown(examples[0]), shown(opening))
    for place, example in enumerate(examples):
        at = f"{path}[{place}]"
        if not _PLAIN.fullmatch(example):
            yield Problem(file, at, shown(example), "letters and plain punctuation")
        if place and not _is_sample(example, sayable):
            expected = f"Alexa, ask {sayable.invocation_name} and a sample of the model"
            yield Problem(file, at, shown(example), shown(expected))
        if example.casefold() in {one.casefold() for one in examples[:place]}:
            yield Problem(file, at, shown(example), "another phrase than those before")


def _is_sample(example: str, sayable: Sayable) -> bool:
    called = _CALLED.match(example)
    rest = example[called.end() :] if called else ""
    if not rest.startswith(f"{sayable.invocation_name} "):
        return False
    asked = rest.removeprefix(f"{sayable.invocation_name} ")
    ways = (asked, *(asked.removeprefix(joint) for joint in _JOINTS))
    return any(sayable.readings(way) for way in ways)


def _testing_problems(
    file: str, instructions: str, sayable: Mapping[str, Sayable], rule_set: RuleSet
) -> Iterator[Problem]:
    path = "$.manifest.publishingInformation.testingInstructions"
    yield from _sign_problems(file, path, instructions)
    if NO_ACCOUNT not in instructions:
        yield Problem(file, path, "no such words", f"that there is {shown(NO_ACCOUNT)}")
    for locale, said in sayable.items():
        understood: set[Reading] = set()
        for phrase in _quoted(instructions):
            if _CALLED.match(phrase):
                name = f" {said.invocation_name}"
                if not phrase.endswith(name) and not _is_sample(phrase, said):
                    expected = f"a launch of the skill, as {locale} has it"
                    yield Problem(file, path, shown(phrase), expected)
                continue
            if not said.is_understood(phrase):
                yield Problem(file, path, shown(phrase), f"a phrase of the model of {locale}")
            understood |= said.readings(phrase)
        if not any(_is_urgent(reading, rule_set) for reading in understood):
            expected = f"a quoted phrase that leads {locale} to the urgent advice by itself"
            yield Problem(file, path, "none", expected)


def _is_urgent(reading: Reading, rule_set: RuleSet) -> bool:
    if reading.intent == "CallAmbulanceIntent":
        present = frozenset({ASKS_FOR_AMBULANCE})
    elif reading.intent == "ReportFindingIntent":
        named = [rule_set.finding(one) for one in reading.ids]
        present = frozenset(
            one for finding in named if finding for one in (finding.id, *finding.implies)
        )
    else:
        return False
    return any(
        rule.disposition is Disposition.EMERGENCY for rule in rule_set.rules_fired_on(present)
    )


def _hosting_problems(file: str, manifest: Json) -> Iterator[Problem]:
    endpoint = manifest["apis"]["custom"]["endpoint"]
    for locale, pages in manifest["privacyAndCompliance"]["locales"].items():
        privacy, terms = pages["privacyPolicyUrl"], pages["termsOfUseUrl"]
        path = f"$.manifest.privacyAndCompliance.locales.{locale}"
        try:
            if endpoint["uri"].startswith("arn:"):
                in_lambda(endpoint["uri"], privacy, terms)
            else:
                at_endpoint(endpoint["uri"], "Trusted", privacy, terms)
        except HostingError as error:
            yield Problem(file, path, str(error), "addresses that Alexa can call and show")
        if len({endpoint["uri"], privacy, terms}) < _ADDRESSES:
            expected = "three addresses: of the endpoint, the privacy policy and the terms"
            yield Problem(file, path, shown([privacy, terms]), expected)
    is_function = not urlsplit(endpoint["uri"]).scheme.startswith("http")
    if is_function == ("sslCertificateType" in endpoint):
        yield Problem(
            file,
            "$.manifest.apis.custom.endpoint",
            shown(endpoint),
            "sslCertificateType for an address, and none for a Lambda function",
        )
    events = manifest["events"]
    if events["endpoint"] != endpoint:
        yield Problem(
            file, "$.manifest.events.endpoint", shown(events["endpoint"]), shown(endpoint)
        )
    subscribed = [one["eventName"] for one in events["subscriptions"]]
    if sorted(subscribed) != sorted(SUBSCRIPTIONS):
        yield Problem(
            file,
            "$.manifest.events.subscriptions",
            shown(subscribed),
            f"{shown(list(SUBSCRIPTIONS))}, the events that the skill answers",
        )


def _quoted(text: str) -> list[str]:
    return _QUOTED.findall(text)


def _is_picture(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk", "Cs", "Co", "Cn"}
