"""As `frame`, with the search for brief movements in every frame. The peer does without it."""

from tests.bench import bench_frame


def run() -> dict[str, object]:
    """Read the sample video frame by frame."""
    return bench_frame.run(micro=True)
