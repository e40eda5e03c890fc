# `make` lists the targets. Everything runs in .venv, which is rebuilt when pyproject.toml or constraints.txt changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Empty: moonshine, or PocketSphinx if moonshine has no wheel for this system.
ASR ?=
AGENT ?= rules
# Empty: Piper, or eSpeak NG if Piper's wheels are not installed.
TTS ?=
# Number of test processes: three keep two cores busy, because many tests wait for audio or for another process. The tests
# of a file stay together because they share servers. tests/conftest.py orders the files.
JOBS ?= 3

# moonshine-voice has wheels for glibc 2.34 and newer. On an older Linux, everything else is installed in two steps, because
# pip cannot omit a requirement. comma: a literal comma would separate arguments of `call`.
OLD_GLIBC ?= $(shell $(PYTHON) -c 'import platform; name, version = platform.libc_ver(); print("yes" if platform.system() == "Linux" and (name != "glibc" or tuple(map(int, version.split("."))) < (2, 34)) else "")')
comma := ,
space := $(subst ,, )
install = $(if $(OLD_GLIBC),$(BIN)/python .ci/requirements_without.py moonshine-voice $(1) > $(VENV)/requirements.txt && \
	$(PIP) --requirement $(VENV)/requirements.txt && $(PIP) --no-deps --editable . && \
	echo "moonshine-voice has no wheel for this system: PocketSphinx is the default recognizer",\
	$(PIP) --editable '.[$(subst $(space),$(comma),$(1))]')

.DEFAULT_GOAL := help

# The extras of engines: `ASR=sensevoice make eval` installs the extra of SenseVoice. The names are those in pyproject.toml.
# Engines without a line need no extra.
EXTRA_sensevoice := sensevoice
EXTRA_faster-whisper := whisper
EXTRA_openai := openai
EXTRA_edge := edge
engine = $(firstword $(subst :, ,$(1)))
EXTRAS := $(sort $(foreach one,$(ASR) $(AGENT) $(TTS),$(EXTRA_$(call engine,$(one)))))
MARKS := $(EXTRAS:%=$(VENV)/.extra-%)

# JupyterLab does not run as root by default, but root is the usual user in a container.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

ALL_EXTRAS := sensevoice whisper openai edge polars datasets lhotse
ENGINE_TESTS := tests/engines/test_engines.py tests/asr/test_sensevoice.py tests/asr/test_fsmn_vad.py tests/analysis/bench/test_bench.py \
	tests/datasets/test_sets_from_memory.py

.PHONY: help eval test test-fast test-engines abuse run-server lab kernel docs check clean setup

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

eval: setup $(MARKS)  ## measure the pipeline on the sample set and write a report (options: ARGS="--limit 10")
	$(BIN)/voicelab evaluate --notebook $(if $(ASR),--asr $(ASR)) --agent $(AGENT) $(if $(TTS),--tts $(TTS)) $(ARGS)

test: setup  ## run the tests (options: ARGS="-k opus")
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: setup  ## run the tests that are not marked slow
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder -m "not slow" $(ARGS)

test-engines: setup $(ALL_EXTRAS:%=$(VENV)/.extra-%)  ## install all engines' packages and run the tests of engines without skipping any
	VOICELAB_REQUIRE_EXTRAS=1 $(BIN)/python -m pytest $(ENGINE_TESTS) $(ARGS)

abuse: setup  ## start servers and attack them for about half an hour (figures need an idle machine)
	$(BIN)/python -m tests.abuse attackers
	$(BIN)/python -m tests.abuse fuzz
	$(BIN)/python -m tests.abuse soak

run-server: setup $(MARKS)  ## serve the pipeline on http://localhost:8000
	ASR=$(ASR) AGENT=$(AGENT) $(if $(TTS),TTS=$(TTS)) $(BIN)/voicelab-server $(ARGS)

lab: $(VENV)/.lab  ## open the notebooks in JupyterLab, with reports and docs beside them
	$(BIN)/jupyter lab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/notebooks $(ALLOW_ROOT) $(ARGS)

kernel: setup  ## add the kernel "voicelab" to a JupyterLab of your own
	$(BIN)/python -m ipykernel install --user --name voicelab --display-name voicelab

docs: $(VENV)/.docs  ## execute the notebooks and build the documentation site in docs/_build/html
	$(BIN)/python docs/gallery.py
	$(BIN)/python -m sphinx -q -W --keep-going docs docs/_build/html
	@echo "open docs/_build/html/index.html"

check: setup  ## run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:  ## remove the environment, caches and generated reports
	rm -rf $(VENV) docs/_build docs/gallery/executed .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find reports -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(VENV)/.core

$(VENV)/.core: pyproject.toml constraints.txt
	@test -w . || { echo "this checkout is read-only; copy it to a writable folder and run make there"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "voicelab needs Python 3.11 or newer; choose one with: make PYTHON=python3.11")'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "python's venv is missing; install it (Debian: apt install python3-venv)"; exit 2; }
	@echo "setting up $(VENV): this takes a minute or two, once"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(call install,test check)
	@touch $@

$(VENV)/.extra-%: $(VENV)/.core
	@echo "installing the extra $*, once"
	@$(call install,$*)
	@touch $@

$(VENV)/.docs: $(VENV)/.core
	@$(call install,docs)
	@touch $@

$(VENV)/.lab: $(VENV)/.core
	@$(call install,lab)
	@touch $@
