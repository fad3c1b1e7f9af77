"""The base of every settings model: unknown keys are errors and a loaded setting never changes."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Strict, immutable pydantic model from which each part's settings derive."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)
