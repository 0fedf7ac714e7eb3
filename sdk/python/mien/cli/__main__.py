"""`python -m mien.cli`: the command line where the script `mien` is not on the path."""

from mien.cli import main

main()
