"""The shop's HTTP API and storefront, in front of a model server that it reaches by gRPC alone."""

from serving.gateway.server import run_gateway
from serving.gateway.settings import GatewayConfig

__all__ = ["GatewayConfig", "run_gateway"]
