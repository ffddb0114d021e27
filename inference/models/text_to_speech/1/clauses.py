"""A sentence in the pieces in which it is spoken: the first is short, because the caller waits for it, and between two of them a cancelled
reply stops."""

import re
from typing import Sequence

FIRST_CHARACTERS = 60
"""An engine makes a whole piece before any of it is heard, so this is what the caller waits for: 60 characters are four seconds of
speech."""
LATER_CHARACTERS = 120
"""The first is played meanwhile: longer pieces sound better."""
FEWEST_CHARACTERS = 12
"""F5-TTS stretches or swallows very short texts; "Sí," is spoken with what follows."""

_BREAK = re.compile(r"(?<=[.!?…;:,])[\"'»”)\]]*\s+|\s+[—–-]\s+")
_CONJUNCTIONS = frozenset("y e o u pero que porque aunque si cuando como para and or but that because if when e ou mas".split())


def split_clauses(text: str, max_characters: int = 200) -> list[str]:
    """Pieces of a text in its order, none longer than `max_characters`; no word is lost, and none is cut unless it alone is longer."""
    pieces = _pieces_of(text)
    if pieces:
        pieces = [*_cut_in_two(pieces[0], FIRST_CHARACTERS), *pieces[1:]]
    clauses: list[str] = []
    for piece in (short for long in pieces for short in _shortened(long, max_characters)):
        if _belongs_to_last(clauses, piece, max_characters):
            clauses[-1] = f"{clauses[-1]} {piece}"
        else:
            clauses.append(piece)
    if len(clauses) > 1 and len(clauses[-1]) < FEWEST_CHARACTERS and len(clauses[-2]) + 1 + len(clauses[-1]) <= max_characters:
        clauses[-2:] = [f"{clauses[-2]} {clauses[-1]}"]
    return clauses


def _belongs_to_last(clauses: Sequence[str], piece: str, max_characters: int) -> bool:
    """The first piece is closed as soon as it is long enough; later ones grow to their length."""
    if not clauses:
        return False
    length = len(clauses[-1]) + 1 + len(piece)
    if len(clauses[-1]) < FEWEST_CHARACTERS:
        return length <= max_characters
    return len(clauses) > 1 and length <= min(LATER_CHARACTERS, max_characters)


def _pieces_of(text: str) -> list[str]:
    """Cut after punctuation that a space follows: "10:30" and "1.500" stay whole."""
    pieces: list[str] = []
    start = 0
    for cut in _BREAK.finditer(text):
        pieces.append(text[start : cut.end()])
        start = cut.end()
    pieces.append(text[start:])
    return [" ".join(piece.split()) for piece in pieces if re.search(r"\w", piece)]


def _shortened(piece: str, max_characters: int) -> list[str]:
    """A piece that is too long, in as many parts as it takes."""
    first, *rest = _cut_in_two(piece, max_characters)
    return [first, *(part for remainder in rest for part in _shortened(remainder, max_characters))]


def _cut_in_two(piece: str, max_characters: int) -> list[str]:
    """A piece that is too long is cut before a conjunction, else between words, else anywhere; one that fits stays whole."""
    if len(piece) <= max_characters:
        return [piece]
    words = piece.split(" ")
    if len(words[0]) > max_characters:
        return [piece[:max_characters], piece[max_characters:].strip()]
    at = _cut_of(words, max_characters)
    return [" ".join(words[:at]), " ".join(words[at:])]


def _cut_of(words: Sequence[str], max_characters: int) -> int:
    """Number of words in the first part: up to the last conjunction in its second half, else as many as fit."""
    length, fitting = 0, 0
    for word in words:
        length += len(word) + (1 if fitting else 0)
        if length > max_characters:
            break
        fitting += 1
    for at in range(min(fitting, len(words) - 1), fitting // 2, -1):
        # "y que" stays together.
        if words[at].lower() in _CONJUNCTIONS and words[at - 1].lower() not in _CONJUNCTIONS:
            return at
    return max(1, fitting)


def pause_ms(clause: str) -> int:
    """Silence after a piece, as long as its punctuation asks for; the engines' own silences are cut off."""
    last = clause.rstrip("\"'»”)] ")[-1:]
    if last in ".!?…":
        return 250
    return 120 if last in ",;:" else 40
