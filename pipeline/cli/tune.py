"""`emporium tune`: looks for training settings that suit a shop better than the defaults."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Collection, Iterable

from model.settings import MOST_TUNING_MINUTES, Tuning
from pipeline.cli.arguments import local_path
from pipeline.cli.run import add_config_arguments, read_config
from pipeline.cli.session import Session, run_session

_TIMES = 10
"""How many times the limits that only a first trial kept are proposed next."""

_DESCRIPTION = """\
Trains again and again for a short time, each time with other settings, and keeps those with the
best nDCG@10 in validation. The first trial has the settings as they are, so that what is found is
never worse than that, by this measure.

  emporium tune shop/ --out out/
  emporium tune shop/ --out out/ --minutes 120
  emporium run shop/ --out out/ --config out/tuned.yaml

Reads the tables as `emporium run` does, and shares what it makes of them with runs in the same DIR.
TensorBoard's HParams page shows the trials while they come. Interrupted, it goes on from where it
was; with more minutes, or more trials, it goes on from where it ended.
"""

_EPILOG = """\
exit status: 0 DIR/tuned.yaml is written; 1 failed; 2 a mistake in the data, the settings or the
command; 130 interrupted

`emporium run --help` lists the settings.
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "tune", help="looks for better training settings", description=_DESCRIPTION,
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", metavar="DATA", help="folder or URI of the tables; only products is required")
    parser.add_argument(
        "--out", required=True, metavar="DIR", type=local_path("give a local folder"),
        help="output folder: tuned.yaml, tuning/, tensorboard/ and logs/ appear in it")
    parser.add_argument(
        "--minutes", metavar="N", help="for the trials altogether, short for --set "
        "tuning.minutes=N; reading the tables is not counted, and the first trial is finished "
        "in any case")
    parser.add_argument(
        "--trials", metavar="N", help="at the most, short for --set tuning.trials=N")
    add_config_arguments(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Runs the command."""
    given = list(args.overrides)
    limits = [
        f"tuning.{name}={value}" for name, value in
        (("minutes", args.minutes), ("trials", args.trials)) if value is not None]
    args.overrides = [*limits, *given]
    config = read_config(args)

    def work(session: Session) -> int:
        from pipeline.cli.run_report import ComponentReport, short_path
        from pipeline.running.reports import replace_file
        from pipeline.tuning.local import tune
        from pipeline.tuning.results import first_trial, format_table, tuned_yaml

        report = ComponentReport(session.folder, session.progress)
        trials = tune(
            data=session.data, folder=session.folder, tables=session.tables, config=config,
            on_start=report.on_start, on_end=report.on_end)
        tuned = session.folder.tuned
        replace_file(tuned, tuned_yaml(trials).encode())
        best, first = trials[0], first_trial(trials)
        say = session.progress.say
        say(f"\n{format_table(trials)}\n")
        out = shlex.quote(short_path(session.folder.root))
        watch = f"        tensorboard --logdir {out}/tensorboard"
        if len(trials) == 1:
            say("Only the settings as they are have been tried: the minutes, or the trials, that "
                "were given ended there. With more, tuning goes on from this trial.\n"
                f"Next:   {more_command(args, given, config.tuning)}\n{watch}")
            return 0
        if best is first:
            say("No trial was better than the settings as they are; "
                f"{short_path(tuned)} repeats them.")
        else:
            say(f"Trial {best.number} is the best: nDCG@10 {best.value:.4f} in validation, "
                f"{first.value:.4f} with the settings as they were.")
        command = next_command(args, given, short_path(tuned), best.settings)
        say(f"Next:   {command}\n{watch}")
        return 0

    return run_session(args.data, args.out, work)


def next_command(
    args: argparse.Namespace, overrides: Collection[str], tuned: str, settings: Collection[str],
) -> str:
    """The command that trains with what was found and, for the rest, as it was tuned.

    Args:
        args: of this command.
        overrides: what was given with --set; of those, tuned settings would win over the file.
        tuned: path of the file with what was found.
        settings: names of the tuned settings of `training`.
    """
    words = _command("run", args, (*args.config, tuned))
    replaced = {f"training.{name}" for name in settings}
    for override in overrides:
        name = override.partition("=")[0].strip()
        if name not in replaced and not name.startswith("tuning."):
            words += ["--set", override]
    return shlex.join(words)


def more_command(args: argparse.Namespace, overrides: Collection[str], limits: Tuning) -> str:
    """This command again, with more minutes, and with more trials where these were few.

    Args:
        args: of this command.
        overrides: what was given with --set.
        limits: of this command.
    """
    words = _command("tune", args, args.config)
    for override in overrides:
        if override.partition("=")[0].strip() not in ("tuning.minutes", "tuning.trials"):
            words += ["--set", override]
    words += ["--minutes", f"{min(MOST_TUNING_MINUTES, _TIMES * limits.minutes):g}"]
    if limits.trials < _TIMES:
        words += ["--trials", str(_TIMES)]
    return shlex.join(words)


def _command(name: str, args: argparse.Namespace, configs: Iterable[str]) -> list[str]:
    words = ["emporium", name, args.data, "--out", args.out]
    if args.preset:
        words += ["--preset", args.preset]
    for path in configs:
        words += ["--config", path]
    return words
