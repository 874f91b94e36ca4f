"""The page in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from scripts.simulator.interaction_model import known_locales
from scripts.simulator.page.serving import page_app
from scripts.simulator.serving import served
from scripts.simulator.terminal import converse
from scripts.simulator.voice.hearing import UNCLEAR
from tests.scripts.simulator.page.conftest import SmallRecogniser, SmallSpeaker, launched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Playwright, Route, ViewportSize

    from scripts.simulator.device import Device

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 640}


@pytest.fixture
def page(browser: Browser, real_url: str) -> Iterator[Page]:
    """Give the page, ready; nothing may go wrong in it, and nothing may leave this machine."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    problems: list[str] = []
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text))
    opened(page, real_url)
    yield page
    assert {urlsplit(url).hostname for url in asked if not url.startswith("blob:")} == {"127.0.0.1"}
    context.close()
    assert [one for one in problems if "Failed to load resource" not in one] == []


def opened(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.get_by_label("Locale")).not_to_be_empty()


def say(page: Page, utterance: str) -> None:
    page.get_by_label("What you say").fill(utterance)
    page.get_by_role("button", name="Say", exact=True).click()


def last_said(page: Page) -> str:
    return page.locator(".skill .words").last.inner_text()


def expect_said(page: Page, words: str) -> None:
    expect(page.locator(".skill").last).to_contain_text(words)


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("#device")).to_have_attribute("data-state", state)


# --- talking ---------------------------------------------------------------------------------


def test_a_conversation_is_held_by_keyboard_alone(page: Page) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.get_by_role("button", name="Open the skill").evaluate("e => e.matches(':focus')"):
            break
    page.keyboard.press("Enter")
    expect_said(page, "Any chest pain")
    expect(page.get_by_label("What you say")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="No", exact=True)).to_be_focused()
    page.keyboard.press("Space")
    expect_said(page, "groin")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("my chest feels tight")
    page.keyboard.press("Enter")
    expect_said(page, "Call 911 now.")
    expect(page.get_by_text("Session ended")).to_be_visible()
    expect(page.get_by_role("button", name="Open the skill")).to_be_visible()
    expect(page.locator(".skill .tag").last).to_have_text("Emergency")


def test_the_buttons_are_words_like_any_other(page: Page) -> None:
    page.get_by_role("button", name="Open the skill").click()
    expect_said(page, "Any chest pain")
    page.get_by_role("button", name="Not sure").click()
    expect(page.locator(".you .words").last).to_have_text("I'm not sure")
    page.get_by_role("tab", name="Request").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("NotSureIntent")


def test_a_key_that_is_held_down_answers_once(page: Page) -> None:
    page.get_by_role("button", name="Open the skill").click()
    expect_said(page, "Any chest pain")
    no = page.get_by_role("button", name="No", exact=True)
    no.focus()
    page.keyboard.down("Enter")
    expect_said(page, "groin")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    say(page, "why do you ask")
    expect(page.locator(".you")).to_have_count(3)


def test_a_key_that_is_held_down_in_the_box_sends_no_silence(page: Page) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.get_by_label("What you say").fill("no")
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect_said(page, "groin")
    say(page, "why do you ask")
    expect(page.locator(".you")).to_have_count(3)


def test_what_is_typed_in_haste_is_all_said(page: Page) -> None:
    for utterance in ("open upper back check", "no", "no", "I have a fever"):
        say(page, utterance)
    expect(page.locator(".you")).to_have_count(4)
    expect(page.locator(".skill")).to_have_count(4)


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "</script><script>alert(1)</script>",
        "<b>bold</b> & &lt;",
        "${alert(1)} \u202e \U0001f525",
        "blah fnord",
    ],
)
def test_what_is_not_understood_stays_text_and_is_told(page: Page, text: str) -> None:
    page.get_by_role("button", name="Open the skill").click()
    expect_said(page, "Any chest pain")
    say(page, text)
    expect(page.get_by_text("not understood; sent as AMAZON.FallbackIntent")).to_be_visible()
    expect(page.locator(".you .words").last).to_contain_text(text.split(" ", maxsplit=1)[0])
    expect(page.locator(".transcript img, .transcript script, .transcript b")).to_have_count(0)
    expect_said(page, "Sorry, I didn't get that.")


def test_a_very_long_text_is_refused_and_not_lost(page: Page) -> None:
    page.get_by_role("button", name="Open the skill").click()
    expect_said(page, "Any chest pain")
    text = "very long " * 300
    say(page, text)
    expect(page.get_by_text("expected at most 2,000 characters")).to_be_visible()
    expect(page.get_by_label("What you say")).to_have_value(text)
    say(page, "long " * 380)
    expect(page.get_by_text("not understood")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_empty_line_is_silence(page: Page) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    say(page, "")
    expect_said(page, "Chest pain, trouble breathing")
    say(page, "   ")
    expect(page.get_by_text("Session ended")).to_be_visible()
    assert page.locator(".you .words").all_inner_texts()[1:] == ["(silence)"] * 2


def test_two_tabs_do_not_mix(page: Page, real_url: str) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    other = page.context.new_page()
    opened(other, real_url)
    say(other, "open upper back check")
    say(other, "my chest feels tight")
    expect_said(other, "Call 911 now.")
    say(page, "no")
    expect_said(page, "groin")


def test_a_page_loaded_anew_in_the_middle_begins_with_a_new_device(page: Page) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.get_by_label("What you say").fill("half a sen")
    page.reload()
    expect(page.get_by_label("Locale")).to_have_value("en-US")
    expect(page.get_by_label("What you say")).to_have_value("")
    expect(page.locator(".you")).to_have_count(0)
    expect_state(page, "idle")
    say(page, "stop")
    expect(page.get_by_text("no session is open")).to_be_visible()


def test_start_over_gives_a_new_device(page: Page) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".you")).to_have_count(0)
    expect_state(page, "idle")
    say(page, "stop")
    expect(page.get_by_text("no session is open")).to_be_visible()


def test_another_locale_is_another_device(page: Page) -> None:
    locale = page.get_by_label("Locale")
    known = list(known_locales())
    assert locale.locator("option").all_inner_texts() == known
    expect(locale).to_have_value("en-US")
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    locale.select_option(known[0])
    if known[0] == "en-US":
        return
    expect(page.get_by_text(f"A new device, locale {known[0]}")).to_be_visible()
    say(page, "open upper back check")
    page.get_by_role("tab", name="Request").click()
    expect(page.get_by_role("tabpanel")).to_contain_text(f'"locale": "{known[0]}"')


def test_the_transcript_is_saved_as_a_test(
    page: Page,
    new_device: Callable[[str], Device],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = ["open upper back check", "", "blah fnord", "my chest feels tight", "yes"]
    for utterance in said:
        say(page, utterance)
    expect(page.locator(".you")).to_have_count(len(said))
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as test").click()
    assert download.value.suggested_filename == "conversation.txt"
    path = tmp_path / "conversation.txt"
    download.value.save_as(path)
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    assert re.fullmatch(r"# recorded in en-US on \d{4}-\d\d-\d\d", head)
    converse(new_device("en-US"), said, as_json=False)
    assert lines == capsys.readouterr().out.splitlines()


# --- hearing and speaking --------------------------------------------------------------------


def test_what_is_answered_is_spoken(page: Page, speaker: SmallSpeaker) -> None:
    expect_state(page, "idle")
    speaker.seconds = 1
    say(page, "open upper back check")
    expect_state(page, "speaking")
    expect_state(page, "listening")
    assert len(speaker.spoken) == 1
    assert "Any chest pain" in speaker.spoken[0]


def test_whoever_types_is_not_talked_over(page: Page, speaker: SmallSpeaker) -> None:
    speaker.seconds = 60
    say(page, "open upper back check")
    expect_state(page, "speaking")
    speaker.seconds = 0.1
    say(page, "no")
    expect_said(page, "groin")
    expect_state(page, "listening")


def test_without_speech_aloud_nothing_is_spoken(page: Page, speaker: SmallSpeaker) -> None:
    page.get_by_label("Speak aloud").uncheck()
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    expect_state(page, "listening")
    assert speaker.spoken == []


def test_speech_ends_when_it_is_switched_off(page: Page, speaker: SmallSpeaker) -> None:
    speaker.seconds = 60
    say(page, "open upper back check")
    expect_state(page, "speaking")
    page.get_by_label("Speak aloud").uncheck()
    expect_state(page, "listening")


def test_after_eight_seconds_the_device_hears_silence(page: Page) -> None:
    page.get_by_label("Speak aloud").uncheck()
    page.get_by_label("Eight-second rule").check()
    page.clock.install()
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.clock.run_for(20_000)  # what saying it would take, and the silence
    expect_said(page, "Chest pain, trouble breathing")
    page.clock.run_for(20_000)
    expect(page.get_by_text("Session ended")).to_be_visible()
    page.clock.run_for(60_000)
    expect(page.locator(".you")).to_have_count(3)


def test_whoever_types_is_not_silent(page: Page) -> None:
    page.get_by_label("Speak aloud").uncheck()
    page.get_by_label("Eight-second rule").check()
    page.clock.install()
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.get_by_label("What you say").fill("I am still")
    page.clock.run_for(60_000)
    expect(page.locator(".you")).to_have_count(1)


def test_without_the_rule_nobody_is_hurried(page: Page) -> None:
    page.get_by_label("Speak aloud").uncheck()
    page.clock.install()
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.clock.run_for(600_000)
    expect(page.locator(".you")).to_have_count(1)


@pytest.mark.parametrize("way", ["pointer", "Space", "Enter"])
def test_what_is_said_while_the_button_is_held_is_heard(
    page: Page, recogniser: SmallRecogniser, way: str
) -> None:
    recogniser.hears = "open upper back check"
    hold = page.get_by_role("button", name="Hold to talk")
    if way == "pointer":
        hold.hover()
        page.mouse.down()
    else:
        hold.focus()
        page.keyboard.down(way)
    expect(page.locator("#state")).to_have_text("Listening")
    page.wait_for_timeout(500)
    if way == "pointer":
        page.mouse.up()
    else:
        page.keyboard.up(way)
    expect_said(page, "Any chest pain")
    expect(page.locator(".you .words")).to_have_text("open upper back check")
    seconds = (len(recogniser.recordings[0]) - 44) / 32_000
    assert 0.3 < seconds < 5
    assert any(recogniser.recordings[0][44:])


def talk(page: Page) -> None:
    page.get_by_role("button", name="Hold to talk").focus()
    page.keyboard.down("Space")
    expect(page.locator("#state")).to_have_text("Listening")
    page.keyboard.up("Space")


def test_where_nothing_was_heard_nothing_is_sent(page: Page, recogniser: SmallRecogniser) -> None:
    recogniser.hears = ""
    talk(page)
    expect(page.get_by_text("nothing was heard")).to_be_visible()
    expect(page.locator(".you")).to_have_count(0)


def test_of_unclear_words_the_skill_is_told_while_it_listens(
    page: Page, recogniser: SmallRecogniser
) -> None:
    recogniser.hears = UNCLEAR
    talk(page)
    expect(page.get_by_text("speak nearer")).to_be_visible()
    expect(page.locator(".you")).to_have_count(0)
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    talk(page)
    expect(page.get_by_text("speak nearer")).to_have_count(2)
    expect(page.locator(".you .words").last).to_have_text(UNCLEAR)
    expect_said(page, "Sorry, I didn't get that")


def test_what_was_said_to_a_device_that_was_changed_meanwhile_is_not_said_to_the_new_one(
    page: Page, recogniser: SmallRecogniser
) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    expect_state(page, "listening")
    page.get_by_role("button", name="Hold to talk").evaluate("button => button.click()")
    expect(page.locator("#state")).to_have_text("Listening")
    page.get_by_label("Locale").select_option("en-GB")
    expect(page.get_by_text("A new device, locale en-GB")).to_be_visible()
    page.get_by_role("button", name="Let go to send").evaluate("button => button.click()")
    expect(page.get_by_text("the device was changed while you spoke")).to_be_visible()
    expect_state(page, "idle")
    assert recogniser.recordings == []


def test_a_microphone_that_may_not_be_used_is_told(playwright: Playwright, real_url: str) -> None:
    browser = launched(
        playwright, "--use-fake-device-for-media-stream", "--deny-permission-prompts"
    )
    page = browser.new_page()
    opened(page, real_url)
    page.get_by_role("button", name="Hold to talk").click()
    expect(page.get_by_text("allow it beside the address, or type")).to_be_visible()
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    browser.close()


def test_without_voice_and_ear_the_page_says_how_to_get_them(
    browser: Browser, new_device: Callable[[str], Device]
) -> None:
    with served(page_app(new_device, known_locales())) as url:
        page = browser.new_page()
        opened(page, url)
        expect(page.get_by_text("apt install flite")).to_be_visible()
        expect(page.get_by_text("no recogniser is installed")).to_be_visible()
        expect(page.get_by_role("button", name="Hold to talk")).to_be_disabled()
        say(page, "open upper back check")
        expect_said(page, "Any chest pain")
        expect_state(page, "listening")
        page.close()


BROWSER_VOICE = """
    window.spoken = [];
    class Utterance { constructor(text) { this.text = text; } }
    Object.defineProperty(window, "SpeechSynthesisUtterance", { value: Utterance });
    Object.defineProperty(window, "speechSynthesis", { value: {
      getVoices: () => [{ name: "a voice" }],
      addEventListener() {},
      cancel() {},
      speak(utterance) {
        window.spoken.push([utterance.lang, utterance.text]);
        utterance.onstart();
        setTimeout(utterance.onend, 300);
      },
    } });
"""


def test_without_a_voice_here_the_browser_speaks_and_says_digits_singly(
    browser: Browser, new_device: Callable[[str], Device]
) -> None:
    with served(page_app(new_device, known_locales())) as url:
        page = browser.new_page()
        page.add_init_script(BROWSER_VOICE)
        opened(page, url)
        expect(page.get_by_text("Until then the browser speaks.")).to_be_visible()
        say(page, "open upper back check")
        expect_state(page, "speaking")
        expect_state(page, "listening")
        say(page, "my chest feels tight")
        expect_state(page, "speaking")
        expect_state(page, "idle")
        (language, opening), (_, advice) = page.evaluate("window.spoken")
        assert language == "en-US"
        assert opening.startswith("Upper Back Check. General information")
        assert advice.startswith("Call 9 1 1 now.")
        page.close()


def test_a_screen_reader_starts_and_ends_the_talking_with_a_press_each(
    page: Page, recogniser: SmallRecogniser
) -> None:
    recogniser.hears = "open upper back check"
    hold = page.get_by_role("button", name="Hold to talk")
    hold.evaluate("button => button.click()")
    expect(page.locator("#state")).to_have_text("Listening")
    page.get_by_role("button", name="Let go to send").evaluate("button => button.click()")
    expect_said(page, "Any chest pain")


# --- what goes wrong -------------------------------------------------------------------------


def test_a_simulator_that_is_gone_is_told_and_what_was_typed_is_kept(
    browser: Browser, new_device: Callable[[str], Device]
) -> None:
    page = browser.new_page()
    with served(page_app(new_device, known_locales())) as url:
        opened(page, url)
        say(page, "open upper back check")
        expect_said(page, "Any chest pain")
    say(page, "my chest feels tight")
    expect(page.get_by_text("Is scripts/run still running?")).to_be_visible()
    expect(page.get_by_label("What you say")).to_have_value("my chest feels tight")
    expect_said(page, "Any chest pain")
    with served(page_app(new_device, known_locales()), urlsplit(url).port or 0):
        page.get_by_role("button", name="Say", exact=True).click()
        expect(page.get_by_text("A new device was started")).to_be_visible()
        expect(page.get_by_label("What you say")).to_have_value("my chest feels tight")
        page.get_by_role("button", name="Say", exact=True).click()
        expect_said(page, "Call 911 now.")
    page.close()


# --- looking ---------------------------------------------------------------------------------


def test_the_engine_tells_what_fires_and_on_what_ground(page: Page) -> None:
    say(page, "open upper back check")
    engine = page.get_by_role("tabpanel", name="Engine")
    expect(engine).to_contain_text("Any chest pain")
    engine.get_by_text("It could still help to fire").click()
    expect(engine).to_contain_text("suspected heart or lung emergency")
    say(page, "my chest feels tight")
    expect(engine).to_contain_text("None: no answer could make the advice more urgent.")
    expect(engine).to_contain_text("American Heart Association")
    link = engine.get_by_role("link").first
    assert str(link.get_attribute("href")).startswith("https://")
    assert link.get_attribute("rel") == "noreferrer"


def test_the_engine_shows_no_level_that_was_not_advised(page: Page) -> None:
    engine = page.get_by_role("tabpanel", name="Engine")
    level = engine.locator(".tag-self_care")
    say(page, "open upper back check")
    expect(engine).to_contain_text("None yet. If nothing more is found, it would be: care at home.")
    expect(level).to_have_count(0)
    say(page, "my lower back hurts")
    expect(engine).to_contain_text("If nothing more is found, there is none")
    say(page, "stop")
    expect(engine).to_contain_text("None was given.")
    expect(level).to_have_count(0)


def test_the_engine_shows_the_level_that_was_advised(page: Page) -> None:
    say(page, "open upper back check")
    say(page, "my chest feels tight")
    engine = page.get_by_role("tabpanel", name="Engine")
    expect(engine.locator("p .tag-emergency")).to_have_text("Emergency")


def test_the_panes_are_chosen_by_the_arrow_keys(page: Page) -> None:
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    page.get_by_role("tab", name="Engine").focus()
    for name, content in (
        ("Request", "LaunchRequest"),
        ("Response", "outputSpeech"),
        ("Session", "heart_or_lung_signs"),
        ("Engine", "Next question"),
    ):
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_contain_text(content)


def test_at_320_pixels_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size(NARROW)
    say(page, "open upper back check")
    expect_said(page, "Any chest pain")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    outside = page.evaluate(
        "[...document.querySelectorAll('button, input, select, p')].filter((e) => "
        "e.getBoundingClientRect().right > 320).map((e) => e.textContent)"
    )
    assert outside == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    page: Page, scheme: Literal["light", "dark"], viewport: ViewportSize
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(viewport)
    found = serious_problems(page)
    say(page, "open upper back check")
    say(page, "blah fnord")
    say(page, "I have a fever")
    expect_said(page, "I've noted that.")
    page.get_by_text("It could still help to fire").click()
    found += serious_problems(page)
    for name in ("Request", "Response", "Session"):
        page.get_by_role("tab", name=name).click()
        found += serious_problems(page)
    page.get_by_role("tab", name="Engine").click()
    say(page, "x" * 2_001)
    expect(page.get_by_text("expected at most")).to_be_visible()
    say(page, "my chest feels tight")
    expect_said(page, "Call 911 now.")
    found += serious_problems(page)
    assert found == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_whatever_the_device_does(
    page: Page,
    speaker: SmallSpeaker,
    scheme: Literal["light", "dark"],
    viewport: ViewportSize,
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size(viewport)
    speaker.seconds = 60
    unanswered: list[Route] = []
    page.route("**/turns", lambda route: unanswered.append(route))  # noqa: PLW0108  # as a handler
    say(page, "open upper back check")
    expect_state(page, "thinking")
    found = serious_problems(page)
    unanswered[0].continue_()
    expect_state(page, "speaking")
    found += serious_problems(page)
    page.get_by_role("button", name="Hold to talk").evaluate("button => button.click()")
    expect(page.locator("#state")).to_have_text("Listening")
    found += serious_problems(page)
    assert found == []


def serious_problems(page: Page) -> list[str]:
    results: dict[str, Any] = Axe().run(page).response
    assert len(results["passes"]) > 20  # it did look
    return [
        f"{one['id']}: {node['html']}: {node['failureSummary']}"
        for one in results["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
