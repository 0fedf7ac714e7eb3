"""Keep: the device's disk. What is known of a person, the next sequence number and the queue of sealed envelopes, all encrypted.

Takes JSON values and sealed envelopes; gives them back after a restart, a crash or days offline. Invariants: a file is whole or not there; a
sequence number is on disk before it is used; the queue is bounded and what it drops is counted; forgetting leaves nothing. Deliberately absent:
labels in the clear, pictures, anything of a person in a file name.
"""

from mien.keep.disk import Disk
from mien.keep.key import FileKey, MasterKey
from mien.keep.store import QUEUE_LIMIT, RECEIPT_LIMIT, Keep, default_home

__all__ = ["QUEUE_LIMIT", "RECEIPT_LIMIT", "Disk", "FileKey", "Keep", "MasterKey", "default_home"]
