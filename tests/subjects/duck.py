"""Trap: no annotation anywhere; what a parameter must be shows only in what is done with it."""


def total_weight(parcels, scale=None):
    """Parcels have a `weight`, and some a `box` with one of its own."""
    total = 0
    for parcel in parcels:
        total += parcel.weight
        if parcel.box is not None:
            total += parcel.box.weight
    return scale.round(total) if scale else total


def copy_lines(source, target, limit=10):
    """From something readable to something writable."""
    copied = 0
    for line in source.readlines():
        if copied == limit:
            target.write("...\n")
            break
        target.write(line)
        copied += 1
    target.flush()
    return copied


def lookup(table, key, fallback=None):
    """Tables may be mappings or have a `find`."""
    if hasattr(table, "find"):
        found = table.find(key)
        return fallback if found == -1 else found
    try:
        return table[key]
    except (KeyError, IndexError):
        return fallback() if callable(fallback) else fallback


def notify(user, message, channels=()):
    """Each channel is called; the user may be a name or something with one."""
    name = user if isinstance(user, str) else user.profile["name"]
    sent = [channel(name, message) for channel in channels]
    return len([answer for answer in sent if answer])


def merge(left, right):
    """Lists are joined, mappings updated, numbers added, the rest replaced."""
    if isinstance(left, list):
        return [*left, *right]
    if isinstance(left, dict):
        return {**left, **{key: merge(left[key], value) if key in left else value for key, value in right.items()}}
    if isinstance(left, (int, float)) and not isinstance(left, bool):
        return left + right
    return right


class Cart:
    """Holds whatever has a price."""

    def __init__(self, customer):
        self.customer = customer
        self.things = []

    def add(self, thing, count=1):
        """Free things are not counted."""
        if thing.price > 0:
            self.things.extend([thing] * count)
        return self

    def pay(self, till):
        """Members pay less; the till says whether it worked."""
        amount = sum(thing.price for thing in self.things)
        if self.customer.is_member():
            amount *= 0.9
        if not till.charge(self.customer.card, amount):
            raise RuntimeError("the card was refused")
        self.things.clear()
        return amount
