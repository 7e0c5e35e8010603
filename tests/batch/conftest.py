import sys

import pytest


@pytest.fixture(scope="session")
def opened():
    """Names of the files that Python opens, in their order; a test empties it where it begins to count."""
    names, listening = [], [True]  # an audit hook stays as long as Python runs

    def hook(event, arguments):
        if listening and event == "open":
            names.append(str(arguments[0]))

    sys.addaudithook(hook)
    yield names
    listening.clear()
