# The two commands of the README are `make demo` and `make test`. Both do their own set-up and can be repeated.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PACKAGES := ffmpeg libavcodec-dev libavformat-dev libavutil-dev libavdevice-dev libswscale-dev libswresample-dev \
	libjpeg-dev libopenblas-dev zlib1g-dev pkg-config
# Model folders: what the user named, else the folder of reference material beside the checkout where there is one.
export POSESTREAM_MODELS ?= $(if $(wildcard ../shared/assets/weights),$(abspath ../shared/assets/weights),)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
POSESTREAM := .build/release/posestream

PREFIX ?= /usr/local

.PHONY: help setup build demo test test-heavy sanitize install clean

help:
	@echo "make demo        build, process fixtures/street.mp4, leave out/poses.ndjson and out/annotated.mp4"
	@echo "make test        build and run the tests (under 15 minutes)"
	@echo "make test-heavy  the second tier: every reference network, every picture"
	@echo "make sanitize    the tests under the address and then the thread sanitizer (about an hour; SANITIZERS=address for one, FILTER=MediaTests for some)"
	@echo "make install     copy the program to $(PREFIX)/bin (PREFIX=...)"
	@echo "make clean       remove what was built"

# Installs what is missing and says how to get what cannot be installed.
setup:
	@command -v swift >/dev/null || { echo "Swift 6 is missing: install it from https://www.swift.org/install/linux and run this again" >&2; exit 1; }
	@swift --version 2>&1 | grep -Eq 'Swift version ([6-9]|[1-9][0-9])' || { echo "Swift 6 or newer is needed, this is: $$(swift --version 2>&1 | head -n 1)" >&2; exit 1; }
	@missing=""; for package in $(PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "not a Debian or Ubuntu system: install the development files of FFmpeg, libjpeg-turbo, OpenBLAS, zlib and pkg-config ($$missing)" >&2; exit 1; }; \
	  echo "installing$$missing"; \
	  $(SUDO) apt-get update -q -o DPkg::Lock::Timeout=120 >/dev/null && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o DPkg::Lock::Timeout=120 $$missing >/dev/null || \
	  { echo "apt could not install$$missing: install them by hand and run this again" >&2; exit 1; }; fi

build: setup
	swift build -c release --product posestream

demo: build
	@mkdir -p out
	$(POSESTREAM) run fixtures/street.mp4 --output out/poses.ndjson --annotate out/annotated.mp4 --overwrite
	@echo; echo "Look at out/annotated.mp4; the first people as they stand in out/poses.ndjson:"
	@grep -m 1 '"people":\[{' out/poses.ndjson | cut -c 1-300

# A display without a screen, which the tests capture as a camera; without it they say that they skip that.
test test-heavy: PACKAGES += xvfb

# What failed stands among thousands of lines of tests that run beside each other: it is said again at the end.
RUN_TESTS = set -o pipefail; swift test -c release --skip-build 2>&1 | tee .build/tests.log || { \
	  echo; echo "== what failed (all of it: .build/tests.log) =="; \
	  grep -A 4 -E 'recorded an issue|: error:|Fatal error|unexpected signal|signal code' .build/tests.log | grep -v -E '✔|◇' | tail -n 80; exit 1; }

test: setup
	swift build -c release --build-tests
	@$(RUN_TESTS)

test-heavy: setup
	swift build -c release --build-tests
	@export POSESTREAM_HEAVY=1; $(RUN_TESTS)

# Builds of their own beside the others, optimised, as the suite would take hours without. FFmpeg, OpenBLAS and Foundation are not
# instrumented: what happens inside them is not seen (Tests/Sanitizers says what follows from that). Tests that measure time skip
# themselves. What a program that a test starts has to report lands in the same folder.
SANITIZERS ?= address thread
REPORTS = $(CURDIR)/.build-$$sanitizer/reports
sanitize: PACKAGES += xvfb
sanitize: setup
	@for sanitizer in $(SANITIZERS); do \
	  echo "== $$sanitizer sanitizer =="; \
	  swift build -c release --build-tests --sanitize=$$sanitizer --scratch-path .build-$$sanitizer || exit 1; \
	  rm -rf "$(REPORTS)"; mkdir -p "$(REPORTS)"; \
	  Tests/Sanitizers/run $$sanitizer "$(REPORTS)" \
	    swift test -c release --skip-build --sanitize=$$sanitizer --scratch-path .build-$$sanitizer $(if $(FILTER),--filter "$(FILTER)") || exit 1; \
	done

install: build
	install -D -m 755 $(POSESTREAM) $(DESTDIR)$(PREFIX)/bin/posestream

clean:
	rm -rf .build .build-address .build-thread out
