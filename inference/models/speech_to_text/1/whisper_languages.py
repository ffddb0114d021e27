"""From the tag that a call carries (`es-MX`) to the code that Whisper was trained with (`es`)."""

from failures import RequestRefused

# The 100 languages of large-v3 and large-v3-turbo (openai/whisper, tokenizer.py).
WHISPER_CODES = frozenset(
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th ur hr bg lt la mi ml cy sk te fa lv bn "
    "sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my "
    "bo tl mg as tt haw ln ha ba jw su yue".split()
)

# Tags that say the same by another name.
_ALIASES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh", "jv": "jw", "va": "ca"}


def whisper_code(tag: str) -> str:
    """Whisper's code of a BCP 47 tag. Raises RequestRefused for a language that it does not know; it is never guessed from the sound."""
    primary = tag.strip().lower().replace("_", "-").split("-")[0]
    code = _ALIASES.get(primary, primary)
    if code not in WHISPER_CODES:
        raise RequestRefused(f"tensor LANGUAGE: Whisper does not know {tag!r}; say a tag such as es or en-US")
    return code
