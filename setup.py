from setuptools import setup

# The second is optional: it needs ALSA's headers. The third is the trainer's.
setup(
    cffi_modules=[
        "native/build_kernel.py:ffibuilder",
        "native/build_stream.py:ffibuilder",
        "native/build_training.py:ffibuilder",
    ]
)
