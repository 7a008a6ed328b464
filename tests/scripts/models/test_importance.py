"""`importance`: a table, a plot, figures."""

from pathlib import Path

from tests.scripts.models.asking import answer


def test_importance_as_table_plot_and_figures(two: tuple[str, str], tmp_path: Path) -> None:
    """The figures hold every feature, sorted by what was asked for; the page stands alone."""
    page = tmp_path / "importance.html"
    rows = answer(tmp_path, "importance", "demo", "--version", "1", "--by", "split", "--plot", str(page), *two)
    splits = [row["split"] for row in rows]
    assert splits == sorted(splits, reverse=True)
    assert {"feature", "gain", "split"} == set(rows[0])
    assert rows[0]["feature"] in page.read_text(encoding="utf-8")
