"""The lint: the project passes it, and each of its rules catches a defect put in for it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from scripts.check_interaction_model import main
from scripts.simulator.interaction_model import known_locales
from scripts.skill_lint.agreement import rule_problems
from scripts.skill_lint.clashes import Phrases
from scripts.skill_lint.package import RESOURCES, Skill, package_problems, repository_problems
from scripts.skill_lint.round_trip import model_trip_problems
from scripts.skill_package.hosting import at_endpoint
from scripts.skill_package.icons import icon
from scripts.skill_package.manifest import MODELS_FOLDER, load_words, manifest_for
from skill.alexa.handlers import EVENT_BY_INTENT
from skill.triage.model import Topic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skill.speech.catalogue import Catalogue

    Json: TypeAlias = Any
    # A JSON file by its parsed content, and another one by its bytes.
    Files: TypeAlias = dict[str, Any]
    Seed: TypeAlias = Callable[[Files], object]

MODEL = "skill-package/interactionModels/custom/en-GB.json"
BASE = "skill-package/interactionModels/custom/en-US.json"
MANIFEST = "skill-package/skill.json"
ICON = "skill-package/assets/images/icon_108.png"
# Said in the words of the manifest.
NEEDED = {"chest feels tight", "my mother"}
# Said by an accepted clash.
CLASHING = {"worse"}


@pytest.fixture(scope="module")
def skill() -> Skill:
    """Return the skill in two locales, with those accepted clashes that a small model has."""
    whole = Skill.of_repository()
    clashes = Phrases(small_model()["interactionModel"]["languageModel"]).clashes()
    present = {frozenset(clash.samples) for clash in clashes}
    accepted = {one: why for one, why in whole.accepted_clashes.items() if one in present}
    spoken = {locale: whole.catalogues[locale] for locale in ("en-GB", "en-US")}
    return Skill(whole.rule_set, spoken, accepted)


def small_model() -> Json:
    """Return the model of en-US with as few synonyms as can be."""
    model = json.loads((MODELS_FOLDER / "en-US.json").read_text(encoding="utf-8"))
    for slot_type in model["interactionModel"]["languageModel"]["types"]:
        for value in slot_type["values"]:
            synonyms = value["name"]["synonyms"]
            value["name"]["synonyms"] = [
                *synonyms[:1],
                *sorted((NEEDED | CLASHING) & set(synonyms[1:])),
            ]
    return model


@pytest.fixture(scope="module")
def sound(skill: Skill) -> Files:
    """Return a small package without a problem."""
    names = dict.fromkeys(("en-GB", "en-US"), "upper back check")
    hosting = at_endpoint("https://example.org/alexa")
    return {
        "ask-resources.json": deepcopy(RESOURCES),
        BASE: small_model(),
        MODEL: small_model(),
        MANIFEST: manifest_for(load_words(), hosting, names, skill.catalogues),
        ICON: icon(108),
        "skill-package/assets/images/icon_512.png": icon(512),
    }


def problems_of(files: Files, folder: Path, skill: Skill) -> list[str]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return [str(problem) for problem in package_problems(folder, skill)]


# --- the parts of the files, as the seeds below name them -----------------------------------


def language(files: Files, file: str = MODEL) -> Json:
    return files[file]["interactionModel"]["languageModel"]


def intent(files: Files, name: str, file: str = MODEL) -> Json:
    return next(one for one in language(files, file)["intents"] if one["name"] == name)


def samples(files: Files, name: str, *added: str) -> None:
    intent(files, name)["samples"].extend(added)


def values(files: Files) -> Json:
    return language(files)["types"][0]["values"]


def publishing(files: Files) -> Json:
    return files[MANIFEST]["manifest"]["publishingInformation"]


def texts(files: Files) -> Json:
    return publishing(files)["locales"]["en-GB"]


def privacy(files: Files) -> Json:
    return files[MANIFEST]["manifest"]["privacyAndCompliance"]


def custom(files: Files) -> Json:
    return files[MANIFEST]["manifest"]["apis"]["custom"]


def describe(files: Files, old: str, new: str) -> None:
    assert old in texts(files)["description"]
    texts(files)["description"] = texts(files)["description"].replace(old, new)


def instruct(files: Files, old: str, new: str) -> None:
    assert old in publishing(files)["testingInstructions"]
    publishing(files)["testingInstructions"] = publishing(files)["testingInstructions"].replace(
        old, new
    )


def called(name: str) -> Seed:
    return lambda files: language(files).update(invocationName=name)


def saying(said: str) -> Seed:
    return lambda files: values(files)[0]["name"]["synonyms"].append(said)


def sample(said: str) -> Seed:
    return lambda files: samples(files, "AskWhyIntent", said)


def finding(said: str) -> Seed:
    return lambda files: samples(files, "ReportFindingIntent", said)


def slot_type(name: str, slot: str, new: str) -> Seed:
    def seed(files: Files) -> None:
        for one in intent(files, name)["slots"]:
            if one["name"] == slot:
                one["type"] = new

    return seed


def searching(said: str) -> Seed:
    """Let an intent search, by a sample; what it reads otherwise stays as it is."""

    def seed(files: Files) -> None:
        intent(files, "GiveNumberIntent")["slots"].append(
            {"name": "query", "type": "AMAZON.SearchQuery"}
        )
        samples(files, "GiveNumberIntent", said)

    return seed


def both_ways(files: Files) -> None:
    """Let a phrase be one value behind a sample, or a longer value behind a shorter one."""
    saying("also chest pain")(files)
    samples(files, "ReportFindingIntent", "mind {finding}")
    samples(files, "ReportFindingIntent", "mind also {finding}")
    intent(files, "ReportFindingIntent")["samples"].remove("{finding} is there")


# --- the defects: what is put in, in which file, where, and what the message has to say -----

MODEL_DEFECTS: dict[str, tuple[Seed, str]] = {
    "misspelt_key": (lambda f: language(f).update(intent=[]), "'intent' was unexpected"),
    "missing_key": (lambda f: language(f).pop("intents"), "'intents' is a required property"),
    "dialog": (
        lambda f: f[MODEL]["interactionModel"].update(dialog={"intents": []}),
        "'dialog' was unexpected",
    ),
    "number_for_text": (lambda f: intent(f, "AskWhyIntent")["samples"].append(7), "found 7"),
    "size": (
        lambda f: values(f)[0]["name"]["synonyms"].extend(
            f"said in way {number:06d} {'and so on ' * 8}".strip() for number in range(16_000)
        ),
        "at most 1,500,000",
    ),
    "key_twice": (
        lambda f: f.update({MODEL: b'{"interactionModel": {}, "interactionModel": {}}'}),
        "the key 'interactionModel' stands twice",
    ),
    "no_json": (lambda f: f.update({MODEL: b"{"}), "expected JSON in UTF-8"),
    "no_utf8": (lambda f: f.update({MODEL: b"\xff"}), "expected JSON in UTF-8"),
    "invocation_of_one_word": (called("backcheck"), "two words or more"),
    "invocation_with_a_launch_word": (called("open back check"), "without the word 'open'"),
    "invocation_with_a_connecting_word": (called("pain in the back"), "without the word 'in'"),
    "invocation_with_amazons_word": (called("upper back skill"), "without the word 'skill'"),
    "invocation_of_two_with_a_small_word": (called("the back"), "without the word 'the'"),
    "invocation_in_capitals": (called("Upper Back Check"), "lower-case words"),
    "invocation_with_a_digit": (called("back check 2"), "lower-case words"),
    "invocation_too_long": (called("upper back check " * 4), "2 to 50 characters"),
    "intent_name": (lambda f: intent(f, "AskWhyIntent").update(name="Ask-Why"), "letters and"),
    "intent_twice": (
        lambda f: language(f)["intents"].append({"name": "askWhyIntent", "samples": ["eh so"]}),
        "another name than",
    ),
    "type_twice": (
        lambda f: language(f)["types"].append(deepcopy(language(f)["types"][0])),
        "another name than [0]",
    ),
    "value_twice": (
        lambda f: values(f).append(
            {"id": values(f)[0]["id"], "name": {"value": "something else", "synonyms": []}}
        ),
        "another id than [0]",
    ),
    "too_many_intents": (
        lambda f: language(f)["intents"].extend(
            {"name": f"More{'A' * number}Intent", "samples": []} for number in range(60)
        ),
        "1 to 100 intents",
    ),
    "too_many_samples": (
        lambda f: samples(f, "AskWhyIntent", *(f"but why{' oh why' * n}" for n in range(200))),
        "at most 200 samples",
    ),
    "required_intent": (
        lambda f: language(f)["intents"].remove(intent(f, "AMAZON.StopIntent")),
        "AMAZON.StopIntent among them",
    ),
    "sensitivity": (
        lambda f: language(f)["modelConfiguration"]["fallbackIntentSensitivity"].update(
            level="SOME"
        ),
        "LOW, MEDIUM or HIGH",
    ),
    "fallback_with_samples": (
        lambda f: samples(f, "AMAZON.FallbackIntent", "blah"),
        "takes no samples",
    ),
    "intent_without_samples": (
        lambda f: intent(f, "AskWhyIntent").update(samples=[]),
        "at least one, for AskWhyIntent",
    ),
    "sample_with_a_digit": (sample("why 2 questions"), "letters, spaces, hyphens"),
    "sample_with_a_comma": (sample("but, why"), "letters, spaces, hyphens"),
    "sample_with_a_question_mark": (sample("why so?"), "letters, spaces, hyphens"),
    "sample_with_a_full_stop": (sample("why so."), "full stops after single letters"),
    "sample_with_a_stray_brace": (sample("why {finding"), "letters, spaces, hyphens"),
    "sample_with_two_spaces": (sample("why  so"), "letters, spaces, hyphens"),
    "sample_too_long": (sample("why " + "oh " * 50 + "why"), "at most 140 characters"),
    "sample_empty": (sample(""), "at most 140 characters"),
    "sample_twice": (sample("Why"), "another sample than [0]"),
    "undeclared_slot": (sample("why do you ask about {finding}"), "not {finding}"),
    "slot_twice": (finding("{finding} and then {finding}"), "{finding} once"),
    "bare_slot": (finding("{finding}"), "words beside the slot"),
    "bare_search": (searching("{query}"), "words beside the slot"),
    "search_beside_a_slot": (searching("{number} of {query}"), "no other slot beside {query}"),
    "slot_never_said": (
        lambda f: intent(f, "AskWhyIntent").update(
            slots=[{"name": "age", "type": "AMAZON.NUMBER"}]
        ),
        "a slot that a sample uses",
    ),
    "slot_declared_twice": (
        lambda f: intent(f, "GiveNumberIntent")["slots"].append(
            {"name": "number", "type": "AMAZON.NUMBER"}
        ),
        "another name than [0]",
    ),
    "slot_of_an_unknown_type": (
        slot_type("ChangeAnswerIntent", "finding", "FINDINGS"),
        "one of AMAZON.DATE",
    ),
    "slot_of_a_type_that_is_not_read": (
        slot_type("GiveOnsetIntent", "date", "AMAZON.TIME"),
        "one of AMAZON.DATE",
    ),
    "slot_with_two_types": (
        slot_type("GiveAgeIntent", "person", "FINDING"),
        "PERSON, as in other intents",
    ),
    "type_not_used": (
        lambda f: language(f)["types"].append(
            {"name": "SPARE", "values": [{"id": "x", "name": {"value": "spare", "synonyms": []}}]}
        ),
        "a type that a slot has",
    ),
    "type_without_values": (lambda f: values(f).clear(), "1 to 50,000 values"),
    "value_without_an_id": (lambda f: values(f)[0].pop("id"), "'id' is a required property"),
    "synonym_too_long": (saying("expecting " * 15), "at most 140 characters"),
    "synonym_with_a_sign": (saying("expecting!"), "at most 140 characters"),
    "synonym_twice": (saying("Pregnant"), "what this value is not called yet"),
    "synonym_of_two_values": (saying("chest pains"), "what pregnant is not called already"),
    "synonym_that_denies": (saying("not on the pill"), "takes for no denial"),
    "phrase_of_two_intents": (sample("who do i call"), "AskWhyIntent and SayNumberIntent"),
    "phrase_of_two_intents_in_other_spelling": (
        lambda f: samples(f, "AskMeaningIntent", "why's that"),
        "AskMeaningIntent and AskWhyIntent",
    ),
    "slots_that_sound_the_same": (
        lambda f: samples(f, "GiveAgeIntent", "about {age}"),
        "GiveAgeIntent and GiveNumberIntent",
    ),
    "phrase_of_two_intents_by_a_slot": (
        sample("i have chest pain"),
        "AskWhyIntent and ReportFindingIntent",
    ),
    "slots_of_two_intents_that_meet": (
        lambda f: samples(f, "DenyFindingIntent", "i get {finding}"),
        "DenyFindingIntent and ReportFindingIntent",
    ),
    "duration_that_is_a_number_and_a_unit": (
        lambda f: samples(f, "GiveNumberIntent", "for {number} weeks"),
        "GiveDurationIntent and GiveNumberIntent",
    ),
    "two_ways_to_fill_an_intent": (
        both_ways,
        "ReportFindingIntent claim it as ('chest_pain',) or ('pregnant',)",
    ),
    "slot_that_touches_a_word": (finding("my{finding} is bad"), "spaces around a slot"),
    "slot_in_the_plural": (finding("it is {finding}s again"), "spaces around a slot"),
    "sample_with_a_raised_digit": (sample("why \u00b2 then"), "not SUPERSCRIPT TWO"),
    "sample_with_a_roman_numeral": (sample("why \u2167 then"), "not ROMAN NUMERAL EIGHT"),
    "sample_with_a_cyrillic_letter": (sample("why y\u043eu"), "not CYRILLIC SMALL LETTER O"),
    "synonym_with_a_greek_letter": (saying("\u03b2 trouble"), "not GREEK SMALL LETTER BETA"),
    "sample_that_opens_the_skill": (sample("open upper back check"), "after the wake word"),
    "sample_with_the_wake_word": (sample("alexa why do you ask"), "after the wake word"),
    "invocation_with_a_wake_word": (called("ziggy back check"), "without the word 'ziggy'"),
    "stop_that_is_taken_for_a_question": (sample("stop"), "AMAZON.StopIntent by it"),
    "help_that_is_taken_for_a_question": (sample("help"), "AMAZON.HelpIntent by it"),
    "cancel_that_is_taken_for_a_question": (sample("cancel that"), "AMAZON.CancelIntent by it"),
    "yes_that_is_taken_for_no": (
        lambda f: samples(f, "AMAZON.NoIntent", "yes"),
        "AMAZON.YesIntent by it, but AMAZON.NoIntent claims it",
    ),
    "no_that_is_taken_for_yes": (
        lambda f: samples(f, "AMAZON.YesIntent", "no"),
        "AMAZON.NoIntent by it, but AMAZON.YesIntent claims it",
    ),
    "yes_that_is_taken_for_not_sure": (
        lambda f: samples(f, "NotSureIntent", "yes"),
        "AMAZON.YesIntent by it, but NotSureIntent claims it",
    ),
    "accepted_clash_that_is_none": (
        lambda f: intent(f, "ReassureIntent")["samples"].remove("i've had worse"),
        "samples that clash in en-GB, where this was accepted",
    ),
    "intent_without_a_handler": (
        lambda f: language(f)["intents"].append({"name": "SingIntent", "samples": ["sing"]}),
        "an intent that has a handler",
    ),
    "handler_without_an_intent": (
        lambda f: language(f)["intents"].remove(intent(f, "AskWhyIntent")),
        "AskWhyIntent, which has a handler",
    ),
    "slot_that_no_handler_reads": (
        lambda f: intent(f, "GiveNumberIntent").update(
            slots=[{"name": "count", "type": "AMAZON.NUMBER"}], samples=["count {count}"]
        ),
        "a slot that its handler reads",
    ),
    "value_that_is_no_finding": (
        lambda f: values(f)[0].update(id="with_child"),
        "a finding that may be reported",
    ),
    "finding_that_nobody_can_say": (
        lambda f: values(f).pop(0),
        "a value of a type for this finding",
    ),
    "another_invocation_name": (called("upper back guide"), "as in en-US"),
    "another_slot": (
        lambda f: intent(f, "AskWhyIntent").update(
            slots=[{"name": "person", "type": "PERSON"}], samples=["why does {person} ask"]
        ),
        "as in en-US",
    ),
    "another_value": (lambda f: values(f).reverse(), "as in en-US"),
}

MANIFEST_DEFECTS: dict[str, tuple[Seed, str]] = {
    "misspelt_key": (lambda f: texts(f).update(sumary="x"), "'sumary' was unexpected"),
    "missing_key": (lambda f: texts(f).pop("keywords"), "'keywords' is a required property"),
    "version": (lambda f: f[MANIFEST]["manifest"].update(manifestVersion="2"), "expected 1.0"),
    "category": (lambda f: publishing(f).update(category="GAMES"), "HEALTH_AND_FITNESS"),
    "mode": (lambda f: publishing(f).update(distributionMode="SECRET"), "expected PUBLIC"),
    "purchases": (lambda f: privacy(f).update(allowsPurchases=True), "expected false"),
    "personal": (lambda f: privacy(f).update(usesPersonalInfo=True), "expected false"),
    "children": (lambda f: privacy(f).update(isChildDirected=True), "it is for adults"),
    "advertising": (lambda f: privacy(f).update(containsAds=True), "expected false"),
    "health": (lambda f: privacy(f).update(usesHealthInfo=True), "HIPAA"),
    "permissions": (
        lambda f: f[MANIFEST]["manifest"].update(permissions=[{"name": "x"}]),
        "the skill asks for nothing",
    ),
    "screen": (
        lambda f: custom(f).update(interfaces=[{"type": "ALEXA_PRESENTATION_APL"}]),
        "sends no directive",
    ),
    "worldwide": (lambda f: publishing(f).update(isAvailableWorldwide=True), "some countries"),
    "countries": (
        lambda f: publishing(f)["distributionCountries"].append("IE"),
        "whose emergency numbers are known",
    ),
    "locale_too_few": (lambda f: publishing(f)["locales"].pop("en-GB"), "which have interaction"),
    "pages_of_a_locale": (lambda f: privacy(f)["locales"].pop("en-GB"), "which have interaction"),
    "name_too_long": (lambda f: texts(f).update(name="Back " * 12), "2 to 50 characters"),
    "name_with_skill": (
        lambda f: texts(f).update(name="Upper Back Alexa skill"),
        "a name without Alexa",
    ),
    "name_with_diagnosis": (
        lambda f: texts(f).update(name="Back Diagnosis Check"),
        "a name without Alexa",
    ),
    "summary_too_long": (lambda f: texts(f).update(summary="x" * 161), "1 to 160 characters"),
    "description_too_long": (
        lambda f: texts(f).update(description=texts(f)["description"] + "x" * 4000),
        "1 to 4,000 characters",
    ),
    "keywords_too_many": (
        lambda f: texts(f).update(keywords=[f"back {number}" for number in range(31)]),
        "1 to 30 different keywords",
    ),
    "claim_to_cure": (lambda f: texts(f).update(summary="Cures back pain"), "no claim to heal"),
    "claim_to_diagnose": (
        lambda f: texts(f)["keywords"].append("diagnose back pain"),
        "no claim to heal",
    ),
    "claim_to_treat": (
        lambda f: describe(f, "says what to do", "treats you and says what to do"),
        "no claim to heal",
    ),
    "claim_to_save_lives": (
        lambda f: describe(f, "It also says why.", "It saves lives."),
        "no claim to heal",
    ),
    "emoji": (lambda f: texts(f).update(summary="Back pain \U0001f642"), "no emoji"),
    "no_medical_advice": (
        lambda f: describe(f, "no medical advice", "the best advice"),
        'the disclaimer "no medical advice"',
    ),
    "no_substitute": (
        lambda f: describe(f, "is not a substitute for", "is better than"),
        "the disclaimer",
    ),
    "information_only": (
        lambda f: describe(f, "for information and education only", "for you"),
        "the disclaimer",
    ),
    "talk_to_your_doctor": (
        lambda f: describe(f, "talk to your doctor", "read a book"),
        "the disclaimer",
    ),
    "another_number": (lambda f: describe(f, "call 999", "call 911"), "call 999, as the skill"),
    "not_reviewed": (
        lambda f: describe(f, "No clinician has reviewed its rules.", "Clinicians like it."),
        "reviewed by null",
    ),
    "quoted_phrase": (
        lambda f: describe(f, "why do you ask", "sing me a song"),
        'found "sing me a song"; expected a phrase of the model',
    ),
    "first_example": (
        lambda f: texts(f)["examplePhrases"].reverse(),
        "Alexa, open upper back check",
    ),
    "example_that_is_no_sample": (
        lambda f: texts(f)["examplePhrases"].__setitem__(1, "Alexa, ask upper back check to sing"),
        "and a sample of the model",
    ),
    "example_of_another_skill": (
        lambda f: texts(f)["examplePhrases"].__setitem__(1, "Alexa, ask back guide what helps"),
        "and a sample of the model",
    ),
    "example_without_the_wake_word": (
        lambda f: texts(f)["examplePhrases"].__setitem__(1, "what can i do at home"),
        "and a sample of the model",
    ),
    "example_with_signs": (
        lambda f: texts(f)["examplePhrases"].__setitem__(1, "Alexa, ask upper back check: why"),
        "letters and plain punctuation",
    ),
    "examples_too_few": (lambda f: texts(f)["examplePhrases"].pop(), "three phrases"),
    "icon_address": (
        lambda f: texts(f).update(smallIconUri="https://example.org/icon.png"),
        "file://assets/images/",
    ),
    "icon_missing": (
        lambda f: f.update({ICON: b""}),
        "found no whole PNG file; expected 108 x 108",
    ),
    "icon_size": (
        lambda f: f.update({ICON: icon(64)}),
        "found 64 x 64 pixels; expected 108 x 108",
    ),
    "testing_without_account": (
        lambda f: instruct(f, "no account", "an account"),
        'that there is "no account"',
    ),
    "testing_phrase": (
        lambda f: instruct(f, "why do you ask", "sing me a song"),
        "a phrase of the model of en-GB",
    ),
    "testing_launch": (
        lambda f: instruct(f, "Alexa, open upper back check", "Alexa, open back guide"),
        "a launch of the skill",
    ),
    "testing_without_the_urgent_advice": (
        lambda f: instruct(f, "my chest feels tight", "yes"),
        "leads en-GB to the urgent advice",
    ),
    "endpoint_without_tls": (
        lambda f: custom(f)["endpoint"].update(uri="http://example.org/alexa"),
        "it has to begin with https://",
    ),
    "endpoint_on_another_port": (
        lambda f: custom(f)["endpoint"].update(uri="https://example.org:8443/alexa"),
        "port 443 only",
    ),
    "certificate_self_signed": (
        lambda f: custom(f)["endpoint"].update(sslCertificateType="SelfSigned"),
        "for development only",
    ),
    "certificate_missing": (
        lambda f: custom(f)["endpoint"].pop("sslCertificateType"),
        "sslCertificateType for an address",
    ),
    "function_that_is_none": (
        lambda f: custom(f)["endpoint"].update(uri="arn:aws:s3:::bucket"),
        "is no ARN",
    ),
    "certificate_of_a_function": (
        lambda f: custom(f)["endpoint"].update(
            uri="arn:aws:lambda:us-east-1:123456789012:function:check"
        ),
        "none for a Lambda function",
    ),
    "privacy_without_tls": (
        lambda f: privacy(f)["locales"]["en-GB"].update(privacyPolicyUrl="http://example.org/p"),
        "the privacy policy",
    ),
    "terms_on_amazons_host": (
        lambda f: privacy(f)["locales"]["en-GB"].update(
            termsOfUseUrl="https://alexa.example.org/t"
        ),
        "neither alexa nor amazon",
    ),
    "claim_to_detect": (lambda f: texts(f).update(summary="Detects heart attacks"), "no claim"),
    "claim_to_prevent": (lambda f: texts(f).update(summary="Prevents back pain"), "no claim"),
    "claim_to_monitor": (lambda f: texts(f).update(summary="It monitors you"), "no claim"),
    "claim_to_be_approved": (lambda f: texts(f).update(summary="Approved by all"), "no claim"),
    "claim_to_be_in_a_programme": (lambda f: texts(f).update(summary="HIPAA ready"), "no claim"),
    "claim_to_call": (
        lambda f: describe(f, "It cannot call anyone for you.", "It will call help for you."),
        "no claim",
    ),
    "two_numbers": (lambda f: describe(f, "call 999", "call 999 or call 911"), "call 999, as the"),
    "markup": (lambda f: describe(f, "Please read", "<b>Please read"), "without markup"),
    "control_character": (lambda f: describe(f, "Please read", "\x07Please"), "without markup"),
    "open_quote": (lambda f: describe(f, "Please read", 'Please "read'), "quotes in pairs"),
    "testing_with_an_emoji": (lambda f: instruct(f, "keeps", "keeps \U0001f642"), "no emoji"),
    "name_blank": (lambda f: texts(f).update(name="   "), "no space around it"),
    "summary_of_two_lines": (lambda f: texts(f).update(summary="Back\npain"), "one line"),
    "keyword_in_other_letters": (
        lambda f: texts(f).update(keywords=["back pain", "Back Pain"]),
        'keywords[1]: found "Back Pain"; expected another',
    ),
    "keywords_in_one": (lambda f: texts(f).update(keywords=["back, spine"]), "one keyword"),
    "keyword_of_amazons": (lambda f: texts(f).update(keywords=["alexa back"]), "one keyword"),
    "example_in_other_letters": (
        lambda f: texts(f)["examplePhrases"].__setitem__(
            2, texts(f)["examplePhrases"][1].replace(" I ", " i ")
        ),
        "another phrase than those before",
    ),
    "icon_cut": (lambda f: f.update({ICON: f[ICON][:-1]}), "no whole PNG file"),
    "icon_damaged": (
        lambda f: f.update({ICON: f[ICON][:100] + b"\0" * 9 + f[ICON][109:]}),
        "no whole PNG file",
    ),
    "endpoint_with_an_empty_query": (
        lambda f: custom(f)["endpoint"].update(uri="https://example.org/alexa?"),
        "a plain address without",
    ),
    "endpoint_with_a_backslash": (
        lambda f: custom(f)["endpoint"].update(uri="https://example.org/a\\b"),
        "its path may hold only",
    ),
    "endpoint_without_its_port": (
        lambda f: custom(f)["endpoint"].update(uri="https://example.org:/alexa"),
        "a port is missing",
    ),
    "one_page_for_both": (
        lambda f: privacy(f)["locales"]["en-GB"].update(
            privacyPolicyUrl="https://example.org/p", termsOfUseUrl="https://example.org/p"
        ),
        "three addresses",
    ),
    "privacy_at_the_endpoint": (
        lambda f: privacy(f)["locales"]["en-GB"].update(
            privacyPolicyUrl="https://example.org/alexa"
        ),
        "three addresses",
    ),
    "events_elsewhere": (
        lambda f: f[MANIFEST]["manifest"]["events"].update(
            endpoint={"uri": "https://example.org/events", "sslCertificateType": "Trusted"}
        ),
        "https://example.org/alexa",
    ),
    "event_not_subscribed": (
        lambda f: f[MANIFEST]["manifest"]["events"]["subscriptions"].pop(),
        "the events that the skill answers",
    ),
    "event_unknown": (
        lambda f: f[MANIFEST]["manifest"]["events"]["subscriptions"][0].update(eventName="SUNG"),
        "Amazon's classes refuse",
    ),
    "no_manifest": (lambda f: f.update({MANIFEST: b""}), "expected JSON in UTF-8"),
}

RESOURCE_DEFECTS: dict[str, tuple[Seed, str]] = {
    "version": (
        lambda f: f["ask-resources.json"].update(askcliResourcesVersion="1"),
        '"2020-03-31"',
    ),
    "code": (
        lambda f: f["ask-resources.json"]["profiles"]["default"].update(code={}),
        "$.profiles.default.code: found {}; expected nothing",
    ),
}

# Where a message about a model cannot be of the model's own file.
ELSEWHERE = {"accepted_clash_that_is_none": "scripts/skill_lint/accepted_clashes.json"}
DEFECTS = [
    *((f"model-{name}", ELSEWHERE.get(name, MODEL), *one) for name, one in MODEL_DEFECTS.items()),
    *((f"manifest-{name}", MANIFEST, *one) for name, one in MANIFEST_DEFECTS.items()),
    *((f"resources-{name}", "ask-resources.json", *one) for name, one in RESOURCE_DEFECTS.items()),
]


def test_the_models_of_the_project_have_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    status = main([])
    told = capsys.readouterr()
    assert (status, told.err) == (0, "")
    assert told.out == f"interaction_model: 0 problems in {len(known_locales())} locales\n"


def test_a_small_package_has_no_problem(tmp_path: Path, sound: Files, skill: Skill) -> None:
    assert problems_of(sound, tmp_path, skill) == []


@pytest.mark.parametrize(
    "defect", [defect[1:] for defect in DEFECTS], ids=[defect[0] for defect in DEFECTS]
)
def test_a_defect_is_told_with_its_file_and_place(
    tmp_path: Path, sound: Files, skill: Skill, defect: tuple[str, Seed, str]
) -> None:
    file, seed, told = defect
    files = deepcopy(sound)
    seed(files)
    found = problems_of(files, tmp_path, skill)
    assert [one for one in found if one.startswith(f"{file}: $") and told in one], found


def test_all_defects_are_told_at_once(tmp_path: Path, sound: Files, skill: Skill) -> None:
    files = deepcopy(sound)
    names = ("sample_twice", "synonym_twice", "intent_without_a_handler")
    seeds = [MODEL_DEFECTS[name] for name in names] + list(RESOURCE_DEFECTS.values())
    for seed, _ in seeds:
        seed(files)
    found = "\n".join(problems_of(files, tmp_path, skill))
    assert [told for _, told in seeds if told not in found] == []


def test_a_defect_of_the_shape_spares_the_other_files(
    tmp_path: Path, sound: Files, skill: Skill
) -> None:
    files = deepcopy(sound)
    language(files).pop("intents")
    samples_of_base = intent(files, "AskWhyIntent", BASE)["samples"]
    samples_of_base.append(samples_of_base[0])
    found = problems_of(files, tmp_path, skill)
    assert any(MODEL in one and "required property" in one for one in found)
    assert any(BASE in one and "another sample than [0]" in one for one in found)


@pytest.mark.parametrize(
    "case",
    [
        ({"en-GB", "en-US", "en-AU"}, None, "en-AU: found no model"),
        ({"en-US"}, None, "en-GB: found no words"),
        ({"en-GB", "en-US"}, BASE, "en-US: found no model; expected the one the others are"),
    ],
    ids=["words_without_a_model", "model_without_words", "no_base"],
)
def test_models_and_words_are_of_the_same_locales(
    tmp_path: Path, sound: Files, skill: Skill, case: tuple[set[str], str | None, str]
) -> None:
    spoken, removed, told = case
    files = {name: content for name, content in sound.items() if name != removed}
    catalogue: Catalogue = skill.catalogues["en-US"]
    catalogues: Mapping[str, Catalogue] = {
        locale: skill.catalogues.get(locale, catalogue) for locale in spoken
    }
    other = dataclasses.replace(skill, catalogues=catalogues)
    assert any(told in one for one in problems_of(files, tmp_path, other))


def test_the_sensitivity_may_stand_in_english_and_german_alone(
    tmp_path: Path, sound: Files, skill: Skill
) -> None:
    files = dict(sound) | {MODEL.replace("en-GB", "fr-FR"): small_model()}
    found = problems_of(files, tmp_path, skill)
    assert any("fr-FR.json" in one and "no sensitivity outside en-*" in one for one in found)


def test_a_package_without_any_model_is_told(tmp_path: Path, skill: Skill) -> None:
    found = [str(problem) for problem in package_problems(tmp_path / "none", skill)]
    assert any("no interaction model" in one for one in found)
    assert any(one.startswith("ask-resources.json: $") for one in found)
    assert any(one.startswith(f"{MANIFEST}: $") for one in found)


@pytest.mark.parametrize("words", ["{", "{}", '{"$schema": "skill_manifest.schema.json"}'])
def test_words_that_make_no_manifest_are_told(tmp_path: Path, skill: Skill, words: str) -> None:
    folder = words_folder(tmp_path)
    (folder / "skill_manifest.json").write_text(words, encoding="utf-8")
    found = [str(problem) for problem in repository_problems(folder, skill)]
    assert any("words that make a manifest" in one for one in found)


def test_words_that_ask_for_what_is_not_known_are_told(tmp_path: Path, skill: Skill) -> None:
    folder = words_folder(tmp_path)
    path = folder / "skill_manifest.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(words | {"summary": "Call {doctor}"}), encoding="utf-8")
    found = [str(problem) for problem in repository_problems(folder, skill)]
    assert any("cannot be filled ('doctor')" in one for one in found)


def words_folder(folder: Path) -> Path:
    """Return a folder with small models and the words of the manifest."""
    for name in ("skill_manifest.json", "skill_manifest.schema.json"):
        (folder / name).write_bytes((MODELS_FOLDER / name).read_bytes())
    for locale in ("en-GB", "en-US"):
        (folder / f"{locale}.json").write_text(json.dumps(small_model()), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "interactionModels/custom/notes.json",
        "interactionModels/custom/en-gb.json",
        "assets/images/draft.psd",
        "response/prompts/hello.json",
    ],
)
def test_a_file_that_is_uploaded_unseen_is_told(
    tmp_path: Path, sound: Files, skill: Skill, name: str
) -> None:
    files = {**sound, f"skill-package/{name}": b"{}"}
    found = problems_of(files, tmp_path, skill)
    assert any(one.startswith(f"skill-package/{name}: $: found a file") for one in found)


def test_what_amazons_classes_drop_or_change_is_told() -> None:
    document = {
        "interactionModel": {"languageModel": {"invocationName": 7, "intents": [{"nam": 1}]}}
    }
    found = list(map(str, model_trip_problems("x.json", json.dumps(document), document)))
    place = "x.json: $.interactionModel.languageModel"
    made = "what Amazon's classes make of it"
    assert found == [
        f"{place}.intents[0].nam: found 1; expected {made}: nothing",
        f'{place}.invocationName: found 7; expected {made}: "7"',
    ]


def test_what_amazons_classes_refuse_is_told() -> None:
    document = {"interactionModel": {"languageModel": {"intents": "none"}}}
    (found,) = map(str, model_trip_problems("x.json", json.dumps(document), document))
    assert "what Amazon's classes refuse" in found


def test_a_topic_needs_an_intent_and_an_intent_its_topic(skill: Skill) -> None:
    assert list(rule_problems(skill.rule_set)) == []
    topics = (*skill.rule_set.topics[1:], Topic("singing", ()))
    found = list(map(str, rule_problems(dataclasses.replace(skill.rule_set, topics=topics))))
    assert len(found) == 2
    assert f"found {skill.rule_set.topics[0].id}; expected a topic of the rule set" in found[0]
    assert "found singing; expected a topic that an intent asks about" in found[1]


@pytest.mark.parametrize(
    ("intents", "told"),
    [
        (["NotSureIntent"], "an intent that answers unsure"),
        (["GiveAgeIntent", "GiveAgeInMonthsIntent", "GiveAgeInWeeksIntent"], "gives a age"),
    ],
    ids=["words", "number"],
)
def test_a_question_needs_an_intent_that_answers_it(
    skill: Skill, intents: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {name: event for name, event in EVENT_BY_INTENT.items() if name not in intents}
    monkeypatch.setattr("scripts.skill_lint.agreement.EVENT_BY_INTENT", left)
    assert any(told in str(problem) for problem in rule_problems(skill.rule_set))


def test_a_problem_makes_the_status_1_and_stands_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--package", str(tmp_path)]) == 1
    told = capsys.readouterr()
    count = len(told.err.splitlines())
    assert told.out == f"{tmp_path}: {count} problems in {len(known_locales())} locales\n"


def test_a_clash_is_found_through_several_slots_and_told_once() -> None:
    entries: Json = [
        {"id": one, "name": {"value": one, "synonyms": []}} for one in ("pain", "fever")
    ]
    intents = [
        {
            "name": name,
            "slots": [{"name": slot, "type": "FINDING"} for slot in ("first", "second")],
            "samples": [said],
        }
        for name, said in (
            ("OneIntent", "{first} and {second}"),
            ("OtherIntent", "fever and {second}"),
        )
    ]
    model = {"intents": intents, "types": [{"name": "FINDING", "values": entries}]}
    (clash,) = Phrases(model).clashes()
    assert clash.phrase in {"fever and pain", "fever and fever"}
    assert clash.samples == ("{first} and {second}", "fever and {second}")


def test_help_tells_what_the_program_does() -> None:
    command = [sys.executable, "-m", "scripts.check_interaction_model", "--help"]
    root = Path(__file__).parents[2]
    told = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    assert "--package" in told
