"""The report's page as a person meets it: a headless Chromium that this machine has."""

import logging
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kbwf.records import ScoredSample
from kbwf.report.figures import figures_of
from kbwf.report.headlines import headlines
from kbwf.report.page import page
from kbwf.settings import ReportSettings, SelectionSettings
from kbwf.stages.make_report import tables_of
from tests.builders import make_scored, make_task
from tests.report.studies import Records, small_study

log = logging.getLogger(__name__)
pytestmark = pytest.mark.browser
WIDTHS = (1280, 400)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium: the system's, or else the one that playwright installed."""
    from playwright.sync_api import sync_playwright

    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])
        yield started
        started.close()


def written(records: Records, path: Path) -> Path:
    """The page of a study."""
    study, cfg = records.study(), ReportSettings(num_resamples=100)
    tables = tables_of(study, cfg, SelectionSettings())
    html = page(study, tables, figures_of(study, tables, cfg), headlines(study, tables, cfg), "Report")
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study, with a kernel that tries to act."""
    records = small_study()
    records.tasks[0] = make_task(1, name="a" * 2000)
    source = "x = 1\n</script><script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">\n"
    records.scored.append(make_scored(99, 3.0, task_id="l0_p001", kernel_source=source))
    hidden = "y = 1 # \u202e\u2066\u200b\ud800\x1b é\n"
    sha256 = "0" * 64
    scored = make_scored(98, 3.0, task_id="l0_p001")
    evaluation = scored.evaluation.model_copy(update={"kernel_source": hidden, "kernel_sha256": sha256})
    records.scored.append(scored.model_copy(update={"evaluation": evaluation}))
    return written(records, tmp_path_factory.mktemp("page") / "index.html")


class Opened:
    """A tab, and what went wrong in it."""

    def __init__(self, browser: Any, path: Path, address: str = "", width: int = 1280) -> None:
        self.tab = browser.new_page(viewport={"width": width, "height": 900})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.goto(f"file://{path}{address}")
        self.tab.wait_for_selector("html[data-ready=yes]")

    def texts(self, selector: str) -> list[str]:
        """Text of all elements."""
        return [str(text) for text in self.tab.locator(selector).all_inner_texts()]

    def close(self) -> None:
        """Nothing was said on the console, and no request left the file."""
        outside = [url for url in self.requests if not url.startswith(("file://", "data:", "blob:"))]
        self.tab.close()
        assert (self.complaints, outside) == ([], [])


def test_a_table_sorts_by_mouse_and_by_keyboard(browser: Any, path: Path) -> None:
    """Speedups rise, then fall; n/a stays last both times."""
    opened = Opened(browser, path)
    header = opened.tab.locator("#samples th", has_text="speedup")
    header.click()
    opened.tab.wait_for_selector("#samples th[aria-sort=ascending]")
    opened.tab.wait_for_timeout(50)
    rising = opened.texts("#samples tbody td:nth-child(3)")
    numbers = [float(text) for text in rising if text != "n/a"]
    assert numbers == sorted(numbers) and rising[len(numbers) :] == ["n/a"] * (len(rising) - len(numbers))
    header.focus()
    opened.tab.keyboard.press("Enter")
    opened.tab.wait_for_selector("#samples th[aria-sort=descending]")
    opened.tab.wait_for_timeout(50)
    falling = opened.texts("#samples tbody td:nth-child(3)")
    assert falling[: len(numbers)] == [text for text in reversed(rising) if text != "n/a"]
    opened.close()


def test_filters_leave_what_they_name(browser: Any, path: Path) -> None:
    """By status, then by strategy: one choice a seed."""
    opened = Opened(browser, path)
    failed = opened.texts("#samples tbody td:nth-child(7)").count("wrong values")
    opened.tab.select_option("select[name=status]", "wrong_values")
    opened.tab.locator("#count", has_text=re.compile(f"^{failed} samples")).wait_for()
    assert set(opened.texts("#samples tbody td:nth-child(7)")) == {"wrong values"}
    opened.tab.select_option("select[name=status]", "")
    opened.tab.select_option("select[name=strategy]", "surprisal")
    opened.tab.locator("#count", has_text=re.compile("^2 samples")).wait_for()
    assert all("surprisal" in text for text in opened.texts("#samples tbody td:nth-child(8)"))
    opened.close()


def test_a_kernel_opens_and_its_address_survives_a_reload(browser: Any, path: Path) -> None:
    """Code, difference and reference; a link made elsewhere opens the same."""
    opened = Opened(browser, path)
    opened.tab.click("#samples tbody tr:nth-child(3) td:nth-child(2)")
    opened.tab.wait_for_selector("#kernel pre code .hljs-comment")
    opened.tab.click("text=Difference to the reference")
    opened.tab.wait_for_selector("#kernel .diff .removed")
    title, address = opened.texts("#kernel h3"), opened.tab.evaluate("location.hash")
    opened.tab.reload()
    opened.tab.wait_for_selector("#kernel .diff .added")
    assert opened.texts("#kernel h3") == title == ["l0_p001, base, seed 0, sample 2"]
    opened.close()
    again = Opened(browser, path, address)
    again.tab.wait_for_selector("#kernel .diff .added")
    assert again.texts("#kernel h3") == title
    again.close()


@pytest.mark.parametrize("address", ["task=l9_p999&policy=base", "task=l0_p001&policy=other", "policy=other"])
def test_a_link_to_what_is_not_there_shows_no_other_kernel(browser: Any, path: Path, address: str) -> None:
    """A task or policy of another study: its sample 0:0 is none of ours."""
    opened = Opened(browser, path, f"#{address}&sample=0%3A0")
    assert opened.texts("#kernel") == ["No sample is chosen."]
    opened.close()


def test_a_chosen_kernel_has_its_confirmed_speedup(browser: Any, path: Path) -> None:
    """Beside the one that it was chosen by; a failed one was not measured again."""
    records = small_study()
    (one, *_) = [one for one in records.confirmations if any(kernel.is_faster for kernel in one.kernels)]
    kernel = next(kernel for kernel in one.kernels if kernel.is_faster)
    assert kernel.speedup is not None and kernel.speedup_low is not None and kernel.speedup_high is not None
    address = f"#task={one.task_id}&policy=base&sample={one.seed}%3A{kernel.sample_idxs[0]}"
    opened = Opened(browser, path, address)
    opened.tab.wait_for_selector("#kernel pre")
    facts = dict(zip(opened.texts("#kernel dt"), opened.texts("#kernel dd"), strict=True))
    confirmed = f"faster: {kernel.speedup:.3f} [{kernel.speedup_low:.3f}, {kernel.speedup_high:.3f}]"
    assert facts["confirmed"] == confirmed
    assert facts["speedup"] not in confirmed
    opened.close()
    failed = next(one.sample for one in records.scored if not one.evaluation.is_correct)
    opened = Opened(browser, path, f"#task={failed.task_id}&policy=base&sample={failed.seed}%3A{failed.sample_idx}")
    opened.tab.wait_for_selector("#kernel pre")
    assert "not measured again" in opened.texts("#kernel dd")
    opened.close()


def test_arrow_keys_go_from_sample_to_sample(browser: Any, path: Path) -> None:
    """The first arrow chooses the first sample, the next one the second."""
    opened = Opened(browser, path)
    opened.tab.focus(".list")
    for sample in (0, 1):
        opened.tab.keyboard.press("ArrowDown")
        opened.tab.locator("#kernel h3", has_text=f"sample {sample}").wait_for()
    opened.tab.go_back()
    opened.tab.locator("#kernel h3", has_text="sample 0").wait_for()
    opened.close()


@pytest.mark.parametrize("view", ["code", "diff"])
def test_what_a_model_wrote_is_shown_and_does_nothing(browser: Any, path: Path, view: str) -> None:
    """The hostile kernel's text stands in the page; the title is ours."""
    opened = Opened(browser, path, f"#task=l0_p001&policy=base&sample=0%3A99&view={view}")
    opened.tab.wait_for_selector("#kernel pre")
    assert "onerror=" in opened.texts("#kernel pre")[0]
    assert opened.tab.title() == "Report"
    assert opened.tab.locator("#kernel img").count() == 0
    opened.close()


@pytest.mark.parametrize("view", ["code", "diff", "constructor"])
def test_code_that_reads_other_than_it_runs_is_shown_as_it_runs(browser: Any, path: Path, view: str) -> None:
    """Direction marks, invisible letters, half a character and a terminal's escape, as escapes; a view that is none
    shows the code."""
    opened = Opened(browser, path, f"#task=l0_p001&policy=base&sample=0%3A98&view={view}")
    opened.tab.wait_for_selector("#kernel pre")
    assert r"y = 1 # \u{202e}\u{2066}\u{200b}\u{d800}\u{1b} é" in opened.texts("#kernel pre")[0]
    opened.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_width_makes_the_page_scroll_sideways(browser: Any, path: Path, width: int) -> None:
    """Wide tables scroll by themselves, and a task's name of 2000 letters is cut."""
    opened = Opened(browser, path, width=width)
    assert opened.tab.evaluate("document.documentElement.scrollWidth") <= width
    opened.close()


def test_a_printed_page_shows_all_tables(browser: Any, path: Path) -> None:
    """Closed ones are opened; what only a screen can use is gone."""
    opened = Opened(browser, path)
    opened.tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.tab.emulate_media(media="print")
    assert opened.tab.locator("main section details:not([open])").count() == 0
    assert not opened.tab.locator("nav").is_visible() and opened.tab.locator("#selection table").is_visible()
    opened.close()


def test_25000_samples_open_within_2_seconds_and_30_megabytes(browser: Any, tmp_path: Path) -> None:
    """20 tasks, 10 policies, 2 seeds, 63 samples; kernels of 150 lines of chance, which compress badly. The time is
    until a linked kernel of the last task is shown."""
    rng = np.random.default_rng(0)
    records = Records(tasks=[make_task(number) for number in range(1, 21)])
    for task in records.tasks:
        for policy_id in ("base", *(f"ttt_seed0.step{step}" for step in range(1, 10))):
            for seed in (0, 1):
                records.scored += random_samples(rng, task.task_id, policy_id, seed)
    assert len(records.scored) == 25200
    file = written(records, tmp_path / "index.html")
    assert file.stat().st_size < 30e6
    opened = Opened(browser, file, "#task=l0_p020&policy=ttt_seed0.step9&sample=1%3A62")
    opened.tab.wait_for_selector("#kernel pre")
    milliseconds = opened.tab.evaluate("performance.now()")
    log.info("%.0f ms, %.1f MB", milliseconds, file.stat().st_size / 1e6)
    assert milliseconds < 2000
    opened.close()


def random_samples(rng: np.random.Generator, task_id: str, policy_id: str, seed: int) -> list[ScoredSample]:
    """63 kernels, no two lines of which are expected to be alike."""
    samples = []
    for idx in range(63):
        source = "\n".join(f"x{word} = y{word}" for word in rng.integers(0, 4096, 150))
        speedup = float(rng.uniform(0.5, 2))
        samples.append(make_scored(idx, speedup, task_id=task_id, policy_id=policy_id, seed=seed, kernel_source=source))
    return samples
