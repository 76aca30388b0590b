"""Ask the engine that listens at the control socket SOCKET, and print its answers as a JSON list.

    python3 ask.py SOCKET '[["midi", {"bytes": [144, 60, 9]}], ["sleep", {"s": 1}], ["status", {}]]'

One process for many requests: it takes the emulated board longer to start Python than to answer.
"""

import json
import sys
import time

from ddsp_edge.api.client import ControlClient

with ControlClient(sys.argv[1], timeout_s=90.0) as engine:
    answers = []
    for verb, arguments in json.loads(sys.argv[2]):
        if verb == "sleep":
            answers.append(time.sleep(arguments["s"]))
        else:
            answers.append(engine.call(verb, **arguments))
print(json.dumps(answers))
