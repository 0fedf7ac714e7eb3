"""Capture: pictures from a camera, a video file or the caller, one at a time, behind a permit.

Takes a source and a permit (a function that raises unless reading is allowed now); gives `Frame`s. Invariant: the permit is asked before the
source is opened and before every picture, so a withdrawal stops capture within one frame. Deliberately absent: recording, any file written.
"""

from mien.capture.light import fault
from mien.capture.sources import Permit, Source, Ticker, frames, seconds_of

__all__ = ["Permit", "Source", "Ticker", "fault", "frames", "seconds_of"]
