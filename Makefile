# Short names for the documented commands; the real build is CMakePresets.json.

JOBS ?= $(shell nproc)
BENCH_LINES ?= 10000000
BENCH_FORMATS ?= cur1-csv cur1-parquet cur2-csv cur2-parquet

.PHONY: help deps services build test demo bench check format gen package clean

help:
	@echo "make test     install what is missing, build, run every test"
	@echo "make demo     build the release, show onboarding at a rehearsal AWS and a made-up bill"
	@echo "make build    build the release: build/release/farthing"
	@echo "make deps     install missing Debian packages (needs root or sudo)"
	@echo "make services install the S3 and AWS servers that tests are run against"
	@echo "make check    what a change must pass: format, layers, build, tests, headers"
	@echo "make format   apply clang-format"
	@echo "make gen      rewrite generated files from schema/"
	@echo "make bench    run the benchmarks"
	@echo "make package  a relocatable tree and a .deb in build/package"
	@echo "make clean    remove build results; downloads stay"

deps:
	scripts/install_deps

build: deps
	cmake --preset release
	cmake --build --preset release -j $(JOBS)

# Without a network the tests against referees are skipped; the rest is not held up.
services: deps
	-scripts/install_services

test: deps services
	scripts/install_deps test
	cmake --preset dev
	cmake --build --preset dev -j $(JOBS)
	FARTHING_BENCH_BILL=$$(scripts/bench_bill) ctest --preset dev -j $(JOBS)

demo: build
	scripts/demo

bench:
	scripts/install_deps bench
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS)
	-scripts/install_services s3 && bench/download.py --tool build/bench/bench/download_tool
	for binary in build/bench/bench/*_bench; do $$binary || exit 1; done
	FARTHING_BINARY=build/bench/farthing bench/run --make $(BENCH_LINES) $(BENCH_FORMATS)

check:
	scripts/install_deps tools
	scripts/check

format:
	scripts/format

gen:
	scripts/gen

package: build
	scripts/install_deps package
	cmake --install build/release --prefix build/package/farthing
	cpack --config build/release/CPackConfig.cmake -B build/package

clean:
	rm -rf build/dev build/asan build/tsan build/fuzz build/release build/bench build/package
