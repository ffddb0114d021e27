"""Whisper on CTranslate2. All that touches weights and the GPU is here, behind `load`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from engine_loading import Placement
from failures import ModelUnusable, RequestRefused
from log_mel import RATE_HZ, log_mel, mel_filters
from parameters import Parameters
from request_batches import group_in_batches, prompt_shape
from speech_request import SpeechRequest
from transcript_filter import Transcription
from whisper_prompt import SpecialTokens, hint_text, length_limit, max_new_tokens, prompt_tokens
from whisper_segments import Segment, average_log_probability, split_segments
from whisper_weights import converted_weights


@dataclass(frozen=True)
class Decoded:
    """What the engine says about one utterance."""

    transcription: Transcription
    segments: Sequence[Segment]


def load(parameters: Parameters, placement: Placement) -> "WhisperEngine":
    """Loads the weights onto the device, converting them first where nobody has. Raises ModelUnusable when files are missing."""
    folder = converted_weights(parameters.folder("model_folder"), Path(parameters.text("conversions_folder")))
    import ctranslate2
    import tokenizers

    model = ctranslate2.models.Whisper(
        str(folder),
        device=placement.device,
        device_index=placement.device_index,
        compute_type=parameters.choice("precision", "float16", "int8_float16", "int8", "bfloat16", "float32"),
        # A request that Triton's queue let through is worked on at once; a second worker would need a second picture's memory.
        inter_threads=1,
    )
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    return WhisperEngine(
        model, tokenizer, _Settings(parameters.whole("beam_size", 1, 8), parameters.whole("max_batch", 1, 32), _bands(folder))
    )


@dataclass(frozen=True)
class _Settings:
    beam_size: int
    max_batch: int
    bands: int


def _bands(folder: Path) -> int:
    """128 for large-v3 and turbo, 80 before; a folder without the file is of the former."""
    path = folder / "preprocessor_config.json"
    if not path.is_file():
        return 128
    return int(json.loads(path.read_text(encoding="utf-8")).get("feature_size", 128))


def special_tokens(number_of: Any) -> SpecialTokens:
    """Reads the marks from a tokenizer, by name. Raises ModelUnusable for one that is not Whisper's."""
    names = ("<|startofprev|>", "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>", "<|endoftext|>")
    numbers = [number_of(name) for name in names]
    if any(number is None for number in numbers):
        raise ModelUnusable(f"tokenizer.json has no {names[numbers.index(None)]}: it is not a multilingual Whisper's")
    return SpecialTokens(*numbers)


class WhisperEngine:
    """Loaded weights. One call at a time."""

    def __init__(self, model: Any, tokenizer: Any, settings: _Settings) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._settings = settings
        self._special = special_tokens(tokenizer.token_to_id)
        self._filters = mel_filters(settings.bands)

    def transcribe(self, requests: Sequence[SpeechRequest]) -> list[Decoded]:
        """Decodes utterances, those whose prompts fit together in one pass. Answers in the order of the requests."""
        prompts = [self._prompt(request) for request in requests]
        shapes = [prompt_shape(prompt, self._special) for prompt in prompts]
        answers: dict[int, Decoded] = {}
        for batch in group_in_batches(range(len(requests)), shapes, self._settings.max_batch):
            decoded = self._decode([requests[at] for at in batch], [prompts[at] for at in batch])
            answers.update(zip(batch, decoded))
        return [answers[at] for at in range(len(requests))]

    def _prompt(self, request: SpeechRequest) -> list[int]:
        language = self._tokenizer.token_to_id(f"<|{request.language}|>")
        if language is None:
            raise RequestRefused(f"tensor LANGUAGE: these weights do not know {request.language!r}")
        text = hint_text(request.hints)
        hints = self._tokenizer.encode(f" {text}", add_special_tokens=False).ids if text else []
        return prompt_tokens(self._special, language, hints, request.with_times)

    def _decode(self, requests: Sequence[SpeechRequest], prompts: Sequence[list[int]]) -> list[Decoded]:
        import ctranslate2

        pictures = np.stack([log_mel(request.samples, self._filters) for request in requests])
        longest = max(request.samples.size for request in requests)
        results = self._model.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(pictures)),
            list(prompts),
            beam_size=self._settings.beam_size,
            max_length=length_limit(len(prompts[0]), max_new_tokens(longest, RATE_HZ, len(prompts[0]))),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return [self._decoded(request, result) for request, result in zip(requests, results)]

    def _decoded(self, request: SpeechRequest, result: Any) -> Decoded:
        tokens = result.sequences_ids[0]
        duration_ms = request.samples.size * 1_000 // RATE_HZ
        segments = split_segments(tokens, self._special, duration_ms, self._tokenizer.decode)
        text = " ".join(segment.text for segment in segments)
        log_probability = average_log_probability(result.scores[0], len(tokens))
        return Decoded(Transcription(text, log_probability, float(result.no_speech_prob), duration_ms), segments)
