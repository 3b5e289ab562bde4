"""How fast a study is sampled through backend `openai`, and how busy that keeps the server: llama.cpp, a tiny model.

    make test-servers && .venv/bin/python -m tests.servers.measure_openai_study

20 tasks, 64 samples, two seeds: 160 jobs of Snakemake, 2560 requests. Busy is the share of looks, 20 a second, that
found a request at work in one of the server's four slots, from the first request to the last.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from tests.policies.conftest import CHAT_TEMPLATE, save_tiny_model
from tests.policies.test_openai_server import PYTHON
from tests.workflow.conftest import REPOSITORY, Project

NUM_TASKS, NUM_SAMPLES, SEEDS, CONTEXT = 20, 64, (0, 1), 8192
LOOK_INTERVAL_S = 0.05
STUDY = """
tasks: {{source: directory, level: 1, path: {problems}}}
base:
  {{backend: openai, base_url: "{url}", model: tiny, logprobs_temperature: one, extra_body: {{top_k: 0, min_p: 0.0}}}}
sampling: {{num_samples: 64, chunk_size: 16, seeds: [0, 1], temperature: 0.25, max_tokens: {max_tokens}}}
identity: {{num_samples: 0}}
evaluation: {{num_identity_pairs: 0}}
runs: []
"""


def main() -> None:
    """Serve, sample, say."""
    max_tokens = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = save_tiny_model(folder / "model", CHAT_TEMPLATE, 0, is_ascii=True, context=CONTEXT)
        script = REPOSITORY / "tests" / "policies" / "llama_cpp_server.py"
        command = [str(PYTHON), str(script), str(model), str(folder / "tiny.gguf"), str(CONTEXT)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            try:
                sampled(folder, server.stdout.readline().strip(), max_tokens)
            finally:
                server.kill()


def sampled(folder: Path, url: str, max_tokens: int) -> None:
    """Run the study's sampling jobs, and write what was seen."""
    problems = folder / "problems"
    (problems / "level1").mkdir(parents=True)
    suite = sorted((REPOSITORY / "kbwf" / "tasks" / "suite").glob("[0-9]*.py"))
    for number in range(1, NUM_TASKS + 1):
        source = suite[number % len(suite)]
        name = source.stem.partition("_")[2]
        (problems / "level1" / f"{number}_{name}.py").write_text(source.read_text())
    project = Project(folder / "project")
    project.study("served.yaml", STUDY.format(problems=problems, url=f"{url}/v1", max_tokens=max_tokens))
    targets = [
        f"results/samples/base/l1_p{number:03d}/seed{seed}/chunk{chunk}.jsonl"
        for number in range(1, NUM_TASKS + 1)
        for seed in SEEDS
        for chunk in range(NUM_SAMPLES // 16)
    ]
    looks: list[tuple[float, int]] = []
    is_over = threading.Event()
    watcher = threading.Thread(target=watch, args=(url, looks, is_over))
    watcher.start()
    code, output = project.run(*targets, studies=("served.yaml",))
    is_over.set()
    watcher.join()
    assert code == 0, output[-4000:]
    busy = [at_s for at_s, count in looks if count]
    took_s = busy[-1] - busy[0]
    during = [count for at_s, count in looks if busy[0] <= at_s <= busy[-1]]
    num_tokens = sum(
        len(json.loads(line)["token_ids_T"] or ())
        for target in targets
        for line in (project.folder / target).read_text().splitlines()
    )
    num_samples = NUM_TASKS * NUM_SAMPLES * len(SEEDS)
    sys.stdout.write(
        f"{num_samples} samples, {num_tokens} tokens in {took_s:.0f} s: {num_samples / took_s:.1f} samples per second;"
        f" server busy {sum(map(bool, during)) / len(during):.0%} of the time, {sum(during) / len(during):.2f} of its 4"
        " slots on average\n"
    )


def watch(url: str, looks: list[tuple[float, int]], is_over: threading.Event) -> None:
    """How many slots are at work, again and again."""
    while not is_over.wait(LOOK_INTERVAL_S):
        with urllib.request.urlopen(f"{url}/slots", timeout=60) as answer:
            slots = json.load(answer)
        looks.append((time.monotonic(), sum(bool(slot["is_processing"]) for slot in slots)))


if __name__ == "__main__":
    main()
