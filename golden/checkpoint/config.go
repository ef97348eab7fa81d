package checkpoint

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"vitdse/configs"
)

// The files beside the weights: the architecture, of timm and transformers, and how transformers
// prepares an image.
const (
	configFile    = "config.json"
	processorFile = "preprocessor_config.json"
	maxConfig     = 16 << 20 // bytes; one with the names of 21,843 classes has two megabytes
)

// settings are the keys of a JSON object.
type settings map[string]any

// readSettings reads a JSON object; without the file it is nil.
func readSettings(path string) (settings, error) {
	text, err := configs.ReadRegular(path, maxConfig)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := parseSettings(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func parseSettings(text []byte) (settings, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var s settings
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("is not a JSON object: %w", err)
	}
	return s, nil
}

func (s settings) object(key string) settings {
	o, _ := s[key].(map[string]any)
	return o
}

func (s settings) text(key string) string {
	t, _ := s[key].(string)
	return t
}

// whole is an integer, and whether there is one.
func (s settings) whole(key string) (int, bool) {
	f, ok := s.number(key)
	return int(f), ok && f == float64(int(f))
}

func (s settings) number(key string) (float64, bool) {
	n, ok := s[key].(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// numbers is a list of numbers, or one number as a list.
func (s settings) numbers(key string) []float64 {
	list, ok := s[key].([]any)
	if !ok {
		if f, ok := s.number(key); ok {
			return []float64{f}
		}
		return nil
	}
	var out []float64
	for _, v := range list {
		n, ok := v.(json.Number)
		if !ok {
			return nil
		}
		f, err := n.Float64()
		if err != nil {
			return nil
		}
		out = append(out, f)
	}
	return out
}

func (s settings) is(key string, value bool) bool { b, ok := s[key].(bool); return ok && b == value }

// library says whose config.json it is: "timm", "transformers" or "".
func (s settings) library() string {
	switch {
	case s.text("architecture") != "":
		return "timm"
	case s.text("model_type") != "":
		return "transformers"
	}
	return ""
}

// facts are what config.json, or the graph, says of the network.
func (c *Checkpoint) facts() ([]fact, error) {
	list := slices.Clone(c.graph)
	var more []fact
	var err error
	switch c.config.library() {
	case "timm":
		more, err = c.config.timm(c)
	case "transformers":
		more, err = c.config.transformers(c)
	}
	return append(list, more...), err
}

// besides reads what stands beside the weights.
func (c *Checkpoint) besides(path string) error {
	var err error
	if c.config, err = readSettings(filepath.Join(filepath.Dir(path), configFile)); err != nil {
		return err
	}
	c.processor, err = readSettings(filepath.Join(filepath.Dir(path), processorFile))
	return err
}

// activations are the names that frameworks have for those that are carried.
var activations = map[string]string{
	"gelu": "gelu", "gelu_python": "gelu",
	"gelu_tanh": "gelu_tanh", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelutanh": "gelu_tanh",
	"gelu_fast":     "gelu_tanh",
	"gelu_accurate": "gelu_tanh",
	"quick_gelu":    "quick_gelu", "quickgelu": "quick_gelu", "gelu_quick": "quick_gelu",
	"relu": "relu", "silu": "silu", "swish": "silu",
}

func activation(name, from string) (fact, error) {
	a, ok := activations[strings.ToLower(name)]
	if !ok {
		return fact{}, fmt.Errorf("the activation is %s (%s); carried are gelu, gelu_tanh, quick_gelu, relu and silu",
			name, from)
	}
	return fact{"activation", a, from}, nil
}

// timmTable is what timm's architectures stand for; timm_architectures.py made it.
//
//go:embed timm.csv
var timmTable []byte

// architecture is a line of timmTable.
type architecture struct {
	class        string
	dim          int
	heads        string // of Swin one a stage
	activation   string
	eps          float64
	pool, unlike string // unlike names a variant that is not carried
	rope         string // kind, theta, half or pairs, and the reference
}

var architectures = sync.OnceValue(func() map[string]architecture {
	table := map[string]architecture{}
	rows, err := csv.NewReader(bytes.NewReader(timmTable)).ReadAll()
	if err != nil {
		panic(err) // the table is embedded
	}
	for _, r := range rows[1:] {
		a := architecture{class: r[1], heads: r[3], activation: r[4], pool: r[6], unlike: r[7], rope: r[8]}
		a.dim, _ = strconv.Atoi(r[2])
		a.eps, _ = strconv.ParseFloat(r[5], 64)
		table[r[0]] = a
	}
	return table
})
