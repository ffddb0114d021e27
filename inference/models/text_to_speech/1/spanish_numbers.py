"""Figures as Spanish words: F5-TTS was trained on words alone and swallows digits. Kokoro needs none of it: espeak-ng reads figures."""

import re

_SMALL = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve "
    "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve"
).split()
_TENS = "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
_HUNDREDS = "ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos".split()
_LONGEST_NUMBER = 4
"""Digits in a row that are read as a number: more, or a zero in front, are a telephone's, a document's or an order's, read one by one."""

_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])")
_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+)(?:,(\d+))?(?![\d])")
_DECIMAL = re.compile(r"(?<![\d.,])(\d+),(\d+)(?!\d)")
_DIGITS = re.compile(r"\d+")
_SIGNS = (("%", " por ciento"), ("€", " euros"), ("$", " dólares"), ("&", " y "), ("@", " arroba "), ("+", " más "))


def spoken_spanish(text: str) -> str:
    """A text whose figures and signs are words. What holds none is given back as it is."""
    text = _TIME.sub(lambda found: _time(int(found.group(1)), int(found.group(2))), text)
    text = _GROUPED.sub(lambda found: _with_decimals(int(found.group(1).replace(".", "")), found.group(2)), text)
    text = _DECIMAL.sub(lambda found: _with_decimals(int(found.group(1)), found.group(2)), text)
    text = _DIGITS.sub(lambda found: _digits_or_number(found.group(), text[found.end() :]), text)
    for sign, words in _SIGNS:
        text = re.sub(rf"\s*{re.escape(sign)}\s*", f"{words} ", text)
    return re.sub(r"\s+([.,;:!?…])", r"\1", re.sub(r" {2,}", " ", text)).strip()


def number_words(number: int) -> str:
    """From 0 to 999 999 999."""
    if number < 30:
        return _SMALL[number]
    if number < 100:
        return _TENS[number // 10 - 3] + (f" y {_SMALL[number % 10]}" if number % 10 else "")
    if number == 100:
        return "cien"
    if number < 1_000:
        return _joined(_HUNDREDS[number // 100 - 1], number % 100)
    if number < 1_000_000:
        thousands = number // 1_000
        return _joined("mil" if thousands == 1 else f"{_before_noun(number_words(thousands))} mil", number % 1_000)
    millions = number // 1_000_000
    return _joined("un millón" if millions == 1 else f"{_before_noun(number_words(millions))} millones", number % 1_000_000)


def _joined(words: str, rest: int) -> str:
    return f"{words} {number_words(rest)}" if rest else words


def _before_noun(words: str) -> str:
    """ "Veintiuno" alone, "veintiún euros": the word is shortened before what is counted."""
    if words.endswith("veintiuno"):
        return f"{words[: -len('uno')]}ún"
    return words[:-1] if words.endswith("uno") else words


def _digits_or_number(digits: str, after: str) -> str:
    if len(digits) > _LONGEST_NUMBER or (len(digits) > 1 and digits.startswith("0")):
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        return ", ".join(" ".join(_SMALL[int(digit)] for digit in group) for group in groups)
    words = number_words(int(digits))
    return _before_noun(words) if re.match(r"\s*[^\W\d]|\s*[€%$]", after) else words


def _with_decimals(whole: int, decimals: str | None) -> str:
    if decimals is None:
        return number_words(whole) if whole < 1_000_000_000 else _digits_or_number(str(whole), "")
    fraction = (
        number_words(int(decimals)) if len(decimals) < 3 and not decimals.startswith("0") else " ".join(_SMALL[int(d)] for d in decimals)
    )
    return f"{number_words(whole) if whole < 1_000_000_000 else whole} con {fraction}"


def _time(hour: int, minute: int) -> str:
    said = {0: "en punto", 15: "y cuarto", 30: "y media"}.get(minute, f"y {number_words(minute)}")
    # "Las una": the hour is feminine.
    return f"{'una' if hour == 1 else number_words(hour).replace('veintiuno', 'veintiuna')} {said}"
