"""Suggestions for misspelt names."""

from mattebox.core.suggestions import similar_names, suggest_name, suggest_names

COLOURS = ("black", "blue", "Brown")


def test_similar_names_come_first_and_case_does_not_matter() -> None:
    assert similar_names("blak", COLOURS) == ["black"]
    assert similar_names("BROWM", COLOURS) == ["Brown"]
    assert similar_names("blu", COLOURS, 2) == ["blue"]
    assert similar_names("zzz", COLOURS) == []


def test_the_question_and_what_else_can_be_done() -> None:
    assert suggest_names(["a", "b"]) == "did you mean a or b?"
    assert suggest_name("blak", COLOURS) == "did you mean black?"
    assert suggest_name("blak", COLOURS, "choose one") == "did you mean black? choose one"
    assert suggest_name("zzz", COLOURS, "choose one") == "choose one"
    assert suggest_name("zzz", COLOURS) == ""
