"""The section on models of surfaces has the best of each budget in bold."""

from benchmarks.page.surface_models import surface_models


def row(model, budget, iou):
    machine = dict.fromkeys(("date", "cpu", "cores", "python", "torch", "numba", "commit"), "x")
    cost = {"processor_seconds": budget + 1, "steps": 1000, "parameters": 2000, "worst": 0.25}
    return {
        "family": "chair",
        "shapes": 8,
        "model": model,
        "budget": budget,
        "iou": iou,
        **cost,
        "environment": machine,
    }


def test_the_best_of_each_budget_is_bold_and_the_last_row_of_a_training_counts():
    text = surface_models([row("a", 30.0, 0.9), row("a", 30.0, 0.5), row("b", 30.0, 0.75), row("a", 60.0, 0.625)])
    assert "| a | 30 | 31 | 1,000 | 2,000 | 0.500 | 0.250 |" in text
    assert "| b | 30 | 31 | 1,000 | 2,000 | **0.750** | 0.250 |" in text
    assert "| a | 60 | 61 | 1,000 | 2,000 | **0.625** | 0.250 |" in text
    assert "0.900" not in text
