// Package checkpoint reads the weights of a network: from a safetensors file, from the
// shards that an index names, or from an ONNX file. docs/CHECKPOINTS.md says what is
// recognised.
//
// The readers trust nothing in a file: every length and offset is checked against the
// file's size before it is used, and a tensor that holds a NaN or an infinity is refused.
package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"vitdse/configs"
)

// Checkpoint is the content of one checkpoint. It is safe for concurrent use, because
// it does not change after Load.
type Checkpoint struct {
	path    string
	entries map[string]entry
	files   [][]byte

	config, processor settings // beside the weights; nil if there are none
	graph             []fact   // what the nodes of an ONNX graph say
	quantized         *adopted // of a quantized ONNX graph; nil for others
	ordered           bool     // the order of rows was held against an ONNX graph, whatever its framework does
}

// entry is one tensor of the header; begin and end are offsets into the data of its file.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets []uint64 `json:"data_offsets"`

	data []byte // of the file; after the checks, of the tensor
}

// The names of a checkpoint inside a folder, as transformers saves it.
const (
	singleFile = "model.safetensors"
	indexFile  = "model.safetensors.index.json"
)

// maxCheckpoint is more than any network here has: bytes of all files of a checkpoint.
const maxCheckpoint = 16 << 30

// Load reads a checkpoint: a safetensors file, an index with its shards, an ONNX file
// with its external data, or a folder that holds model.safetensors or its index. The error says so where
// a file is truncated or is of another format, and how to convert it.
func Load(path string) (*Checkpoint, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		dir := path
		path = filepath.Join(dir, singleFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = filepath.Join(dir, indexFile)
		}
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("checkpoint %s: is a folder without %s or %s; give the path of a file",
				dir, singleFile, indexFile)
		}
	}
	left := int64(maxCheckpoint)
	read := func(path string) ([]byte, error) {
		data, err := configs.ReadRegular(path, left)
		left -= int64(len(data))
		return data, err
	}
	file, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	beside := func(name string) ([]byte, error) { return read(filepath.Join(filepath.Dir(path), name)) }
	var c *Checkpoint
	switch {
	case strings.HasSuffix(path, ".json"):
		c, err = decodeIndex(path, file, beside)
	case strings.HasSuffix(path, ".onnx"):
		c, err = decodeONNX(path, file, beside)
	default:
		c, err = Decode(path, file)
	}
	if err != nil {
		return nil, err
	}
	if err := c.besides(path); err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", path, err)
	}
	return c, nil
}

// Decode reads a safetensors file from memory. The name appears in errors; file
// must not be changed afterwards.
func Decode(name string, file []byte) (*Checkpoint, error) {
	if err := foreign(name, file); err != nil {
		return nil, err
	}
	if len(file) < 8 {
		return nil, fmt.Errorf("checkpoint %s: is %d bytes long; a safetensors file has at least 8: fetch it again",
			name, len(file))
	}
	length := binary.LittleEndian.Uint64(file)
	if length > uint64(len(file)-8) {
		return nil, fmt.Errorf("checkpoint %s: header of %d bytes does not fit a file of %d: "+
			"truncated or not safetensors; fetch it again",
			name, length, len(file))
	}
	entries, err := parseHeader(file[8 : 8+length])
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	c := &Checkpoint{path: name, entries: entries, files: [][]byte{file}}
	if err := c.checkLayout(file[8+length:]); err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", name, err)
	}
	return c, nil
}

// Names lists the tensors in alphabetical order.
func (c *Checkpoint) Names() []string {
	names := make([]string, 0, len(c.entries))
	for n := range c.entries {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Shape returns the shape of a tensor, and whether it is there.
func (c *Checkpoint) Shape(name string) ([]int, bool) {
	e, ok := c.entries[name]
	return slices.Clone(e.Shape), ok
}

// MostWeight is the largest magnitude of a weight: far beyond any trained network's, and so far from
// what float64 holds that no sum of a network's products leaves it.
const MostWeight = 1e12

// Tensor returns the values of a tensor in row-major order. It must have exactly
// the given shape and hold finite numbers only, of magnitudes up to MostWeight.
func (c *Checkpoint) Tensor(name string, shape ...int) ([]float32, error) {
	e, ok := c.entries[name]
	if !ok {
		return nil, fmt.Errorf("checkpoint %s: has no tensor %s %v", c.path, name, shape)
	}
	if !slices.Equal(e.Shape, shape) {
		return nil, fmt.Errorf("checkpoint %s: tensor %s is %v; expected %v", c.path, name, e.Shape, shape)
	}
	values, err := decodeValues(e.DType, e.data)
	if err != nil {
		return nil, fmt.Errorf("checkpoint %s: tensor %s: %w", c.path, name, err)
	}
	for i, v := range values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("checkpoint %s: tensor %s: value %d is %g; expected finite numbers: "+
				"the checkpoint is damaged", c.path, name, i, v)
		}
		if v > MostWeight || v < -MostWeight {
			return nil, fmt.Errorf("checkpoint %s: tensor %s: value %d is %g; expected magnitudes up to %g: "+
				"the checkpoint is damaged, or its training diverged",
				c.path, name, i, v, float64(MostWeight))
		}
	}
	return values, nil
}
