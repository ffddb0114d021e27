"""A sentence in pieces."""

import random

import pytest

from clauses import FEWEST_CHARACTERS, FIRST_CHARACTERS, LATER_CHARACTERS, pause_ms, split_clauses


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Hola.", ["Hola."]),
        ("", []),
        (" ... ", []),
        ("Buenos días, le atiende Clara. ¿En qué puedo ayudarle?", ["Buenos días,", "le atiende Clara. ¿En qué puedo ayudarle?"]),
        ("Sí, claro, se lo cambio ahora mismo.", ["Sí, claro, se lo cambio ahora mismo."]),
        ("Su cita es el martes a las 10:30, en la calle Mayor, 14.", ["Su cita es el martes a las 10:30,", "en la calle Mayor, 14."]),
        ("Son 1.500,50 euros.", ["Son 1.500,50 euros."]),
        ("De acuerdo entonces — le llamamos mañana", ["De acuerdo entonces —", "le llamamos mañana"]),
    ],
)
def test_the_first_piece_is_closed_as_soon_as_it_is_long_enough(text: str, clauses: list[str]) -> None:
    assert split_clauses(text) == clauses


def test_a_long_beginning_without_punctuation_is_cut_before_a_conjunction() -> None:
    text = "Le confirmo que su pedido salió ayer por la tarde y que llegará a su casa mañana antes de las doce"
    first, *rest = split_clauses(text)
    assert first == "Le confirmo que su pedido salió ayer por la tarde" and len(first) <= FIRST_CHARACTERS
    assert rest == ["y que llegará a su casa mañana antes de las doce"]


def test_later_pieces_grow_to_their_length() -> None:
    text = "Muy bien, señora García. " + "Uno, dos, tres, cuatro, cinco. " * 10
    clauses = split_clauses(text)
    assert all(len(clause) <= LATER_CHARACTERS for clause in clauses)
    assert all(len(clause) > LATER_CHARACTERS / 2 for clause in clauses[1:-1])


def test_no_word_is_ever_lost_and_no_piece_is_too_long() -> None:
    generator = random.Random(7)
    words = ["y", "que", "cita", "señora,", "mañana.", "¿sí?", "—", "a" * 70, "10:30,", "no;"]
    for _ in range(2_000):
        text = " ".join(generator.choice(words) for _ in range(generator.randint(0, 40)))
        limit = generator.randint(30, 200)
        clauses = split_clauses(text, limit)
        assert all(0 < len(clause) <= limit for clause in clauses), (text, limit, clauses)
        kept = "".join("".join(clauses).split()).replace("—", "")
        assert kept == "".join(text.split()).replace("—", ""), (text, clauses)


def test_only_the_whole_text_may_be_shorter_than_an_engine_likes() -> None:
    for text in ("No. Sí. Ya. Vale. Bien. De acuerdo entonces. Sí.", "Gracias por llamar a la clínica. Sí."):
        assert all(len(clause) >= FEWEST_CHARACTERS for clause in split_clauses(text))


def test_pauses_are_as_long_as_the_punctuation_asks_for() -> None:
    assert [pause_ms(clause) for clause in ("Hola.", "«¿Qué?»", "bueno,", "y entonces")] == [250, 250, 120, 40]
