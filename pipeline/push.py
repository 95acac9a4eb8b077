"""TFX's Pusher, with an executor whose versions appear atomically."""

from __future__ import annotations

import time
from typing import Any

from tfx import types
from tfx.components import Pusher
from tfx.components.pusher import executor as pusher_executor
from tfx.dsl.components.base import executor_spec
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from pipeline.versions import push_version


class Executor(pusher_executor.Executor):
    """Pushes a blessed model; one that is not blessed leaves the serving folder as it was."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes, and marks the `pushed_model` artifact with what was done.

        The artifact carries the version and its folder as properties and no second copy of the
        model, which the model artifact already is.
        """
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY])
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination)
        serving_dir = destination.filesystem.base_directory
        version = push_version(self.GetModelPath(input_dict), serving_dir, time.time())
        self._MarkPushed(
            pushed, pushed_destination=f"{serving_dir}/{version}", pushed_version=str(version))


class AtomicPusher(Pusher):
    """TFX's Pusher with the executor above."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)
