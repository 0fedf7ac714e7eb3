"""Adapt: what one person's face looks like, learned on the device from what that person says, and never sent.

Numbers in, numbers out (numpy alone): no I/O, no clock. `client` decides when something may be learned, `keep` holds it encrypted.
"""

from mien.adapt.head import CLASSES, EMBEDDING, SIZE, Head, softmax

__all__ = ["CLASSES", "EMBEDDING", "SIZE", "Head", "softmax"]
