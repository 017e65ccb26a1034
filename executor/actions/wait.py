"""The wait action: for some seconds, until a moment, or until a command succeeds. It holds no slot meanwhile."""

from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator, model_validator

from executor.actions.launcher import Launcher
from executor.actions.shell import COMMAND_CHARACTERS_MAX, ReachParameters, no_nul, run_shell
from executor.actions.typed import Typed
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result, Waiting
from executor.ports import Context

SECONDS_MAX = 366 * 86_400.0
POLL_FIRST_S = 10.0
POLL_LAST_S = 60.0
POLL_GROWTH = 0.2  # of what has passed: after five minutes it is once a minute
YEAR_MAX = 2999  # near the last year that there is, another time zone would be beyond it
LOOK_S_MAX = 60.0  # for one look; a command that takes longer belongs in a task of its own


class WaitParameters(ReachParameters):
    seconds: float | None = Field(default=None, ge=0, le=SECONDS_MAX)
    until: str | None = None
    command: (
        Annotated[str, StringConstraints(min_length=1, max_length=COMMAND_CHARACTERS_MAX, pattern=r"\S")] | None
    ) = None
    outputs: dict[str, str] = Field(default_factory=dict, exclude=True)

    @field_validator("command")
    @classmethod
    def _no_nul(cls, command: str | None) -> str | None:
        return command if command is None else no_nul(command)

    @field_validator("until")
    @classmethod
    def _readable(cls, until: str | None) -> str | None:
        if until is not None and "${" not in until:
            _moment(until)
        return until

    @model_validator(mode="after")
    def _exactly_one(self) -> "WaitParameters":
        if sum(one is not None for one in (self.seconds, self.until, self.command)) != 1:
            raise ValueError("give exactly one of seconds, until and command")
        return self


class Wait(Typed[WaitParameters]):
    """`zone` is where a time without a zone is meant."""

    name: ClassVar[str] = "wait"
    model = WaitParameters

    def __init__(self, launcher: Launcher, zone: tzinfo) -> None:
        self._launcher = launcher
        self._zone = zone

    def what(self, parameters: WaitParameters) -> str:
        if parameters.command is not None:
            return parameters.with_reach(f"waits until `{parameters.command}` succeeds")
        if parameters.until is not None:
            return f"waits until {parameters.until}"
        return f"waits {spoken(parameters.seconds or 0)}"

    async def act(self, parameters: WaitParameters, context: Context) -> Result | Waiting:
        if parameters.command is not None:
            return await self._poll(parameters.command, parameters, context)
        if parameters.until is not None:
            end = self._end(parameters.until, context.first_started_at)
        else:
            end = context.first_started_at + timedelta(seconds=parameters.seconds or 0)
        left = (end - context.now()).total_seconds()
        if left > 0:
            return Waiting(wait_s=left, note=f"until {end.astimezone(self._zone):%Y-%m-%d %H:%M:%S}")
        return self._over(context)

    async def _poll(self, command: str, parameters: WaitParameters, context: Context) -> Result | Waiting:
        timeout_s = min(context.timeout_s, LOOK_S_MAX)
        seen = await run_shell(command, context, self._launcher, timeout_s, parameters.outputs, parameters.reach)
        if seen.success:
            return self._over(context, seen.output)
        waited = (context.now() - context.first_started_at).total_seconds()
        pause = min(max(waited * POLL_GROWTH, POLL_FIRST_S), POLL_LAST_S)
        return Waiting(wait_s=pause, note=f"`{command}`: {seen.error}", result=seen)

    def _over(self, context: Context, output: str = "") -> Result:
        waited = max((context.now() - context.first_started_at).total_seconds(), 0.0)
        return Result(
            success=True,
            result=f"Waited {spoken(waited)}",
            output=output,
            metadata={"execution_time": round(waited, 3)},
        )

    def _end(self, until: str, started_at: datetime) -> datetime:
        try:
            moment = _moment(until)
        except ValueError as error:
            raise WrongInput(f"wait: {error}.") from None
        if isinstance(moment, datetime):
            return moment if moment.tzinfo else moment.replace(tzinfo=self._zone)
        local = started_at.astimezone(self._zone)
        end = datetime.combine(local.date(), moment, self._zone)
        return end if end >= local else datetime.combine(local.date() + timedelta(days=1), moment, self._zone)


def _moment(text: str) -> datetime | time:
    """An ISO date and time, or a time of day. Raises ValueError with a sentence."""
    for read in (time.fromisoformat, datetime.fromisoformat):
        try:
            moment = read(text.strip())
        except ValueError:
            continue
        if isinstance(moment, datetime) and moment.year > YEAR_MAX:
            break
        return moment
    raise ValueError(f'until is "{text}"; expected a time such as 18:00 or 2027-01-31T18:00')


def spoken(seconds: float) -> str:
    """A duration for people: ``45 s``, ``2 h 5 min``."""
    if seconds < 90:
        return f"{round(seconds, 1):g} s" if seconds < 10 else f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    days, hours = divmod(hours, 24)
    return " ".join(f"{amount} {unit}" for amount, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if amount)
