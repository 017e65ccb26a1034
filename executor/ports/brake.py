"""The brake: what is asked before anything acts."""

from typing import Protocol

from executor.domain.stop import Stop, Stopped


class Brake(Protocol):
    """Whether everything is stopped. Asked before every start of a process, every connection, every request to a model
    and every action, so it costs microseconds; a STOP from another process counts from that moment on."""

    def held(self) -> Stop | None:
        """The STOP in force; None: things may run."""
        ...

    def check(self) -> None:
        """Raises Stopped while a STOP is in force. Call it right before what can't be taken back."""
        if (stop := self.held()) is not None:
            raise Stopped(stop)

    def lifted(self) -> Stop | None:
        """The STOP that was lifted last, until `told` is called: nobody has been told yet."""
        ...

    def told(self) -> None:
        """Its end has been told."""
        ...


class NoBrake(Brake):
    """Nothing is ever stopped."""

    def held(self) -> Stop | None:
        return None

    def lifted(self) -> Stop | None:
        return None

    def told(self) -> None:
        return
