"""Trap: pydantic models take keywords only, coerce, and refuse with an error whose text holds a version and a link."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    code: Annotated[str, Field(pattern=r"^\d{4,5}$")]
    country: Literal["CH", "DE", "FR"] = "CH"

    @property
    def one_line(self) -> str:
        """As on an envelope."""
        prefix = "" if self.country == "CH" else f"{self.country}-"
        return f"{self.street}, {prefix}{self.code}"


class Person(BaseModel):
    """Somebody, with addresses."""

    name: str = Field(min_length=1, max_length=40)
    age: int = Field(ge=0, le=150)
    email: str | None = None
    addresses: list[Address] = Field(default_factory=list)

    @field_validator("email")
    @classmethod
    def _has_at(cls, value: str | None) -> str | None:
        if value is not None and "@" not in value:
            raise ValueError("an address needs an @")
        return value.lower() if value else value

    @model_validator(mode="after")
    def _grown_up(self) -> "Person":
        if self.age < 13 and self.email:
            raise ValueError("children have no e-mail address here")
        return self

    def lives_in(self, country: str) -> bool:
        """Whether any address is there."""
        return any(address.country == country for address in self.addresses)


def oldest(people: list[Person]) -> Person | None:
    """The oldest; the first of several; None of nobody."""
    return max(people, key=lambda person: person.age, default=None)
