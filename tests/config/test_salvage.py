from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from connector.config.document import DataPath, Document
from connector.config.salvage import salvage

WHOLE = {"a": ({"x": 1}, {"x": 2}, {"x": (3, 4)}), "b": {"y": 5, "z": 6}}


def test_an_entry_of_a_list_goes_as_a_whole_and_a_key_alone() -> None:
    left = salvage(WHOLE, [("a", 1, "x"), ("b", "y")])
    assert left.value == {"a": ({"x": 1}, {"x": (3, 4)}), "b": {"z": 6}}
    assert left.origin(("a", 1, "x", 0)) == ("a", 2, "x", 0)
    assert left.origin(("b", "z")) == ("b", "z")


def test_a_place_that_is_not_there_leads_nowhere_else() -> None:
    assert salvage(WHOLE, [("a", 0)]).origin(("a", 9, "x")) == ("a", 9, "x")


def _leaves(value: object, path: DataPath = ()) -> Iterator[tuple[DataPath, object]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(value, tuple):
        for position, part in enumerate(value):
            yield from _leaves(part, (*path, position))
    else:
        yield path, value


TREES = st.recursive(
    st.integers(),
    lambda parts: st.one_of(
        st.dictionaries(st.sampled_from("abc"), parts, max_size=3),
        st.lists(parts, max_size=4).map(tuple),
    ),
    max_leaves=12,
)


@given(TREES, st.data())
def test_whatever_is_left_is_found_again_in_the_file(tree: object, data: st.DataObject) -> None:
    paths = [path for path, _ in _leaves(tree) if path]
    faulty = data.draw(st.lists(st.sampled_from(paths), max_size=3)) if paths else []
    left = salvage(tree, faulty)
    whole = Document("a.yaml", tree)
    for path, value in _leaves(left.value):
        assert whole.at(left.origin(path)) == value
        assert left.origin(path) not in faulty
