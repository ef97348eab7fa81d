"""Elaborates an emitted rtl/ with slang: slang.py FOLDER [OPTION]... Exits 1 on any error, and on any warning of those
that slang gives by default or with -Wextra, but for the listed ones."""

import os
import sys

import pyslang

# Left out, as the RTL means them: clamps and products end in the width of what they are assigned to, and
# integers of the generate loops and parameters stand in expressions of bits.
LEFT_OUT = ["width-trunc", "conversion"]

os.chdir(sys.argv[1])
driver = pyslang.driver.Driver() if hasattr(pyslang, "driver") else pyslang.Driver()
driver.addStandardArgs()
files = sorted(f for f in os.listdir(".") if f.endswith(".sv"))
options = ["-Wextra", "-Werror"] + ["-Wno-" + w for w in LEFT_OUT] + sys.argv[2:]
if not driver.parseCommandLine(" ".join(["slang", *options, "--top", "vit_accel_top", *files])):
    sys.exit(2)
good = driver.processOptions() and driver.parseAllSources()
compilation = driver.createCompilation()
driver.reportCompilation(compilation, False)
good = driver.reportDiagnostics(False) and good
sys.exit(0 if good else 1)
