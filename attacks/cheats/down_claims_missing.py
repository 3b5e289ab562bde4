# task: add_mul
# kind: brought_down
# idea: the runner answers with fewer results than calls, with none for a tensor, and with too many
# seen: own idea, from a judge that reads results where the runner says they are
# device: any
# blind: no
# expect: flagged, crashed, wrong_values
import sys

runner = sys.modules.get("kbwf.sandbox.runner")
kind = getattr(runner, "Runner", None)
honest = getattr(kind, "_called", None)
if honest is not None:
    state = {"requests": 0}

    def called(self, request, pool):
        results = honest(self, request, pool)
        state["requests"] += 1
        if state["requests"] < 3 or not results:
            return results
        return [results[:-1], [[] for _ in results], results * 2, [each * 2 for each in results]][hash(str(id(results))) % 4]

    kind._called = called


class ModelNew(Model):
    pass
