"""Commands as a person types them, for messages that say what to do next."""

import shlex


def typed_as(verb: str, *words: object) -> str:
    """A command as it can be typed into a shell, its words quoted where they must be.

    >>> typed_as("fit", "--resume", "my scans/run")
    "diffshape fit --resume 'my scans/run'"
    """
    return f"diffshape {verb} {shlex.join(map(str, words))}"
