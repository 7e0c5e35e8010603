from diffshape.report.fit_report.numbers import numbers_of, summary
from page_reader import PageReader

METRICS = {"faces": 80, "bodies": 2, "watertight": False, "volume": None, "steps": 1500, "seconds": 61.25}


def test_what_is_not_known_has_no_row():
    reader = PageReader(numbers_of({**METRICS, "score": None, "distances": None}))
    assert reader.texts["h3"] == ["The result"]
    assert reader.texts["th"] == ["triangles", "bodies", "watertight", "steps", "time"]
    assert reader.texts["td"][::2] == ["80", "2", "no", "1,500", "61.2"]
    reader = PageReader(numbers_of({**METRICS, "steps": 0, "seconds": 0.0}))  # a field that was found in closed form
    assert reader.texts["th"] == ["triangles", "bodies", "watertight"]


def test_scores_come_first_and_shares_are_per_cent():
    score = {"chamfer": 0.00125, "iou": None, "f_score": 0.5, "threshold": 0.01}
    reader = PageReader(numbers_of({**METRICS, "score": score, "distances": {"f1_near": 0.99, "count_near": 5}}))
    assert reader.texts["h3"] == ["Against the true surface", "Distances that the field gives", "The result"]
    assert reader.texts["td"][:4:2] == ["0.125 %", "0.5000"]
    assert "F1 near" in reader.texts["th"]


def test_a_sentence_says_what_came_of_it():
    assert summary(METRICS) == "80 triangles, 2 bodies, not watertight."
