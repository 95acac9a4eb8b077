"""`emporium run`: a shop's tables in, a served version out."""

from __future__ import annotations

import argparse

from pipeline.cli.arguments import local_path
from pipeline.cli.session import Session, run_session
from pipeline.cli.settings import describe_settings
from pipeline.config import Config, load_config

_DESCRIPTION = """\
Runs the whole pipeline: reads and checks the tables in DATA, trains, indexes, evaluates, and
serves the model from DIR/serving if it is better than popularity and than what is live.

  emporium run shop/ --out out/
  emporium run shop/ --out out/ --preset tiny --set training.epochs=3
  emporium run gs://bucket/shop --out out/ --config shop.yaml

A second run with the same DIR keeps what has not changed. What a killed run finished is kept too.
"""

_EPILOG = """\
exit status: 0 pushed, or unchanged; 1 failed; 2 a mistake in the data, the settings or the
command; 3 the model was not good enough and was not pushed; 130 interrupted

settings, for --set and, as YAML sections, for --config (default; range):
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "run", help="from a shop's tables to a served model", description=_DESCRIPTION,
        epilog=_EPILOG + describe_settings(Config),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "data", metavar="DATA", help="folder or URI of the tables; only products is required")
    parser.add_argument(
        "--out", required=True, metavar="DIR", type=local_path(
            "give a local folder, or compile a pipeline that writes to a bucket: "
            "`emporium kubeflow DATA_URI --root gs://bucket/folder --output FILE`"),
        help="output folder: serving/, reports/, tensorboard/ and logs/ appear in it")
    add_config_arguments(parser)
    parser.set_defaults(execute=execute)


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments that make a configuration."""
    parser.add_argument(
        "--preset", metavar="NAME",
        help="text encoder, short for --set text.preset=NAME: minilm, tiny, tiny_zh, a "
        "KerasNLP preset (bert_base_zh, bert_base_multi) or a checkpoint's folder")
    parser.add_argument(
        "--config", action="append", default=[], metavar="FILE",
        help="YAML file with any of the settings; may be repeated, and a later one wins")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="key=value",
        help="one setting, such as training.epochs=2; may be repeated, and wins over --config")


def read_config(args: argparse.Namespace) -> Config:
    """The configuration that the arguments of `add_config_arguments` make."""
    preset = [f"text.preset={args.preset}"] if args.preset else []
    return load_config(args.config, [*preset, *args.overrides])


def execute(args: argparse.Namespace) -> int:
    """Runs the command."""
    return run_pipeline(args.data, args.out, read_config(args))


def run_pipeline(data: str, out: str, config: Config) -> int:
    """Runs the pipeline and tells the terminal what happens.

    Returns:
        The exit status.

    Raises:
        DatasetError: and other errors that are the user's to mend.
    """

    def work(session: Session) -> int:
        from pipeline.cli.run_report import RunReport
        from pipeline.local_runner import run

        report = RunReport(session.folder, session.progress)
        run(data=session.data, folder=session.folder, tables=session.tables, config=config,
            on_start=report.on_start, on_end=report.on_end)
        return report.finish(session.seconds())

    return run_session(data, out, work)
