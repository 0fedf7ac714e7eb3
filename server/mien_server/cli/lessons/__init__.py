"""`mien lessons`: how well the models of lessons predict answers.

- `evaluate` files of answers in, areas under the ROC curve out
- `datasets` which files of a folder belong together
"""

import typer

from mien_server.cli.lessons.evaluate import evaluate

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(evaluate)


@app.callback()
def _lessons() -> None:
    """A group, though it has one command yet."""
