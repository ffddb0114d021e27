"""The engines' own code around their libraries, which are played here by objects that record what they are given. Weights were not run:
see the README."""

import os
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import f5_tts_engine
import kokoro_engine
import whisper_engine
from engine_loading import Placement
from failures import ModelUnusable, RequestRefused
from parameters import Parameters
from speech_engine import SpeechWanted
from speech_request import SpeechRequest
from test_reference_voices import SAID, recording, write_voice
from test_whisper_prompt import SPECIAL
from whisper_prompt import length_limit, max_new_tokens
from whisper_weights import converted_weights

CPU = Placement("cpu", 0)
MARKS = {
    "<|startofprev|>": SPECIAL.previous,
    "<|startoftranscript|>": SPECIAL.start,
    "<|transcribe|>": SPECIAL.transcribe,
    "<|notimestamps|>": SPECIAL.no_timestamps,
    "<|endoftext|>": SPECIAL.end,
    "<|es|>": 50_262,
}


class PlayedTokenizer:
    """Words by their length."""

    def token_to_id(self, text: str) -> Any:
        return MARKS.get(text)

    def encode(self, text: str, add_special_tokens: bool) -> Any:
        assert not add_special_tokens
        return SimpleNamespace(ids=[len(word) for word in text.split()])

    def decode(self, tokens: list[int]) -> str:
        return " ".join("x" * token for token in tokens)


class PlayedWhisper:
    """Writes one word for each utterance, as long as the picture's brightest column."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def generate(self, pictures: np.ndarray, prompts: list[list[int]], **options: Any) -> list[Any]:
        self.calls.append({"pictures": pictures.shape, "prompts": prompts, **options})
        return [SimpleNamespace(sequences_ids=[[7, 3]], scores=[-0.3], no_speech_prob=0.1) for _ in prompts]


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, PlayedWhisper]:
    library = ModuleType("ctranslate2")
    library.StorageView = SimpleNamespace(from_array=lambda array: array)
    monkeypatch.setitem(sys.modules, "ctranslate2", library)
    model = PlayedWhisper()
    return whisper_engine.WhisperEngine(model, PlayedTokenizer(), whisper_engine._Settings(beam_size=5, max_batch=2, bands=128)), model


def utterance(seconds: float = 1, hints: tuple = (), with_times: bool = False, language: str = "es") -> SpeechRequest:
    samples = np.random.default_rng(7).normal(0, 0.1, int(16_000 * seconds)).astype(np.float32)
    return SpeechRequest(samples, language, list(hints), with_times, False)


def test_utterances_with_the_same_prompt_shape_share_a_pass_and_answers_keep_their_order(whisper: tuple) -> None:
    engine, model = whisper
    answers = engine.transcribe([utterance(2), utterance(1, hints=("una cita",)), utterance(3), utterance(1)])
    assert [len(call["prompts"]) for call in model.calls] == [2, 1, 1]
    assert [answer.transcription.duration_ms for answer in answers] == [2_000, 1_000, 3_000, 1_000]
    assert model.calls[0]["pictures"] == (2, 128, 3_000)
    assert model.calls[1]["prompts"][0] == [SPECIAL.previous, 3, 5, SPECIAL.start, 50_262, SPECIAL.transcribe, SPECIAL.no_timestamps]


def test_scores_and_silence_are_asked_for_and_the_length_follows_the_sound(whisper: tuple) -> None:
    engine, model = whisper
    heard = engine.transcribe([utterance(10)])[0]
    call = model.calls[0]
    assert call["return_scores"] and call["return_no_speech_prob"] and call["beam_size"] == 5
    assert call["max_length"] == length_limit(len(call["prompts"][0]), max_new_tokens(160_000, 16_000, len(call["prompts"][0])))
    assert heard.transcription.text == "xxxxxxx xxx" and heard.transcription.no_speech_probability == 0.1
    assert heard.transcription.average_log_probability == pytest.approx(-0.2)


def test_a_language_that_these_weights_lack_is_refused(whisper: tuple) -> None:
    with pytest.raises(RequestRefused, match="these weights do not know 'yue'"):
        whisper[0].transcribe([utterance(language="yue")])


def test_a_tokenizer_that_is_not_whispers_is_named() -> None:
    with pytest.raises(ModelUnusable, match=re.escape("tokenizer.json has no <|startofprev|>")):
        whisper_engine.special_tokens(lambda name: None)


def parameters(folder: Path, **more: str) -> Parameters:
    return Parameters(
        {
            "model_folder": str(folder),
            "allows_commercial_use": "true",
            "allow_non_commercial": "false",
            "licence": "MIT",
            "conversions_folder": str(folder / "conversions"),
            "vocoder_folder": str(folder),
            **more,
        }
    )


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (whisper_engine, "lacks config.json, model.safetensors, preprocessor_config.json, tokenizer.json"),
        (f5_tts_engine, "lacks .*vocab.txt"),
        (kokoro_engine, "lacks config.json, kokoro-v1_0.pth"),
    ],
)
def test_an_empty_folder_says_which_files_are_missing(engine: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=message):
        engine.load(parameters(tmp_path), CPU)


@pytest.mark.parametrize("engine", [f5_tts_engine, kokoro_engine])
def test_a_licence_is_looked_at_before_any_file(engine: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="does not allow commercial use"):
        engine.load(parameters(tmp_path, allows_commercial_use="false", licence="CC-BY-NC-4.0"), CPU)


def test_published_weights_are_converted_once_and_converted_ones_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runs: list[str] = []

    class Converter:
        def __init__(self, source: str, copy_files: list[str], load_as_float16: bool) -> None:
            self._copied = copy_files

        def convert(self, target: str, quantization: str, force: bool) -> None:
            runs.append(quantization)
            Path(target).mkdir()
            for name in ["config.json", "model.bin", *self._copied]:
                (Path(target) / name).touch()

    library = ModuleType("ctranslate2.converters")
    library.TransformersConverter = Converter
    monkeypatch.setitem(sys.modules, "ctranslate2", ModuleType("ctranslate2"))
    monkeypatch.setitem(sys.modules, "ctranslate2.converters", library)
    published, conversions = tmp_path / "whisper", tmp_path / "conversions"
    published.mkdir()
    for name in ("config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json"):
        (published / name).touch()
    first = converted_weights(published, conversions)
    assert first == conversions / "whisper" and converted_weights(published, conversions) == first and runs == ["float16"]
    assert converted_weights(first, conversions) == first
    assert [path.name for path in conversions.iterdir()] == ["whisper"]


def play_f5(monkeypatch: pytest.MonkeyPatch, calls: list[dict[str, Any]]) -> None:
    def infer(reference: Any, transcript: str, texts: list[str], model: Any, vocoder: Any, **options: Any) -> Any:
        calls.append({"reference": reference, "transcript": transcript, "texts": texts, **options})
        yield np.ones(2_400), 24_000, None

    torch, library, inference = ModuleType("torch"), ModuleType("f5_tts"), ModuleType("f5_tts.infer.utils_infer")
    torch.from_numpy = lambda array: SimpleNamespace(unsqueeze=lambda axis: array[None])
    inference.infer_batch_process = infer
    for name, module in [
        ("torch", torch),
        ("f5_tts", library),
        ("f5_tts.infer", ModuleType("f5_tts.infer")),
        ("f5_tts.infer.utils_infer", inference),
    ]:
        monkeypatch.setitem(sys.modules, name, module)


def test_f5_speaks_with_the_agents_recording_at_the_steps_that_were_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []
    play_f5(monkeypatch, calls)
    write_voice(tmp_path / "agent_1", recording(), SAID)
    engine = f5_tts_engine.F5Engine(None, None, "cpu", parameters(tmp_path, voices_folder=str(tmp_path), nfe_steps="12"))
    speaker = engine.speaker(SpeechWanted("Hola.", "es", "agent_1", 1.25))
    assert speaker.speak("Hola.").size == 2_400 and 200 < speaker.max_characters < 500
    assert speaker.spelled("A las 10:30.") == "A las diez y media."
    assert calls[0]["nfe_step"] == 12 and calls[0]["speed"] == 1.25 and calls[0]["texts"] == ["Hola."]
    assert calls[0]["transcript"] == f"{SAID} " and calls[0]["reference"][0].shape == (1, 96_000) and calls[0]["reference"][1] == 24_000
    with pytest.raises(RequestRefused, match="there are: agent_1"):
        engine.speaker(SpeechWanted("Hola.", "es", "", 1.0))


def test_f5_reads_a_recording_again_when_it_was_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = []
    play_f5(monkeypatch, calls)
    write_voice(tmp_path / "agent_1", recording(4), SAID)
    engine = f5_tts_engine.F5Engine(None, None, "cpu", parameters(tmp_path, voices_folder=str(tmp_path), nfe_steps="12"))
    wanted = SpeechWanted("Hola.", "es", "agent_1", 1.0)
    engine.speaker(wanted).speak("Hola.")
    file = tmp_path / "agent_1" / "reference.wav"
    changed_ns = file.stat().st_mtime_ns + 1_000_000
    file.write_bytes(recording(3))
    os.utime(file, ns=(changed_ns, changed_ns))
    engine.speaker(wanted).speak("Hola.")
    assert [call["reference"][0].shape[1] for call in calls] == [96_000, 72_000]


def test_kokoro_takes_the_style_of_the_length_of_what_it_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said: list[tuple] = []

    def model(phonemes: str, style: str, speed: float) -> Any:
        said.append((phonemes, style, speed))
        return SimpleNamespace(cpu=lambda: SimpleNamespace(numpy=lambda: np.zeros(240)))

    torch = ModuleType("torch")
    torch.load = lambda path, weights_only: [f"{path.stem}-{length}" for length in range(510)]
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(kokoro_engine, "run_espeak", lambda text, voice: "ˈola")
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "ef_dora.pt").touch()
    engine = kokoro_engine.KokoroEngine(model, tmp_path)
    speaker = engine.speaker(SpeechWanted("Hola.", "es", "", 1.5))
    assert speaker.speak("Hola.").dtype == np.float32 and speaker.speak("...").size == 0
    assert said == [("ˈola.", "ef_dora-4", 1.5)]
    said.clear()
    monkeypatch.setattr(kokoro_engine, "run_espeak", lambda text, voice: " ".join(["nˈueβe"] * 100))
    assert speaker.speak("9" * 100).size == 480
    assert [style for _, style, _ in said] == [f"ef_dora-{len(sounds) - 1}" for sounds, _, _ in said] and len(said) == 2
