"""F5-TTS: a voice from a short recording. All that touches weights and the GPU is here, behind `load`."""

from typing import Any

import numpy as np

from engine_loading import Placement
from f5_lengths import RATE_HZ, frames_of, longest_text
from failures import ModelUnusable
from licences import check_licence
from parameters import Parameters
from reference_voices import ReferenceVoice, read_voice, voice_name
from spanish_numbers import spoken_spanish
from speech_engine import Speaker, SpeechWanted

_MAX_VOICES = 64
"""Recordings kept ready, 1.2 MB each at most; beyond that the one read first is read again when asked for."""
# Of the base model (F5TTS_Base and F5TTS_v1_Base, src/f5_tts/configs); v1 pads texts in another way.
_ARCHITECTURE = {"dim": 1024, "depth": 22, "heads": 16, "ff_mult": 2, "text_dim": 512, "conv_layers": 4}
_VERSIONS = {"v0": {"text_mask_padding": False, "pe_attn_head": 1}, "v1": {}}


def load(parameters: Parameters, placement: Placement) -> "F5Engine":
    """Loads the model and its vocoder, Vocos. Raises ModelUnusable for a licence that forbids it and for missing files."""
    check_licence(parameters)
    folder = parameters.folder("model_folder")
    weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("*.pt"))
    vocoder_folder = parameters.folder("vocoder_folder")
    missing = [
        str(path)
        for path in (folder / "vocab.txt", vocoder_folder / "config.yaml", vocoder_folder / "pytorch_model.bin")
        if not path.is_file()
    ]
    if not weights or missing:
        raise ModelUnusable(f"{folder} lacks {', '.join(missing) or 'weights (*.safetensors)'}")
    import torch
    from f5_tts.infer.utils_infer import load_model, load_vocoder
    from f5_tts.model import DiT

    device = f"{placement.device}:{placement.device_index}" if placement.device == "cuda" else "cpu"
    if placement.device == "cuda":
        torch.cuda.set_per_process_memory_fraction(parameters.number("memory_fraction", 0.01, 1), placement.device_index)
    version = _VERSIONS[parameters.choice("architecture", *_VERSIONS)]
    model = load_model(
        DiT, {**_ARCHITECTURE, **version}, str(weights[0]), mel_spec_type="vocos", vocab_file=str(folder / "vocab.txt"), device=device
    )
    vocoder = load_vocoder(vocoder_name="vocos", is_local=True, local_path=str(vocoder_folder), device=device)
    return F5Engine(model, vocoder, device, parameters)


class F5Engine:
    """Loaded weights. One call at a time."""

    rate_hz = RATE_HZ

    def __init__(self, model: Any, vocoder: Any, device: str, parameters: Parameters) -> None:
        self._model = model
        self._vocoder = vocoder
        self._device = device
        self._voices_folder = parameters.folder("voices_folder")
        self._steps = parameters.whole("nfe_steps", 4, 64)
        self._voices: dict[tuple[str, int], ReferenceVoice] = {}

    def speaker(self, wanted: SpeechWanted) -> Speaker:
        """The voice that a request asks for. Raises RequestRefused when its folder is not as it must be."""
        voice = self._voice(voice_name(wanted.voice, wanted.language))
        room = longest_text(frames_of(voice.samples.size), voice.transcript, wanted.speed)
        return Speaker(
            max_characters=room,
            speak=lambda clause: self._speak(clause, voice, wanted.speed),
            spelled=spoken_spanish if wanted.language.lower().startswith("es") else str,
        )

    def _voice(self, name: str) -> ReferenceVoice:
        """Kept until its recording is replaced."""
        recording = self._voices_folder / name / "reference.wav"
        key = (name, recording.stat().st_mtime_ns if recording.is_file() else 0)
        if key not in self._voices:
            voice = read_voice(self._voices_folder, name)
            while len(self._voices) >= _MAX_VOICES:
                self._voices.pop(next(iter(self._voices)))
            self._voices[key] = voice
        return self._voices[key]

    def _speak(self, clause: str, voice: ReferenceVoice, speed: float) -> np.ndarray:
        import torch
        from f5_tts.infer.utils_infer import infer_batch_process

        recording = torch.from_numpy(voice.samples).unsqueeze(0)
        parts = infer_batch_process(
            (recording, RATE_HZ),
            voice.transcript,
            [clause],
            self._model,
            self._vocoder,
            mel_spec_type="vocos",
            progress=None,
            nfe_step=self._steps,
            speed=speed,
            device=self._device,
        )
        samples, _rate_hz, _picture = next(parts)
        return np.asarray(samples, dtype=np.float32)
