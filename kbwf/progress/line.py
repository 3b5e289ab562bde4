"""Progress as one line of text that fits a terminal."""

from kbwf.progress.state import Progress

_SEPARATOR = "  "


def progress_line(progress: Progress, at_s: float, width: int | None = None) -> str:
    """One line of at most `width` characters; None takes all there is to say.

    What matters most comes in first, in its short form; then forms grow, in the same order, while there is room.
    """
    forms = [(order, short, long) for order, (short, long) in enumerate(_parts(progress, at_s)) if short]
    by_weight = sorted(forms, key=lambda part: _WEIGHTS.index(part[0]))
    shown: dict[int, str] = {}
    for order, short, _ in by_weight:
        if _fits({**shown, order: short}, width):
            shown[order] = short
    for order, _, long in sorted(by_weight, key=lambda part: part[0] == _STAGES):  # the longest form grows last
        if order in shown and _fits({**shown, order: long}, width):
            shown[order] = long
    return _joined(shown)


def duration(seconds: float) -> str:
    """`42s`, `4m10s`, `3h07m`, `2d05h`."""
    whole = round(seconds)
    for unit, name, below, below_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "m"), (60, "m", 1, "s")):
        if whole >= unit:
            return f"{whole // unit}{name}{whole % unit // below:02d}{below_name}"
    return f"{whole}s"


# Positions in `_parts`, what matters most first: jobs, lost jobs, time left, stages, samples/s, best, failures, GPU.
_WEIGHTS = (0, 1, 5, 2, 3, 7, 6, 4)
_STAGES = 2


def _parts(progress: Progress, at_s: float) -> list[tuple[str, str]]:
    """Short and long form of each part, in the order in which they stand; empty where nothing is known."""
    done, total, num_lost = progress.num_done, progress.num_jobs, len(progress.failed)
    jobs = f"{done}/{total}", f"{done} of {total} jobs ({done * 100 // max(total, 1)} %)"
    lost = (f"{num_lost} LOST", f"{num_lost} jobs LOST") if num_lost else ("", "")
    return [jobs, lost, _stages(progress), _rate(progress, at_s), _gpu(progress, at_s), _left(progress, at_s),
            _failures(progress), _best(progress)]  # fmt: skip


def _stages(progress: Progress) -> tuple[str, str]:
    open_stages = {name: stage for name, stage in progress.stages.items() if stage.num_left and name != "all"}
    if not open_stages:
        return "", ""
    running = [job.stage for job in progress.running.values() if job.stage in open_stages]
    known = [*running, progress.last_stage] if progress.last_stage in open_stages else running or list(open_stages)
    name = max(known, key=lambda stage: open_stages[stage].num_left)
    now = open_stages[name]
    texts = [f"{name} {stage.num_done}/{stage.num_jobs}" for name, stage in open_stages.items()]
    verb = name.removeprefix(progress.prefix).partition("_")[0]
    return f"{verb} {now.num_done}/{now.num_jobs}", ", ".join(texts)


def _rate(progress: Progress, at_s: float) -> tuple[str, str]:
    rate = progress.samples_per_s(at_s)
    return ("", "") if rate is None else (f"{rate:.1f}/s", f"{rate:.2f} samples/s")


def _gpu(progress: Progress, at_s: float) -> tuple[str, str]:
    busy = progress.gpu_busy_frac(at_s)
    return ("", "") if busy is None else (f"GPU {busy:.0%}", f"GPU busy {busy:.0%}")


def _left(progress: Progress, at_s: float) -> tuple[str, str]:
    left_s = progress.left_s(at_s)
    if left_s is None or left_s < 1:
        return "", ""
    is_too_little = progress.has_unknown_stages or any(
        stage.num_left and not stage.durations_s for name, stage in progress.stages.items() if name != "all"
    )
    text = f"{'>' if is_too_little else ''}{duration(left_s)} left"
    return text, text


def _failures(progress: Progress) -> tuple[str, str]:
    failures = progress.failures
    if not failures:
        return "", ""
    return f"{sum(failures.values())} failed", "failed: " + ", ".join(f"{name} {n}" for name, n in failures.items())


def _best(progress: Progress) -> tuple[str, str]:
    if progress.best is None:
        return "", ""
    wildcards = progress.best.wildcards
    short = f"best {progress.best.speedup:.2f}x"
    return short, f"{short} ({wildcards['task']}, {wildcards['policy']}, seed {wildcards['seed']}, {wildcards['idx']})"


def _fits(shown: dict[int, str], width: int | None) -> bool:
    return width is None or len(_joined(shown)) <= width


def _joined(shown: dict[int, str]) -> str:
    return _SEPARATOR.join(shown[order] for order in sorted(shown))
