# The two commands: `make demo` and `make test`. Both set up what is missing first.
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench models clean
.DELETE_ON_ERROR:

BIN := .venv/bin
AUDIO ?= ../shared/audio
# 0: test without the trainer (no torch); its tests then skip.
TRAIN ?= 1
# What the installation depends on; Python files are used where they lie.
SOURCES := pyproject.toml setup.py deploy/setup.sh $(wildcard native/*.py native/src/* native/include/*)
SOURCES := $(filter-out %.o native/__pycache__,$(SOURCES))

help: ## say what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: .venv/demo.stamp ## a sung phrase as a violin, a MIDI tune as a cello, into out/
	@$(BIN)/ddsp-edge demo --out out

test: .venv/test-$(TRAIN).stamp ## lint, types and every test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

lint: .venv/test-$(TRAIN).stamp ## ruff and mypy only
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/demo.stamp ## measure speed
	@$(BIN)/ddsp-edge bench

models: model-violin model-cello ## train the shipped instruments again, from AUDIO (hours; -j2)

model-%: .venv/test-1.stamp
	$(BIN)/ddsp-edge train $(AUDIO)/$* --recipe $* --threads 1 --out ddsp_edge/models/$*.zip \
	    --float32-out tests/golden/$*-float32.tflite

clean: ## remove what was made here
	rm -rf .venv .venv-tflite out build *.egg-info native/_kernel*.so native/_kernel.c native/_kernel.o native/src/*.o
	rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis

.venv/demo.stamp: $(SOURCES)
	@deploy/setup.sh demo
	@touch $@

.venv/test-0.stamp: $(SOURCES)
	@TRAIN=0 deploy/setup.sh test
	@touch $@ .venv/demo.stamp

.venv/test-1.stamp: $(SOURCES)
	@TRAIN=1 deploy/setup.sh test
	@touch $@ .venv/test-0.stamp .venv/demo.stamp
