"""The kernel's analyser against known signals, recordings and other pitch trackers.

``ddsp-edge bench --analyser``; the table and how to read it: docs/analyser.md. Everything but
the kernel's own figures on synthetic signals needs the extra ``bench``.
"""
