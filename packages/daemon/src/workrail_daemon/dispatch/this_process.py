"""Which process is this, for those who look at who drives a session?"""

import os
import socket

import psutil

from workrail_engine.projections.driving import Driver


def this_process() -> Driver:
    """This process, as sessions name their drivers."""
    began = round(psutil.Process().create_time() * 1_000_000)
    return Driver("daemon", socket.gethostname(), os.getpid(), began)


def worker_of(driver: Driver) -> str:
    """What a driver is called in its leases."""
    return f"{driver.host}:{driver.process}"
