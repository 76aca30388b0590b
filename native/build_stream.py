"""cffi out-of-line build of the audio thread: ``native/_stream.abi3.so``.

Optional: where ALSA's headers are missing setuptools says so and goes on (native/stream.py
then reports it when a card is asked for). ``python native/build_stream.py`` builds in place.
"""

from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# GNU: ALSA's headers want POSIX types; affinity and thread names are Linux's own.
COMPILE_ARGS = [
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-O2",
    "-Wall",
    "-Wextra",
    "-fvisibility=hidden",
]

ffibuilder = FFI()
ffibuilder.cdef((HERE / "include" / "ddsp_stream.h").read_text())
ffibuilder.set_source(
    "native._stream",
    '#include <stdint.h>\n#include "ddsp_stream.h"\n',
    # setuptools wants paths relative to the project root.
    sources=sorted(str(p.relative_to(ROOT)) for p in (HERE / "src_stream").glob("*.c")),
    include_dirs=["native/include", "native/src"],
    depends=sorted(str(p.relative_to(ROOT)) for p in HERE.rglob("*.h")),
    extra_compile_args=COMPILE_ARGS,
    libraries=["asound", "m", "pthread"],
    py_limited_api=True,
    optional=True,
)

if __name__ == "__main__":
    import os

    os.chdir(ROOT)
    print(ffibuilder.compile(tmpdir=str(ROOT), verbose=True))
