"""A real cluster answers: two executors, each in a worker process of its own, share one job."""

import subprocess
import sys

DRIVER = """
import sys
from pyspark.sql import SparkSession, functions as F

session = (
    SparkSession.builder.master(sys.argv[1])
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.executor.memory", "512m")
    .config("spark.ui.enabled", "false")
    .config("spark.scheduler.minRegisteredResourcesRatio", "1")
    .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s")
    .getOrCreate()
)
total = session.range(1_000_000, numPartitions=4).agg(F.sum("id")).first()[0]
executors = len(session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1
print(total, executors)
session.stop()
"""


def test_two_workers_share_a_job(spark_master: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, spark_master], capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stdout.split() == ["499999500000", "2"]
