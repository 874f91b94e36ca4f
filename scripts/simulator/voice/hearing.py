"""From a recording to words, with pocketsphinx and what a caller may say to this skill.

The recogniser is taught the sentences of the interaction model and no others, so it makes the
nearest of them out of anything it is given. Four things keep that from becoming a finding that
nobody named or a "no" that nobody said: a recording with no words in it is not even tried; what
the recogniser is not sure of counts as unclear, above all a denial that may have been a report;
so does what a second one, which knows sounds and no words, hears quite otherwise; and what is left
is still read strictly, by ``understanding``. Out of a noisy recording the noise is taken first.

What is unclear goes on as words that mean nothing, as it does with Alexa. So the skill asks again,
and sends whoever it cannot understand to a person. Without that it would never know of them.
"""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from importlib import import_module
from itertools import islice
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from scripts.simulator.errors import SimulatorError
from scripts.simulator.phrases import load_phrases
from scripts.simulator.voice.quieting import find_quieting
from scripts.simulator.voice.sentences import sentences
from scripts.simulator.voice.wav import SAMPLE_RATE, has_speech, is_noisy, samples_of

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable, Sequence

    from scripts.simulator.interaction_model import InteractionModel

# What stands for words that are not sure. It is no sample of any intent.
UNCLEAR: Final = "(unclear)"

# Words of this field of medicine that the dictionary of pocketsphinx lacks, in its own format.
_PRONUNCIATIONS: Final = Path(__file__).with_name("pronunciations.dict")
_HISSES: Final = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS: Final = frozenset({"F", "K", "P", "T", "TH"})

# How sure of each word it must be, from 0 to 1, for the whole to count as heard. Measured in pink
# noise, 15 dB below the speech: of seven lines taken for a "no" or "none of them" six lay below.
_SURE: Final = 0.2
# "There's a weight on my chest" was heard as "there's no weight on my chest". By how much a denial
# must be likelier than anything without one, and among how many of the likeliest that is sought.
_CLEARLY: Final = 35
_LIKELIEST: Final = 20
# "I can't breathe" is no denial, "I can breathe" is one; "not sure" makes no advice less urgent.
_DENYING: Final = re.compile(
    r"\b(?:no|not(?! sure)|nope|none|never|without|can(?!')|(?!can't|won't)\w+n't)\b"
)
# How strange the words may be to the sounds. Measured on the "tuned" of `spoken_lines.json` and 234
# answers more: of the right sentences 0.5 % lie above, of those made out of other talk 86 %.
_STRANGE: Final = 3.72
# Noise makes the right words stranger, too, even once most of it is taken out. Measured at 15 dB on
# 34 emergencies: of the right sentences 8 % lie above. Of 280 lines of other talk none below it, of
# those that anything was made of, so there is some room.
_STRANGE_IN_NOISE: Final = 3.9
_UNLIKE: Final = 2.0
# How often a sentence is taught that is taken for what was said without a look at its sounds.
_FAMILIAR: Final = 50
# So that a short answer does not weigh more than it can tell: about as long as what is said of it.
_SPARE_FRAMES: Final = 60
# Nobody says "an lost". Out of "I haven't lost" the recogniser makes "I have an lost".
_NOT_ENGLISH: Final = re.compile(r"\ban [bcdfgjklpqrtvwyz]")
# pocketsphinx divides its logarithms by so much.
_SCORE_SCALE: Final = 1024
_LONGEST_SECONDS: Final = 30
# Wider than usual, since the sentences are few: little is lost in time and something won.
_SEARCH: Final = {
    "lw": 9.0,
    "fwdflatlw": 12.0,
    "bestpathlw": 12.0,
    "beam": 1e-60,
    "wbeam": 1e-40,
    # Scores against the best of all sounds, not the best of those that a word could go on with.
    "compallsen": True,
    "loglevel": "FATAL",
}
_SOUND_SEARCH: Final = {"lw": 2.0, "beam": 1e-20, "pbeam": 1e-20, "loglevel": "FATAL"}
# "<s>", "[NOISE]", "+SPN+" and "SIL" are what stands between words and sounds.
_NO_WORD: Final = ("<", "[", "+", "SIL")


class Recogniser:
    """Hears what may be said to one interaction model.

    Args:
        words: The pocketsphinx decoder that was taught the sentences.
        sounds: Another, which makes of any speech a row of sounds.
        familiar: Sentences that are said so often that they need no second look.
        unheard: Words of the model that it cannot hear, for want of a pronunciation.
        quieter: Takes the noise out of a recording, where there is something that can. Without it
            more is asked again.
    """

    def __init__(
        self,
        words: Any,  # noqa: ANN401  # untyped
        sounds: Any,  # noqa: ANN401  # untyped
        familiar: frozenset[str],
        unheard: tuple[str, ...],
        quieter: Callable[[array[int]], array[int]] | None,
    ) -> None:
        self._words = words
        self._sounds = sounds
        self._familiar = familiar
        self._quieter = quieter
        self._lock = Lock()
        self.unheard = unheard

    def words(self, wav: bytes) -> str:
        """Return the words in a WAV file (16 kHz, 16 bit, mono).

        "" where there are none, ``UNCLEAR`` where it is not sure of them.

        Raises:
            SimulatorError: It is no such file, or too long.
        """
        samples = samples_of(wav)
        if len(samples) > _LONGEST_SECONDS * SAMPLE_RATE:
            raise SimulatorError(f"the recording is longer than {_LONGEST_SECONDS} s")
        # Out of silence the decoder makes the shortest answer there is, which is "no".
        if not has_speech(samples):
            return ""
        strange = _STRANGE
        # Only then: of a recording without noise the suppressor takes away sounds, too.
        if self._quieter and is_noisy(samples):
            samples = self._quieter(samples)
            strange = _STRANGE_IN_NOISE
        with self._lock:
            found = _decoded(self._words, samples)
            if found is None or not found.hypstr:
                return ""
            return found.hypstr if self._is_sure(found, samples, strange) else UNCLEAR

    def _is_sure(self, found: Any, samples: array[int], strange: float) -> bool:  # noqa: ANN401
        """Whether it may count as heard; ``strange`` is how strange it must not be."""
        words: str = found.hypstr
        if found.prob < _SURE ** (words.count(" ") + 2) or _NOT_ENGLISH.search(words):
            return False
        # In one word there is too little to compare. A denial is never too familiar: out of "my
        # legs are weak" noise once made "none of them".
        is_familiar = words in self._familiar and not _DENYING.search(words)
        if is_familiar or " " not in words:
            return True
        if self._may_be_a_report(found):
            return False
        return self._strangeness(found, _decoded(self._sounds, samples)) <= strange

    def _may_be_a_report(self, found: Any) -> bool:  # noqa: ANN401  # untyped
        """Whether it is a denial, and something without one is nearly as likely."""
        if not _DENYING.search(found.hypstr):
            return False
        others = [one for one in islice(self._words.nbest(), _LIKELIEST) if one.hypstr]
        # Within these the scores compare with one another, and not always with the other one.
        best = max((one.score for one in others), default=found.best_score)
        return any(
            _less_likely(one.score, best) < _CLEARLY
            for one in others
            if not _DENYING.search(one.hypstr)
        )

    def _strangeness(self, found: Any, sounds: Any) -> float:  # noqa: ANN401  # untyped
        """Return how ill the words fit the sounds, about 1.5 where they fit well.

        That is how much less likely the recording is as these words than as any row of sounds, for
        each of its frames, and how unlike that row is to the one that a dictionary gives the words.
        """
        said = [one for one in self._words.seg() if not one.word.startswith(_NO_WORD)]
        frames = sum(one.end_frame - one.start_frame + 1 for one in said)
        less_likely = _less_likely(found.best_score, sounds.best_score)
        expected = " ".join(self._words.lookup_word(one.word) for one in said).split()
        heard = [one for one in sounds.hypstr.split() if not one.startswith(_NO_WORD)]
        alike = SequenceMatcher(None, expected, heard, autojunk=False).ratio()
        return float(less_likely / (frames + _SPARE_FRAMES) + _UNLIKE * (1 - alike))


def _less_likely(score: float, than: float) -> float:
    """Return by how much one score of pocketsphinx lies below another, as a natural logarithm."""
    return _SCORE_SCALE * log(than / score)


def _decoded(decoder: Any, samples: array[int]) -> Any:  # noqa: ANN401  # untyped
    """Return what a decoder makes of a recording, ``None`` for nothing."""
    decoder.start_utt()
    try:
        decoder.process_raw(samples.tobytes(), no_search=False, full_utt=True)
    finally:
        # Else it could not begin again.
        decoder.end_utt()
    return decoder.hyp()


def find_recogniser(model: InteractionModel) -> Recogniser:
    """Return a recogniser for what may be said to a model; takes two to three seconds.

    Raises:
        SimulatorError: There is none on this machine, or none for the model's language.
    """
    try:
        pocketsphinx = import_module("pocketsphinx")
        lm = import_module("pocketsphinx.lm")
    except ImportError as error:
        raise SimulatorError(
            "no speech is understood without pocketsphinx; install the extra 'voice'"
        ) from error
    if model.language != "en":
        raise SimulatorError(f"speech is understood in English only, not in {model.locale}")

    general = pocketsphinx.NGramModel.readfile(pocketsphinx.get_model_path("en-us/en-us.lm.bin"))
    said = sentences(model, load_phrases(model.language), general.prob)
    vocabulary = {word for sentence in set(said) for word in sentence.split()}
    lines = [
        line
        for path in (Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")), _PRONUNCIATIONS)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    known = _pronunciations(vocabulary, lines)
    acoustics = pocketsphinx.get_model_path("en-us/en-us")
    with TemporaryDirectory() as folder:
        taught = lm.ArpaBoLM(text="\n".join(said), add_start=True)
        taught.compute()
        language_model = Path(folder, "model.arpa")
        dictionary = Path(folder, "words.dict")
        with language_model.open("w", encoding="utf-8") as file:
            taught.write(file)
        dictionary.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")
        words = pocketsphinx.Decoder(
            hmm=acoustics, lm=str(language_model), dict=str(dictionary), **_SEARCH
        )
    phones = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    sounds = pocketsphinx.Decoder(hmm=acoustics, allphone=phones, **_SOUND_SEARCH)
    spoken = {_word(line) for line in known}
    familiar = frozenset(one for one, times in Counter(said).items() if times >= _FAMILIAR)
    unheard = tuple(sorted(vocabulary - spoken))
    return Recogniser(words, sounds, familiar, unheard, find_quieting())


def _pronunciations(vocabulary: set[str], lines: Sequence[str]) -> list[str]:
    """Return the lines of a dictionary for the words, and those for possessives of them."""
    known = [line for line in lines if _word(line) in vocabulary]
    missing = vocabulary.difference(map(_word, known))
    owners = {word.removesuffix("'s") for word in missing if word.endswith("'s")}
    possessives = (_possessive(line) for line in lines if _word(line) in owners)
    return [*known, *possessives]


def _possessive(line: str) -> str:
    """Return the pronunciation of "mother's" made from that of "mother"."""
    written, *sounds = line.split()
    word, alternative = _word(line), written.removeprefix(_word(line))
    ending = "IH Z" if sounds[-1] in _HISSES else "S" if sounds[-1] in _VOICELESS else "Z"
    return " ".join((f"{word}'s{alternative}", *sounds, ending))


def _word(line: str) -> str:
    """Return the word of a line; "read(2)" is another way to say "read"."""
    return line.partition(" ")[0].partition("(")[0]
