"""Prefect flows: they wire `ldas` functions together and hold no science, no array maths and no storage code."""
