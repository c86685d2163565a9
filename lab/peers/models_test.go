package peers_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// readOfficialModels returns the models in the typings of the installed package, by "service
// action".
func readOfficialModels(t *testing.T) map[string]model {
	t.Helper()
	requirePeers(t)
	out, err := nodeCommand("models.js").Output()
	if err != nil {
		t.Fatal(err)
	}
	models := map[string]model{}
	for line := range bytes.Lines(out) {
		var service, action, part, path, kind, presence string
		_, err := fmt.Sscan(string(line), &service, &action, &part, &path, &kind, &presence)
		key := service + " " + action
		if _, known := models[key]; !known {
			models[key] = model{request: fields{}, answer: fields{}}
		}
		switch {
		case part == "": // the action itself
		case err != nil:
			t.Fatalf("models.js printed %q: %v", line, err)
		case part == "request":
			models[key].request[path] = field{kind: kind, required: presence == "required"}
		case part == "answer":
			models[key].answer[path] = field{kind: kind}
		}
	}
	if len(models) == 0 {
		t.Fatal("models.js printed no model")
	}
	return models
}

// answersOfStandIns returns the fields of all answers to fullCalls, by "service action".
func answersOfStandIns(t *testing.T) map[string]fields {
	t.Helper()
	answers := map[string]fields{}
	for _, c := range fullCalls {
		got := c.makeOfficial(t, startWorld(t, worldOptions{}))
		if got.Error != nil {
			t.Errorf("%s: %+v", c.action, *got.Error)
			continue
		}
		key := c.service + " " + c.action
		if answers[key] == nil {
			answers[key] = fields{}
		}
		answers[key].merge(fieldsOf(t, got.Response))
	}
	return answers
}

// TestModelsDifferFromTheOfficialClientsOnlyAsListed compares what our client sends and reads, and
// what the stand-ins take and answer, with the typings of the official client. A difference that is
// not in knownDifferences is a mistake here, or news in a new version of the package; one that is
// there and was not found has to go from the list.
func TestModelsDifferFromTheOfficialClientsOnlyAsListed(t *testing.T) {
	t.Parallel()
	models := readOfficialModels(t)
	sent, read, answered := requestsOfClient(t), answersReadByClient(t), answersOfStandIns(t)
	w := startWorld(t, worldOptions{})

	var found []string
	for _, key := range slices.Sorted(maps.Keys(models)) {
		service, action, _ := strings.Cut(key, " ")
		official := models[key]
		parameters, simulated := w.actions(service)[action]
		if !simulated {
			found = append(found, "no stand-in has "+action)
		} else {
			taken := fields{}
			for _, p := range parameters {
				taken[p.Path] = field{kind: p.Kind, required: p.Required}
			}
			found = append(found, standInTakes.compare(action, official.request, taken)...)
			found = append(found, standInAnswers.compare(action, official.answer, answered[key])...)
		}
		if _, called := sent[action]; !called {
			found = append(found, "our client does not call "+action)
			continue
		}
		delete(official.answer, "RequestId") // of every answer: internal/cloudapi reads it where there is an error
		delete(read[action], "RequestId")
		found = append(found, clientSends.compare(action, official.request, sent[action])...)
		found = append(found, clientReads.compare(action, official.answer, read[action])...)
	}
	found = append(found, withoutModel(models, w, sent)...)
	for action := range read {
		if _, called := sent[action]; !called {
			t.Errorf("our client reads the answer of %s: make that call in requestsOfClient", action)
		}
	}

	for _, difference := range found {
		if _, known := knownDifferences[difference]; !known {
			t.Errorf("not among the known differences: %s", difference)
		}
	}
	for difference, reason := range knownDifferences {
		if !slices.Contains(found, difference) {
			t.Errorf("a known difference is none any more: %s (%s)", difference, reason)
		}
		if reason == "" {
			t.Errorf("a known difference without a reason: %s", difference)
		}
	}
}

// withoutModel names the actions that the official client does not have.
func withoutModel(models map[string]model, w *world, sent map[string]fields) (differences []string) {
	has := func(action string) bool {
		for key := range models {
			if strings.HasSuffix(key, " "+action) {
				return true
			}
		}
		return false
	}
	for service := range versions {
		for action := range w.actions(service) {
			if !has(action) {
				differences = append(differences, "the official client has no "+action+", which a stand-in has")
			}
		}
	}
	for action := range sent {
		if !has(action) {
			differences = append(differences, "the official client has no "+action+", which our client calls")
		}
	}
	return differences
}
