"""Voices that F5-TTS speaks with: a folder for each, with a short recording and exactly what is said in it. A folder is an agent's, or a
language's."""

import io
import re
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from failures import RequestRefused
from pcm import floats_of
from resampling import resample, resampling_of

RATE_HZ = 24_000
SHORTEST_S = 2.0
LONGEST_S = 12.0
"""The recording goes through the model with every piece that is spoken: 3 to 5 s are best, and F5-TTS cuts what is longer than 12 s."""
_PACE = (5.0, 30.0)
"""Characters a second of real speech. Outside of it the text is not what is said, and all that is spoken comes too fast or too slow."""

RECORDING = "reference.wav"
TRANSCRIPT = "reference.txt"


@dataclass(frozen=True)
class ReferenceVoice:
    """Mono, 24 kHz, between -1 and 1, and what is said in it."""

    name: str
    samples: np.ndarray
    transcript: str


def voice_name(asked: str, language: str) -> str:
    """Folder of the voice that a request asks for; without one, the language's own (`default-es`). Raises RequestRefused for other than a
    plain name."""
    name = asked if asked != "" else f"default-{language.split('-')[0].lower()}"
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name) is None:
        raise RequestRefused(f"tensor VOICE: {asked!r} is no name of a voice; letters, digits, '_' and '-' are")
    return name


def read_voice(voices: Path, name: str) -> ReferenceVoice:
    """Reads and checks a voice's folder. Raises RequestRefused with what is wrong and how it must be."""
    folder = voices / name
    if not folder.is_dir():
        known = sorted(entry.name for entry in voices.iterdir() if entry.is_dir())[:10] if voices.is_dir() else []
        raise RequestRefused(f"tensor VOICE: there is no voice {name!r}; there are: {', '.join(known) or 'none yet'}")
    for file in (RECORDING, TRANSCRIPT):
        if not (folder / file).is_file():
            raise RequestRefused(f"tensor VOICE: voice {name!r} lacks {file}")
    samples = read_recording((folder / RECORDING).read_bytes(), name)
    transcript = reference_transcript((folder / TRANSCRIPT).read_text(encoding="utf-8"))
    check_pace(name, transcript, samples.size / RATE_HZ)
    return ReferenceVoice(name, samples, transcript)


def read_recording(content: bytes, name: str) -> np.ndarray:
    """Samples of a WAV file at 24 kHz. Raises RequestRefused for other than 16-bit mono of 2 to 12 s."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            channels, width, rate_hz, count = file.getparams()[:4]
            frames = file.readframes(count)
    except (wave.Error, EOFError) as cause:
        raise RequestRefused(f"voice {name!r}: {RECORDING} is no WAV file with PCM: {cause}") from cause
    if channels != 1 or width != 2:
        raise RequestRefused(f"voice {name!r}: {RECORDING} has {channels} channels of {8 * width} bits, must be mono of 16 bits")
    samples = floats_of(np.frombuffer(frames, dtype="<i2"))
    duration_s = samples.size / rate_hz
    if not SHORTEST_S <= duration_s <= LONGEST_S:
        raise RequestRefused(f"voice {name!r}: {RECORDING} lasts {duration_s:.1f} s, must last {SHORTEST_S:g} to {LONGEST_S:g} s")
    ratio = resampling_of(rate_hz, RATE_HZ)
    return samples if ratio is None else resample(samples, ratio)


def reference_transcript(text: str) -> str:
    """One line that ends as a sentence: without that the model runs the recording and what it is to say together."""
    line = " ".join(text.split())
    if line == "":
        raise RequestRefused(f"{TRANSCRIPT} is empty, must hold exactly what is said in {RECORDING}")
    return f"{line} " if line[-1] in ".!?…" else f"{line}. "


def check_pace(name: str, transcript: str, duration_s: float) -> None:
    """Raises RequestRefused when nobody speaks so fast or so slowly: the transcript is not the recording's."""
    pace = len(transcript) / duration_s
    if not _PACE[0] <= pace <= _PACE[1]:
        raise RequestRefused(
            f"voice {name!r}: {TRANSCRIPT} has {len(transcript)} characters for {duration_s:.1f} s, "
            f"speech has {_PACE[0]:g} to {_PACE[1]:g} a second: is it exactly what is said?"
        )
