"""`/v1/labels`: sealed envelopes accepted durably a second, by one worker on one core."""

from tests.bench.compared import compare
from tests.bench.enrolled import Device

COUNT = 2000


def run() -> dict[str, object]:
    """Distinct, valid envelopes of several devices, sealed beforehand."""
    return compare("labels", "/v1/labels", Device.envelope, COUNT, labelled=False)
