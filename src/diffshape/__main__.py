"""``python -m diffshape``: the command line, which torchrun starts in several processes."""

import sys

from diffshape.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
