"""Text as Kokoro's alphabet of sounds. espeak-ng says how words are spoken; it is GPL-3.0 and runs as a program of its own."""

import re
import subprocess
from typing import Callable, Sequence

from failures import RequestRefused

MAX_PHONEMES = 510
"""Kokoro's longest input; its voices have a style for each length up to it."""

_TIE = "^"
_MARKS = ".!?…;:,"
_TIMEOUT_S = 5

# Kokoro writes sounds of two parts as one letter (misaki, the text front end that it was trained with).
_EVERYWHERE = {
    "d^z": "ʣ",
    "d^ʒ": "ʤ",
    "t^s": "ʦ",
    "t^ʃ": "ʧ",
    "a^ɪ": "I",
    "a^ʊ": "W",
    "e^ɪ": "A",
    "o^ʊ": "O",
    "ə^ʊ": "Q",
    "ɔ^ɪ": "Y",
    "s^s": "S",
}
_ENGLISH = {"ɚ": "əɹ", "ɐ": "ə", "r": "ɹ", "ɬ": "l", "x": "k", "ç": "k", "ʲ": "", "ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": ""}


def espeak_voice(language: str) -> str:
    """espeak-ng's voice for a tag: Spanish of the Americas has no lisp. Raises RequestRefused for a language that Kokoro has no voice
    for."""
    primary, _, region = language.strip().lower().partition("-")
    voices = {"es": "es" if region in ("", "es") else "es-419", "en": "en-gb" if region == "gb" else "en-us"}
    voices |= {"fr": "fr-fr", "it": "it", "pt": "pt-br", "hi": "hi"}
    if primary not in voices:
        raise RequestRefused(f"tensor LANGUAGE: Kokoro does not speak {language!r}; it speaks {', '.join(sorted(voices))}")
    return voices[primary]


def phonemes_of(text: str, voice: str, run: Callable[[str, str], str]) -> str:
    """A piece of text in Kokoro's alphabet, its punctuation kept, for that is what it breathes by."""
    pieces = split_at_punctuation(text)
    if not pieces:
        return ""
    spoken = [line.strip() for line in run(" ".join(f"{words}{mark}" for words, mark in pieces), voice).splitlines() if line.strip() != ""]
    marks = [mark for _, mark in pieces]
    if len(spoken) != len(marks):
        # espeak-ng breaks its lines where we do, but for brackets and the like; then the pieces are only told apart.
        marks = [","] * (len(spoken) - 1) + marks[-1:]
    ipa = " ".join(f"{line}{mark}" for line, mark in zip(spoken, marks))
    return kokoro_letters(ipa, is_english=voice.startswith("en"))


def split_phonemes(phonemes: str) -> list[str]:
    """Sounds in pieces that the model takes, cut between words: figures, of which a short text may be made, are ten times as long when they
    are spoken."""
    pieces: list[str] = []
    while len(phonemes) > MAX_PHONEMES:
        at = phonemes.rfind(" ", 1, MAX_PHONEMES + 1)
        cut = at if at > 0 else MAX_PHONEMES
        pieces.append(phonemes[:cut].strip())
        phonemes = phonemes[cut:].strip()
    return [*pieces, phonemes] if phonemes != "" else pieces


def split_at_punctuation(text: str) -> list[tuple[str, str]]:
    """Words and the mark that ends them; "10:30" is words."""
    parts = re.split(r"(?<=[.!?…;:,])\s+", " ".join(text.split()))
    pieces = [(part.rstrip(_MARKS), part[len(part.rstrip(_MARKS)) :][:1]) for part in parts]
    return [(words, mark) for words, mark in pieces if re.search(r"\w", words)]


def kokoro_letters(ipa: str, is_english: bool) -> str:
    """espeak-ng's notation in Kokoro's."""
    tables: Sequence[dict[str, str]] = (_EVERYWHERE, _ENGLISH) if is_english else (_EVERYWHERE,)
    for table in tables:
        for sound in sorted(table, key=len, reverse=True):
            ipa = ipa.replace(sound, table[sound])
    return ipa.replace(_TIE, "").replace("-", "").replace("_", "")


def run_espeak(text: str, voice: str) -> str:
    """One run of the program, about 10 ms. The text goes in by a pipe: it can be no option and no file."""
    argv = ["espeak-ng", "-q", "--ipa", f"--tie={_TIE}", "-v", voice, "--stdin"]
    return subprocess.run(argv, input=text, capture_output=True, encoding="utf-8", timeout=_TIMEOUT_S, check=True).stdout
