import os
import subprocess
import sys

import pytest

from pipeline.running.folder import RunFolder, RunFolderError

HOLD = """
import pathlib, sys
from pipeline.running.folder import RunFolder
with RunFolder(pathlib.Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(folder) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_run_is_told_who_holds_the_folder(tmp_path):
    process = hold(tmp_path / "out")
    with pytest.raises(RunFolderError, match=rf"process {process.pid}.*--out"), (
        RunFolder(tmp_path / "out").locked()):
        pass
    process.communicate()
    with RunFolder(tmp_path / "out").locked():
        assert (tmp_path / "out" / ".lock").read_text() == str(os.getpid())


def test_the_lock_dies_with_a_killed_process(tmp_path):
    process = hold(tmp_path)
    process.kill()
    process.communicate()
    with RunFolder(tmp_path).locked():
        assert (tmp_path / ".lock").read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match=r"file/out: cannot be written to \(Not a dir"), (
        RunFolder(tmp_path / "file" / "out").locked()):
        pass


def test_logs_have_a_folder_and_do_not_collide_with_the_served(tmp_path):
    folder = RunFolder(tmp_path)
    log = folder.new_log()
    assert log.parent == tmp_path / "logs"
    assert log.parent.is_dir()
    assert len({folder.serving, folder.reports, folder.logs, folder.artifacts,
                folder.metadata}) == 5
