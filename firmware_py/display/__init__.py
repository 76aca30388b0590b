"""The box's own display and its knob: a program of its own that speaks only the control socket."""
