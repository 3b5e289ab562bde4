# task: add_mul
# kind: brought_down
# idea: well-formed messages of the wrong kind: a description, another ready, a start for the launcher
# seen: own idea, from the runner's vocabulary
# device: any
# blind: no
# expect: flagged, crashed, runtime_error, wrong_values
import json
import sys

BODIES = [
    {"kind": "ready", "applied": ["everything"], "missing": []},
    {"kind": "loaded"},
    {"kind": "end", "pid": 1, "grace_s": 0.0},
    {"kind": "started", "pid": 1},
    {"kind": "failed", "error": "x", "num_done": -(10**400), "is_out_of_memory": True},
    {"kind": "misfit", "what": "input_changed", "found": "", "expected": "", "num_done": 10**400},
    {"failed": "x" * 100000, "trace": "\x1b[2J" * 10000},
    {"type": "Tensor", "is_tensor": True, "shape": [10**30], "times_ms": [1e-320, 1e308, -0.0]},
]


class ModelNew(Model):
    calls = 0

    def forward(self, x, y):
        frame = sys._getframe(1)
        while frame is not None and "connection" not in frame.f_locals:
            frame = frame.f_back
        if frame is not None:
            body = json.dumps(BODIES[ModelNew.calls % len(BODIES)]).encode()
            for head in (len(body).to_bytes(4, "big"), len(body).to_bytes(4, "big") + b"\0"):
                frame.f_locals["connection"].sendall(head + body)
        ModelNew.calls += 1
        return super().forward(x, y)
