"""All figures of the report."""

from functools import partial

from kbwf.report.comparison_figures import draw_comparison, draw_scaling, draw_selection
from kbwf.report.run_figures import draw_probe, draw_regimes, draw_trajectories
from kbwf.report.sample_figures import draw_seconds, draw_speedups, draw_status, draw_surprisal
from kbwf.report.study import Study
from kbwf.report.style import Picture, picture
from kbwf.report.table import Table
from kbwf.settings import ReportSettings

Figures = dict[str, Picture]


def figures_of(study: Study, tables: dict[str, Table], cfg: ReportSettings) -> Figures:
    """By the name of their files."""
    drawn = {
        "comparison": (
            "Every way to spend samples",
            "selection",
            partial(
                draw_comparison,
                selection=tables["selection"],
                scaling=tables["scaling"],
                methods=tables["methods"],
            ),
        ),
        "selection": ("Selection strategies", "selection", partial(draw_selection, table=tables["selection"])),
        "scaling": (
            "Success against samples",
            "scaling",
            partial(draw_scaling, table=tables["scaling"], confidence_level=cfg.confidence_level),
        ),
        "surprisal": ("Surprisal and speedup by task", "correlation", partial(draw_surprisal, study=study)),
        "status": ("Samples by status", "status", partial(draw_status, table=tables["status"])),
        "speedups": ("Speedups of correct samples by task", "speedups", partial(draw_speedups, study=study)),
        "trajectories": (
            "Trajectories",
            "trajectories",
            partial(draw_trajectories, study=study, table=tables["trajectories"]),
        ),
        "regimes": ("Regimes", "regimes", partial(draw_regimes, study=study)),
        "probe": ("Over-sharpening probe", "probe", partial(draw_probe, table=tables["probe"])),
        "seconds": ("Seconds by phase", "seconds", partial(draw_seconds, table=tables["seconds"])),
    }
    return {name: picture(title, table, draw) for name, (title, table, draw) in drawn.items()}
