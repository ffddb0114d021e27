"""Kokoro's voices: a file of styles for each, told apart by the first letter of their names."""

import re
from pathlib import Path

from failures import RequestRefused

_OWN = {"es": "ef_dora", "en-us": "af_heart", "en-gb": "bf_emma", "fr": "ff_siwis", "it": "if_sara", "pt": "pf_dora", "hi": "hf_alpha"}
"""The voice of each language when a request names none (hexgrad/Kokoro-82M, VOICES.md)."""


def kokoro_voice(asked: str, language: str) -> str:
    """Name of the voice that a request asks for. Raises RequestRefused for other than a plain name."""
    if asked == "":
        tag = language.strip().lower()
        primary = tag.split("-")[0]
        return _OWN["en-gb" if tag == "en-gb" else "en-us" if primary == "en" else primary]
    if re.fullmatch(r"[a-z]{2}_[a-z0-9]{2,32}", asked) is None:
        raise RequestRefused(f"tensor VOICE: {asked!r} is no voice of Kokoro's; its names are such as ef_dora")
    return asked


def voice_file(folder: Path, name: str) -> Path:
    """The voice's file. Raises RequestRefused naming those that are there."""
    path = folder / "voices" / f"{name}.pt"
    if not path.is_file():
        known = sorted(entry.stem for entry in (folder / "voices").glob("*.pt"))
        raise RequestRefused(f"tensor VOICE: there is no voice {name!r}; there are: {', '.join(known) or 'none'}")
    return path
