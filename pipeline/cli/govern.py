"""`emporium govern`: what is wrong with a shop's tables, put right as far as can be."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import shlex
import sys
from typing import TYPE_CHECKING

from pipeline.cli.arguments import local_path
from pipeline.cli.run import read_config
from pipeline.cli.session import Session, run_session
from pipeline.config import Config
from pipeline.running.folder import RunFolder
from pipeline.running.terminal import output_to_log

if TYPE_CHECKING:
    from pipeline.governance.decisions import Decision
    from pipeline.governance.undo import Selects, Undone

EXIT_TOO_BAD = 3

_DESCRIPTION = """\
Finds what is wrong in the tables, repairs what can be repaired, sets aside what cannot, and writes
what it did and why: a page, a log of every decision, and the governed tables, which can be run.

  emporium govern shop/ --out governed/
  emporium run governed/latest/data --out out/

`emporium run` does the same with the tables that it reads. A wrong decision is taken back by its
rule, or by its id as the page and the log show it:

  emporium govern undo governed/ --rule near_duplicate
  emporium govern release governed/ --id 4f0c21d97ab3e685

That writes a new version beside the last one. To have the decision not made again, name it in the
settings: --set governance.rules_off=near_duplicate, or governance.released with the id.
"""

_EPILOG = """\
exit status: 0 done; 1 failed; 2 a mistake in the data, the settings or the command; 3 done, and
the tables are so bad that a run would stop; 130 interrupted

`emporium run --help` lists the settings.
"""

_UNDO, _RELEASE = "undo", "release"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "govern", help="finds and mends what is wrong with the tables", description=_DESCRIPTION,
        epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="emporium govern DATA --out DIR [--config FILE] [--set key=value]\n"
              "       emporium govern undo DIR --rule RULE\n"
              "       emporium govern release DIR --id ID")
    local = local_path("give a local folder")
    parser.add_argument(
        "target", nargs="+", metavar="DATA",
        help="folder or URI of the tables; or `undo` or `release` and the output folder")
    parser.add_argument(
        "--out", metavar="DIR", type=local,
        help="output folder, new, empty or that of an earlier call: 1/, 2/, ... and latest/ appear "
        "in it, each with data/, reports/, decisions/ and quarantine/; the last two are kept")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help="to undo; may be repeated")
    parser.add_argument(
        "--id", dest="ids", action="append", default=[], metavar="ID",
        help="of a decision to release; may be repeated")
    parser.add_argument(
        "--config", action="append", default=[], metavar="FILE", help="YAML file with settings")
    parser.add_argument(
        "--set", dest="overrides", action="append", default=[], metavar="key=value",
        help="one setting, such as governance.rules_off=white_space")
    parser.set_defaults(execute=lambda args: _execute(parser, args), preset=None)


def _execute(parser: argparse.ArgumentParser, args: argparse.Namespace) -> int:
    first, *rest = args.target
    if first in (_UNDO, _RELEASE) and rest:
        if len(rest) > 1 or args.out or args.overrides or args.config:
            parser.error(f"{first} takes one folder, and {'--rule' if first == _UNDO else '--id'}")
        if (first == _UNDO and not args.rule) or (first == _RELEASE and not args.ids):
            parser.error(f"{first} needs {'--rule RULE' if first == _UNDO else '--id ID'}")
        return _take_back(pathlib.Path(rest[0]), args.rule, args.ids)
    if rest:
        parser.error(f"one DATA folder is expected, received {' '.join(args.target)}")
    if not args.out:
        parser.error("--out DIR is needed")
    from pipeline.governance.folder import check_root

    config = read_config(args)
    check_root(pathlib.Path(args.out))
    return run_session(
        first, args.out, lambda session: _govern(session, config),
        "The last version, if there is one, stays; the same command starts anew.")


def _govern(session: Session, config: Config) -> int:
    import apache_beam as beam

    from pipeline.governance.folder import LATEST, new_version, newest_version
    from pipeline.governance.quality import check_quality, describe_quality
    from pipeline.governance.report import QUALITY
    from pipeline.governance.standalone import govern_folder, ingest_folder
    from pipeline.ingest.balance import format_balance
    from pipeline.ingest.contract import DatasetError
    from pipeline.ingest.usage import describe_usage
    from pipeline.running.preflight import check_governance

    check_governance(config.governance)
    progress = session.progress
    root = session.folder.root
    with new_version(root) as version:
        progress.start("Reading the tables")
        balance = ingest_folder(
            beam.Pipeline, session.data, session.tables, version, config.ingest)
        progress.end(f"{session.seconds():.0f} s")
        for text in (format_balance(balance), *describe_usage(balance)):
            progress.note(text)
        started = session.seconds()
        progress.start("Finding, repairing, setting aside what is wrong")
        last = newest_version(root) if (root / LATEST).exists() else None
        quality = govern_folder(
            beam.Pipeline, version, balance, config.governance, config.text.preset, last)
        progress.end(f"{session.seconds() - started:.0f} s")
        progress.note(describe_quality(quality))
        tree = json.loads((version.reports / QUALITY).read_bytes())
    latest = os.path.relpath(root / LATEST)
    progress.say(
        f"\nReport:    {latest}/reports/governance.html\n"
        f"Decisions: {latest}/decisions/*.parquet\n"
        f"Tables:    {latest}/data\n"
        f"Next:      emporium run {latest}/data --out out")
    try:
        check_quality(tree)
    except DatasetError as error:
        progress.say(f"A run would stop at this: {error}")
        return EXIT_TOO_BAD
    return 0


def _write_without(root: pathlib.Path, selects: Selects) -> Undone:
    """Writes the newest version anew without some decisions."""
    import apache_beam as beam

    from pipeline.governance.folder import new_version, newest_version
    from pipeline.governance.standalone import export_version, report_again
    from pipeline.governance.undo import undo_decisions

    last = newest_version(root)
    with new_version(root) as version:
        undone = undo_decisions(
            last.tables, last.decisions, selects, version.tables, version.decisions)
        report_again(last, version, undone.change)
        export_version(beam.Pipeline, version)
    return undone


def _take_back(root: pathlib.Path, rules: list[str], ids: list[str]) -> int:
    """Undoes rules or releases decisions, as a new version."""
    from pipeline.governance.folder import LATEST, newest_version

    newest_version(root)  # Or there is none, which leaves no log behind.
    del sys.argv[1:]  # Beam would take them for its own.
    folder = RunFolder(root.absolute())
    by_rule, by_id = set[str](), set[str]()

    def selects(decision: Decision) -> bool:
        by_rule.update({decision.rule}.intersection(rules))
        by_id.update({decision.id}.intersection(ids))
        return decision.rule in rules or decision.id in ids

    with folder.locked(), output_to_log(folder.new_log()):
        undone = _write_without(root, selects)
    for name in sorted({*rules, *ids} - by_rule - by_id):
        print(f"No decision of the log is by {name!r}: it is passed over.")
    data = shlex.quote(str(root / LATEST / "data"))
    stays = [f" --set governance.{setting}={','.join(names)}"
             for setting, names in (("rules_off", sorted(by_rule)), ("released", sorted(by_id)))
             if names]
    print(
        f"Taken back: {_count(undone.asked, 'decision')} and {undone.followed:,} that followed; "
        f"put back into their tables: {_count(undone.restored, 'row')}.\n"
        f"Tables: {root / LATEST / 'data'}\n"
        f"Next:   emporium run {data} --out out{''.join(stays)}\n"
        "        with what was taken back before, if anything was, in the same settings")
    return 0


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
