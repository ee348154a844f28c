"""Trap: most branches need the right calls in the right order on one object."""


class Door:
    """Closed, open or locked; the code changes when it was wrong too often."""

    def __init__(self, code: str = "1234") -> None:
        self._code = code
        self.state = "closed"
        self.wrong = 0

    def open(self) -> bool:
        """Whether it is open now."""
        if self.state == "locked":
            return False
        self.state = "open"
        return True

    def close(self) -> None:
        """Only an open door can be closed."""
        if self.state != "open":
            raise RuntimeError(f"the door is {self.state}")
        self.state = "closed"

    def lock(self) -> None:
        """Only a closed door can be locked."""
        if self.state != "closed":
            raise RuntimeError(f"the door is {self.state}")
        self.state = "locked"

    def unlock(self, code: str) -> bool:
        """Three wrong codes and only the reverse one works."""
        if self.state != "locked":
            return True
        expected = self._code if self.wrong < 3 else self._code[::-1]
        if code != expected:
            self.wrong += 1
            return False
        self.wrong = 0
        self.state = "closed"
        return True


class Calculator:
    """Reverse Polish, one token at a time."""

    def __init__(self) -> None:
        self.stack: list[float] = []

    def push(self, token: str) -> float:
        """The top of the stack."""
        if token in ("+", "-", "*", "/"):
            if len(self.stack) < 2:
                raise IndexError("two numbers are needed")
            right, left = self.stack.pop(), self.stack.pop()
            if token == "/" and right == 0:
                self.stack += [left, right]
                raise ZeroDivisionError("nothing was changed")
            self.stack.append(
                left + right
                if token == "+"
                else left - right
                if token == "-"
                else left * right
                if token == "*"
                else left / right
            )
        elif token == "dup" and self.stack:
            self.stack.append(self.stack[-1])
        else:
            self.stack.append(float(token))
        return self.stack[-1]

    def result(self) -> float:
        """The only number that is left."""
        if len(self.stack) != 1:
            raise ValueError(f"{len(self.stack)} numbers are left")
        return self.stack.pop()
