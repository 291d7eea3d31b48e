"""What has changed is seen in the memory of functions, cells and dictionaries."""

from types import FunctionType

import pytest

from grading.sandbox import memory


def made(number):
    """A function with a default and a cell."""
    content = [number]

    def function(value=number):
        return value, content

    return function


def test_nothing_has_changed():
    functions = [made(number) for number in range(50)]
    cells = [function.__closure__[0] for function in functions]
    dicts = [{str(n): n for n in range(number)} for number in range(50)]
    looks = [
        memory.objects_as_they_were(functions),
        memory.objects_as_they_were(cells),
        memory.dicts_as_they_were(dicts),
    ]
    assert [list(look()) for look in looks] == [[], [], []]


def replace_code(function: FunctionType) -> None:
    content = []
    function.__code__ = (lambda value: content).__code__


def replace_defaults(function: FunctionType) -> None:
    function.__defaults__ = (7,)


def replace_keyword_defaults(function: FunctionType) -> None:
    function.__kwdefaults__ = {"value": 7}


@pytest.mark.parametrize("change", [replace_code, replace_defaults, replace_keyword_defaults])
def test_a_function_was_changed(change):
    functions = [made(number) for number in range(5)]
    changed = memory.objects_as_they_were(functions)
    change(functions[3])
    assert list(changed()) == [3]


def test_what_a_function_has_closed_over_was_changed():
    cells = [made(number).__closure__[0] for number in range(5)]
    changed = memory.objects_as_they_were(cells)
    cells[2].cell_contents = "other"
    assert list(changed()) == [2]


CHANGES = {
    "another value": lambda one: one.update(b=object()),
    "a new name": lambda one: one.update(new=1),
    "so many that the table moves": lambda one: one.update({str(n): n for n in range(9999)}),
    "a name less": lambda one: one.pop("b"),
    "empty": dict.clear,
    "in another order": lambda one: one.update(a=one.pop("a")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_dictionary_was_changed(change):
    dicts = [{"a": 1, "b": number, "c": 3} for number in range(5)]
    changed = memory.dicts_as_they_were(dicts)
    change(dicts[1])
    assert list(changed()) == [1]


def test_several_were_changed_and_one_has_moved():
    dicts = [{"a": 1, "b": number, "c": 3} for number in range(5)]
    changed = memory.dicts_as_they_were(dicts)
    dicts[0].update({str(n): n for n in range(9999)})
    dicts[4]["a"] = 2
    assert sorted(changed()) == [0, 4]


def test_one_whose_values_are_elsewhere_counts_as_changed():
    """As the attributes of an object: their names are in a table that all of its class share."""

    class Thing:
        def __init__(self):
            self.a, self.b = 1, 2

    thing = Thing()
    assert 1 in memory.dicts_as_they_were([{"a": 1}, vars(thing)])()


def test_this_python_is_known():
    """Else grading is as safe, and takes nearly twice as long: whoever reads this mends it."""
    assert memory.TABLE_KNOWN


def test_where_it_is_not_known_each_counts_as_changed(monkeypatch):
    monkeypatch.setattr(memory, "TABLE_KNOWN", False)
    assert list(memory.dicts_as_they_were([{}, {"a": 1}])()) == [0, 1]
