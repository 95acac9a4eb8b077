"""A clock that a test moves."""


class Clock:
    """Called for the time, in seconds.

    Attributes:
        now: what it says.
    """

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now
