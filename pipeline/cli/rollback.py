"""`emporium rollback`: back to a version before, without dropping a request."""

from __future__ import annotations

import argparse
import pathlib

from pipeline.cli.arguments import local_path

_DESCRIPTION = """\
Withdraws the newest version in DIR/serving, or all that are newer than --to VERSION: servers that
watch the folder load the version before and then swap, without dropping a request. What is
withdrawn stays there under another name, and the command says how to bring it back.

  emporium rollback out/
  emporium rollback out/ --to 1700000000
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "rollback", help="return to a version before", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "dir", metavar="DIR", type=local_path(
            "roll back in the local folder that the server watches"),
        help="output folder of `emporium run`")
    parser.add_argument(
        "--to", type=int, metavar="VERSION", help="the version to return to (default: the one "
        "before the newest)")
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Withdraws versions and says what answers now."""
    from serving.versions import newest_version, way_back, withdraw_newer

    serving = pathlib.Path(args.dir) / "serving"
    withdrawn = withdraw_newer(serving, args.to)
    for version, path in withdrawn:
        print(f"version {version.number} is withdrawn; to bring it back: {way_back(path)}")
    print(f"version {newest_version(serving).number} is the newest in {serving}; servers that "
          "watch it load it now")
    return 0
