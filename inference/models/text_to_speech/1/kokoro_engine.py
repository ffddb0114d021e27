"""Kokoro-82M: small, quick, Apache-2.0, with voices of its own. All that touches weights and the GPU is here, behind `load`."""

from pathlib import Path
from typing import Any

import numpy as np

from engine_loading import Placement
from failures import ModelUnusable
from kokoro_phonemes import espeak_voice, phonemes_of, run_espeak, split_phonemes
from kokoro_voices import kokoro_voice, voice_file
from licences import check_licence
from parameters import Parameters
from speech_engine import SpeechWanted, Speaker

_FILES = ("config.json", "kokoro-v1_0.pth")
_MAX_CHARACTERS = 250
"""Of Spanish words, about half of the 510 sounds that the model takes: espeak-ng writes stresses and lengths as well. Figures are more."""


def load(parameters: Parameters, placement: Placement) -> "KokoroEngine":
    """Loads the model. Raises ModelUnusable for a licence that forbids it, for missing files and for a machine without espeak-ng."""
    check_licence(parameters)
    folder = parameters.folder("model_folder")
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ModelUnusable(f"{folder} lacks {', '.join(missing)}")
    try:
        run_espeak("hola", "es")
    except OSError as cause:
        raise ModelUnusable(f"espeak-ng, which tells Kokoro how words are spoken, cannot be run: {cause}") from cause
    import torch
    from kokoro.model import KModel

    device = f"{placement.device}:{placement.device_index}" if placement.device == "cuda" else "cpu"
    if placement.device == "cuda":
        torch.cuda.set_per_process_memory_fraction(parameters.number("memory_fraction", 0.01, 1), placement.device_index)
    # The repository's name is only told to quiet a warning: both files are given.
    model = KModel(repo_id="hexgrad/Kokoro-82M", config=str(folder / _FILES[0]), model=str(folder / _FILES[1]))
    return KokoroEngine(model.to(device).eval(), folder)


class KokoroEngine:
    """Loaded weights. One call at a time."""

    rate_hz = 24_000

    def __init__(self, model: Any, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._styles: dict[str, Any] = {}

    def speaker(self, wanted: SpeechWanted) -> Speaker:
        """The voice that a request asks for. Raises RequestRefused for a language or a voice that is not there."""
        speaks = espeak_voice(wanted.language)
        styles = self._styles_of(kokoro_voice(wanted.voice, wanted.language))
        return Speaker(
            max_characters=_MAX_CHARACTERS, speak=lambda clause: self._speak(phonemes_of(clause, speaks, run_espeak), styles, wanted.speed)
        )

    def _styles_of(self, name: str) -> Any:
        if name not in self._styles:
            import torch

            self._styles[name] = torch.load(voice_file(self._folder, name), weights_only=True)
        return self._styles[name]

    def _speak(self, phonemes: str, styles: Any, speed: float) -> np.ndarray:
        # A style for each length of the input.
        spoken = [self._model(piece, styles[len(piece) - 1], speed).cpu().numpy() for piece in split_phonemes(phonemes)]
        return np.concatenate([np.zeros(0), *spoken]).astype(np.float32)
