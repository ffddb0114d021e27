"""The models' modules as Triton's Python backend lets them see each other: all files of a model's version folder side by side."""

import sys
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent
for folder in ("shared", "speech_to_text/1", "text_to_speech/1", "testing"):
    sys.path.append(str(MODELS / folder))
