"""TensorFlow Serving's gRPC and REST API over pushed SavedModels."""

from serving.model_server.config import ServerConfig, one_model
from serving.model_server.server import ModelServer, run_server, serve
from serving.signature import Limits

__all__ = ["Limits", "ModelServer", "ServerConfig", "one_model", "run_server", "serve"]
