import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.batch_inputs import Task, count_tasks, read_contexts, read_queries
from serving.errors import InputFileError
from serving.retrieval import Context


def _file(tmp_path, content: bytes):
    path = tmp_path / "input"
    path.write_bytes(content)
    return path


def test_queries(tmp_path):
    path = _file(
        tmp_path, "\ufeff1\tusb c\r\n2\t\n\n3\ttabs\tand \u2028 lines\n4\tno end".encode())
    assert [(task.task_id, task.context.query) for task in read_queries(path)] == [
        ("1", "usb c"), ("2", ""), ("3", "tabs\tand \u2028 lines"), ("4", "no end")]


@pytest.mark.parametrize(("content", "line", "reason"), [
    (b"1\ta\nusb cable\n", 2, "expected query_id<TAB>query, found no tab"),
    (b"1\ta\n\n1\tb\n", 3, "query_id '1' appears a second time"),
    (b"\tusb\n", 1, "query_id '' is empty or holds whitespace"),
    (b"a b\tusb\n", 1, "query_id 'a b' is empty or holds whitespace"),
    (b"1\ta\n2\t\xff\n", 2, "not UTF-8 at byte 2"),
])
def test_bad_query_lines_are_named(tmp_path, content, line, reason):
    path = _file(tmp_path, content)
    with pytest.raises(InputFileError, match=rf"input:{line}: {reason}"):
        list(read_queries(path))


def test_contexts(tmp_path, caplog):
    path = _file(tmp_path, b"\n".join(json.dumps(row).encode() for row in [
        {"context_id": "c1", "user_id": "u1", "history": ["a", 7], "profile": "blue",
         "query": "usb", "exclude": ["x"], "time": 3, "filters": {"price": 3}},
        {"context_id": "c2", "history": ["a", "b"], "history_events": ["view", None],
         "history_ages": [2, None]},
        {"context_id": 12, "history": None, "profile": None, "filters": {"price": 3}},
    ]))
    assert list(read_contexts(path)) == [
        Task("c1", Context(
            history=["a", "7"], profile="blue", query="usb", exclude=["x"], events=[], ages=[])),
        Task("c2", Context(
            history=["a", "b"], exclude=[], events=["view", ""], ages=[2.0, -1.0])),
        Task("12", Context(history=[], profile="", query="", exclude=[], events=[], ages=[])),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}:1: the field filters is not supported yet and is ignored"]


@pytest.mark.parametrize(("line", "reason"), [
    (b"{", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"[]", "expected a JSON object, found list"),
    (b"{}", "the field context_id is missing"),
    (b'{"context_id": null}', "context_id '' is empty"),
    (b'{"context_id": "a b"}', "context_id 'a b' is empty or holds whitespace"),
    (b'{"context_id": 1.5}', "context_id must be text, found float"),
    (b'{"context_id": "1", "history": "p1"}', "history must be a list of product ids, found str"),
    (b'{"context_id": "1", "history": [["p1"]]}', r"history\[0\] must be text, found list"),
    (b'{"context_id": "1", "exclude": [true]}', r"exclude\[0\] must be text, found bool"),
    (b'{"context_id": "1", "history": ["a"], "history_events": "view"}',
     "history_events must be a list of names of events, found str"),
    (b'{"context_id": "1", "history": ["a"], "history_ages": ["2"]}',
     r"history_ages\[0\] must be a number of days, found str"),
    (b'{"context_id": "1", "history": ["a"], "history_ages": [true]}',
     r"history_ages\[0\] must be a number of days, found bool"),
    (b'{"context_id": "1", "history": ["a"], "history_ages": [1' + b"0" * 400 + b"]}",
     r"history_ages\[0\] must be a number of days, found int"),
    (b'{"context_id": "1", "history": ["a"], "history_events": ["view", "cart"]}',
     "history_events should be as many as the products of the history, 1, or none. Received: 2"),
    (b'{"context_id": "1", "profile": {"secret": 1}}', "profile must be text, found dict"),
    (b'{"context_id": "0"}', "context_id '0' appears a second time"),
])
def test_bad_contexts_are_named(tmp_path, line, reason):
    path = _file(tmp_path, b'{"context_id": "0"}\n' + line + b"\n")
    with pytest.raises(InputFileError, match=rf"input:2: {reason}") as caught:
        list(read_contexts(path))
    assert "secret" not in str(caught.value)


def test_empty_and_missing_files(tmp_path):
    path = _file(tmp_path, b"\n\n")
    with pytest.raises(InputFileError, match="the file is empty"):
        count_tasks(read_queries(path), path)
    with pytest.raises(InputFileError, match="nowhere cannot be read: No such file"):
        list(read_queries(tmp_path / "nowhere"))


@given(content=st.binary(max_size=80) | st.text(max_size=60).map(lambda text: text.encode()))
def test_no_file_crashes_the_readers(tmp_path_factory, content):
    path = _file(tmp_path_factory.mktemp("fuzz", numbered=True), content)
    for read in (read_queries, read_contexts):
        with contextlib.suppress(InputFileError):
            assert all(task.task_id for task in read(path))
