"""Transcripts that nobody said are caught, and those that callers do say are not."""

import pytest

from transcript_filter import (
    Transcription,
    compression_ratio,
    discard_reason,
    echoes_hints,
    has_repeated_phrase,
    is_too_much_text,
    plain_words,
)


def heard(text: str, log_probability: float = -0.2, no_speech: float = 0.01, duration_ms: int = 4_000) -> Transcription:
    return Transcription(text, log_probability, no_speech, duration_ms)


@pytest.mark.parametrize(
    "text",
    [
        "Subtítulos realizados por la comunidad de Amara.org",
        "SUBTITULOS REALIZADOS POR LA COMUNIDAD DE AMARA.ORG",
        "¡Suscríbete al canal!",
        "Gracias por ver el video.",
        "Más información www.alimmenta.com",
        "Visite www.ejemplo.es para más",
        "Thanks for watching!",
        "Sous-titres réalisés para la communauté d'Amara.org",
    ],
)
def test_subtitles_of_the_training_are_never_believed(text: str) -> None:
    assert discard_reason(heard(text), []) == "hallucinated_phrase"


@pytest.mark.parametrize("text", ["Gracias.", "Sí.", "Adiós.", "Muchas gracias.", "Bye.", "Okay."])
def test_short_phrases_that_callers_say_are_believed_when_the_engine_is_sure(text: str) -> None:
    assert discard_reason(heard(text), []) is None
    assert discard_reason(heard(text, no_speech=0.5), []) == "hallucinated_phrase"
    assert discard_reason(heard(text, log_probability=-0.9), []) == "hallucinated_phrase"


def test_a_phrase_that_the_flow_expects_is_believed() -> None:
    assert discard_reason(heard("Gracias por ver"), ["gracias por ver"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "Quería cambiar la cita del viernes.",
        "No, no, no, no.",
        "Mi número es el seis seis seis, siete siete, uno dos tres.",
        "Gracias por verme tan pronto.",
        "Me suscribí al seguro el año pasado.",
    ],
)
def test_what_callers_say_passes(text: str) -> None:
    assert discard_reason(heard(text), ["cita", "viernes"]) is None


def test_unsure_text_over_probable_silence_is_dropped_and_sure_text_is_not() -> None:
    assert discard_reason(heard("quizás mañana por la tarde", -1.3, 0.8), []) == "no_speech"
    assert discard_reason(heard("quizás mañana por la tarde", -0.3, 0.8), []) is None


def test_guessing_is_dropped() -> None:
    assert discard_reason(heard("la del verde que sí", -2.0), []) == "low_probability"


def test_nothing_but_punctuation_is_nothing() -> None:
    assert discard_reason(heard(" ... "), []) == "empty"


def test_loops_are_caught_by_their_words_and_by_their_bytes() -> None:
    loop = "y entonces le dije que sí " * 4
    assert has_repeated_phrase(plain_words(loop))
    assert discard_reason(heard(loop, duration_ms=20_000), []) == "repetition"
    assert compression_ratio("ja" * 100) > 2.4
    assert discard_reason(heard("ja" * 100, duration_ms=20_000), []) == "repetition"


@pytest.mark.parametrize(("words", "repeated"), [("no " * 5, False), ("no " * 6, True), ("sí claro " * 3, False), ("sí claro " * 4, True)])
def test_people_repeat_themselves_a_little(words: str, repeated: bool) -> None:
    assert has_repeated_phrase(plain_words(words)) is repeated


def test_a_loop_is_found_after_real_words_as_well() -> None:
    assert has_repeated_phrase(plain_words("bueno mire " + "a ver si " * 5))


def test_text_cannot_be_longer_than_the_sound() -> None:
    sentence = "Buenos días, llamaba para preguntar por el pedido que hice la semana pasada."
    assert not is_too_much_text(sentence, 4_000)
    assert is_too_much_text(sentence, 700)
    assert not is_too_much_text("una frase corta", 100)
    assert discard_reason(heard(sentence, duration_ms=700), []) == "too_much_text"


def test_hints_read_aloud_are_caught_only_when_in_doubt() -> None:
    hints = ["una cita", "un pedido", "hablar con una persona"]
    assert echoes_hints(plain_words("Una cita, un pedido."), hints)
    assert not echoes_hints(plain_words("Una cita"), hints)
    assert not echoes_hints(plain_words("Un pedido, una cita"), hints)
    assert discard_reason(heard("Una cita, un pedido.", no_speech=0.5), hints) == "hint_echo"
    assert discard_reason(heard("Una cita, un pedido."), hints) is None
