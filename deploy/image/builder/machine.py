"""QEMU for either machine: the words that every start has in common."""

from __future__ import annotations

import os
import platform
from pathlib import Path

QEMU = {"arm64": "qemu-system-aarch64", "amd64": "qemu-system-x86_64"}
NATIVE = {"x86_64": "amd64", "aarch64": "arm64"}


def acceleration(arch: str) -> str:
    """ "kvm" where this machine runs the other's code itself, else "tcg". KVM without the
    processor's help (kvm_pvm) does not start Debian's kernel."""
    hardware = any(
        Path("/sys/module", name).exists() for name in ("kvm_intel", "kvm_amd", "kvm_arm")
    )
    native = NATIVE.get(platform.machine()) == arch and (hardware or arch == "arm64")
    return "kvm" if native and os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"


def machine(arch: str, memory_mb: int = 1024, cores: int = 2) -> list[str]:
    """The command up to what is particular: drives, kernel, network, serial line. The process ends
    with its parent, however that ends."""
    fast = acceleration(arch) == "kvm"
    # Where this machine is virtual itself, KVM may not pass on this register.
    own = "host,arch-capabilities=off" if arch == "amd64" else "host"
    model = own if fast else {"arm64": "cortex-a72", "amd64": "max"}[arch]
    kind = {"arm64": "virt", "amd64": "q35"}[arch]
    return [
        "setpriv", "--pdeathsig", "KILL",
        QEMU[arch], "-M", kind, "-cpu", model, "-smp", str(cores), "-m", str(memory_mb),
        "-accel", "kvm" if fast else "tcg,thread=multi",
        "-nodefaults", "-display", "none", "-no-reboot",
        "-object", "rng-random,filename=/dev/urandom,id=rng", "-device", "virtio-rng-pci,rng=rng",
    ]  # fmt: skip
