"""Whose piece is spoken next: callers who have heard nothing yet come first, then whoever will run out of sound first. One GPU speaks one
at a time."""

import threading
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Sequence

MAX_WAITING = 64
"""Sentences at once. More would all come too late: the next one is told to come back."""


@dataclass
class SpeechJob:
    """One sentence on its way."""

    clauses: Sequence[str]
    order: int
    """When it came, against the others."""
    done: int = 0
    made_ms: int = 0
    """Sound made so far."""
    started_at_ms: float = 0.0
    """When its first sound was sent."""
    extra: Any = field(default=None, repr=False)


def next_job(jobs: Sequence[SpeechJob]) -> Optional[SpeechJob]:
    """The job whose next piece is the most urgent: the one without any sound that came first, else the one whose sound ends first."""
    waiting = [job for job in jobs if job.done == 0]
    if waiting:
        return min(waiting, key=lambda job: job.order)
    return min(jobs, key=lambda job: (job.started_at_ms + job.made_ms, job.order), default=None)


class SpeechQueue:
    """One thread that speaks piece by piece for all sentences. `step` speaks the next piece of a job and says whether more is to come."""

    def __init__(self, step: Callable[[SpeechJob], bool]) -> None:
        self._step = step
        self._jobs: list[SpeechJob] = []
        self._count = 0
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="speech", daemon=True)
        self._thread.start()

    def add(self, clauses: Sequence[str], extra: Any) -> bool:
        """Takes a sentence; False when as many as may wait are waiting."""
        with self._changed:
            if self._is_closed or len(self._jobs) >= MAX_WAITING:
                return False
            self._count += 1
            self._jobs.append(SpeechJob(clauses, self._count, extra=extra))
            self._changed.notify()
            return True

    def close(self) -> None:
        """Speaks what it has taken, then ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._is_closed:
                    self._changed.wait()
                job = next_job(self._jobs)
            if job is None:
                return
            if not self._step(job):
                with self._changed:
                    self._jobs.remove(job)
