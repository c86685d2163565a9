package hostsdir

import (
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// lineIndex is where keys stand in a file, and the order of its hosts, which a decoder into a map
// loses.
type lineIndex struct {
	hosts []string
	keys  map[string]int // lines, by keyName
}

// indexLines reads the lines of a file that parses.
func indexLines(data []byte) *lineIndex {
	index := &lineIndex{keys: map[string]int{}}
	var parser unstable.Parser
	parser.Reset(data)
	var table []string
	for parser.NextExpression() {
		expression := parser.Expression()
		key, line := readKey(&parser, expression)
		if expression.Kind != unstable.Table {
			index.note(append(slices.Clone(table), key...), line)
			continue
		}
		table = key
		index.note(key, line)
		if len(key) > 1 && key[0] == "host" && !slices.Contains(index.hosts, key[1]) {
			index.hosts = append(index.hosts, key[1])
		}
	}
	return index
}

func readKey(parser *unstable.Parser, expression *unstable.Node) (key []string, line int) {
	for parts := expression.Key(); parts.Next(); {
		node := parts.Node()
		if line == 0 {
			line = parser.Shape(node.Raw).Start.Line
		}
		key = append(key, string(node.Data))
	}
	return key, line
}

// note keeps the first line of a key, and of those that it lies in.
func (i *lineIndex) note(key []string, line int) {
	for ; len(key) > 0; key = key[:len(key)-1] {
		if _, known := i.keys[keyName(key)]; !known {
			i.keys[keyName(key)] = line
		}
	}
}

// find returns the line of a key, or else of the table that it would lie in.
func (i *lineIndex) find(key []string) int {
	for ; len(key) > 0; key = key[:len(key)-1] {
		if line, known := i.keys[keyName(key)]; known {
			return line
		}
	}
	return 1
}

func keyName(key []string) string { return strings.Join(key, "\x00") }
