# Every target sets up what it needs (deploy/set-up.sh), once.
#   PYTHON=python3.12   the interpreter for .venv
#   TRAIN=0             test without the trainer (PyTorch)
#   TORCH_INDEX=URL     where pip finds PyTorch's CPU build
#   AUDIO=FOLDER        the recordings for `models`

TRAIN ?= 1
AUDIO ?= ../shared/audio
OUT ?= out
SECONDS ?= 1800
BIN = .venv/bin
export PYTHON TORCH_INDEX

.DEFAULT_GOAL := help
.PHONY: help demo demo-all live test test-times test-without-training check extras-test trixie-test board-test image update image-test deploy-test lv2 lv2-deb lv2-test wheels deb panel-load update-key lint format bench soak soak-offline models clean

help:
	@echo 'make demo     a sung phrase played by a violin, a tune by a cello: sound and pictures in $(OUT)/'
	@echo 'make demo-all  every transformation, tune and instrument: $(OUT)/index.html, to hear and see'
	@echo 'make live     what sound cards and MIDI ports need (ddsp-edge live, devices, latency)'
	@echo 'make test     lint, types and tests (TRAIN=0: without the trainer; LONG=1: those too that take long)'
	@echo 'make test-without-training  that no test needs the trainer that does not say so'
	@echo 'make check    in a minute: lint, format, types, layers, documentation, the core'"'"'s tests'
	@echo 'make extras-test  what make test skips for want of rare packages: installs them, runs it'
	@echo 'make trixie-test  installs, plays and tests in a bare Debian 13 (root; ten minutes)'
	@echo 'make board-test  an emulated arm64 board (QEMU, Debian): installs, plays and is heard'
	@echo 'make image    a card image for a Raspberry Pi 3, 4 or Zero 2 W in $(OUT)/ (KERNEL=rt: PREEMPT_RT; no root needed)'
	@echo 'make update   an update of a box that was made from such a card, signed (docs/update.md)'
	@echo 'make image-test  the card image started in QEMU: first start, a heard note, updates, power cuts, networks'
	@echo 'make deploy-test  set up a bare device, by install.sh and by Ansible (root; ten minutes)'
	@echo 'make lv2      the LV2 plug-in with its models, for PC and boards, in $(OUT)/lv2/ARCH/ (LV2_ARCHS=arm64: one)'
	@echo 'make lv2-deb  the same as Debian packages, ddsp-edge-lv2, in $(OUT)/'
	@echo 'make lv2-test  what hosts do to it, long: sanitizers, valgrind, jalv under JACK, Ardour, 64 instances'
	@echo 'make panel-load  200 requests a second at the panel for a minute, beside a playing note'
	@echo 'make wheels   all wheels for a board without a network in $(OUT)/wheels, for this machine or with ARCH=arm64, RELEASE=trixie'
	@echo 'make deb      a Debian package in $(OUT)/, likewise'
	@echo 'make update-key  the key that signs updates of a box'"'"'s system: made once, shown'
	@echo 'make lint     ruff and mypy'
	@echo 'make format   ruff, in place'
	@echo 'make bench    speed of every part beside peers and goals; keeps docs/data, docs/performance.md'
	@echo 'make soak     half an hour live, on a sound card that is none (SECONDS=1800)'
	@echo 'make soak-offline  10^9 samples of random playing through the engine, without a card (SAMPLES=1e9)'
	@echo 'make models   train the shipped instruments again (half an hour each; AUDIO=$(AUDIO); RAY=HOST:PORT: on a cluster)'
	@echo 'make clean    remove everything that was made here, .venv too'

demo:
	@sh deploy/set-up.sh play
	@$(BIN)/ddsp-edge demo --out $(OUT)

demo-all:
	@sh deploy/set-up.sh play
	@$(BIN)/ddsp-edge demo --all --out $(OUT)

live:
	@sh deploy/set-up.sh live
	@echo '. .venv/bin/activate   then: ddsp-edge devices'

# Compiled byte code is kept, whatever the environment says: tests start hundreds of Pythons, and
# each worker would compile every test module anew.
unexport PYTHONDONTWRITEBYTECODE

# tests/run_all.py: what plays at a card's pace beside what does not. pytest's closing line ends the output.
# RERUNS=2: what fails is run again, so many times, and listed. For CI, whose machine has other work.
RERUNS ?= 0
test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@$(BIN)/python tests/run_all.py --reruns $(RERUNS) $(WORKERS:%=--workers %) $(if $(filter 1,$(LONG)),--long) $(MEASURE:%=--measure %)

# Which tests are long: run when there are new ones, with nothing else on the machine.
test-times:
	@rm -f $(OUT)/test-times.jsonl; mkdir -p $(OUT)
	@$(MAKE) --no-print-directory test LONG=1 MEASURE=$(OUT)/test-times.jsonl
	@$(BIN)/python tests/long_tests.py $(OUT)/test-times.jsonl

# In an environment of its own: everything is collected, and what trains skips, saying why.
test-without-training:
	@VENV=.venv-without-training TRAIN=0 sh deploy/set-up.sh test
	@.venv-without-training/bin/python -m pytest -q --collect-only >/dev/null || \
	    .venv-without-training/bin/python -m pytest -q --collect-only
	@.venv-without-training/bin/python -m pytest -q tests/ddsp_edge/training tests/ddsp_edge/tflite \
	    tests/ddsp_edge/cli/test_train.py tests/ddsp_edge/cli/test_train_killed.py

# What fails most often of what CI runs. Nothing here needs PyTorch, a sound card or a second program.
check:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py tests/test_docs_pedal.py \
	    tests/test_control_docs.py tests/firmware_py/test_config.py tests/firmware_py/test_profiles.py \
	    tests/ddsp_edge/test_settings.py tests/ddsp_edge/api/test_verbs.py tests/ddsp_edge/presets \
	    tests/ddsp_edge/effect tests/ddsp_edge/synth tests/native/test_voice.py tests/native/test_output.py

# Ray, librosa, parselmouth, swift-f0, arm64 tools, lintian, build, twine: nothing may skip.
extras-test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh extras
	@sh tests/extras.sh

# As root: in a chroot that mmdebstrap makes (tests/trixie/run.sh).
trixie-test:
	@sh tests/trixie/run.sh $(STEPS)

# docs/board.md: what is emulated and how long it takes.
board-test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh board
	@DDSP_EDGE_BOARD=1 $(BIN)/python -m pytest tests/board

# docs/image.md. ARCH=amd64 is for tests; PLAIN=1 leaves it uncompressed.
IMAGE_ARCH = $(if $(filter command environment,$(firstword $(origin ARCH))),$(ARCH),arm64)
image:
	@sh deploy/set-up.sh image
	@rm -f $(OUT)/deb-for-image/*.deb
	@DEB_COMPRESSION='-Zgzip -z1' $(MAKE) --no-print-directory deb ARCH=$(IMAGE_ARCH) RELEASE=trixie OUT=$(OUT)/deb-for-image
	@PYTHONPATH=deploy/image:tests $(BIN)/python -m builder --arch $(IMAGE_ARCH) --out $(OUT) \
	    --deb $(OUT)/deb-for-image/ddsp-edge_*_$(IMAGE_ARCH).deb $(if $(filter rt,$(KERNEL)),--realtime) $(if $(PLAIN),--plain)

# docs/update.md: as `image`, and signed. The first time it makes the key.
update:
	@sh deploy/set-up.sh image
	@rm -f $(OUT)/deb-for-image/*.deb
	@DEB_COMPRESSION='-Zgzip -z1' $(MAKE) --no-print-directory deb ARCH=$(IMAGE_ARCH) RELEASE=trixie OUT=$(OUT)/deb-for-image
	@PYTHONPATH=deploy/image:tests $(BIN)/python -m builder --update --arch $(IMAGE_ARCH) --out $(OUT) \
	    --deb $(OUT)/deb-for-image/ddsp-edge_*_$(IMAGE_ARCH).deb $(if $(filter rt,$(KERNEL)),--realtime)

# Machines are started, side by side (tests/image/lanes.py): minutes each. IMAGE=FILE tests that image, else one is made.
# DDSP_EDGE_LONG=1: more power cuts and pulls of the plug, and how late a thread is woken.
image-test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh machines
	@[ -n "$(IMAGE)" ] || $(MAKE) --no-print-directory image ARCH=arm64 PLAIN=1
	@image="$(IMAGE)"; [ -n "$$image" ] || image=$$(ls -t $(OUT)/ddsp-edge-*-arm64.img | head -n 1); \
	    DDSP_EDGE_IMAGE=1 IMAGE=$$image PYTHONPATH=tests $(BIN)/python -m image.lanes

# As root: a bare device is an overlay of this machine.
deploy-test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@[ -x $(BIN)/ansible-playbook ] || $(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[fleet]'
	@$(BIN)/python -m pytest tests/deploy

# A folder for each machine: copy ddsp-edge.lv2 into the host's LV2 folder (docs/lv2.md).
LV2_ARCHS ?= amd64 arm64 armhf
lv2:
	@sh deploy/set-up.sh lv2
	@for arch in $(LV2_ARCHS); do sh native/lv2/build.sh $$arch $(OUT)/lv2/$$arch && \
	    $(BIN)/ddsp-edge models export-lv2 --out $(OUT)/lv2/$$arch/ddsp-edge.lv2 >/dev/null || exit; done

# A package of each machine's plug-in, of its own.
lv2-deb: lv2
	@for arch in $(LV2_ARCHS); do sh deploy/deb/lv2.sh $$arch $(OUT)/lv2/$$arch/ddsp-edge.lv2 \
	    "$$($(BIN)/python -c 'import importlib.metadata as m; print(m.version("ddsp-edge"))')" $(OUT) || exit; done

lv2-test:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@sh deploy/set-up.sh lv2
	@sh deploy/set-up.sh hosts
	@DDSP_EDGE_LONG=1 DDSP_EDGE_HOSTS=1 DDSP_EDGE_ROUNDS=400 DDSP_EDGE_FUZZ=100000 $(BIN)/python -m pytest tests/lv2 tests/ddsp_edge/lv2 \
	    tests/native/test_fuzz_model_file.py

panel-load:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@DDSP_EDGE_FLOOD_S=60 $(BIN)/python -m pytest -s -k flood \
	    tests/firmware_py/panel/test_with_the_engine.py

# ARCH=arm64 is cross-compiled; RELEASE=trixie is the board's Debian (default: this machine's).
ARCH ?= $(shell dpkg --print-architecture)
wheels:
	@sh deploy/wheels.sh $(ARCH) $(OUT)/wheels $(RELEASE)

deb:
	@sh deploy/deb/make.sh $(ARCH) "$(WHEELS)" $(OUT) $(RELEASE)

# The key that signs updates of a box's system, made once; prints its folder (docs/update.md).
update-key:
	@sh deploy/image/update/keys.sh

lint:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Peers and counts are run where they are installed: g++ valgrind libfluidsynth3 fluid-soundfont-gm
# gcc-aarch64-linux-gnu qemu-user. The history is committed: one line a run.
bench:
	@sh deploy/set-up.sh live
	@$(BIN)/python -c 'import matplotlib' 2>/dev/null || $(BIN)/python -m pip install -qq -e '.[picture]'
	@$(BIN)/ddsp-edge bench --history docs/data/bench-history.jsonl --images docs/images \
	    --docs docs/performance.md

# What is heard is random; what must not happen is listed at the end.
soak:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@PYTHONPATH=. $(BIN)/python tests/soak.py $(SECONDS)

# SAMPLES=1e7 SEED=17 repeats one session; the audio callback's work in this thread, every sample seen.
SAMPLES ?= 1e9
SEED ?= 1
soak-offline:
	@TRAIN=$(TRAIN) sh deploy/set-up.sh test
	@PYTHONPATH=. $(BIN)/python tests/soak_offline.py $(SAMPLES) --seed $(SEED)

# The recordings are yours to fetch (docs/training.md); each folder is checked against its list of files first.
# NAMES="clarinet oboe": only these. RAY=HOST:PORT: spread over a cluster's machines.
models:
	@TRAIN=1 sh deploy/set-up.sh test
	$(if $(filter trumpet,$(or $(NAMES),trumpet)),@[ -d runs/recordings/trumpet ] || { rm -rf runs/recordings/begun && \
	    $(BIN)/python -m ddsp_edge.training.data.soundfont --program 56 --out runs/recordings/begun && \
	    mv runs/recordings/begun runs/recordings/trumpet; })
	$(BIN)/python -m ddsp_edge.cli.train_shipped "$(AUDIO)" $(NAMES) $(RAY:%=--ray %)

clean:
	rm -rf .venv .venv-tflite .venv-extras .venv-without-training build dist *.egg-info $(OUT) native/*.so native/*.o native/src*/*.o \
	    native/_kernel.c native/_stream.c native/_training.c .pytest_cache .mypy_cache .ruff_cache .hypothesis
