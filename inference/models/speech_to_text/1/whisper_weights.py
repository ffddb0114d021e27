"""Whisper's published weights in CTranslate2's form: taken as they are when somebody converted them already, else converted once."""

import os
import shutil
from pathlib import Path

from failures import ModelUnusable

_CONVERTED = ("config.json", "model.bin", "tokenizer.json")
_PUBLISHED = ("config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json")


def converted_weights(published: Path, conversions: Path) -> Path:
    """Folder with converted weights. Raises ModelUnusable naming what is missing when there is nothing to convert.

    The conversion is kept in 16 bits whatever the precision: CTranslate2 makes the smaller ones of it while it loads.
    """
    if _holds(published, _CONVERTED):
        return published
    if not _holds(published, _PUBLISHED):
        missing = [name for name in _PUBLISHED if not (published / name).is_file()]
        raise ModelUnusable(f"{published} lacks {', '.join(missing)}: neither Whisper's published weights nor converted ones are there")
    target = conversions / published.name
    if not _holds(target, _CONVERTED):
        _convert(published, target)
    return target


def _holds(folder: Path, names: tuple[str, ...]) -> bool:
    return all((folder / name).is_file() for name in names)


def _convert(published: Path, target: Path) -> None:
    """About a minute and twice the weights of memory. What a conversion that was cut off has left is thrown away."""
    from ctranslate2.converters import TransformersConverter

    unfinished = target.with_name(f"{target.name}.unfinished-{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    converter = TransformersConverter(str(published), copy_files=["tokenizer.json", "preprocessor_config.json"], load_as_float16=True)
    try:
        converter.convert(str(unfinished), quantization="float16", force=True)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
