import io
import logging
import os
import subprocess
import sys

from pipeline.running.terminal import Progress, logging_to

SPLIT = """
import os, pathlib, sys
from pipeline.running.terminal import output_to_log
print("before")
with output_to_log(pathlib.Path(sys.argv[1])) as terminal:
    print("python")
    print("error", file=sys.stderr)
    os.write(2, b"c++\\n")
    terminal.write("progress\\n")
print("after")
"""


def test_only_the_terminal_stream_reaches_the_terminal(tmp_path):
    log = tmp_path / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", SPLIT, str(log)], capture_output=True, text=True, check=True)
    assert done.stdout == "before\nprogress\nafter\n"
    assert done.stderr == ""
    assert sorted(log.read_text().split()) == ["c++", "error", "python"]


def test_a_component_is_one_line():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.start("[1/2] Ingest")
    progress.end("3.0 s")
    progress.start("[2/2] Train")
    progress.end("unchanged")
    assert stream.getvalue() == "[1/2] Ingest ... 3.0 s\n[2/2] Train ... unchanged\n"


def test_notes_stand_below_and_the_line_is_finished_after_them():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.start("[1/1] Train")
    progress.note("epoch 1\nepoch 2")
    progress.note("epoch 3")
    progress.end("3.0 s")
    progress.say("Done.")
    assert stream.getvalue() == (
        "[1/1] Train ... \n"
        "        epoch 1\n        epoch 2\n        epoch 3\n"
        "[1/1] Train ... 3.0 s\n"
        "Done.\n")


def test_an_interrupted_line_is_closed_before_the_next_paragraph():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.start("[1/1] Train")
    progress.say("Interrupted.")
    assert stream.getvalue() == "[1/1] Train ... \nInterrupted.\n"


def test_progress_records_are_shown_and_all_records_are_logged(tmp_path):
    stream, log = io.StringIO(), tmp_path / "run.log"
    with logging_to(log, Progress(stream)):
        logging.getLogger("emporium.model").info("epoch %d", 1)
        logging.getLogger("pipeline.examples").info("examples: %d", 2)
        logging.getLogger("pipeline.examples").debug("a detail")
        logging.getLogger("tfx").info("launching")
    logging.getLogger("emporium.model").warning("later")
    assert stream.getvalue() == "        epoch 1\n        examples: 2\n"
    assert "emporium.model: epoch 1" in log.read_text()
    assert "tfx: launching" in log.read_text()
    assert "later" not in log.read_text()
    assert os.path.getsize(log) > 0
