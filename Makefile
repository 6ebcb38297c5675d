# papaya from a checkout. Nothing here needs root, and nothing is written outside of this directory.
# It is plain enough for GNU make and BSD make; whatever is more complicated is in scripts/*.sh.

PORT ?= 7722
NAME = guest
SECONDS = 60
# How many tests run at a time: they wait more than they compute.
WORKERS = 4

.PHONY: help run join stop venv venv-test venv-bench lint format test test-deploy deb
.PHONY: install uninstall bench bench-full torture fuzz portability clean

help:
	@echo 'make run    open a room here, on loopback, and chat in it (PORT=7722)'
	@echo 'make join   chat in it as somebody else, from another terminal (NAME=guest)'
	@echo 'make stop   end the room and everybody in it; what was said stays'
	@echo 'make test   lint, then every test, four at a time (WORKERS=4)'
	@echo 'make test-deploy  boot Debian 12 and 13 and run the packages there (root on Linux)'
	@echo 'make portability  every test on each Debian that there is: docs/portability.md (root, Linux)'
	@echo 'make deb    the packages for Debian, in dist/'
	@echo 'make install    into PREFIX (/usr/local), in an environment of its own; DESTDIR= for packages'
	@echo 'make uninstall  and PURGE=1 for the data, too'
	@echo 'make lint   linter, formatter, strict types'
	@echo 'make format put the sources in form'
	@echo 'make bench  measure, in half an hour: lab/bench/REPORT.md, PAPER.md'
	@echo 'make bench-full  the same with all loads, for hours'
	@echo 'make torture  random conversations, chaos, attacks from outside and inside: build/torture.txt'
	@echo 'make fuzz   look for inputs that break a parser, a minute for each (SECONDS=60)'
	@echo 'make clean  stop, and remove all that was made here, the room too'

run: venv
	@PORT='$(PORT)' scripts/room.sh run

join: venv
	@scripts/room.sh join '$(NAME)'

stop:
	@scripts/room.sh stop

venv:
	@scripts/venv.sh

venv-test:
	@scripts/venv.sh test

lint: venv-test
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .
	@.venv/bin/mypy

format: venv-test
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .

test: lint
	@.venv/bin/python -m pytest -n '$(WORKERS)' --dist worksteal

test-deploy: venv-test
	@PAPAYA_TEST_DEPLOY=1 .venv/bin/python -m pytest -n '$(WORKERS)' --timeout=3600 tests/deploy

portability: venv-test
	@.venv/bin/python -m lab.portability

deb:
	@scripts/deb.sh

venv-bench:
	@scripts/venv.sh bench

torture: venv-test
	@mkdir -p build
	@.venv/bin/python -m lab.torture --report build/torture.txt

fuzz: venv-test
	@scripts/venv.sh fuzz
	@.venv/bin/python -m lab.fuzz --seconds '$(SECONDS)'

bench: venv-bench
	@.venv/bin/python -m lab.bench run

bench-full: venv-bench
	@.venv/bin/python -m lab.bench run --full

install:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' scripts/install.sh install

uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' PURGE='$(PURGE)' scripts/install.sh uninstall

clean: stop
	@scripts/room.sh remove
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
