"""The two decorators of every compiled function of the model.

`kernel` for functions that loop over columns, `helper` for scalar functions inlined into them. The numpy error model
keeps divisions from branching, so that loops vectorise; `contract` and `nsz` are the only float relaxations, since
`reassoc` (part of ``fastmath=True``) would break the exponent arithmetic of `ldas.model.fastmath`.

numba has an internal no-alias flag that its decorator does not offer; where that flag exists it is enabled here, and
only here. Kernels must therefore never receive the same array twice. Kernels release the GIL: parallelism is a thread
pool over blocks, outside numba.
"""

from typing import Any

from numba import njit
from numba.core.compiler import Flags
from numba.core.cpu import CPUTargetOptions
from numba.core.options import TargetOptions

__all__ = ["helper", "kernel"]

_NO_ALIAS: dict[str, Any] = {}
if "noalias" in Flags.options:
    CPUTargetOptions.noalias = TargetOptions.Mapping("noalias")
    _NO_ALIAS = {"noalias": True}

helper: Any = njit(error_model="numpy", fastmath={"contract"}, forceinline=True)
kernel: Any = njit(error_model="numpy", fastmath={"contract", "nsz"}, nogil=True, cache=True, **_NO_ALIAS)
