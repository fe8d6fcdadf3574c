"""The meter that reads nothing: energy is then said to be unknown, never zero."""

from __future__ import annotations

from genbench.core.meter import Reading


class NullMeter:
    """Stands where no meter was wanted or none works."""

    def start(self) -> None:
        """Nothing to start."""

    def read(self) -> Reading | None:
        return None

    def stop(self) -> None:
        """Nothing to stop."""
