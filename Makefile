# Every command a person needs; `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

TOOL := go tool -modfile=hack/tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.stamped=$(VERSION)
# The same bytes from a clone and from an archive: the version says which commit.
BUILD = -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
GENERATED := api/v1alpha1/zz_generated.deepcopy.go config/crd/bases config/rbac/rights config/realm/rights config/chart/templates/generated docs/reference

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## A control plane, Latchkey, an app behind a proxy, users and roles (DEMO_REPLICAS=3, DEMO_DETACH=1)
	@go build -o bin/demo ./hack/demo && exec bin/demo

.PHONY: demo-stop
demo-stop: ## End a demo and remove what it left
	@go build -o bin/demo ./hack/demo && exec bin/demo stop

.PHONY: test
test: controlplane caddy helm ## All tests, with the race detector
	KUBEBUILDER_ASSETS="$$(hack/controlplane/provide.sh)" go test -race -timeout 30m ./...

.PHONY: test-e2e
test-e2e: controlplane caddy ## Every story behind every proxy; prints what was shown where (bin/e2e.md)
	@rm -f bin/e2e.md
	KUBEBUILDER_ASSETS="$$(hack/controlplane/provide.sh)" REQUIRE_PROXIES=1 go test -count=1 -timeout 25m ./hack/e2e/... ./hack/proxy
	@cat bin/e2e.md

.PHONY: test-chaos
test-chaos: controlplane ## Faults: processes killed, networks broken, clocks wrong, under load (some 6 minutes; table in bin/chaos.md)
	KUBEBUILDER_ASSETS="$$(hack/controlplane/provide.sh)" go test -tags chaos -race -count=1 -timeout 15m -v ./hack/chaos/...

.PHONY: screenshots
screenshots: controlplane caddy ## Pictures of the login and account pages, into docs/images (with Chromium)
	KUBEBUILDER_ASSETS="$$(hack/controlplane/provide.sh)" REQUIRE_BROWSER=1 REQUIRE_PROXIES=1 UPDATE_SCREENSHOTS=1 \
		go test -count=1 ./hack/e2e/browser -ginkgo.focus='Pictures of the pages'

.PHONY: build
build: ## bin/latchkey, and bin/kubectl-latchkey for kubectl
	CGO_ENABLED=0 go build $(BUILD) -o bin/ ./cmd/latchkey ./cmd/kubectl-latchkey

# Where each binary runs: the service in Linux containers, kubectl's plugin where people are.
SERVICE_PLATFORMS := linux/amd64 linux/arm64
PLUGIN_PLATFORMS := $(SERVICE_PLATFORMS) darwin/amd64 darwin/arm64 windows/amd64

.PHONY: cross
cross: ## Static binaries for every platform: bin/latchkey-linux-arm64, bin/kubectl-latchkey-windows-amd64.exe, …
	@build() { \
		local name=$$1 os=$${2%/*} arch=$${2#*/} suffix=; \
		[ "$$os" != windows ] || suffix=.exe; \
		echo "bin/$$name-$$os-$$arch$$suffix"; \
		CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build $(BUILD) -o "bin/$$name-$$os-$$arch$$suffix" "./cmd/$$name"; \
	}; \
	for platform in $(SERVICE_PLATFORMS); do build latchkey $$platform; done; \
	for platform in $(PLUGIN_PLATFORMS); do build kubectl-latchkey $$platform; done

IMAGE ?= latchkey:latest
BASE ?= gcr.io/distroless/static:nonroot

.PHONY: image
image: ## The image for every platform, with Docker's buildx (IMAGE=…, BASE=…@sha256:…, PUSH=1)
	@docker buildx version >/dev/null 2>&1 || { echo 'make image needs Docker with buildx'; exit 1; }
	$(MAKE) cross
	docker buildx build --platform $(shell echo $(SERVICE_PLATFORMS) | tr ' ' ,) --build-arg BASE=$(BASE) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION=$$(git rev-parse HEAD) --tag $(IMAGE) $(if $(PUSH),--push --provenance=mode=max --sbom=true) .

.PHONY: sbom
sbom: build ## What bin/latchkey is made of, as CycloneDX: bin/latchkey.cdx.json
	$(TOOL) cyclonedx-gomod bin -json -version '$(VERSION)' -output bin/latchkey.cdx.json bin/latchkey

.PHONY: lint
lint: ## Vet, golangci-lint, formatting, a tidy go.mod
	go vet -tags chaos ./...
	$(TOOL) golangci-lint run
	go mod tidy -diff

# Each process gets the rights that stand as markers beside the code that needs them.
KUBERNETES := paths=./webhook/kubernetes/...
SERVE := paths=./controllers/feed paths=./controllers/replica paths=./webhook/cluster
CONTROLLER := paths=./controllers $(foreach c,acknowledgement realm revokedtoken role secretwatch session signingkey user webhookcert,paths=./controllers/$(c))

.PHONY: generate
generate: ## CRDs, deepcopy, RBAC, the chart and reference docs from the sources
	$(TOOL) controller-gen object paths=./api/... crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=latchkey-serve,fileName=serve.yaml $(SERVE) output:rbac:dir=config/rbac/rights
	$(TOOL) controller-gen rbac:roleName=latchkey-controller,fileName=controller.yaml $(CONTROLLER) output:rbac:dir=config/rbac/rights
	$(TOOL) controller-gen rbac:roleName=latchkey-kubernetes,fileName=kubernetes.yaml $(KUBERNETES) output:rbac:dir=config/rbac/rights
	$(TOOL) controller-gen rbac:roleName=latchkey-realm-serve,fileName=serve.yaml $(SERVE) output:rbac:dir=config/realm/rights
	$(TOOL) controller-gen rbac:roleName=latchkey-realm-controller,fileName=controller.yaml $(CONTROLLER) output:rbac:dir=config/realm/rights
	go run ./hack/chart
	$(TOOL) crd-ref-docs --source-path=./api/v1alpha1 --config=hack/tools/crd-ref-docs.yaml --renderer=markdown --output-path=docs/reference/api.md

.PHONY: verify
verify: generate ## Fail if generated files differ from what is committed
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); git diff -- $(GENERATED); echo 'generated files are out of date: run make generate and commit'; exit 1; }

.PHONY: bench
bench: ## Benchmarks against a bare server in the same run, into bench.json
	go run ./hack/bench

.PHONY: fuzz
fuzz: ## Every fuzz target for a while (FUZZTIME=1m each)
	@hack/fuzz.sh $(or $(FUZZTIME),1m)

.PHONY: controlplane
controlplane: ## kube-apiserver and etcd in the user's cache folder (minutes, once)
	@hack/controlplane/provide.sh >/dev/null

.PHONY: caddy
caddy: ## Caddy, for the end-to-end tests, in the user's cache folder (minutes, once)
	@hack/proxy/caddy/provide.sh >/dev/null

.PHONY: helm
helm: ## Helm, for the installation test, in the user's cache folder, where PATH has none (minutes, once)
	@hack/helm/provide.sh >/dev/null

.PHONY: clean
clean: ## Remove what builds and benchmarks made
	rm -rf bin bench.json cover.out
