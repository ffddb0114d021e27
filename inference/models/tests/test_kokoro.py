"""Kokoro's alphabet and voices."""

import shutil
from pathlib import Path

import pytest

from failures import RequestRefused
from kokoro_phonemes import MAX_PHONEMES, espeak_voice, kokoro_letters, phonemes_of, run_espeak, split_at_punctuation, split_phonemes
from kokoro_voices import kokoro_voice, voice_file


def test_words_are_told_from_the_marks_that_end_them() -> None:
    assert split_at_punctuation("Hola, son las 10:30... ¿Vale?") == [("Hola", ","), ("son las 10:30", "."), ("¿Vale", "?")]
    assert split_at_punctuation("sin nada") == [("sin nada", "")]
    assert split_at_punctuation(" ... ") == []


def test_sounds_of_two_parts_become_one_letter_and_no_mark_of_espeak_is_left() -> None:
    assert kokoro_letters("t^ʃˈiko", is_english=False) == "ʧˈiko"
    assert kokoro_letters("bˈɔ^ɪ t^ʃˈɜːɹo^ʊ fɚ", is_english=True) == "bˈY ʧˈɜɹO fəɹ"
    assert kokoro_letters("a^b-c_", is_english=False) == "abc"


def test_punctuation_comes_back_between_the_lines() -> None:
    assert phonemes_of("Hola, adiós.", "es", lambda text, voice: "ˈola\naðjˈos\n") == "ˈola, aðjˈos."
    assert phonemes_of("Uno (dos) tres.", "es", lambda text, voice: "ˈuno\ndˈos\ntɾˈes\n") == "ˈuno, dˈos, tɾˈes."
    assert phonemes_of("...", "es", lambda text, voice: "never asked") == ""


def test_more_sounds_than_the_model_takes_are_cut_between_words_and_none_is_lost() -> None:
    sounds = " ".join(["nˌoβeθjˈentos"] * 90)
    pieces = split_phonemes(sounds)
    assert " ".join(pieces) == sounds and len(pieces) == 3 and all(0 < len(piece) <= MAX_PHONEMES for piece in pieces)
    assert split_phonemes("ˈola.") == ["ˈola."] and split_phonemes("") == []
    assert [len(piece) for piece in split_phonemes("a" * (MAX_PHONEMES + 7))] == [MAX_PHONEMES, 7]


@pytest.mark.parametrize(
    ("language", "voice"), [("es", "es"), ("es-ES", "es"), ("es-MX", "es-419"), ("en", "en-us"), ("en-GB", "en-gb"), ("pt-PT", "pt-br")]
)
def test_spanish_of_the_americas_has_no_lisp(language: str, voice: str) -> None:
    assert espeak_voice(language) == voice


def test_languages_and_voices_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestRefused, match="Kokoro does not speak 'de'"):
        espeak_voice("de")
    assert kokoro_voice("", "es-419") == "ef_dora" and kokoro_voice("", "en") == "af_heart" and kokoro_voice("em_alex", "es") == "em_alex"
    for name in ("../x", "Clara", "ef_dora,em_alex"):
        with pytest.raises(RequestRefused, match="tensor VOICE"):
            kokoro_voice(name, "es")
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "ef_dora.pt").touch()
    assert voice_file(tmp_path, "ef_dora").name == "ef_dora.pt"
    with pytest.raises(RequestRefused, match="there are: ef_dora"):
        voice_file(tmp_path, "em_alex")


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_espeak_speaks_spanish_and_takes_no_text_for_an_option() -> None:
    assert phonemes_of("Buenos días, señora García.", espeak_voice("es"), run_espeak) == "bwˈenos ðˈias, seɲˈoɾa ɣaɾθˈia."
    assert phonemes_of("gracias", espeak_voice("es-MX"), run_espeak) == "ɡɾˈasjas"
    assert "ʧ" in phonemes_of("--help chico", "es", run_espeak)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_piece_full_of_figures_is_more_than_the_model_takes_at_once() -> None:
    sounds = phonemes_of("912345678 " * 12, espeak_voice("es"), run_espeak)
    assert len(sounds) > MAX_PHONEMES and " ".join(split_phonemes(sounds)) == sounds
