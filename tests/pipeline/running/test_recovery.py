import pathlib

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.running.recovery import recover

State = metadata_store_pb2.Execution


def open_store(path: pathlib.Path) -> metadata_store.MetadataStore:
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(path)
    config.sqlite.connection_mode = 3  # READWRITE_OPENCREATE
    return metadata_store.MetadataStore(config)


def record(store, *states) -> list[int]:
    kind = store.put_execution_type(metadata_store_pb2.ExecutionType(name="Trainer"))
    return store.put_executions(
        [State(type_id=kind, last_known_state=state) for state in states])


def write_output(artifacts: pathlib.Path, execution: int) -> pathlib.Path:
    output = artifacts / "Trainer" / "model" / str(execution)
    output.mkdir(parents=True)
    (output / "weights").write_text("x")
    return output


def test_only_outputs_of_finished_executions_stay(tmp_path):
    metadata, artifacts = tmp_path / "metadata.sqlite", tmp_path / "pipeline"
    states = (State.COMPLETE, State.CACHED, State.RUNNING, State.FAILED)
    outputs = [write_output(artifacts, n) for n in record(open_store(metadata), *states)]
    working = artifacts / "Trainer" / ".system" / "executor_execution" / "3"
    working.mkdir(parents=True)
    recover(metadata, artifacts)
    assert [output.exists() for output in outputs] == [True, True, False, False]
    assert not working.exists()


def test_a_first_run_has_nothing_to_recover(tmp_path):
    recover(tmp_path / "metadata.sqlite", tmp_path / "pipeline")
    assert list(tmp_path.iterdir()) == []


def test_outputs_without_a_store_go_for_their_numbers_will_be_given_again(tmp_path):
    output = write_output(tmp_path / "pipeline", 1)
    recover(tmp_path / "metadata.sqlite", tmp_path / "pipeline")
    assert not output.exists()


def test_an_unreadable_store_is_set_aside(tmp_path):
    metadata = tmp_path / "metadata.sqlite"
    metadata.write_bytes(b"not a database" * 1000)
    output = write_output(tmp_path / "pipeline", 1)
    recover(metadata, tmp_path / "pipeline")
    assert not metadata.exists()
    assert (tmp_path / "metadata.broken").exists()
    assert not output.exists()
    assert record(open_store(metadata), State.COMPLETE) == [1]
