# mien: `make demo` shows it, `make test` proves it. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
VIDEO ?=
CAMERA ?=
NAME ?=
ARGS ?=
TIERS ?= all
# A file's tests stay with one process. Three on two processors have not been shown to be quicker, and make tests that watch a clock fail.
WORKERS ?= -n 2 --dist loadfile --no-loadscope-reorder
SEEDS ?= 1,2,3,4

# What was compiled is kept, whatever the environment says: tests and demo start hundreds of processes, and each would compile all of mien again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo sample serve test coverage soak check fmt fmt-check lint types layers web web-types vectors docs bench pins clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: ## create .venv with the pinned runtime dependencies
	@$(PYTHON) scripts/bootstrap.py runtime

setup-dev:
	@$(PYTHON) scripts/bootstrap.py dev

demo: setup ## the whole way once: consent to proof, on a real video (VIDEO=file or CAMERA=n)
	@$(BIN)/mien demo $(if $(VIDEO),--video "$(VIDEO)") $(if $(CAMERA),--camera "$(CAMERA)")

# A sample is a folder with a `__main__.py`: it starts what it needs on loopback and needs no network. One in a terminal ends by itself; one with pages (the shop, a
# classroom with ARGS=--page) needs the built web SDK, and runs until Ctrl-C.
SAMPLES = $(patsubst samples/%/__main__.py,%,$(wildcard samples/*/__main__.py))

PAGED = $(if $(or $(filter shop,$(NAME)),$(findstring --page,$(ARGS))),setup-dev web)

sample: setup $(PAGED) ## one of the samples, on loopback: NAME=service-desk|classroom|shop (ARGS=--page: the classroom in a browser)
ifneq ($(filter $(NAME),$(SAMPLES)),)
	@$(BIN)/python samples/$(NAME) $(ARGS)
else
	@echo "no sample of that name; try one of: $(SAMPLES) (make sample NAME=...)" >&2; exit 2
endif

.PHONY: evaluate-lessons
evaluate-lessons: setup ## AUC of skill mean, Elo and the logistic model on a folder of answer logs: DATA=dir
	@$(BIN)/mien lessons evaluate $(if $(DATA),"$(DATA)")

serve: setup ## keep a server running on loopback, with its keys and database under var/
	@$(BIN)/mien keys init
	@echo "register a site in another terminal: .venv/bin/mien site add --help (docs/how-to/register-a-site.md); stop with Ctrl-C"
	@$(BIN)/mien serve

test: setup-dev ## every test; what cannot run here is listed as NOT RUN (TIERS=core accepts that)
	@MIEN_TIERS=$(TIERS) $(BIN)/python -m pytest $(WORKERS)

coverage: setup-dev ## every test, measured: the coverage of lines and branches held against its floors (about half an hour)
	@MIEN_TIERS=$(TIERS) $(BIN)/python -m pytest $(WORKERS) --cov --cov-report= && $(BIN)/python scripts/coverage_floor.py

soak: setup-dev ## what takes longer than a test may: kills, races, fuzz (more than half an hour); writes docs/reference/soak.json
	@$(BIN)/python -m tests.soak $(PARTS)

check: setup-dev ## format, lint, types, layers; the types of the web SDK
	@$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) types web-types fmt-check lint layers

fmt: setup-dev ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix-only --quiet .

fmt-check: setup-dev
	@$(BIN)/ruff format --check .

lint: setup-dev
	@$(BIN)/ruff check .

types: setup-dev
	@$(BIN)/mypy

layers: setup-dev ## the walls between the rooms
	@$(BIN)/lint-imports --no-logo

web: setup-dev ## build the web SDK: the npm package into sdk/web/dist, what the server serves into server/mien_server/web
	@$(BIN)/python scripts/web.py build

web-types: setup-dev ## the types of the web SDK
	@$(BIN)/python scripts/web.py check

vectors: setup-dev ## write the shared test vectors again from their seeds
	@$(BIN)/python tests/vectors/make.py

docs: setup-dev ## write the generated pages (OpenAPI reference)
	@$(BIN)/python scripts/docs.py

bench: setup-dev ## one measurement: NAME=labels|rank|erase|sweep|memory|audit|bandit|decision|replay|frame|frame-micro|cold|render|import|adapt|round|shared|page|web (bandit, adapt, shared: SEEDS=1,2,3,4)
	@$(if $(filter bandit,$(NAME)),$(BIN)/python -m pip install --quiet --no-deps --only-binary=:all: --require-hashes -r requirements/bench.txt || true)
	@SEEDS=$(SEEDS) $(BIN)/python -m tests.bench $(NAME)

pins: ## resolve requirements/*.txt again (needs uv)
	uv pip compile pyproject.toml requirements/build.in --extra server --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/runtime.txt
	uv pip compile pyproject.toml requirements/build.in --extra server --group dev -c requirements/runtime.txt --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/dev.txt

clean: ## remove what was made, keep the sources
	rm -rf .venv .venv-model var server/mien_server/web sdk/web/dist sdk/web/node_modules tests/web/node_modules tests/bench/web/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

-include sdk/model/model.mk
