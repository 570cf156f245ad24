"""What a drill is asked, and what it found: its line, and whether it went as promised."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """What is asked of a drill: its database, its chances, how large it is, and how fast."""

    name: str
    database: str
    seed: int
    # A share of the full size, for whoever writes a drill.
    size: float = 1.0
    # A share of the full rate, where a drill asks for one.
    rate: float = 1.0

    def sized(self, full: int, *, least: int = 1) -> int:
        """Give the number that stands for `full` at this size."""
        return max(least, round(full * self.size))

    def outcome(self, **counts: Any) -> "Outcome":
        """Begin the outcome of this drill."""
        return Outcome(self.name, counts={"seed": self.seed, **counts})


@dataclass
class Outcome:
    """What became of one drill: losses and repeats, further counts, and each broken promise."""

    name: str
    lost: int = 0
    repeated: int = 0
    counts: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def promise(self, kept: bool, otherwise: str) -> None:
        """Note what was promised and is not so."""
        if not kept:
            self.broken.append(otherwise)

    @property
    def line(self) -> str:
        """Give the one line of this drill."""
        counts = {"lost": self.lost, "repeated": self.repeated, **self.counts}
        told = " ".join(f"{name}={value}" for name, value in counts.items())
        return f"drill {self.name} {'FAILED' if self.broken else 'ok'} {told}"
