"""What the text_to_speech model asks of an engine, whichever it is."""

from dataclasses import dataclass
from typing import Callable, Mapping, Protocol

import numpy as np

from contract_limits import texts_of


@dataclass(frozen=True)
class SpeechWanted:
    """One request, its limits checked."""

    text: str
    language: str
    voice: str
    """Empty: the language's own."""
    speed: float


@dataclass(frozen=True)
class Speaker:
    """A voice that is ready to speak."""

    max_characters: int
    """The longest piece that it can be given."""
    speak: Callable[[str], np.ndarray]
    """One piece as samples between -1 and 1. Blocks for as long as it takes."""
    spelled: Callable[[str], str] = str
    """The text as this engine must be given it, before it is cut into pieces: words are longer than figures."""


class SpeechEngine(Protocol):
    """Loaded weights. One call at a time."""

    rate_hz: int

    def speaker(self, wanted: SpeechWanted) -> Speaker:
        """Raises RequestRefused for a voice or a language that it has not."""


def read_wanted(inputs: Mapping[str, np.ndarray]) -> SpeechWanted:
    """From the tensors of a request. Raises RequestRefused for a text that is not UTF-8."""
    return SpeechWanted(
        text=texts_of("TEXT", inputs["TEXT"])[0],
        language=texts_of("LANGUAGE", inputs["LANGUAGE"])[0],
        voice=texts_of("VOICE", inputs["VOICE"])[0],
        speed=float(inputs["SPEED"].reshape(-1)[0]),
    )
