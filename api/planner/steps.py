"""The steps of a plan as a page sends them: read strictly, signed, and taken.

Each kind of step is a model of its own that knows which step of `boundaries.plans.plan.Plan` it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from boundaries.layers.best_fit import UNASSIGNED
from boundaries.plans.plan import Plan
from boundaries.plans.state import Area, Signed
from geo.errors import InputError

Code = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Blocks = Annotated[list[Code], Field(min_length=1, max_length=100_000)]
Members = Annotated[int, Field(ge=0, le=1_000)] | None


class _Step(BaseModel):
    """What every step says: which version it is a step from, whose it is, and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: Annotated[int, Field(ge=0, le=2**31)]
    by: Annotated[Name, Field(min_length=1)]
    reason: Annotated[str, Field(max_length=500)] = ""

    def take(self, plan: Plan) -> Plan:
        """The plan after this step, taken now."""
        signed = Signed(self.by.strip(), datetime.now(UTC), self.reason.strip())
        return self._take(plan, signed)

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        raise NotImplementedError


class _Forcible(_Step):
    force: bool = False


class Move(_Forcible):
    """Blocks go into an area, or into none."""

    step: Literal["move"]
    blocks: Blocks
    to: Annotated[str, Field(max_length=64)] = UNASSIGNED

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.move(self.blocks, self.to, signed=signed, force=self.force)


class Split(_Forcible):
    """Some blocks of an area become a new one."""

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
    """An area takes up others."""

    step: Literal["merge"]
    areas: Annotated[list[Code], Field(min_length=1, max_length=1_000)]
    into: Code

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.merge(self.areas, into=self.into, signed=signed, force=self.force)


class Add(_Step):
    """A new area, without blocks."""

    step: Literal["add"]
    code: Code
    name: Name = ""
    members: Members = None

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        new = Area(self.code.strip(), self.name.strip() or self.code.strip(), self.members)
        return plan.add_area(new, signed=signed)


class Rename(_Step):
    """An area gets another name."""

    step: Literal["rename"]
    area: Code
    name: Name

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.rename(self.area, self.name, signed=signed)


class SetMembers(_Step):
    """An area elects another number of members."""

    step: Literal["members"]
    area: Code
    members: Members

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.set_members(self.area, self.members, signed=signed)


class OfArea(_Step):
    """What needs no more than the area: to lock, unlock or remove it."""

    step: Literal["lock", "unlock", "remove"]
    area: Code

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        take = {"lock": plan.lock, "unlock": plan.unlock, "remove": plan.remove_area}[self.step]
        return take(self.area, signed=signed)


class Bridge(_Step):
    """Two blocks count as neighbours."""

    step: Literal["bridge"]
    name: Name
    ends: Annotated[list[Code], Field(min_length=2, max_length=2)]

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        one, other = self.ends
        return plan.build_bridge(self.name.strip(), (one, other), signed=signed)


class Unbridge(_Forcible):
    """They no longer do."""

    step: Literal["unbridge"]
    name: Name

    def _take(self, plan: Plan, signed: Signed) -> Plan:
        return plan.remove_bridge(self.name, signed=signed, force=self.force)


class Turn(_Step):
    """One step back, or forward again."""

    step: Literal["undo", "redo"]

    def _take(self, plan: Plan, signed: Signed) -> Plan:  # noqa: ARG002 - it is signed already
        return plan.undo() if self.step == "undo" else plan.redo()


PlanStep = Annotated[
    Move | Split | Merge | Add | Rename | SetMembers | OfArea | Bridge | Unbridge | Turn,
    Field(discriminator="step"),
]
_STEPS: TypeAdapter[PlanStep] = TypeAdapter(PlanStep)


class Beginning(BaseModel):
    """How a plan is begun: of which blocks, and from a layer, another plan, or nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    plan_id: Annotated[str, Field(min_length=1, max_length=58)]
    title: Name = ""
    by: Annotated[Name, Field(min_length=1)]
    blocks_layer: Annotated[str, Field(max_length=64)] = ""
    from_layer: Annotated[str, Field(max_length=64)] = ""
    from_plan: Annotated[str, Field(max_length=64)] = ""


def read_step(body: bytes) -> PlanStep:
    """Read a step.

    Raises
    ------
    InputError
        With the first thing that is wrong.
    """
    try:
        return _STEPS.validate_json(body)
    except ValidationError as error:
        raise InputError(_first_fault(error)) from error


def read_beginning(body: bytes) -> Beginning:
    """Read how a plan is begun.

    Raises
    ------
    InputError
        With the first thing that is wrong.
    """
    try:
        return Beginning.model_validate_json(body)
    except ValidationError as error:
        raise InputError(_first_fault(error)) from error


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg']}" if where else fault["msg"]
