"""The two decorators of every compiled function of the model, and where the compiled code is kept.

`kernel` for functions that loop over columns, `helper` for scalar functions inlined into them. The numpy error model
keeps divisions from branching, so that loops vectorise. There is no float relaxation: `reassoc` (part of
``fastmath=True``) would break the exponent arithmetic of `ldas.model.fastmath`, and `contract` lets LLVM choose which
product of ``a * b + c * d`` is fused. That choice differs between two compilations of one source, so that two processes
with a cold cache got different bits. Fused products are therefore written out (`ldas.model.fastmath.fma`).

numba has an internal no-alias flag that its decorator does not offer; where that flag exists it is enabled here, and
only here. Kernels must therefore never receive an array twice if they write to it. Nor may a loop over columns write
one row of an array and read another: LLVM moves its test for overlapping rows out of the loop over layers, where it
always fails, and the loop runs column by column (five times slower in the heat equation). What a sweep needs of the
layer it comes from is handed on in a row of its own. Kernels release the GIL: parallelism
is a thread pool over blocks, outside numba.

numba's file cache does not notice a change of an imported file. The cache folder is therefore named after a hash of all
sources of the model and numba's version, unless the user sets NUMBA_CACHE_DIR.
"""

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numba import __version__ as numba_version
from numba import njit
from numba.core import config as numba_config
from numba.core.compiler import Flags
from numba.core.cpu import CPUTargetOptions
from numba.core.options import TargetOptions

__all__ = ["LANES", "columns", "helper", "kernel"]

LANES = 32
"""Columns that a vector loop takes at once, at most. Blocks are filled up to a multiple of it, so that every column
goes through the same instructions wherever it stands."""


def cache_folder(sources: Path) -> Path:
    """The user's folder for code compiled from the Python files of `sources`, by a hash of their text.

    Where the user's cache cannot be written, a new temporary folder, which lasts for this process only.
    """
    digest = hashlib.sha256(f"{numba_version} {sys.version}".encode())
    for source in sorted(sources.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = base / "ldas" / "numba" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="ldas-numba-"))
    return folder


config: Any = numba_config
if not config.CACHE_DIR:
    config.CACHE_DIR = str(cache_folder(Path(__file__).parent))

_NO_ALIAS: dict[str, Any] = {}
if "noalias" in Flags.options:
    CPUTargetOptions.noalias = TargetOptions.Mapping("noalias")
    _NO_ALIAS = {"noalias": True}

_njit: Any = njit  # its annotations leave out the options of the target
# kernels allocate nothing, so numba's runtime with its reference counts is left out
_COMMON: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
helper: Any = _njit(forceinline=True, **_COMMON)
kernel: Any = _njit(nogil=True, cache=True, no_cfunc_wrapper=True, **_COMMON, **_NO_ALIAS)


@helper
def columns(begin, end):
    """The columns from `begin` to `end` for a loop; unsigned, as numba lets signed ones count from the row's end."""
    return range(np.uint64(begin), np.uint64(end))
