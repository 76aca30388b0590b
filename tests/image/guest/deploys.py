"""In the guest: versions of a model are received, one after the other, as over ssh."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from marker import Marker

from ddsp_edge.remote.policy import Policy
from ddsp_edge.remote.receive import DeploymentReceiver

FOLDER = Path("/mnt/data/keep/var/lib/ddsp-edge")


def main(work: Path, count: int) -> None:
    """Receive each of the requests in ``work``, in turn, ``count`` / 10 times."""
    policy = Policy(models=FOLDER / "models", socket=Path("/run/none"))
    mark, requests = Marker("deploys"), sorted(work.glob("put-*"))
    for number in range(count // 10):
        answer = io.BytesIO()
        request = requests[number % len(requests)].read_bytes()
        DeploymentReceiver(policy, io.BytesIO(request), answer).run()
        told = json.loads(answer.getvalue().splitlines()[-1])
        assert told["ok"], told
        mark(str(number + 1))
    print("WORK deploys", count // 10)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
