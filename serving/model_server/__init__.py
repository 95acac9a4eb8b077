"""TensorFlow Serving's gRPC and REST API over pushed SavedModels."""

from serving.model_server.server import ModelServer, ServerConfig, run_server, serve
from serving.signature import Limits

__all__ = ["Limits", "ModelServer", "ServerConfig", "run_server", "serve"]
