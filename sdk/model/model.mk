# The embedded models. `make model` trains them again (needs a C compiler and the CC0 head data, ASSETS=dir); `make evaluate
# DATA=dir [CROPS=1]` measures the shipped ones and needs neither torch nor the head data.
# PyPI's torch for Linux brings CUDA along; TORCH_INDEX='--extra-index-url https://download.pytorch.org/whl/cpu' gets the small one.
MODEL_PYTHON := .venv-model/bin/python
MODEL_PROCESSES ?= 2
TORCH_INDEX ?=

.PHONY: model model-sample evaluate

.venv-model/.installed: sdk/model/requirements.txt
	python3 -m venv .venv-model
	$(MODEL_PYTHON) -m pip install -q $(TORCH_INDEX) -r sdk/model/requirements.txt
	$(MODEL_PYTHON) -m pip install -q --no-deps -e .
	touch $@

model: .venv-model/.installed
	PYTHONPATH=sdk $(MODEL_PYTHON) -m model all --processes $(MODEL_PROCESSES)

model-sample: .venv-model/.installed
	PYTHONPATH=sdk $(MODEL_PYTHON) -m model sample --processes $(MODEL_PROCESSES)

evaluate: $(VENV_READY)
	@test -n "$(DATA)" || { echo "give the folder: make evaluate DATA=dir [CROPS=1]"; exit 2; }
	@PYTHONPATH=sdk .venv/bin/python -m model evaluate "$(DATA)" $(if $(filter 1,$(CROPS)),--crops)
