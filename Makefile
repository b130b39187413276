# make talk    set up what is missing, then hold a conversation
# make test    every check and every test, with small counts
# make exam    the same with full counts: minutes to hours
# make clean   remove .venv and caches; never memories, models, characters or recordings
#
# More words are passed on:  make talk ARGS="juno --as Sam"     make test ARGS="-k resample"

PYTHON ?= python3
ARGS ?=

.PHONY: talk test exam setup clean
talk test exam setup:
	@$(PYTHON) companion/bootstrap.py $@ $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* build dist
