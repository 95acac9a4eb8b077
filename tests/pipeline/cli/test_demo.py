import pytest

from pipeline.cli import demo
from pipeline.cli.demo import next_steps


@pytest.mark.parametrize(("found", "activates"), [("/usr/bin/emporium", False), (None, True)])
def test_who_has_no_environment_active_is_told_how(monkeypatch, found, activates):
    monkeypatch.setattr(demo.shutil, "which", lambda _: found)
    monkeypatch.setattr(demo.sys, "prefix", "/my env")
    first, *rest = next_steps("my out", "usb cable", short=False).splitlines()[2:]
    if activates:
        assert first == "  source '/my env/bin/activate'"
        first = rest[0]
    assert first == "  emporium serve 'my out'"


def test_a_short_training_is_named():
    assert next_steps("out", "mug", short=True).splitlines()[-1] == (
        "This was a short training (--set training.max_text_pairs=6400 --set "
        "training.context_epochs=5); `emporium run` trains longer.")
    assert "short training" not in next_steps("out", "mug", short=False)
