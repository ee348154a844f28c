"""Trap: what is only reached on an object that already holds something, in a module that is already set up, or with
what another function made."""

import binascii
import inspect
import sys
import threading
import zlib

HERE = threading.local()
QUIET = bool(sys.flags.quiet)


class Colour:
    def __init__(self, *codes):
        self.codes = codes


class Palette:
    def __init__(self):
        self.shown = 0

    def __call__(self, *channels):
        if len(channels) == 3:
            return "rgb"  # behind: three_arguments
        return "none"

    def refresh(self):
        for name in dir(self):
            value = getattr(self, name)
            if isinstance(value, Colour):
                self.shown += len(value.codes) + 1  # behind: attribute_by_name


class Door:
    def __init__(self):
        self.guests = set()
        self.names = {}

    def admit(self, badge, name):
        if badge.co_name in self.guests:
            return "guest"  # behind: member_by_attribute
        if name not in self.names:
            return "stranger"
        return self.names[name]  # behind: member

    def watch(self, frame):
        return sorted(frame.f_locals)


def pack(text):
    return binascii.hexlify(zlib.compress(text.encode("utf-8"))).decode("ascii")


def unpack(text):
    data = zlib.decompress(binascii.unhexlify(text))
    return data.decode("utf-8")  # behind: made_by_another


def indent(text):
    if QUIET:
        return ""  # behind: switch
    return " " * HERE.depth + text


def deeper(text):
    width = HERE.depth + len(text)
    return width * 2  # behind: attribute_of_global


def decorate(function):
    def step(*args):
        items = function(*args)
        yield "first"  # behind: generator_function
        yield from items

    def once(*args):
        return function(*args)

    if inspect.iscoroutinefunction(function):
        raise NotImplementedError("coroutine functions")  # behind: coroutine_function
    if inspect.isclass(function):
        for name, value in vars(function).items():
            if inspect.isfunction(value):
                setattr(function, name, value)  # behind: class_with_methods
        return function
    return step if inspect.isgeneratorfunction(function) else once
