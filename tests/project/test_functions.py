"""Functions are short and have few parameters; values that belong together are a class."""

from tests.support.function_sizes import function_sizes

MOST_LINES = 103
MOST_PARAMETERS = 8


def test_functions_are_short():
    assert [str(one) for one in function_sizes() if one.lines > MOST_LINES] == []


def test_functions_take_few_parameters():
    """A command has a parameter for each of its options; `voicelab.evaluate` is one for Python."""
    many = [
        one for one in function_sizes() if one.parameters > MOST_PARAMETERS and not one.path.startswith("voicelab/cli/")
    ]
    assert [one.name for one in many] in ([], ["evaluate"])
