# make help                                what there is
# make VENV="$VIRTUAL_ENV" CONSTRAINTS= test    in your own environment, with the torch it has
# make PYTEST='--threads 2 -x' test        every test, with options of pytest's
# make FILES='points/*' mutants            of some files of the losses only
.POSIX:

VENV = .venv
CONSTRAINTS = constraints.txt
PYTEST = -m "not slow"
FILES =
PYTHON = python3
SHARED = ../shared
FUZZ_SECONDS = 600

help:
	@echo 'make demo    fit a surface to the built-in scan, and print its score'
	@echo 'make test    run the tests but for the slowest; with PYTEST= also these'
	@echo 'make check   format, lint, types, and the floors of the package'
	@echo 'make docs    build the documentation site into site/; a warning is an error'
	@echo 'make notebooks  run the notebooks of examples, keep their outputs, write their pages (minutes)'
	@echo 'make mutants tell which small faults in the formulas of losses no test would notice (hours)'
	@echo 'make bench   measure quality and cost, write docs/benchmarks.md (long; needs SHARED=$(SHARED))'
	@echo 'make fuzz    damage files and commands for FUZZ_SECONDS=$(FUZZ_SECONDS), keep what fails in outputs/fuzz'
	@echo 'make dist    build the wheel and the source archive into dist/, twice, and check them'
	@echo 'make clean   remove the environment, caches and outputs'
	@echo
	@echo 'Each prepares $(VENV) first, once. VENV=DIR uses an environment of yours, CONSTRAINTS= keeps its torch.'

demo:
	@$(MAKE) -s environment EXTRAS=
	"$(VENV)/bin/diffshape" demo

test:
	@$(MAKE) -s environment EXTRAS=test
	"$(VENV)/bin/python" -m pytest -n logical --maxprocesses 4 --dist loadfile $(PYTEST)

check:
	@$(MAKE) -s environment EXTRAS=dev
	"$(VENV)/bin/python" -m ruff format --check .
	"$(VENV)/bin/python" -m ruff check .
	"$(VENV)/bin/lint-imports"
	"$(VENV)/bin/python" -m pyright --pythonpath "$(VENV)/bin/python"

docs:
	@$(MAKE) -s environment EXTRAS=docs
	"$(VENV)/bin/zensical" build --strict --clean
	"$(VENV)/bin/python" docs/check_site.py

notebooks:
	@$(MAKE) -s environment EXTRAS=test
	"$(VENV)/bin/python" -m docs.notebooks.write_pages

mutants:
	@$(MAKE) -s environment EXTRAS=test
	"$(VENV)/bin/python" .ci/mutants.py $(FILES)

bench:
	@$(MAKE) -s environment EXTRAS=bench
	"$(VENV)/bin/python" -m benchmarks.quality.surface_quality --shared "$(SHARED)" --presets standard quick
	"$(VENV)/bin/python" -m benchmarks.speed.scan_fits
	"$(VENV)/bin/python" -m benchmarks.quality.sharp_edges --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.quality.scan_cleaning --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.quality.orientation --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.speed.scan_cleaning
	"$(VENV)/bin/python" -m benchmarks.speed.step_cost
	"$(VENV)/bin/python" -m benchmarks.speed.softplus
	"$(VENV)/bin/python" -m benchmarks.speed.sines
	"$(VENV)/bin/python" -m benchmarks.speed.hash_perceptron
	"$(VENV)/bin/python" -m benchmarks.speed.live_viewer
	"$(VENV)/bin/python" -m benchmarks.speed.first_picture
	rm -f benchmarks/results/cold_start.jsonl
	"$(VENV)/bin/python" -m benchmarks.speed.cold_start
	"$(VENV)/bin/python" -m benchmarks.speed.chamfer
	"$(VENV)/bin/python" -m benchmarks.speed.in_a_loop
	"$(VENV)/bin/python" -m benchmarks.speed.point_operations
	"$(VENV)/bin/python" -m benchmarks.speed.assignment
	"$(VENV)/bin/python" -m benchmarks.speed.set_distances
	"$(VENV)/bin/python" -m benchmarks.speed.sinkhorn
	"$(VENV)/bin/python" -m benchmarks.speed.point_to_mesh
	"$(VENV)/bin/python" -m benchmarks.speed.packed_meshes
	"$(VENV)/bin/python" -m benchmarks.quality.mesh_signs --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.quality.mesh_fields --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.speed.many_meshes
	"$(VENV)/bin/python" -m benchmarks.speed.adaptive_wing
	"$(VENV)/bin/python" -m benchmarks.quality.published_methods --shared "$(SHARED)"
	"$(VENV)/bin/python" -m benchmarks.quality.occupancy
	"$(VENV)/bin/python" -m benchmarks.quality.several_answers
	"$(VENV)/bin/python" -m benchmarks.quality.point_generators
	"$(VENV)/bin/python" -m benchmarks.batches.failures
	"$(VENV)/bin/python" -m benchmarks.batches.speed
	"$(VENV)/bin/python" -m benchmarks.batches.planning
	"$(VENV)/bin/python" -m benchmarks.quality.landmark_study
	"$(VENV)/bin/python" -m benchmarks.page

fuzz:
	@$(MAKE) -s environment EXTRAS=test
	PYTHONPATH=tests/support:. "$(VENV)/bin/python" -m tests.fuzz --seconds $(FUZZ_SECONDS)

dist:
	@$(MAKE) -s environment EXTRAS=release
	"$(VENV)/bin/python" .ci/distributions.py dist

# Installs the package with EXTRAS unless the stamp says that it was done here, with these versions, since the last
# change of what is asked for. An environment that exists is used as it is.
environment:
	@stamp="$(VENV)/.diffshape-$(EXTRAS)"; \
	wanted="$$(pwd) $(CONSTRAINTS)"; \
	changed=$$(find pyproject.toml $(CONSTRAINTS) -newer "$$stamp" 2>/dev/null) || changed=unknown; \
	if [ -z "$$changed" ] && [ "$$(cat "$$stamp")" = "$$wanted" ]; then exit 0; fi; \
	echo 'Preparing $(VENV), once; a minute or two'; \
	[ -x "$(VENV)/bin/python" ] || $(PYTHON) -m venv "$(VENV)" || exit 1; \
	set -- -e ".$${EXTRAS:+[$$EXTRAS]}"; \
	[ -z "$(CONSTRAINTS)" ] || set -- "$$@" -c "$(CONSTRAINTS)"; \
	"$(VENV)/bin/python" -m pip install --quiet "$$@" && echo "$$wanted" > "$$stamp"

clean:
	rm -rf .venv outputs dist site .cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help demo test check docs notebooks mutants bench fuzz dist environment clean
