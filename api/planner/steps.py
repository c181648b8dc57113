"""The steps of a plan as a page sends them: checked strictly, then taken.

Each kind of step has a model of its own, which calls the matching method of
`boundaries.plans.plan.Plan`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from boundaries.plans.plan import MOST_WHY, Plan
from boundaries.plans.rebasing import Basis
from boundaries.plans.rules import LONGEST_MAKER, refuse_personal
from boundaries.plans.state import Area, ForecastMethod, Signed
from geo.areal.best_fit import UNASSIGNED
from geo.errors import InputError
from geo.text import ONE_LINE

Code = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(max_length=100, pattern=ONE_LINE)]
Blocks = Annotated[list[Code], Field(min_length=1, max_length=100_000)]
Number = Annotated[int, Field(ge=-(2**31), le=2**31)]
Members = Number | None
"""The plan itself says which numbers are possible."""

Sent = TypeVar("Sent")
"""What a page sends."""


class StepBasis(BaseModel):
    """What whoever takes a step had seen of the plan; see `boundaries.plans.rebasing.Basis`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    begun_at: Annotated[str, Field(max_length=64)]
    steps: Annotated[int, Field(ge=0, le=2**31)]
    own: Annotated[list[Annotated[int, Field(ge=1, le=2**31)]], Field(max_length=10_000)] = []

    def as_basis(self) -> Basis:
        """The same for a plan of whichever beginning."""
        return Basis(self.steps, frozenset(self.own))


class _Step(BaseModel):
    """What every step carries: the version it is taken from, who takes it, and why.

    With `basis` it is taken after the steps of others since, unless they changed the same; without,
    it is refused if the plan has another version.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Annotated[int, Field(ge=0, le=2**31)]
    by: Annotated[Name, Field(min_length=1)]
    reason: Annotated[str, Field(max_length=500)] = ""
    basis: StepBasis | None = None

    def take(self, plan: Plan) -> Plan:
        """Take the step now.

        Returns
        -------
        The plan after it.
        """
        signed = Signed(self.by.strip(), datetime.now(UTC), self.reason.strip())
        return self._take(plan, signed)

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        raise NotImplementedError


class _Forcible(_Step):
    force: bool = False


class Move(_Forcible):
    """Move blocks into an area, or out of theirs."""

    step: Literal["move"]
    blocks: Blocks
    to: Annotated[str, Field(max_length=64)] = UNASSIGNED

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.move(self.blocks, self.to, signed=signed, force=self.force)


class Keep(_Step):
    """Record the decision that blocks stay in their areas."""

    step: Literal["keep"]
    blocks: Blocks

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.keep(self.blocks, signed=signed)


class Reassign(_Forcible):
    """Move blocks into different areas at once, as an alternative has them."""

    step: Literal["reassign"]
    targets: Annotated[dict[Code, Code], Field(min_length=1, max_length=100_000)]

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.reassign(self.targets, signed=signed, force=self.force)


class Split(_Forcible):
    """Make a new area of some blocks of an area."""

    step: Literal["split"]
    area: Code
    blocks: Blocks
    code: Code
    name: Name = ""
    members: Members = None

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        new = Area(self.code.strip(), self.name.strip() or self.code.strip(), self.members)
        return plan.split(self.area, self.blocks, new=new, signed=signed, force=self.force)


class Merge(_Forcible):
    """Merge areas into another."""

    step: Literal["merge"]
    areas: Annotated[list[Code], Field(min_length=1, max_length=1_000)]
    into: Code

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.merge(self.areas, into=self.into, signed=signed, force=self.force)


class Add(_Step):
    """Add an area without blocks."""

    step: Literal["add"]
    code: Code
    name: Name = ""
    members: Members = None

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        new = Area(self.code.strip(), self.name.strip() or self.code.strip(), self.members)
        return plan.add_area(new, signed=signed)


class Rename(_Step):
    """Rename an area."""

    step: Literal["rename"]
    area: Code
    name: Name

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.rename(self.area, self.name, signed=signed)


class Explain(_Step):
    """Write why an area is drawn as it is; `confirmed` says that the text names nobody."""

    step: Literal["why"]
    area: Code
    why: Annotated[str, Field(max_length=MOST_WHY)]
    confirmed: bool = False

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        refuse_personal(self.why, confirmed=self.confirmed)
        return plan.explain(self.area, self.why, signed=signed)


class DescribeForecast(_Step):
    """Write how the forecast was made; `confirmed` says that the texts name nobody."""

    step: Literal["forecast"]
    method: Annotated[str, Field(max_length=MOST_WHY)] = ""
    made_by: Annotated[str, Field(max_length=LONGEST_MAKER, pattern=ONE_LINE)] = ""
    made_on: Annotated[str, Field(max_length=10)] = ""
    confirmed: bool = False

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        forecast = ForecastMethod(self.method.strip(), self.made_by.strip(), self.made_on.strip())
        refuse_personal(f"{forecast.method}\n{forecast.made_by}", confirmed=self.confirmed)
        return plan.describe_forecast(forecast, signed=signed)


class SetMembers(_Step):
    """Set how many members an area elects."""

    step: Literal["members"]
    area: Code
    members: Members

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.set_members(self.area, self.members, signed=signed)


class CouncilSize(_Step):
    """Set how many members the whole council has."""

    step: Literal["council"]
    size: Members

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.set_council_size(self.size, signed=signed)


class Share(_Step):
    """Set how many members several areas elect, and the council size that they come from."""

    step: Literal["share"]
    members: Annotated[dict[Code, Number], Field(max_length=1_000)]
    size: Members = None

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.share_seats(self.members, signed=signed, council_size=self.size)


class AreaStep(_Step):
    """Lock, unlock or remove an area."""

    step: Literal["lock", "unlock", "remove"]
    area: Code

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        take = {"lock": plan.lock, "unlock": plan.unlock, "remove": plan.remove_area}[self.step]
        return take(self.area, signed=signed)


class LockAll(_Step):
    """Lock or unlock every area."""

    step: Literal["lock-all", "unlock-all"]

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return (
            plan.lock_all(signed=signed)
            if self.step == "lock-all"
            else plan.unlock_all(signed=signed)
        )


class Bridge(_Forcible):
    """Treat two blocks as neighbours."""

    step: Literal["bridge"]
    name: Name
    ends: Annotated[list[Code], Field(min_length=2, max_length=2)]

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        one, other = self.ends
        return plan.build_bridge(self.name.strip(), (one, other), signed=signed, force=self.force)


class Unbridge(_Forcible):
    """Remove a bridge."""

    step: Literal["unbridge"]
    name: Name

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.remove_bridge(self.name, signed=signed, force=self.force)


class HistoryStep(_Forcible):
    """Undo or redo one's own last step, as a step of its own."""

    step: Literal["undo", "redo"]

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        take = plan.undo if self.step == "undo" else plan.redo
        return take(signed=signed, force=self.force)


PlanStep = Annotated[
    Move
    | Keep
    | Reassign
    | Split
    | Merge
    | Add
    | Rename
    | Explain
    | DescribeForecast
    | SetMembers
    | CouncilSize
    | Share
    | AreaStep
    | LockAll
    | Bridge
    | Unbridge
    | HistoryStep,
    Field(discriminator="step"),
]
_STEPS: TypeAdapter[PlanStep] = TypeAdapter(PlanStep)


class Beginning(BaseModel):
    """How a plan starts: on which blocks, and from a layer, another plan, or nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    plan_id: Annotated[str, Field(min_length=1, max_length=58)]
    title: Name = ""
    by: Annotated[Name, Field(min_length=1)]
    blocks_layer: Annotated[str, Field(max_length=64)] = ""
    from_layer: Annotated[str, Field(max_length=64)] = ""
    from_plan: Annotated[str, Field(max_length=64)] = ""


_BEGINNING: TypeAdapter[Beginning] = TypeAdapter(Beginning)


def read_step(body: bytes, *, by: str = "") -> PlanStep:
    """Read a step from JSON.

    Parameters
    ----------
    body
        The JSON.
    by
        Who signs it, whatever the body says; by default whom the body names.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    step = read_json(_STEPS, body)
    return step.model_copy(update={"by": by}) if by else step


def read_beginning(body: bytes, *, by: str = "") -> Beginning:
    """Read how a plan starts from JSON.

    Parameters
    ----------
    body, by
        As `read_step` takes them.

    Raises
    ------
    InputError
        Naming the first fault.
    """
    beginning = read_json(_BEGINNING, body)
    return beginning.model_copy(update={"by": by}) if by else beginning


def read_json(adapter: TypeAdapter[Sent], body: bytes) -> Sent:
    """Read what a page sent.

    Parameters
    ----------
    adapter
        Of its type.
    body
        The JSON.

    Raises
    ------
    InputError
        Naming the first fault, with the field where it is.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InputError(f"{where}: {fault['msg']}" if where else fault["msg"]) from error
