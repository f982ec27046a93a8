# What the targets do stands in scripts/ and CONTRIBUTING.md.

FUZZTIME ?= 1m
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
TOOL = go tool -modfile=internal/tools/go.mod

.PHONY: build test lint fuzz bench bench-decide man completions licenses facts facts-check clean

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o writ ./cmd/writ

test:
	scripts/test

lint:
	gofmt -l $$(git ls-files '*.go')
	go vet ./...
	$(TOOL) staticcheck ./...

# make fuzz FUZZTIME=10m
fuzz:
	scripts/fuzz $(FUZZTIME)

bench:
	scripts/bench $(ARGS)

# make bench-decide ARGS='-workloads W1,W2 -engines Writ,cedar'
bench-decide:
	cd bench && go build -o ../build/bench-decide ./decide
	build/bench-decide $(ARGS)

man: build
	./writ man --dir build/man

completions: build
	mkdir -p build/completions
	./writ completion bash > build/completions/writ.bash
	./writ completion zsh > build/completions/_writ
	./writ completion fish > build/completions/writ.fish
	./writ completion powershell > build/completions/writ.ps1

licenses:
	scripts/licenses build/licenses

facts: internal/catalogen/node_modules
	node internal/catalogen/generate.mjs

facts-check: internal/catalogen/node_modules
	node internal/catalogen/generate.mjs --check

internal/catalogen/node_modules: internal/catalogen/package-lock.json
	cd internal/catalogen && npm ci --ignore-scripts --no-audit --no-fund && touch node_modules

clean:
	rm -rf writ build dist bench/peers/sls/node_modules
