# The commands for everybody, each with all the set-up it needs (tools/setup). Paths are relative: the checkout may lie anywhere.

python := .venv/bin/python
# vtysh, promtool and sshd are looked for here too.
export PATH := $(CURDIR)/build/frr/bin:$(CURDIR)/build/prometheus/bin:$(PATH):/usr/sbin:/sbin
# Hundreds of Pythons are started by the tests: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo unit test check format docs fuzz mutation ansible bench lab hitless scale clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile | expand -t 22

demo: ## Plan and apply on a simulated cluster of three nodes
	@tools/setup demo
	@$(python) tools/demo.py

unit: ## Every test that needs no lab, laws on a quarter of their examples: before each push
	@tools/setup test
	$(python) -m pytest -n auto --dist worksteal --ignore=tests/lab --hypothesis-profile=a-quarter

# LAB_HALF=0 or 1: one half of the lab's scenarios. CI has no time for all of them.
test: ## All checks, all tests, laws on all their examples, and the lab
	@tools/setup test
	@$(MAKE) --no-print-directory lint
	PVESDN_NOT_TRIED=build/not-tried $(python) -m pytest -n auto --dist worksteal --cov --cov-report=
	@$(python) tools/coverage_floor.py
	@names=$(if $(LAB_HALF),$$($(python) tools/lab_half.py $(LAB_HALF) build/not-tried)) && \
		$(python) -m pvesdn lab test $$names --if-possible --again --results build/lab
	@cat build/not-tried

check: ## Formatting, lint, types and the floors; no tests
	@tools/setup check
	@$(MAKE) --no-print-directory lint

.PHONY: lint
lint:
	$(python) -m ruff format --check
	$(python) -m ruff check
	$(python) -m mypy
	.venv/bin/lint-imports --no-logo

format: ## Format the sources and mend what ruff can mend
	@tools/setup check
	$(python) -m ruff format
	$(python) -m ruff check --fix

docs: ## Make what is made in README.md and docs/: the reference, pictures, what commands print
	@tools/setup check
	@$(python) -m tools.pages

.PHONY: pictures
pictures: ## Make the pictures of docs/topology.md anew, with graphviz and a browser
	@tools/setup test
	@$(python) -m tools.pictures

# Variables: SEED (one case alone), START, SNAPSHOTS, NETWORKS, SECONDS, PROCESSES; `python -m tests.fuzz --help` tells more.
fuzz: ## Mutated snapshots and random networks against laws; SEED=N runs one again and shows the least that fails
	@tools/setup test
	@$(python) -m tests.fuzz $(foreach name,SEED START SNAPSHOTS NETWORKS SECONDS PROCESSES,$(if $(value $(name)),\
		--$(shell echo $(name) | tr A-Z a-z) $(value $(name))))

# Variables: ONLY (a part of `path:function`, such as compare/diff; then no page is written), PROCESSES.
mutation: ## Plant mistakes in compare and node and see whether a test finds each; rewrites docs/mutation.md
	@tools/setup mutation
	@$(python) -m tools.mutation $(foreach name,ONLY PROCESSES,$(if $(value $(name)),\
		--$(shell echo $(name) | tr A-Z a-z) $(value $(name))))

# Apart from .venv: ansible-core is no dependency of anything here.
ansible: ## Try the playbook of docs/ansible.md with ansible-core on a simulated cluster; below build/
	@tools/setup ansible
	$(python) -m pytest -q tests/test_ansible.py

bench: ## Time design, render and compare; rewrites docs/performance.md
	@tools/setup bench
	@$(python) -m bench.run

lab: ## Prove every model on real FRR, ifupdown2 and a real kernel; rewrites docs/evidence.md
	@tools/setup check
	$(python) -m pvesdn lab test --again --evidence docs/evidence.md

# Apart from `make lab`, which tries a few of these changes.
hitless: ## Count the packets that each kind of change costs guests; rewrites docs/hitless.md
	@tools/setup check
	$(python) -m pvesdn lab test hitless-debian hitless-pve hitless-routed --again --results build/hitless; \
	status=$$?; $(python) -m tools.hitless build/hitless && exit $$status

# Variables: NUMBERS of VNets ("400 1000 4000"), LIMIT of a step in seconds (3600).
scale: ## Time apply, plan and verify with thousands of VNets on live nodes; rewrites docs/scale.md
	@tools/setup check
	@$(python) -m tools.scale $(if $(LIMIT),--limit $(LIMIT)) $(NUMBERS)

.PHONY: release-check
release-check: ## Whether version, changelog and tag agree; builds into dist/ when they do (docs/release.md)
	@tools/setup check
	@$(python) tools/release_check.py

.PHONY: deb deb-check repo
deb: ## Make Debian's package of this tree, for Debian 12 and 13, in build/deb
	@tools/setup deb
	@$(python) -m tools.deb build

# Variable: KEY, what gpg knows the signing key by.
repo: deb ## Make an apt repository of it, in build/deb/repo; KEY=... signs it
	@$(python) -m tools.deb repo $(if $(KEY),--key '$(KEY)')

deb-check: ## Make it, and try it in clean roots of Debian 12 and 13: installation, upgrade, use, removal, purge
	@tools/setup deb-check
	@$(python) -m tools.deb build
	@$(python) -m tools.deb check

clean: ## Remove everything that these commands made
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
