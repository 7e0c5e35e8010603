from page_reader import PageReader

from diffshape.report.training_report.score_table import score_table


def test_groups_are_columns_and_errors_stand_behind_their_numbers():
    group = {"jsd": 0.125, "jsd_error": 0.0156, "chamfer": {"accuracy": 0.75}, "earth_mover": None, "samples": 4}
    page = score_table({"score": {"samples": group, "training_shapes": group | {"jsd": 0.5}}})
    reader = PageReader(page)
    assert reader.texts["th"] == ["samples", "training shapes"]
    assert reader.texts["td"] == [
        *("Jensen-Shannon divergence", "0.125 ± 0.016", "0.5 ± 0.016"),
        *("1-NNA", "0.75", "0.75"),
    ]


def test_names_without_words_are_shown_as_they_are():
    reader = PageReader(score_table({"score": {"new_number": 3, "is_good": True}}))
    assert (reader.texts["th"], reader.texts["td"]) == (["new number", "is good"], ["3", "yes"])


def test_there_is_no_table_without_scores():
    assert score_table({"steps": 3}) is None
    assert score_table({"score": {}}) is None
