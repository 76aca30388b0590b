"""cffi out-of-line build of the kernel: ``native/_kernel.abi3.so``.

Run as a script (``python native/build_kernel.py``) it builds in place;
setuptools runs it through ``cffi_modules``.
"""

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
#: The areas of the API in the order in which they build on each other; ddsp_kernel.h includes all.
AREAS = (
    "common",
    "frames",
    "synthesis",
    "analysis",
    "decoder",
    "player",
    "expression",
    "rig",
    "receiver",
    "model_file",
)


def cdef() -> str:
    """Return the kernel's public headers, joined to one cdef for cffi."""
    return "\n".join((HERE / "include" / f"ddsp_{area}.h").read_text() for area in AREAS)


COMPILE_ARGS = [
    "-std=c11",
    "-O3",
    "-Wall",
    "-Wextra",
    # The loops are written to be vectorised; without these two the compiler must
    # keep errno and trapping semantics that nothing here uses. NaN and infinity
    # keep their meaning (no -ffast-math): the guards depend on it.
    "-fno-math-errno",
    "-fno-trapping-math",
    # a * b + c in one rounding where the processor has it; ISO C mode forbids it.
    "-ffp-contract=fast",
    "-fvisibility=hidden",
]

ffibuilder = FFI()
ffibuilder.cdef(cdef())
ffibuilder.set_source(
    "native._kernel",
    '#include "ddsp_kernel.h"\n',
    # setuptools wants paths relative to the project root.
    sources=sorted(str(p.relative_to(ROOT)) for p in (HERE / "src").rglob("*.c")),
    include_dirs=["native/include", "native/src"],
    depends=sorted(str(p.relative_to(ROOT)) for p in HERE.rglob("*.h")),
    extra_compile_args=COMPILE_ARGS,
    libraries=["m"],
    py_limited_api=True,
)

if __name__ == "__main__":
    import os

    os.chdir(ROOT)
    print(ffibuilder.compile(tmpdir=str(ROOT), verbose=True))
