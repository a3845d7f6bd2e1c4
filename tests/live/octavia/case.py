"""The list of cases: a title that says what a controller or a user gets, and the function that shows it."""

CASES = []


def case(title):
    """Puts a function on the list."""
    def put(function):
        CASES.append((title, function))
        return function
    return put


class Skipped(Exception):
    """This machine cannot show it; the text says why."""


def expect(actual, wanted, what=''):
    """Fails with both values unless they are equal."""
    if actual != wanted:
        raise AssertionError('{}{!r} where {!r} was wanted'.format(what and what + ': ', actual, wanted))


def expect_raises(kind, function, *args):
    """Fails unless the function raises this kind; gives the exception."""
    try:
        function(*args)
    except kind as thrown:
        return thrown
    raise AssertionError('nothing was raised, {} was wanted'.format(getattr(kind, '__name__', kind)))
