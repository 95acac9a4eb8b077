"""The function that TFX's Tuner component calls: its arguments in, a KerasTuner tuner out."""

from __future__ import annotations

import hashlib
import json
import pathlib
from typing import Any

from tfx.v1.components import FnArgs, TunerFnResult

from model.fitting import Job
from model.settings import Tuning
from model.trainer import read_job
from model.tuning.tuner import make_tuner
from pipeline.running.fingerprint import code_fingerprint


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """The tuner, which goes on where one that was interrupted, or had less time, ended.

    Args:
        fn_args: as `model.trainer.read_job` reads it, with `tuning` (JSON) and `trials_dir`, a
            local folder, in `custom_config`.
    """
    job = read_job(fn_args)
    settings: dict[str, Any] = fn_args.custom_config
    tuning = Tuning.model_validate_json(settings["tuning"])
    tuner = make_tuner(job, tuning, pathlib.Path(settings["trials_dir"]), project_name(job, tuning))
    return TunerFnResult(tuner=tuner, fit_kwargs={})


def project_name(job: Job, tuning: Tuning) -> str:
    """Names trials that may be compared: of the same examples, settings and code."""
    told = [
        job.train, job.text.model_dump(), job.training.model_dump(), job.seed,
        tuning.text_pairs, tuning.contexts, code_fingerprint(["model.tuning.tuner"])]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]
