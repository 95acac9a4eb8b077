"""Tells a run on the terminal: a line a component, the rows, the decision, what to do next."""

from __future__ import annotations

import os
import pathlib
import shlex
from typing import TYPE_CHECKING

from pipeline.governance.report import PAGE, QUALITY, SCHEMAS
from pipeline.ingest.balance import format_balance, read_balance
from pipeline.ingest.usage import describe_usage
from pipeline.running.folder import RunFolder
from pipeline.running.reports import Verdict, publish_evaluation, replace_file
from pipeline.running.terminal import Progress

if TYPE_CHECKING:
    from pipeline.local_runner import ComponentRun

EXIT_OK = 0
EXIT_NOT_PUSHED = 3

_DOES = {
    "ShopExampleGen": "reads the tables",
    "StatisticsGen": "takes statistics",
    "ImportSchemaGen": "what a table should look like",
    "ExampleValidator": "compares it with the schema",
    "AnomalyGate": "stops at what is wrong",
    "DataGovernor": "finds, repairs, sets aside what is wrong",
    "QualityGate": "stops where that is too much",
    "ExamplesJoin": "joins events, judgments and products",
    "Transform": "turns text into tokens",
    "Trainer": "trains the towers",
    "Tuner": "tries settings",
    "IndexBuilder": "embeds and indexes the catalogue",
    "RetrievalEvaluator": "measures and decides",
    "ServingValidator": "asks the model in a fresh process",
    "Pusher": "puts it into serving/",
    "KeepProfile": "keeps what its data looked like",
}


def short_path(path: pathlib.Path) -> str:
    """A path as a person would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


class ComponentReport:
    """Receives what comes of each component and says it."""

    def __init__(self, folder: RunFolder, progress: Progress) -> None:
        """Prepares to tell of a pipeline.

        Args:
            folder: of the pipeline; reports are written into it.
            progress: the terminal.
        """
        self._folder = folder
        self._progress = progress
        self._results: dict[str, ComponentRun] = {}

    def on_start(self, node: str, number: int, total: int) -> None:
        """A component starts."""
        kind, _, table = node.partition("-")
        does = _DOES.get(kind, "")
        about = f"{does}: {table}" if table else does
        self._progress.start(f"[{number:2}/{total}] {kind:<18} {about}".rstrip())

    def on_end(self, result: ComponentRun) -> None:
        """A component is done."""
        self._results[result.node] = result
        self._progress.end("unchanged" if result.cached else f"{result.seconds:.1f} s")
        if result.node == "ShopExampleGen":
            self._tell_rows(result)
        if result.node == "DataGovernor":
            [report] = result.outputs["report"]
            made = pathlib.Path(report.uri)
            for path in (made / PAGE, made / QUALITY, *sorted((made / SCHEMAS).iterdir())):
                replace_file(self._folder.reports / path.relative_to(made), path.read_bytes())

    def _tell_rows(self, result: ComponentRun) -> None:
        [quarantine] = result.outputs["quarantine"]
        balance = read_balance(quarantine.uri)
        replace_file(
            self._folder.reports / "ingest.json",
            pathlib.Path(quarantine.uri, "balance.json").read_bytes())
        if result.cached:  # Else the component has just said it.
            self._progress.note(format_balance(balance))
            for line in describe_usage(balance):
                self._progress.note(line)
        if any(table.quarantined for table in balance.values()):
            self._progress.note(
                f"rows that could not be used: {short_path(pathlib.Path(quarantine.uri))}/"
                "quarantine-*.jsonl.gz")


class RunReport(ComponentReport):
    """Tells of a run, up to its decision."""

    def finish(self, seconds: float) -> int:
        """All components are done: publishes the report and says what was decided.

        Returns:
            The exit status.
        """
        [evaluation] = self._results["RetrievalEvaluator"].outputs["evaluation"]
        verdict = publish_evaluation(pathlib.Path(evaluation.uri), self._folder.reports)
        [pushed] = self._results["Pusher"].outputs["pushed_model"]
        say = self._progress.say
        say()
        if not pushed.get_int_custom_property("pushed"):
            self._tell_refusal(verdict)
            return EXIT_NOT_PUSHED
        version = pushed.get_string_custom_property("pushed_version")
        how = "unchanged, live" if self._results["Pusher"].cached else "pushed"
        say(f"Version {version} is {how} in {self._folder.serving} ({seconds:.0f} s).")
        self._tell_reasons(verdict)
        self._tell_next(verdict)
        return EXIT_OK

    def _tell_refusal(self, verdict: Verdict) -> None:
        say = self._progress.say
        if verdict.blessed:
            [infra] = self._results["ServingValidator"].outputs["blessing"]
            say("Not pushed: the model is good enough, but a fresh process could not serve it.")
            say(pathlib.Path(infra.uri, "INFRA_NOT_BLESSED").read_text(encoding="utf-8"))
        else:
            say("Not pushed: the model is not good enough.")
            self._tell_reasons(verdict)
        live = verdict.live_version
        say("Nothing is served." if live is None else f"Version {live} stays live.")
        say(f"Report: {verdict.page}")

    def _tell_reasons(self, verdict: Verdict) -> None:
        for line in (*verdict.reasons, *verdict.notes):
            self._progress.say(f"  {line}")

    def _tell_next(self, verdict: Verdict) -> None:
        out = shlex.quote(short_path(self._folder.root))
        self._progress.say(
            f"Report: {verdict.page}\n"
            f"Next:   emporium serve {out}\n"
            f"        tensorboard --logdir {out}/tensorboard")

