"""The panel: the box in a browser. A process of its own that speaks only the control socket."""
