"""The list of cases: a title that says what a controller or a user gets, and the function that shows it."""

import ast
import os

CASES = []
LARGE = bool(os.environ.get('AMPHORAD_LARGE'))


def case(title, large=False):
    """Puts a function on the list; a large one runs when a word or AMPHORAD_LARGE in the environment asks for it."""
    def put(function):
        CASES.append((title, function, large))
        return function
    return put


def chosen(words):
    """The cases whose title has one of the words, or all usual ones."""
    return [(title, function) for title, function, large in CASES
            if any(word in title for word in words) or not words and (LARGE or not large)]


def titles(modules, words=()):
    """The titles that `chosen` would give, read off the files: importing them imports all of Octavia."""
    here = os.path.dirname(os.path.abspath(__file__))
    for module in modules:
        with open(os.path.join(here, module + '.py')) as file:
            functions = [node for node in ast.parse(file.read()).body if isinstance(node, ast.FunctionDef)]
        for decorator in sum((function.decorator_list for function in functions), []):
            if not isinstance(decorator, ast.Call) or getattr(decorator.func, 'id', '') != 'case':
                continue
            large = any(keyword.arg == 'large' and keyword.value.value for keyword in decorator.keywords)
            title = ast.literal_eval(decorator.args[0])
            if any(word in title for word in words) or not words and (LARGE or not large):
                yield title


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
