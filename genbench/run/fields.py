"""What the parts of a suite are made of: numbers as people mean them, names that can be seen, and no unknown key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from genbench.run.fit import whole

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
Whole = Annotated[int, Field(ge=0, strict=True), BeforeValidator(whole)]
Count = Annotated[int, Field(gt=0, strict=True), BeforeValidator(whole)]
Flag = Annotated[bool, Field(strict=True)]
Axis = Literal["quality", "memorization", "robustness", "bias", "misuse", "energy"]
DEVICE = r"^(auto|cpu|mps|cuda(:\d+)?)$"
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]


class Part(BaseModel):
    """Unknown keys are mistakes, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
