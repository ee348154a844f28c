"""Trap: what arguments hold, items that are taken apart, texts one by one, names of attributes."""


def rules(pairs):
    found = []
    for condition, action in pairs:
        if isinstance(condition, type):
            found.append(action)  # behind: unpacked
    return found


def commands(sections):
    found = []
    for section in sections:
        if section.startswith("tool.command."):
            found.append(section.split(".")[2])  # behind: listed
    return found


def callables(thing, *names):
    found = []
    for name in names:
        if not hasattr(thing, name):
            return None  # behind: missing
        if callable(getattr(thing, name)):
            found.append(name)  # behind: callable
        else:
            found.append("")  # behind: no_callable
    return found


def defining(cls, *names):
    for name in names:
        for base in cls.__mro__:
            if name in base.__dict__:
                break  # behind: defined
        else:
            return name  # behind: undefined
    return ""


def joined(*parts):
    return "".join(part["text"] for part in parts) or None  # behind: keyed


def lengths(*parts):
    total = 0
    for part in parts:
        total += part["size"]
        if part["size"] > 3:
            return total  # behind: inside_of_each
    return total
