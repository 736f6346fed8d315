"""Starts a real Spark cluster on this machine: one master and its workers, each a process of its own.

Rule: it listens on the loopback address only, and is gone when the block is left.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

LIMIT_SECONDS = 60


@contextmanager
def standalone_cluster(scratch: Path, workers: int) -> Iterator[str]:
    """Run a master and `workers` workers of one core and 1 GB; the master's URL."""
    with ExitStack() as running:
        log = scratch / "master.log"
        running.enter_context(daemon(log, "master.Master", "--port", "0", "--webui-port", "0"))
        [url, *_] = wait_for(r"spark://127\.0\.0\.1:\d+", log, times=1)
        for n in range(workers):
            size = ["--cores", "1", "--memory", "1g"]
            place = ["--webui-port", "0", "--work-dir", str(scratch / f"work{n}")]
            running.enter_context(daemon(scratch / f"worker{n}.log", "worker.Worker", *size, *place, url))
        wait_for("Registering worker", log, times=workers)
        yield url


@contextmanager
def daemon(log: Path, name: str, *options: str) -> Iterator[None]:
    home = Path(pyspark.__file__).parent
    main_class = f"org.apache.spark.deploy.{name}"
    command = [home / "bin" / "spark-class", main_class, "--host", "127.0.0.1", *options]
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": sys.executable,
    }
    with log.open("wb") as out:
        # A session of its own, so that the executors a worker starts end with it.
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, cwd=log.parent, start_new_session=True
        )
    try:
        yield
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(pattern: str, log: Path, times: int) -> list[str]:
    until = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < until:
        found = re.findall(pattern, log.read_text())
        if len(found) >= times:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"no {pattern!r} within {LIMIT_SECONDS} s:\n{log.read_text()}")
