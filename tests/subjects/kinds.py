"""Trap: one callable of each kind, each with a line that is only reached when it is driven to its end."""

import abc
import asyncio
import contextlib
import functools

HANDLERS = []


def multiplier(factor):
    def multiply(number):
        if number > 10:
            return factor
        return number * factor  # behind: closure

    return multiply


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        result = function(*args, **kwargs)
        if result is None:
            return "nothing"  # behind: decorator
        return result

    return wrapper


def repeated(times=2):
    def decorate(function):
        def wrapper(*args):
            results = []
            for _ in range(times):
                results.append(function(*args))  # behind: decorator_with_arguments
            return results

        return wrapper

    return decorate


def register():
    @HANDLERS.append
    def handler(event):
        if event:
            return "handled"  # behind: registered
        return "ignored"

    return len(HANDLERS)


def subscribe(bus):
    def on_event(event=None):
        if event is None:
            return "empty"  # behind: handed_over
        return event

    return bus(on_event)


def visit(items, callback):
    def each(item):
        value = callback(item)
        if value:
            return value  # behind: callback
        return item

    return [each(item) for item in items]


def averager():
    total, count = 0.0, 0
    while True:
        number = yield (total / count if count else None)
        if number is None:
            return total
        total += number  # behind: sent
        count += 1


def guarded():
    try:
        yield 1
    except ValueError:
        yield "failed"  # behind: thrown
    finally:
        HANDLERS.clear()  # behind: closed


async def fetch(source):
    value = await source
    return value * 2  # behind: coroutine


async def ticks(count):
    for number in range(count):
        await asyncio.sleep(0)
        yield number  # behind: async_generator


@contextlib.contextmanager
def swallowing(log):
    try:
        yield log
    except ValueError:
        log.append("swallowed")  # behind: context_raised
    else:
        log.append("clean")  # behind: context


class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, instance, owner):
        if instance is None:
            return self
        return getattr(instance, self.name, 0)

    def __set__(self, instance, value):
        if value < 0:
            raise ValueError("negative")  # behind: descriptor
        setattr(instance, self.name, value)


class Registry(type):
    def __call__(cls, *args):
        made = super().__call__(*args)
        made.registered = True  # behind: metaclass
        return made


class Plugin(metaclass=Registry):
    known = {}

    def __init_subclass__(cls, key=None):
        if key is not None:
            Plugin.known[key] = cls  # behind: init_subclass
            return
        Plugin.known[cls.__name__] = cls

    def __getattr__(self, name):
        if name.startswith("get_"):
            return name[4:]  # behind: getattr
        raise AttributeError(name)


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self):
        raise NotImplementedError

    def describe(self):
        size = self.area()
        if size is None:
            return "unknown"
        return f"area {size}"  # behind: abstract


class Session:
    def __init__(self):
        self.open = False

    def __enter__(self):
        self.open = True
        return self

    def __exit__(self, kind, error, traceback):
        self.open = False
        if kind is None:
            return False
        return issubclass(kind, KeyError)  # behind: exit


class Countdown:
    def __init__(self, start):
        self.left = start

    def __iter__(self):
        return self

    def __next__(self):
        if self.left <= 0:
            raise StopIteration  # behind: iterator
        self.left -= 1
        return self.left
