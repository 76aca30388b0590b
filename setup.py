from setuptools import setup

# The second is optional: it needs ALSA's headers.
setup(cffi_modules=["native/build_kernel.py:ffibuilder", "native/build_stream.py:ffibuilder"])
