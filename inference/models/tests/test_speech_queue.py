"""Who is spoken to next, and what comes out of the ends of a piece."""

import threading

import numpy as np
import pytest

from failures import ModelUnusable
from licences import check_licence
from parameters import Parameters
from speech_queue import MAX_WAITING, SpeechJob, SpeechQueue, next_job
from speech_trim import silence, trim_silence


def test_who_has_heard_nothing_comes_first_then_whose_sound_ends_first() -> None:
    soon = SpeechJob(["a", "b"], order=1, done=1, made_ms=500, started_at_ms=1_000)
    later = SpeechJob(["a", "b"], order=2, done=1, made_ms=3_000, started_at_ms=900)
    new, newer = SpeechJob(["a"], order=3), SpeechJob(["a"], order=4)
    assert next_job([later, soon, newer, new]) is new
    assert next_job([later, soon]) is soon
    assert next_job([]) is None


def test_sentences_are_spoken_in_turns_and_the_queue_ends_when_all_are() -> None:
    spoken: list[str] = []
    may_start = threading.Event()

    def step(job: SpeechJob) -> bool:
        may_start.wait(5)
        spoken.append(job.clauses[job.done])
        job.done += 1
        job.started_at_ms = job.started_at_ms or job.order
        job.made_ms += 1_000
        return job.done < len(job.clauses)

    queue = SpeechQueue(step)
    assert queue.add(["a1", "a2", "a3"], None) and queue.add(["b1", "b2"], None)
    may_start.set()
    queue.close()
    assert sorted(spoken) == ["a1", "a2", "a3", "b1", "b2"]
    assert spoken.index("b1") < spoken.index("a2") and spoken.index("a1") < spoken.index("a2") < spoken.index("a3")
    assert not queue.add(["c"], None)


def test_no_more_wait_than_may() -> None:
    may_end = threading.Event()
    queue = SpeechQueue(lambda job: not may_end.wait(5))
    taken = [queue.add(["x"], None) for _ in range(MAX_WAITING + 1)]
    may_end.set()
    queue.close()
    assert taken == [True] * MAX_WAITING + [False]


def test_silence_at_the_ends_is_cut_and_within_is_kept() -> None:
    rate_hz = 24_000
    tone = 0.5 * np.sin(np.arange(rate_hz // 2) / 10).astype(np.float32)
    whole = np.concatenate([silence(300, rate_hz), tone, silence(200, rate_hz), tone, silence(400, rate_hz)])
    cut = trim_silence(whole, rate_hz)
    assert abs(cut.size / rate_hz - 1.26) < 0.015
    assert trim_silence(silence(500, rate_hz), rate_hz).size == 0 and trim_silence(whole[:0], rate_hz).size == 0
    assert trim_silence(tone, rate_hz).size == tone.size


def test_weights_whose_licence_forbids_business_are_refused_unless_allowed() -> None:
    forbidden = {"licence": "CC-BY-NC-4.0", "allows_commercial_use": "false"}
    with pytest.raises(ModelUnusable, match="CC-BY-NC-4.0 of these weights does not allow commercial use"):
        check_licence(Parameters({**forbidden, "allow_non_commercial": "false"}))
    check_licence(Parameters({**forbidden, "allow_non_commercial": "true"}))
    check_licence(Parameters({"allows_commercial_use": "true", "allow_non_commercial": "false"}))
