"""Trap: a class that is nothing without what subclasses declare in their bodies."""


class Column:
    def __init__(self, default=None):
        self.default = default


class Collecting(type):
    def __new__(cls, name, bases, attributes):
        columns = {key: value for key, value in attributes.items() if isinstance(value, Column)}
        made = super().__new__(cls, name, bases, attributes)
        made.columns = columns
        return made


class Model(metaclass=Collecting):
    columns = {}

    def __init__(self, **values):
        for name, column in self.columns.items():
            if name in values:
                setattr(self, name, values.pop(name))  # behind: given
            else:
                setattr(self, name, column.default)  # behind: default
        if values:
            raise TypeError(f"unknown: {', '.join(values)}")

    def names(self):
        found = []
        for name in self.columns:
            found.append(name)  # behind: loop
        return found

    def __eq__(self, other):
        if not isinstance(other, self.__class__):
            return NotImplemented
        for name in self.columns:
            if getattr(self, name) != getattr(other, name):
                return False  # behind: differs
        return True
