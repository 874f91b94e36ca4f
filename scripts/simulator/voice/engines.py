"""The voices of this machine: flite as a program, or espeak-ng as a library."""

from __future__ import annotations

import ctypes
import subprocess
from array import array
from functools import cache
from importlib import import_module
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from scripts.simulator.errors import SimulatorError
from scripts.simulator.voice.wav import louder, read_wav, resampled

if TYPE_CHECKING:
    from scripts.simulator.voice.ssml import Say

# Far more than the longest prompt takes; flite has been seen not to end at all.
_FLITE_SECONDS: Final = 20
# Measured by `voice.md`: the clearest of those that flite brings along.
_FLITE_VOICE: Final = "rms"
# It tells the time and nothing else.
_CLOCK: Final = "awb_time"

_ESPEAK_VOICE: Final = "en-us"
_ESPEAK_RATE: Final = 165
_SYNCHRONOUS: Final = 2
_UTF8: Final = 1
_CHARACTERS: Final = 1
_PARAMETER_RATE: Final = 1
_OK: Final = 0
# Without it the library ends the whole program where its data are missing.
_DO_NOT_EXIT: Final = 0x8000
_EVENTS: Final = ctypes.c_void_p
_CALLBACK: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, _EVENTS
)


_NOTHING_SPEAKS: Final = (
    "nothing can speak here; install flite (Debian: apt install flite) or the extra 'voice'"
)


class Engine(Protocol):
    """Something that speaks."""

    @property
    def description(self) -> str:
        """What it is, and what would be better."""
        ...

    @property
    def voices(self) -> tuple[str, ...]:
        """The voices it has, the one that speaks first."""
        ...

    def speak(self, say: Say) -> array[int]:
        """Return the samples of some words.

        Raises:
            SimulatorError: It failed.
        """
        ...


class Flite:
    """The program flite, run once for each piece of speech.

    Args:
        program: Where it is.
        voice: One of its voices, ``None`` for the clearest.

    Raises:
        SimulatorError: It does not run, or has no such voice.
    """

    def __init__(self, program: str, voice: str | None = None) -> None:
        self._program = program
        names = _output(program, "-lv").decode(errors="replace").partition(":")[2].split()
        known = sorted(name for name in names if name != _CLOCK)
        # It falls back to a voice without a word where it does not know the one it is given.
        chosen = voice or (_FLITE_VOICE if _FLITE_VOICE in known else next(iter(known), ""))
        if chosen not in known:
            raise SimulatorError(f"flite has no voice {chosen!r}; it has {', '.join(known)}")
        self.description = f"flite, voice {chosen}"
        self.voices = (chosen, *(name for name in known if name != chosen))

    def speak(self, say: Say) -> array[int]:
        """Return the samples of some words."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "speech.wav")
            stretch = f"duration_stretch={1 / say.manner.rate:.3f}"
            # What follows -t is spoken whatever it begins with, and goes through no shell.
            options = ("-voice", self.voices[0], "--setf", stretch, "-t", say.text)
            _output(self._program, *options, "-o", str(path))
            if not path.exists():
                raise SimulatorError("flite has written no sound")
            rate, samples = read_wav(path.read_bytes())
        return louder(resampled(samples, rate), say.manner.volume)


# The library has one voice and one callback for the whole program.
_ESPEAK_LOCK: Final = Lock()


@cache
def _espeak() -> tuple[ctypes.CDLL, int]:
    """Return the library and its samples a second, started: a second start would hang it.

    Raises:
        SimulatorError: It cannot be loaded.
    """
    try:
        loader = import_module("espeakng_loader")
        library = ctypes.CDLL(loader.get_library_path())
        data = str(loader.get_data_path())
    except (ImportError, OSError, RuntimeError) as error:
        raise SimulatorError(_NOTHING_SPEAKS) from error
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DO_NOT_EXIT)
    if rate <= 0:
        raise SimulatorError(_NOTHING_SPEAKS)
    return library, rate


class Espeak:
    """The library espeak-ng, out of the package espeakng-loader.

    Args:
        voice: One of its voices, ``None`` for American English.

    Raises:
        SimulatorError: It cannot be loaded, or has no such voice.
    """

    def __init__(self, voice: str | None = None) -> None:
        self._library, self._rate = _espeak()
        self._heard: array[int] = array("h")
        # Kept here, since the library does not keep it.
        self._callback = _CALLBACK(self._take)
        self._voice = (voice or _ESPEAK_VOICE).encode()
        with _ESPEAK_LOCK:
            known = self._library.espeak_SetVoiceByName(self._voice) == _OK
        if not known:
            raise SimulatorError(
                f"espeak-ng has no voice {voice!r}; with flite installed there are others"
            )
        self.description = "espeak-ng from espeakng-loader; install flite for a clearer voice"
        self.voices = (self._voice.decode(),)

    def speak(self, say: Say) -> array[int]:
        """Return the samples of some words."""
        text = say.text.encode()
        rate = round(_ESPEAK_RATE * say.manner.rate)
        with _ESPEAK_LOCK:
            self._heard = array("h")
            self._library.espeak_SetSynthCallback(self._callback)
            self._library.espeak_SetVoiceByName(self._voice)
            self._library.espeak_SetParameter(_PARAMETER_RATE, rate, 0)
            size = ctypes.c_size_t(len(text) + 1)
            done = self._library.espeak_Synth(text, size, 0, _CHARACTERS, 0, _UTF8, None, None)
            if done != _OK:
                raise SimulatorError("espeak-ng has not spoken")
            samples = self._heard
        return louder(resampled(samples, self._rate), say.manner.volume)

    def _take(self, samples: Any, count: int, _: object) -> int:  # noqa: ANN401  # a C pointer
        if count:
            self._heard.extend(samples[:count])
        return 0


def find_engine(voice: str | None) -> Engine:
    """Return flite where it is installed, or else espeak-ng.

    Raises:
        SimulatorError: There is neither, or not with that voice.
    """
    program = which("flite")
    return Flite(program, voice) if program else Espeak(voice)


def _output(*command: str) -> bytes:
    """Run flite and return what it prints."""
    try:
        done = subprocess.run(  # noqa: S603  # no shell reads it
            command,
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_FLITE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SimulatorError(f"flite did not end within {_FLITE_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        raise SimulatorError(f"flite has failed with exit status {error.returncode}") from error
    except OSError as error:
        raise SimulatorError(f"flite cannot be run ({error.strerror})") from error
    return done.stdout
