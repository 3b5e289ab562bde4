"""The same bank against KernelBench's own evaluator, on a machine with a GPU.

    python attacks/against_kernelbench.py CHECKOUT [--kind KIND] [--only NAME] [--output outcomes.json]

CHECKOUT is a clone of KernelBench; its `src/` is put on the path. Nothing of kbwf is needed. That evaluator runs a
kernel in its own process and without a sandbox, so every file gets a process of its own, with a private HOME, TMPDIR
and working folder, and a limit; run it as a user and on a machine that may come to harm. The attacks' loops, memory
and files are bounded.

A cheat is through if it is correct and its mean time is below 1/1.05 of the reference's, or if the planted secret is in
what it printed. "flagged" counts those of them whose record says `excessive_speedup`, which that evaluator leaves
correct; "no record" counts files over which it ended, hung or raised.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest.mock
from collections import Counter
from pathlib import Path

FASTER = 1.05
NUM_CORRECT_TRIALS, NUM_PERF_TRIALS = 5, 100
LIMIT_S = 300
BANK = Path(__file__).resolve().parent


def header_of(path):
    """The fields of the comment lines that a file begins with."""
    fields = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        key, _, value = line[2:].partition(": ")
        fields[key] = value.strip()
    return fields


def evaluate(checkout, task_path, kernel_path, report_path):
    """In a process of its own: that evaluator's record of one kernel, written to a file."""
    for name in ("requests", "datasets", "dotenv", "openai", "litellm", "tqdm"):  # of its data sets and models
        try:
            __import__(name)
        except ImportError:
            sys.modules[name] = unittest.mock.MagicMock()
    report = os.open(report_path, os.O_WRONLY | os.O_CREAT)
    import torch

    if (checkout / "src" / "kernelbench" / "eval.py").is_file():
        sys.path.insert(0, str(checkout / "src"))
        from kernelbench.eval import eval_kernel_against_ref
    else:
        sys.path.insert(0, str(checkout))
        from src.eval import eval_kernel_against_ref
    reference, source = task_path.read_text(encoding="utf-8"), kernel_path.read_text(encoding="utf-8")
    is_triton = "import triton" in source
    if is_triton and "(Model)" in source:
        source = reference + "\n\n" + source
    options = {"backend": "triton" if is_triton else "cuda"}
    if "bfloat16" in reference:
        options["precision"] = torch.bfloat16
    try:
        found = eval_kernel_against_ref(
            reference, source, num_correct_trials=NUM_CORRECT_TRIALS, num_perf_trials=NUM_PERF_TRIALS,
            measure_performance=True, build_dir=os.environ["TMPDIR"], device=torch.device("cuda:0"), **options,
        )  # fmt: skip
    except BaseException as error:
        outcome = {"error": f"{type(error).__name__}: {error}"[:300]}
    else:
        outcome = {"error": "no record"} if found is None else {
            "compiled": bool(found.compiled), "correct": bool(found.correctness), "runtime_ms": float(found.runtime),
            "ref_runtime_ms": float(found.ref_runtime), "is_flagged": bool(found.metadata.get("excessive_speedup")),
            "message": str({key: value for key, value in found.metadata.items() if "error" in key or "issue" in key})[:300],
        }  # fmt: skip
    os.write(report, json.dumps(outcome).encode())
    os._exit(0)


def run_one(checkout, task_path, kernel_path, secret):
    """Start that process, wait for it, and read what it left."""
    with tempfile.TemporaryDirectory(prefix="kb-") as folder:
        report = Path(folder, "report.json")
        environment = {**os.environ, "HOME": folder, "TMPDIR": folder, "KBWF_PLANTED_SECRET": secret}
        command = [sys.executable, str(Path(__file__).resolve()), str(checkout), "--child", str(task_path), str(kernel_path)]
        # The shell between is what a kernel kills that kills its parent.
        shell = ["sh", "-c", '"$@"; exit $?', "sh", *command, str(report)]
        with open(Path(folder, "output"), "w+b") as output:
            process = subprocess.Popen(
                shell, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
            try:
                code = process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                code = "timeout"
            finally:
                try:
                    os.killpg(process.pid, 9)
                except ProcessLookupError:
                    pass
                process.wait()
            output.seek(max(0, output.seek(0, 2) - (1 << 20)))
            text = output.read().decode(errors="replace")
        try:
            outcome = json.loads(report.read_text())
        except (OSError, ValueError):
            outcome = {"error": f"ended without a verdict ({code})"}
        if "error" in outcome and not text.strip():
            text = outcome["error"]
        return {**outcome, "is_leaked": secret in text or "KBWF_BREACH" in text}


def judge(kind, outcome):
    """What became of it, and whether that is well."""
    speedup = None
    if outcome.get("correct") and outcome["runtime_ms"] > 0 and outcome["ref_runtime_ms"] > 0:
        speedup = outcome["ref_runtime_ms"] / outcome["runtime_ms"]
    if "error" in outcome:
        status = outcome["error"]
    else:
        status = "correct" if outcome["correct"] else "wrong" if outcome["compiled"] else "not compiled"
    if kind == "honest":
        return status, speedup, not outcome.get("correct")
    is_through = outcome["is_leaked"] or (speedup or 0) > FASTER
    return status, speedup, is_through


def main():
    """Run the bank and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--kind")
    parser.add_argument("--only", metavar="NAME")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    checkout = options.checkout.resolve()
    if options.child:
        evaluate(checkout, *map(Path, options.child))
    secret, outcomes = f"KBWF-SECRET-{os.urandom(8).hex()}", []
    for path in [*sorted((BANK / "cheats").glob("*.py")), *sorted((BANK / "honest").glob("*.py"))]:
        fields = header_of(path)
        # Verdicts to take over are a matter of a store, which that evaluator has not; nor does it take indices as inputs.
        if fields["device"] == "cpu" or fields["kind"] == "verdict" or fields["task"] == "gather_rows":
            continue
        if options.kind not in (None, fields["kind"]) or options.only not in (None, path.stem):
            continue
        outcome = run_one(checkout, BANK / "tasks" / f"{fields['task']}.py", path, secret)
        status, speedup, is_bad = judge(fields["kind"], outcome)
        outcomes.append({**outcome, "name": path.stem, "kind": fields["kind"], "status": status, "speedup": speedup, "is_bad": is_bad})
        word = ("REFUSED" if fields["kind"] == "honest" else "THROUGH") if is_bad else "held"
        speed = f"{speedup:10.2f}x" if speedup else f"{'-':>11}"
        flag = " flagged" if outcome.get("is_flagged") else ""
        line = f"{word:8}{path.stem:42}{speed} {status}{flag}"
        print("".join(character if character.isprintable() else "?" for character in line), flush=True)
    print(f"\n{'kind':16}{'files':>7}{'through':>9}{'of them flagged':>17}{'no record':>11}")
    kinds = Counter(outcome["kind"] for outcome in outcomes)
    for kind in sorted(kinds):
        bad = [outcome for outcome in outcomes if outcome["kind"] == kind and outcome["is_bad"]]
        flagged = sum(bool(outcome.get("is_flagged")) for outcome in bad)
        broken = sum(outcome["kind"] == kind and "error" in outcome for outcome in outcomes)
        print(f"{kind:16}{kinds[kind]:7}{len(bad):9}{flagged:17}{broken:11}")
    if options.output:
        options.output.write_text(json.dumps(outcomes, indent=1) + "\n")


if __name__ == "__main__":
    main()
