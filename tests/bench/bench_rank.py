"""`/v1/rank`: rankings with emotion a second (20 offers, 5 places, event durable, reasons sealed), by one worker on one core."""

from tests.bench.compared import compare
from tests.bench.enrolled import Device

COUNT = 1000


def run() -> dict[str, object]:
    """Fresh authenticated requests of devices that have sent labels."""
    return compare("rank", "/v1/rank", Device.rank, COUNT, labelled=True)
