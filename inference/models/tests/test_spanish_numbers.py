"""Figures in the mouth of an agent."""

import pytest

from spanish_numbers import number_words, spoken_spanish


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "cero"),
        (16, "dieciséis"),
        (29, "veintinueve"),
        (31, "treinta y uno"),
        (100, "cien"),
        (101, "ciento uno"),
        (555, "quinientos cincuenta y cinco"),
        (1_000, "mil"),
        (1_999, "mil novecientos noventa y nueve"),
        (21_000, "veintiún mil"),
        (31_001, "treinta y un mil uno"),
        (1_000_000, "un millón"),
        (2_300_400, "dos millones trescientos mil cuatrocientos"),
    ],
)
def test_numbers_are_words(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Buenos días.", "Buenos días."),
        ("A las 10:30.", "A las diez y media."),
        ("A las 9:00 o a la 1:15.", "A las nueve en punto o a la una y cuarto."),
        ("A las 21:05.", "A las veintiuna y cinco."),
        ("Son 1.500,50 €.", "Son mil quinientos con cincuenta euros."),
        ("Cuesta 21 euros, 1 café.", "Cuesta veintiún euros, un café."),
        ("El 15% de 2024.", "El quince por ciento de dos mil veinticuatro."),
        ("Llame al 666777123.", "Llame al seis seis seis, siete siete siete, uno dos tres."),
        ("Pedido 0042.", "Pedido cero cero cuatro, dos."),
        ("Mide 1,05 metros.", "Mide uno con cero cinco metros."),
        ("ana@correo", "ana arroba correo"),
        ("Tiene 1.234.567.890 motivos", "Tiene uno dos tres, cuatro cinco seis, siete ocho nueve, cero motivos"),
    ],
)
def test_figures_and_signs_in_a_sentence_become_words(text: str, spoken: str) -> None:
    assert spoken_spanish(text) == spoken


def test_no_figure_is_ever_left() -> None:
    for text in ("1.2.3", "12:99", "3,4,5", "007", "1.000.000.000,5", "24:00", "99:99:99", "v2.1"):
        assert not any(letter.isdigit() for letter in spoken_spanish(text)), spoken_spanish(text)
