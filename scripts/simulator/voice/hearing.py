"""From a recording to words, with pocketsphinx and what a caller may say to this skill.

The recogniser is taught the sentences of the interaction model and no others, so it makes the
nearest of them out of anything it is given. Three things keep that from becoming a finding that
nobody named or a "no" that nobody said: a recording with no words in it is not even tried, what
the recogniser is not sure of counts as not heard, and what it heard is still read strictly, by
``understanding``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from scripts.simulator.errors import SimulatorError
from scripts.simulator.phrases import load_phrases
from scripts.simulator.voice.sentences import sentences
from scripts.simulator.voice.wav import SAMPLE_RATE, has_speech, samples_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.simulator.interaction_model import InteractionModel

# Words of this field of medicine that the dictionary of pocketsphinx lacks, in its own format.
_PRONUNCIATIONS: Final = Path(__file__).with_name("pronunciations.dict")
_HISSES: Final = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"})
_VOICELESS: Final = frozenset({"F", "K", "P", "T", "TH"})

# How sure of each word it must be, from 0 to 1, for the whole to count as heard. Measured with
# noise on the recordings of `spoken_lines.json`: what was heard wrongly lay below.
_SURE: Final = 0.25
# The commonest words of the language that have no place in the model, and how often each is taken
# to be said: someone who speaks of something else is then heard to do so.
_FOREIGN_WORDS: Final = 3000
_FOREIGN_TIMES: Final = 100
_LONGEST_SECONDS: Final = 30
# Wider than usual, since the sentences are few: little is lost in time and something won.
_SEARCH: Final = {
    "lw": 9.0,
    "fwdflatlw": 12.0,
    "bestpathlw": 12.0,
    "beam": 1e-60,
    "wbeam": 1e-40,
    "loglevel": "FATAL",
}


class Recogniser:
    """Hears what may be said to one interaction model.

    Args:
        decoder: The pocketsphinx decoder, taught.
        unheard: Words of the model that it cannot hear, for want of a pronunciation.
    """

    def __init__(self, decoder: Any, unheard: tuple[str, ...]) -> None:  # noqa: ANN401  # untyped
        self._decoder = decoder
        self._lock = Lock()
        self.unheard = unheard

    def words(self, wav: bytes) -> str:
        """Return the words in a WAV file (16 kHz, 16 bit, mono), "" where none are sure.

        Raises:
            SimulatorError: It is no such file, or too long.
        """
        samples = samples_of(wav)
        if len(samples) > _LONGEST_SECONDS * SAMPLE_RATE:
            raise SimulatorError(f"the recording is longer than {_LONGEST_SECONDS} s")
        # Out of silence the decoder makes the shortest answer there is, which is "no".
        if not has_speech(samples):
            return ""
        with self._lock:
            self._decoder.start_utt()
            try:
                self._decoder.process_raw(samples.tobytes(), no_search=False, full_utt=True)
            finally:
                # Else it could not begin again.
                self._decoder.end_utt()
            found = self._decoder.hyp()
        if found is None or not found.hypstr:
            return ""
        words: str = found.hypstr
        return words if found.prob >= _SURE ** (words.count(" ") + 2) else ""


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
    common = sorted(set(map(_word, lines)), key=lambda word: general.prob([word]), reverse=True)
    foreign = set(common[:_FOREIGN_WORDS]) - vocabulary
    known = _pronunciations(vocabulary | foreign, lines)
    with TemporaryDirectory() as folder:
        words = Path(folder, "foreign.txt")
        words.write_text("".join(f"{word}\n" for word in sorted(foreign)), encoding="utf-8")
        taught = lm.ArpaBoLM(
            text="\n".join(said),
            add_start=True,
            word_file=str(words),
            word_file_count=_FOREIGN_TIMES,
        )
        taught.compute()
        language_model = Path(folder, "model.arpa")
        dictionary = Path(folder, "words.dict")
        with language_model.open("w", encoding="utf-8") as file:
            taught.write(file)
        dictionary.write_text("".join(f"{line}\n" for line in known), encoding="utf-8")
        decoder = pocketsphinx.Decoder(
            hmm=pocketsphinx.get_model_path("en-us/en-us"),
            lm=str(language_model),
            dict=str(dictionary),
            **_SEARCH,
        )
    spoken = {_word(line) for line in known}
    return Recogniser(decoder, tuple(sorted(vocabulary - spoken)))


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
