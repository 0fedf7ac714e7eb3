# The embedded models. `make model` trains them again (needs a C compiler and the CC0 head data, ASSETS=dir); `make evaluate
# DATA=dir [CROPS=1]` and `make evaluate-micro DATA=dir` measure the shipped ones and needs neither torch nor the head data.
# PyPI's torch for Linux brings CUDA along; TORCH_INDEX='--extra-index-url https://download.pytorch.org/whl/cpu' gets the small one.
MODEL_PYTHON := .venv-model/bin/python
PYTHON ?= python3
MODEL_PROCESSES ?= 2
TORCH_INDEX ?=

.PHONY: model model-sample model-holdout evaluate evaluate-micro

.venv-model/.installed: sdk/model/requirements.txt
	$(PYTHON) -m venv .venv-model
	$(MODEL_PYTHON) -m pip install -q $(TORCH_INDEX) -r sdk/model/requirements.txt
	$(MODEL_PYTHON) -m pip install -q --no-deps -e .
	touch $@

model: .venv-model/.installed ## train the embedded models again: resumable, under 90 minutes on two cores (ASSETS=dir)
	@PYTHONPATH=sdk $(MODEL_PYTHON) -m model all --processes $(MODEL_PROCESSES)

model-sample: .venv-model/.installed ## render the sample videos again
	@PYTHONPATH=sdk $(MODEL_PYTHON) -m model sample --processes $(MODEL_PROCESSES)

model-holdout: .venv-model/.installed ## render the people that new shared heads are tried on again (ASSETS=dir)
	@PYTHONPATH=sdk $(MODEL_PYTHON) -m model holdout --processes $(MODEL_PROCESSES)

evaluate: setup ## measure the shipped models on labelled images (DATA=dir, CROPS=1 for face crops)
	@test -n "$(DATA)" || { echo "give the folder: make evaluate DATA=dir [CROPS=1]"; exit 2; }
	@PYTHONPATH=sdk .venv/bin/python -m model evaluate "$(DATA)" $(if $(filter 1,$(CROPS)),--crops)

evaluate-micro: setup ## measure the micro network on a folder of 28x28x3 flow cubes (DATA=dir)
	@test -n "$(DATA)" || { echo "give the folder: make evaluate-micro DATA=dir"; exit 2; }
	@PYTHONPATH=sdk .venv/bin/python -m model evaluate-micro "$(DATA)"
