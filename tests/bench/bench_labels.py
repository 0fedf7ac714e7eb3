"""`/v1/labels`: sealed envelopes accepted durably a second, by one worker on one core; and how long they take at half of that."""

from tests.bench.compared import Requests, compare
from tests.bench.enrolled import Device
from tests.bench.load import Target, drive, paced

COUNT = 2000
HALF_SECONDS = 10
FULL = 64


def full(device: Device, now: int) -> bytes:
    """An envelope without a dummy: what a device sends that saw a face all the time."""
    return device.envelope(now, FULL)


def run() -> dict[str, object]:
    """Distinct, valid envelopes of several devices, sealed beforehand: eight labels each, then full ones."""
    return compare("labels", "/v1/labels", Device.envelope, COUNT, more=_more)


def _more(target: Target, fresh: Requests, rate: float) -> dict[str, object]:
    whole = drive(target, Requests(fresh.path, full, fresh.devices, fresh.key)(COUNT))
    half = paced(target, fresh(round(rate / 2 * HALF_SECONDS)), rate / 2)
    return {
        "labels_per_s": round(rate * 8), "full_labels_per_s": round(whole.rate * FULL),
        "half_load": round(half.rate, 1), "half_load_p50_ms": round(half.percentile(0.5), 2),
        "half_load_p99_ms": round(half.percentile(0.99), 2),
    }  # fmt: skip
