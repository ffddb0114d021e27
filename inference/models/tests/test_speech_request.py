"""A request as the Whisper engine takes it."""

import numpy as np

from speech_request import is_silent, read_request
from test_shared import texts


def test_tensors_become_a_request_and_times_are_given_only_when_asked() -> None:
    inputs = {"AUDIO": np.full((1, 16_000), 3_276, np.int16), "LANGUAGE": texts("es-ES"), "HINTS": texts("una cita", " ")}
    request = read_request(inputs)
    assert (request.language, request.hints, request.with_times, request.is_silent) == ("es", ["una cita"], False, False)
    assert np.allclose(request.samples, 0.1, atol=1e-4)
    assert read_request({**inputs, "TIMESTAMPS": np.array([[True]])}).with_times


def test_silence_and_clicks_are_never_put_to_the_engine() -> None:
    generator = np.random.default_rng(7)
    assert is_silent(np.zeros(16_000, np.int16))
    assert is_silent(np.full(1_000, 9_000, np.int16))
    assert is_silent(generator.normal(0, 10, 16_000).astype(np.int16))
    assert not is_silent(generator.normal(0, 60, 16_000).astype(np.int16))
