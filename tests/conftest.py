"""What all tests share: the reference data, Spark, a Spark cluster, and how hypothesis searches."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from spark_cluster import standalone_cluster
from spark_java import java_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A deadline fails on a busy machine, not on a wrong answer.
# A change is judged by the same examples each time; `make slow` goes looking for new ones.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile("same")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a JVM or a cluster in one xdist worker, so that it starts once."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if "spark_master" in asked:
            item.add_marker(pytest.mark.xdist_group("cluster"))
        elif "spark" in asked or item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))
        if asked & {"spark", "spark_master"}:
            item.add_marker("spark")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference cases and real exports that lie beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("the reference data does not lie beside this checkout (../shared)")
    return SHARED


@pytest.fixture(scope="session")
def spark_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Java that starts Spark, and Spark kept to this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAVA_HOME", str(java_home(tmp_path_factory.mktemp("java"))))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        yield


@pytest.fixture(scope="session")
def spark(spark_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator["SparkSession"]:
    """One Spark on two threads of this machine."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .appName("polso-tests")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.memory", "1g")
        # Generating code for hundreds of wide columns takes longer than running them on a test's few rows.
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    # Tests that expect an error would print pages of Java.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_master(spark_environment: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real cluster, a master and two workers; drive it from a process of its own."""
    with standalone_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as url:
        yield url
