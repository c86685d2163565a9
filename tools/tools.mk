# The tools of the build: each a Go program, pinned in a module of its own below tools/, and built once into bin/.

# The program in bin/, the module's folder in tools/, the package.
TOOLS := \
	registry                      registry                       github.com/distribution/distribution/v3/cmd/registry \
	crane                         crane                          github.com/google/go-containerregistry/cmd/crane \
	buildkit/buildkitd            buildkit                       github.com/moby/buildkit/cmd/buildkitd \
	buildkit/buildctl             buildkit                       github.com/moby/buildkit/cmd/buildctl \
	containerd/containerd         containerd                     github.com/containerd/containerd/v2/cmd/containerd \
	containerd/ctr                containerd                     github.com/containerd/containerd/v2/cmd/ctr \
	tfplugindocs                  .                              github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs \
	moduledocs                    .                              ./moduledocs \
	gotestsum                     .                              gotest.tools/gotestsum \
	golangci-lint                 golangci-lint                  github.com/golangci/golangci-lint/v2/cmd/golangci-lint \
	changie                       checks                         github.com/miniscruff/changie \
	actionlint                    checks                         github.com/rhysd/actionlint/cmd/actionlint \
	govulncheck                   checks                         golang.org/x/vuln/cmd/govulncheck \
	licences                      checks                         ./licences \
	goreleaser                    goreleaser                     github.com/goreleaser/goreleaser/v2 \
	tofu                          opentofu                       github.com/opentofu/opentofu/cmd/tofu \
	terraform-1.16                terraform                      github.com/hashicorp/terraform \
	terraform-experimental        terraform                      github.com/hashicorp/terraform \
	terraform-1.14                terraform-1.14                 github.com/hashicorp/terraform \
	terraform-provider-kubernetes terraform-provider-kubernetes  github.com/hashicorp/terraform-provider-kubernetes \
	etcd                          kubernetes                     go.etcd.io/etcd/server/v3 \
	kube-apiserver                kubernetes                     k8s.io/kubernetes/cmd/kube-apiserver \
	kube-controller-manager       kubernetes                     k8s.io/kubernetes/cmd/kube-controller-manager

# What rules and recipes call them.
REGISTRY            := $(BIN)/registry
CRANE               := $(BIN)/crane
BUILDKIT            := $(addprefix $(BIN)/buildkit/,buildkitd buildctl)
CONTAINERD          := $(addprefix $(BIN)/containerd/,containerd ctr)
DOCS                := $(BIN)/tfplugindocs
MODULE_DOCS         := $(BIN)/moduledocs
LINTER              := $(BIN)/golangci-lint
CHANGIE             := $(BIN)/changie
ACTIONS             := $(BIN)/actionlint
VULNERABILITIES     := $(BIN)/govulncheck
LICENCES            := $(BIN)/licences
RELEASER            := $(BIN)/goreleaser
TOFU                := $(BIN)/tofu
TERRAFORM           := $(BIN)/terraform-1.16
EXPERIMENTAL        := $(BIN)/terraform-experimental
KUBERNETES_PROVIDER := $(BIN)/terraform-provider-kubernetes
CONTROL_PLANE       := $(addprefix $(BIN)/,etcd kube-apiserver kube-controller-manager)
# The official client for Node, which tests compare ours with, and the linter of the Chinese pages.
PEERS               := $(BIN)/peers/installed
ZHLINT              := $(BIN)/zhlint/installed

# One rule for all. A pinned version changes in go.mod, so a tool is as old as that file; go build leaves an unchanged program's time
# alone, hence the touch. `make bin/registry` builds one, as messages tell people to write it.
define tool_rule
$(BIN)/$(1): tools/$(2)/go.mod
	@mkdir -p $$(@D)
	@echo "building $$(@F) (once)"
	@$$(GO) -C tools/$(2) build -ldflags "-s -w $$(TOOL_LDFLAGS)" -o $$@ $(3)
	@touch $$@

.PHONY: bin/$(1)
bin/$(1): $(BIN)/$(1)
endef
each_tool = $(if $(1),$(eval $(call tool_rule,$(word 1,$(1)),$(word 2,$(1)),$(word 3,$(1))))$(call each_tool,$(wordlist 4,999,$(1))))
$(call each_tool,$(TOOLS))

# What some depend on besides.
$(MODULE_DOCS): $(wildcard tools/moduledocs/*)
$(LICENCES): tools/checks/licences/main.go
$(TOFU): TOOL_LDFLAGS := -X github.com/opentofu/opentofu/version.dev=no

# Terraform itself, for tests only. The remote backends, which are modules that the proxy does not serve, are stubs. Only an experimental
# build takes deferrals; it differs in what the linker says.
$(BIN)/terraform-1.16 $(BIN)/terraform-1.14 $(EXPERIMENTAL): $(wildcard tools/terraform/stubs/*/*)
$(BIN)/terraform-1.16 $(BIN)/terraform-1.14: TOOL_LDFLAGS := -X github.com/hashicorp/terraform/version.dev=no
$(EXPERIMENTAL): TOOL_LDFLAGS := -X github.com/hashicorp/terraform/version.dev=no -X main.experimentsAllowed=yes

# Kubernetes takes its version from the linker. Clients ask the API server for it.
KUBERNETES := $(shell sed -nE 's,^require k8s.io/kubernetes v([0-9.]+).*,\1,p' tools/kubernetes/go.mod)
$(BIN)/kube-apiserver $(BIN)/kube-controller-manager: TOOL_LDFLAGS = \
	-X k8s.io/component-base/version.gitVersion=v$(KUBERNETES) \
	-X k8s.io/component-base/version.gitMajor=$(word 1,$(subst ., ,$(KUBERNETES))) \
	-X k8s.io/component-base/version.gitMinor=$(word 2,$(subst ., ,$(KUBERNETES)))

# install_npm puts what a folder's lock file names beside $@. Without npm what needs it is left out, but not in CI. The folder is
# made anew, so nothing of an older version stays.
define install_npm
	@rm -rf $(@D)
	@if ! command -v npm >/dev/null; then echo "There is no npm: $(1) is left out, or fails in CI."; exit 0; fi; \
	 echo "installing $(1) (once)"; \
	 mkdir -p $(@D) && cp $^ $(@D) && (cd $(@D) && npm ci --silent) && touch $@
endef

$(PEERS): lab/peers/package.json lab/peers/package-lock.json lab/peers/.npmrc
	$(call install_npm,the official client for Node)

$(ZHLINT): tools/zhlint/package.json tools/zhlint/package-lock.json tools/zhlint/.npmrc
	$(call install_npm,the linter of Chinese text)

# The tools that check and test use: OpenTofu, goreleaser, govulncheck and Kubernetes are built only where they are needed.
.PHONY: tools bin/peers bin/buildkit bin/containerd
tools: $(REGISTRY) $(LINTER) $(DOCS) $(MODULE_DOCS) $(BIN)/gotestsum $(LICENCES) $(CHANGIE) $(ACTIONS) $(KUBERNETES_PROVIDER)
bin/peers: $(PEERS)
bin/buildkit: $(BUILDKIT)
bin/containerd: $(CONTAINERD)
