# The image of Emporium: every step of the compiled pipeline on Kubeflow, Beam's workers on
# Dataflow, the server on Kubernetes.
#
#   docker build --build-arg EMPORIUM_COMMIT="$(git rev-parse HEAD)" \
#       -t registry.example.org/emporium:0.1.0 .
#   docker run -v "$PWD/out:/out:ro" -p 8500:8500 -p 8501:8501 --entrypoint emporium \
#       --init --read-only --tmpfs /tmp --cap-drop ALL \
#       registry.example.org/emporium:0.1.0 serve /out --host 0.0.0.0
#
# Both bases can be given by digest: --build-arg PYTHON_IMAGE=python@sha256:...

ARG PYTHON_IMAGE=python:3.10-slim-bookworm
ARG BEAM_IMAGE=apache/beam_python3.10_sdk:2.65.0

FROM ${BEAM_IMAGE} AS beam

FROM ${PYTHON_IMAGE} AS build
# pyfarmhash has no binary package for Python 3.10; the compiler stays behind in this stage.
RUN apt-get update && apt-get install -y --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir uv==0.13.9 && python -m venv /opt/emporium
ENV VIRTUAL_ENV=/opt/emporium UV_LINK_MODE=copy UV_NO_CACHE=1
WORKDIR /src
# The packages before the code, so that a change of the code keeps their layer.
COPY requirements.lock ./
RUN uv pip install --no-deps --require-hashes --compile-bytecode \
    --build-constraints requirements.lock --requirements requirements.lock
COPY . .
# Written into the package by setup.py, for the reports: .git stays outside.
ARG EMPORIUM_COMMIT=""
RUN /opt/emporium/bin/python -m build --wheel --no-isolation \
    && uv pip install --no-deps --offline --compile-bytecode dist/emporium-*.whl

FROM ${PYTHON_IMAGE}
COPY --from=beam /opt/apache/beam /opt/apache/beam
COPY --from=build /opt/emporium /opt/emporium
# Beam's workers take the environment as it is, instead of making one of their own at each start.
# What a server prints is in the log at once, and nothing is written beside the code.
ENV PATH=/opt/emporium/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1 \
    TF_USE_LEGACY_KERAS=1 \
    TF_CPP_MIN_LOG_LEVEL=2
# A volume at /feedback, where the gateway writes, belongs to whoever this folder belongs to.
RUN useradd --create-home --uid 1000 --user-group emporium \
    && install --directory --owner emporium --group emporium /feedback
# By number: Kubernetes' runAsNonRoot does not know names.
USER 1000
WORKDIR /home/emporium
# gRPC, REST, the gateway.
EXPOSE 8500 8501 8080
# Dataflow wants Beam's boot program here; Kubeflow and the server name a command of their own.
ENTRYPOINT ["/opt/apache/beam/boot"]
