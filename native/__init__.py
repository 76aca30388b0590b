"""The C kernel and its Python interface.

:mod:`native.kernel` has voice, output and analyser; :mod:`native.rig` what the audio thread runs;
:mod:`native.stream` the sound card; :mod:`native.probe` a latency probe; :mod:`native.training`
the trainer's inner loops.
"""
