"""`emporium kubeflow`: the pipeline as a KFP v2 spec."""

from __future__ import annotations

import argparse
import logging
import pathlib
import sys

from pipeline.cli.arguments import local_path
from pipeline.cli.run import add_config_arguments, read_config

DEFAULT_IMAGE = "emporium:latest"

_DESCRIPTION = """\
Compiles the same pipeline that `emporium run` runs to a KFP v2 spec, to be submitted to Kubeflow
Pipelines or Vertex AI. Nothing of this machine goes into it: the image holds the code.

  emporium kubeflow gs://bucket/shop --root gs://bucket/out \\
      --image registry.example.org/emporium:0.1.0 --output pipeline.yaml
  emporium kubeflow gs://bucket/shop --root gs://bucket/out --tables products,events \\
      --image registry.example.org/emporium:0.1.0 --output pipeline.yaml

Where DATA_URI cannot be listed from here, --tables says what is there: names, or name=pattern
with a file pattern relative to DATA_URI.
"""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Adds the command to the front door."""
    parser = commands.add_parser(
        "kubeflow", help="compile the pipeline for Kubeflow", description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_uri", metavar="DATA_URI", help="URI of the tables' folder")
    parser.add_argument(
        "--output", required=True, metavar="FILE",
        type=local_path("give a local file and copy it from there"),
        help=".yaml: a pipeline spec, for Kubeflow; .json: a pipeline job, for Vertex AI")
    parser.add_argument(
        "--root", metavar="URI", help="where the components' outputs go, and serving/, in which "
        "the pushed versions appear; not s3:// (default: DATA_URI-emporium)")
    parser.add_argument(
        "--image", default=DEFAULT_IMAGE, help="container image in which Emporium is installed "
        "(default %(default)s)")
    parser.add_argument(
        "--tables", metavar="NAME[=PATTERN],...",
        help="tables that are present; without it DATA_URI is listed")
    parser.add_argument(
        "--beam-arg", dest="beam_args", action="append", metavar="--FLAG=VALUE",
        help="flag of the Beam runner, such as --runner=DataflowRunner; may be repeated "
        "(default --runner=DirectRunner)")
    add_config_arguments(parser)
    parser.set_defaults(execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Writes the spec."""
    config = read_config(args)
    from pipeline.ingest.discovery import discover_tables
    from pipeline.kubeflow_runner import compile_pipeline, named_tables

    if args.tables:
        tables = named_tables(args.tables)
    else:
        print(f"looking for tables in {args.data_uri}; a place that does not answer is given up "
              "after some minutes, and --tables names them without a look", file=sys.stderr)
        # It would tell the trace of every attempt; what the last one says is in the error.
        logging.getLogger("apache_beam.utils.retry").setLevel(logging.ERROR)
        tables = discover_tables(args.data_uri)
    root = args.root or f"{args.data_uri.rstrip('/')}-emporium"
    compile_pipeline(
        data_uri=args.data_uri, tables=tables, root=root, image=args.image,
        output=pathlib.Path(args.output), config=config,
        beam_pipeline_args=args.beam_args or ["--runner=DirectRunner"])
    print(f"wrote {args.output}: {', '.join(tables)} from {args.data_uri}")
    return 0
