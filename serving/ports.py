"""Opening ports, and saying why one cannot be."""

from __future__ import annotations

import socket

from serving.errors import StartupError

_PORTS = range(2**16)


def valid_port(port: int) -> bool:
    """Whether there is a port of this number."""
    return port in _PORTS


def address(host: str, port: int) -> str:
    """Host and port as URLs write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_socket(argument: str, host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
        argument: name of the port in error messages.
        host: address to listen on.
        port: 0 picks a free one.

    Raises:
        StartupError: it cannot be opened; says why and what to do.
    """
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        raise port_error(argument, host, port, error) from error


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; 0 picks a free port.

    Raises:
        OSError: it cannot be opened.
        OverflowError: there is no port of this number.
    """
    # The protocol is named, as asyncio turns Nagle's algorithm off only where it sees TCP: without
    # it every answer waits 40 ms for an acknowledgement.
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    opened = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen()
    except BaseException:
        opened.close()
        raise
    return opened


def socket_answers(path: str) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def port_error(argument: str, host: str, port: int,
               error: BaseException | None = None) -> StartupError:
    """The error of a port that cannot be opened."""
    reason = "" if error is None else f": {error}"
    if not valid_port(port):
        remedy = f"give a {argument} from 0 to {_PORTS[-1]}"
    elif isinstance(error, socket.gaierror):
        remedy = "give the host by an address of this machine, or 0.0.0.0"
    else:
        remedy = ("another server may have the port: stop it or give another "
                  f"--{argument.replace('_', '-')} (0 picks a free one)")
    return StartupError(f"cannot listen on {address(host, port)}{reason}; {remedy}")
