"""ISBA-A-gs: the column land surface model, in numba.

One module per process, a state, a parameter set, a stepper and an integrator. Nothing here does I/O or knows about
products, maps or storage. Public entry points: `State`, `Parameters`, `ModelOptions`, `Forcing`, `integrate`.
"""
