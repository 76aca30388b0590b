"""The program on the device: the service that plays (``python -m firmware_py``), its control
socket, footswitches and pedals, and the panel in a browser (``python -m firmware_py.panel``)."""
