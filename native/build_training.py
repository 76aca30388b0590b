"""cffi out-of-line build of the trainer's inner loops: ``native/_training.abi3.so``.

Used as :mod:`native.build_kernel`. Optional: without it the trainer uses torch's own operators.
"""

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HEADER = HERE / "include" / "ddsp_training.h"

ffibuilder = FFI()
ffibuilder.cdef(HEADER.read_text())
ffibuilder.set_source(
    "native._training",
    '#include <stdint.h>\n#include "ddsp_training.h"\n',
    sources=sorted(str(p.relative_to(ROOT)) for p in (HERE / "src_training").glob("*.c")),
    include_dirs=["native/include", "native/src"],
    depends=sorted(str(p.relative_to(ROOT)) for p in HERE.rglob("*.h")),
    extra_compile_args=[
        "-std=c11",
        "-O3",
        "-Wall",
        "-Wextra",
        # Sums in any order, so that loops become vectors. Not -ffast-math: its square root by
        # estimate makes infinity of a denormal number.
        "-fassociative-math",
        "-fno-signed-zeros",
        "-fno-trapping-math",
        "-fno-math-errno",
        "-ffp-contract=fast",
        "-fvisibility=hidden",
    ],
    libraries=["m"],
    py_limited_api=True,
)

if __name__ == "__main__":
    import os

    os.chdir(ROOT)
    print(ffibuilder.compile(tmpdir=str(ROOT), verbose=True))
