package configs

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineOf finds the line of a dotted key path such as "numerics.layers[3].weights",
// going as deep as the file does: a missing key gives the line of what should hold it.
func lineOf(n *yaml.Node, path string) int {
	line := n.Line
	for path != "" {
		next, rest, nextLine := step(n, path)
		if next == nil {
			break
		}
		n, path, line = next, rest, nextLine
	}
	return line
}

// step goes one key or index down. Keys of a file may hold dots themselves (the
// sources of a part do), so the longest key that begins the path is taken.
func step(n *yaml.Node, path string) (next *yaml.Node, rest string, line int) {
	switch n.Kind {
	case yaml.MappingNode:
		longest := -1
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			tail, ok := strings.CutPrefix(path, k.Value)
			if !ok || len(k.Value) <= longest || tail != "" && tail[0] != '.' && tail[0] != '[' {
				continue
			}
			longest = len(k.Value)
			next, rest, line = n.Content[i+1], strings.TrimPrefix(tail, "."), k.Line
		}
	case yaml.SequenceNode:
		head, tail, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
		i, err := strconv.Atoi(head)
		if ok && err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], strings.TrimPrefix(tail, "."), n.Content[i].Line
		}
	}
	return next, rest, line
}
