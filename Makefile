# make lab         opens the lesson           make notebooks   makes the student notebooks
# make test        runs the tests             make execute     runs the solutions, stores outputs
# make lint        looks at the code's style
# make slower      the tests that take long and fail seldom: the solutions in a browser, Notebook 7, the
#                  site, Binder and Colab, several processes, grading, what turns each job of CI red
# make site        all lessons as pages and slides, to read without Python (or: make slides)
# make page        the reference network as a page, for the phones of a class: build/network.html;
#                  AT=https://...: with a QR code to where it is going to be put, build/network.svg
# make mutants     takes out each assertion of the checks, one by one: does a test notice?
#                  ONLY=pooling: those of one package or module
# make release     makes the assignment for students, with nbgrader
# make grade       grades a folder of submissions: make grade SUBMISSIONS=path/to/folder
#                  ONLY=ada: this one anew, all others as they are; ROSTER=list.csv: with names and ids
# make grader      the image in which make grade runs answers, where there is Docker or Podman
# make wheels      collects all packages and images for a class without a network: its make lab takes
#                  them from there
# make bench       times an epoch, the panels, pointing at them, and the page of a network;
#                  BENCH="--device cuda" or BENCH=--scale
# make hub         a class server on this machine, to try; HUB="--port 8010"
# make image       the container image of each student on a class server (needs Docker); see deploy/
# make load        25 simulated students on such a server; LOAD="--students 10 --pause 2"
#
# The first of them makes .venv and installs the course there, which takes some minutes.
# Another Python than the one found: make lab PYTHON=/path/to/python
# Without an NVIDIA GPU, it takes the small build of PyTorch; make lab TORCH=cuda or TORCH=cpu decides.

SUITABLE = import ensurepip, sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c "$(SUITABLE)" 2>/dev/null && echo $$p && break; done)
RUN = .venv/bin/python -m
TESTS ?= tests solutions
SHARED_OUT = -n auto --dist loadfile --no-loadscope-reorder
UPLOADS = {"websocket_max_message_size": 30000000}
FIRST = notebooks/01_convolution_layers.ipynb

# In a container one is often root, and there is no browser: JupyterLab then prints its address.
AS_ROOT = $(shell [ "$$(id -u)" != 0 ] || echo --allow-root)
BROWSER = $(shell [ "$$(uname)" = Darwin ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || echo --no-browser)

.PHONY: lab wheels test slower mutants notebooks execute slides site page bench lint hub load image release grade grader

# An upload to the panel of one's own picture is one message; of 10 MiB, Jupyter's own limit, it would
# be lost without a word.
# What make test installs for authors shows no menus to students: .jupyter says so, beside what a
# student's own settings say.
SETTINGS = $(call quoted,$(CURDIR)/.jupyter)$${JUPYTER_CONFIG_PATH:+":$$JUPYTER_CONFIG_PATH"}
lab: .venv/lab
	JUPYTER_CONFIG_PATH=$(SETTINGS) $(RUN) jupyterlab $(AS_ROOT) $(BROWSER) --ServerApp.tornado_settings='$(UPLOADS)' --LabApp.default_url=/lab/tree/$(FIRST)

# Then the course is installed from the folder, which shows that it has everything.
wheels: .venv/bin/python
	$(INSTALL) --collect
	@$(MAKE) --no-print-directory .venv/lab TORCH=
	$(RUN) authoring.fetch_data

test: .venv/dev
	$(RUN) pytest --nbval -m 'not slower' $(SHARED_OUT) $(TESTS)

slower: .venv/dev $(if $(shell command -v npm),build/proxy/done)
	$(RUN) pytest -m slower $(SHARED_OUT) $(TESTS)

mutants: .venv/dev
	$(RUN) tests.checks.mutants $(ONLY)

notebooks: .venv/dev
	$(RUN) authoring.slide_types
	$(RUN) authoring.student_notebooks

execute: .venv/dev
	$(RUN) authoring.execute $(ONLY)

slides site: .venv/dev
	$(RUN) authoring.website.build

page: $(if $(AT),.venv/dev,.venv/lab)
	$(RUN) authoring.reference_page $(if $(AT),--at $(call quoted,$(AT)))

bench: .venv/dev
	$(RUN) authoring.bench.epochs $(BENCH)
	$(if $(BENCH),,$(RUN) authoring.bench.panels)
	$(if $(BENCH),,$(RUN) tests.browser.pointing_times)
	$(if $(BENCH),,$(RUN) authoring.bench.shared_page)

hub: .venv/dev $(if $(shell command -v npm),build/proxy/done)
	@exec $(RUN:-m=) deploy/try_hub.py $(HUB)

# Of what is committed; beside the home, so that a student's volume does not hide it.
IMAGE = cnn-course:latest
image: .venv/dev
	rm -rf build/image && git clone -q . build/image
	.venv/bin/repo2docker --no-run --user-id 1000 --user-name jovyan --target-repo-dir /srv/cnn-course --image-name $(IMAGE) build/image

load: .venv/dev build/proxy/done
	$(RUN) tests.load $(LOAD)

release: .venv/dev
	$(RUN) grading.release

# In a sandbox: Linux, or a container engine. GRADE=--help shows the limits that can be set. The shell
# gets paths and names between quotes, whatever signs are in them.
quoted = '$(subst ','\'',$(1))'
grade: .venv/dev
	@[ -n $(call quoted,$(SUBMISSIONS)$(GRADE)) ] || { echo "Which submissions? make grade" \
		"SUBMISSIONS=path/to/folder, with a folder for each student in it." >&2; exit 1; }
	$(RUN) grading.grade $(if $(SUBMISSIONS),$(call quoted,$(SUBMISSIONS))) \
		$(if $(ONLY),--only=$(call quoted,$(ONLY))) $(if $(ROSTER),--roster=$(call quoted,$(ROSTER))) $(GRADE)

# ENGINE=podman where both are there and Docker does not run.
ENGINE = $(notdir $(firstword $(shell command -v docker podman)))
grader:
	@[ -n "$(ENGINE)" ] || { echo "Neither Docker nor Podman was found; install one of them first." >&2; exit 1; }
	mkdir -p build/grader
	cp requirements.txt grading/Dockerfile build/grader
	$(ENGINE) build --tag cnn-course-grader build/grader

lint: .venv/dev
	$(RUN) ruff check --extend-exclude 'notebooks/*.ipynb' .
	$(RUN) ruff format --check --exclude '*.ipynb' .
	$(RUN) codespell_lib --skip ./data,./build --ignore-regex '[\w+/=]{60,}' --ignore-words-list onlyonce,nd,inh

# The stamps say which set-up is complete: .venv/lab for the lesson, .venv/dev for authors too.
# Who says which PyTorch to take is asked for no stamp.
INSTALL = $(RUN) helpers.install $(TORCH:%=--torch=%)
SAID = $(if $(TORCH),said)
.PHONY: said
.venv/lab: requirements.txt pyproject.toml $(SAID) | .venv/bin/python
	$(INSTALL)
	@touch $@

.venv/dev: requirements.txt pyproject.toml $(SAID) | .venv/bin/python
	$(INSTALL) --dev
	@touch .venv/lab $@

# JupyterHub's proxy is a program of node.
build/proxy/done: deploy/package.json
	mkdir -p build/proxy && cp deploy/package.json build/proxy
	npm install --prefix build/proxy --no-package-lock --no-audit --no-fund --loglevel error
	@touch $@

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "The course needs Python 3.11 or newer with its venv module," \
		"and none was found. Get it from https://www.python.org (on Debian and Ubuntu:" \
		"apt install python3-venv), then try again." >&2; exit 1; }
	$(PYTHON) -m venv .venv
