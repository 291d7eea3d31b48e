"""The facts on the lessons: one file, from which all others come."""

import pytest

from authoring import facts
from authoring.facts import ROOT, NoFacts, lesson_facts

SOLUTIONS = sorted((ROOT / "solutions").glob("*.ipynb"))


def test_the_readme_has_the_table():
    table = "\n".join(facts.readme_table())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\n\n{table}\n\n" in readme, f"README.md needs this table:\n{table}"


def test_every_solution_has_facts_and_every_fact_its_solution():
    assert list(lesson_facts()) == [path.stem for path in SOLUTIONS]


@pytest.mark.parametrize(
    ("task", "points", "bonus"),
    [("1.1", 1, False), ("3.1", 2, False), ("3.2", 1, False), ("5.6", 1, True), ("99.1", 1, False)],
)
def test_what_a_task_is_worth(task, points, bonus):
    assert (facts.points_of(task), facts.is_bonus(task)) == (points, bonus)


def test_points_are_said_of_tasks_that_there_are():
    from grading.release import lessons_of

    tasks = {task.number for lesson in lessons_of(ROOT / "solutions") for task in lesson.tasks}
    for name, said in lesson_facts().items():
        assert said.points.keys() <= tasks
        assert all(task.split(".")[0] == said.number for task in said.points), name


def written(folder, text: str):
    """A folder of solutions with this file of facts."""
    (folder / "solutions").mkdir()
    (folder / "solutions/lessons.toml").write_text(text, encoding="utf-8")
    return folder / "solutions"


def test_a_time_that_is_not_said_is_open_and_comes_first(tmp_path, monkeypatch):
    times = '[01_a]\nyou_will = "a"\nminutes = 5\n[02_b]\nyou_will = "b"\n'
    found = lesson_facts(written(tmp_path, times + '[10_c]\nyou_will = "c"\nminutes = 60\n'))
    assert [said.time for said in found.values()] == ["5 min", "open", "60 min"]
    assert [said.number for said in found.values()] == ["1", "2", "10"]
    monkeypatch.setattr(facts, "lesson_facts", lambda: found)
    assert facts.longest_first() == ["02_b", "10_c", "01_a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[01_a", "Expected ']'"),
        ("[01_a]\nminutes = 3\n", "you_will"),
        ('[01_a]\nyou_will = "a"\nminute = 3\n', "minute"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, text, said):
    with pytest.raises(NoFacts, match=said) as caught:
        lesson_facts(written(tmp_path, text))
    assert str(caught.value).startswith("solutions/lessons.toml cannot be used (")


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(NoFacts, match=r"lessons\.toml is missing"):
        lesson_facts(tmp_path)
