// Package peers_test holds the provider's clients and stand-ins against a client that was written
// from neither: the official one for Node. Its calls against the stand-ins have to be answered as
// those of our own client are, and the models in its typings have to be the fields that our client
// sends and reads and that the stand-ins take and answer.
package peers_test

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/tkeimage/terraform-provider-tkeimage/internal/cloudapi/apitest"
)

//go:embed services.json
var servicesFile []byte

func TestMain(m *testing.M) {
	code := m.Run()
	if peer, err := startOfficialClient(); err == nil {
		peer.stop()
	}
	os.Exit(code)
}

// requirePeers returns the folder that make installs the packages into. Without it the test is
// skipped, but not in CI.
func requirePeers(t *testing.T) (folder string) {
	t.Helper()
	folder = os.Getenv("TKEIMAGE_PEERS_DIR")
	switch {
	case folder != "":
	case os.Getenv("CI") != "":
		t.Fatal("TKEIMAGE_PEERS_DIR is not set. CI needs Node and npm: make bin/peers")
	default:
		t.Skip("TKEIMAGE_PEERS_DIR is not set. With Node and npm: make test PKG=./lab/peers")
	}
	return folder
}

// nodeCommand runs a script of this folder with the installed packages.
func nodeCommand(script string) *exec.Cmd {
	command := exec.Command("node", script)
	command.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(os.Getenv("TKEIMAGE_PEERS_DIR"), "node_modules"))
	command.Stderr = os.Stderr
	return command
}

// target is a stand-in, and who calls it.
type target struct {
	service    string
	port       int
	region     string
	credential apitest.Credential
}

// answer is what a client returned: the content of "Response", or an error.
type answer struct {
	Response map[string]any
	Error    *callError
}

// callError is an error of the API, or with Status one of something on the way.
type callError struct {
	Code, Message, RequestID string
	Status                   int `json:"httpCode"`
}

// officialClient is a process that makes calls with the official client.
type officialClient struct {
	stdin   io.WriteCloser
	process *exec.Cmd

	mu      sync.Mutex
	number  int
	waiting map[int]chan answer
	ended   error // set once the process has ended
}

// startOfficialClient starts the process for the first test that needs it; all share it.
var startOfficialClient = sync.OnceValues(func() (*officialClient, error) {
	if os.Getenv("TKEIMAGE_PEERS_DIR") == "" {
		return nil, errors.New("the official client is not installed")
	}
	command := nodeCommand("client.js")
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("node cannot be started: %w", err)
	}
	peer := &officialClient{stdin: stdin, process: command, waiting: map[int]chan answer{}}
	go peer.deliverAnswers(stdout)
	return peer, nil
})

// requireOfficialClient returns the process, or skips the test where the client is not installed.
func requireOfficialClient(t *testing.T) *officialClient {
	t.Helper()
	requirePeers(t)
	peer, err := startOfficialClient()
	if err != nil {
		t.Fatal(err)
	}
	return peer
}

// call makes one call. options are those of the client's own request method, such as skipSign.
func (o *officialClient) call(t *testing.T, to target, action string, request any, options map[string]any) answer {
	t.Helper()
	c := to.credential
	waiting := make(chan answer, 1)
	o.mu.Lock()
	o.number++
	o.waiting[o.number] = waiting
	line, err := json.Marshal(map[string]any{
		"number": o.number, "service": to.service, "port": to.port, "region": to.region, "action": action,
		"request": request, "options": options,
		"credential": map[string]any{"secretId": c.SecretID, "secretKey": c.SecretKey, "token": orNull(c.Token)},
	})
	if err == nil {
		err = o.ended
	}
	if err == nil {
		_, err = o.stdin.Write(append(line, '\n'))
	}
	o.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case got, ok := <-waiting:
		if !ok {
			t.Fatalf("the official client's process ended during %s", action)
		}
		return got
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
	return answer{}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// deliverAnswers hands each answer to the call that waits for it.
func (o *officialClient) deliverAnswers(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		got := struct {
			Number int
			answer
		}{}
		if err == nil {
			err = json.Unmarshal(line, &got)
		}
		o.mu.Lock()
		if err != nil {
			o.ended = fmt.Errorf("the official client's process ended: %w: %q", err, line)
			for _, waiting := range o.waiting {
				close(waiting)
			}
			o.mu.Unlock()
			return
		}
		o.waiting[got.Number] <- got.answer
		delete(o.waiting, got.Number)
		o.mu.Unlock()
	}
}

// stop lets the process end by itself, as its input does.
func (o *officialClient) stop() {
	_ = o.stdin.Close()
	_ = o.process.Wait()
}
