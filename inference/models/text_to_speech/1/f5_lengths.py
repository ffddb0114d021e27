"""How long F5-TTS makes what it says: as much longer than the recording as the text is longer than the recording's."""

RATE_HZ = 24_000
HOP = 256
MAX_FRAMES = 4_096
"""43.7 s, the recording included: the model knows no longer picture."""


def frames_of(samples: int) -> int:
    """Columns of the model's picture for so many samples."""
    return samples // HOP


def generated_frames(reference_frames: int, reference_text: str, text: str, speed: float) -> int:
    """Columns that a text will take: lengths are counted in UTF-8 bytes, so that a word with accents lasts a little longer."""
    return int(reference_frames * len(text.encode("utf-8")) / len(reference_text.encode("utf-8")) / speed)


def longest_text(reference_frames: int, reference_text: str, speed: float) -> int:
    """Characters of the longest piece that fits beside the recording, if each took two bytes."""
    room = MAX_FRAMES - reference_frames
    return max(1, int(room * len(reference_text.encode("utf-8")) * speed / reference_frames) // 2)
