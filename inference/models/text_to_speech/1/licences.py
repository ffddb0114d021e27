"""Whether weights may be used for business. F5-TTS's official weights are CC-BY-NC-4.0: on an appliance that answers a company's calls
they may not."""

from failures import ModelUnusable
from parameters import Parameters


def check_licence(parameters: Parameters) -> None:
    """Raises ModelUnusable unless the licence allows commercial use, or whoever runs the appliance has said that the use is not
    commercial."""
    if parameters.flag("allows_commercial_use") or parameters.flag("allow_non_commercial"):
        return
    raise ModelUnusable(
        f"the licence {parameters.text('licence')} of these weights does not allow commercial use. Choose another voice model, "
        "weights with another licence, or say that this appliance is not used commercially: MODELS_COMMERCIAL_ONLY=0"
    )
