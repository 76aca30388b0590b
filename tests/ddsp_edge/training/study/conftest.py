"""A Ray cluster on this machine, for the tests that spread work over one."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def cluster(monkeypatch):
    """Two Ray nodes of one core each, on this machine; yields Ray's own helper."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # A short name: Ray's sockets lie deep in it.
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        Path(folder, "ray").mkdir()
        nodes = Cluster()
        try:
            for _ in range(2):
                nodes.add_node(num_cpus=1, include_dashboard=False)
            nodes.wait_for_nodes()
            yield nodes
        finally:
            nodes.shutdown()
