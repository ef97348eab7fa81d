package configs

import (
	"fmt"
	"math/big"
	"path/filepath"
	"slices"

	"vitdse/configs/network"
)

// Symmetry says which layers share one choice of bits. Its number of axes, not the
// number of candidates, is what makes a space large.
type Symmetry string

// The symmetries: the number of (weights, activations) choices for a network of
// depth L is 1, 2, 5, L, 4L and 5L.
const (
	SymAll     Symmetry = "all"      // every block layer the same
	SymAttnMLP Symmetry = "attn-mlp" // attention one choice, MLP another, in all blocks
	SymKind    Symmetry = "kind"     // each layer of a block its own, all blocks alike
	SymBlock   Symmetry = "block"    // each block its own
	SymQKV     Symmetry = "qkv"      // each layer its own, but attn.qkv and attn.matmul alike
	SymLayer   Symmetry = "layer"    // each layer its own
)

var symmetries = []Symmetry{SymAll, SymAttnMLP, SymKind, SymBlock, SymQKV, SymLayer}

// Space is what a sweep may vary: each list is the candidates of one axis or of a
// group of axes, in the order in which they are enumerated.
type Space struct {
	Name        string        `yaml:"name"`
	Parts       []string      `yaml:"parts"` // names of built-in parts, or paths relative to the file
	Bits        BitSpace      `yaml:"bits"`
	Granularity []Granularity `yaml:"granularity"` // of the weights' scales
	// weights of a group, with granularity group; edge layers have channel then
	Group int `yaml:"group,omitempty"`
	// layers that share a choice of it, edge layers apart unless all; default all
	GranularityBy Symmetry  `yaml:"granularity_by,omitempty"`
	SoftmaxBits   []int     `yaml:"softmax_bits"`        // 2..8
	GELUBits      []int     `yaml:"gelu_bits,omitempty"` // 4..10; default 8
	LNFold        []float64 `yaml:"ln_fold,omitempty"`   // 0..1; default 1
	// how scales and codes are chosen; the default one, and no axis, if left out
	Quantizer     []Quantizer        `yaml:"quantizer,omitempty" json:",omitempty"`
	CalibImages   int                `yaml:"calib_images,omitempty"`   // default 256
	Array         ArraySpace         `yaml:"array"`                    // shape of the PE array
	VectorColumns []int              `yaml:"vector_columns,omitempty"` // 1, 2, 4 ..., at most tk; default 1
	Multiplier    []Multiplier       `yaml:"multiplier"`               // dsp, lut
	Packing       []Packing          `yaml:"packing,omitempty"`        // none, dsp48e1, dsp48e2; default none
	LUTColumns    []int              `yaml:"lut_columns,omitempty"`    // of a mixed array, less than tn; default 0
	PatchTokens   []int              `yaml:"patch_tokens,omitempty"`   // 1, 2; default 1
	BusBits       []int              `yaml:"bus_bits"`                 // 32, 64, ... 512
	ReadFIFO      []int              `yaml:"read_fifo,omitempty"`      // 32, 64, ... 512; default 64
	WeightBuffers []int              `yaml:"weight_buffers"`           // 1, 2, 4
	Memories      MemorySpace        `yaml:"memories"`                 // what buffers are built from
	Clock         ClockChoice        `yaml:"clock,omitempty"`          // model, part; default model
	ClockMHz      map[string]float64 `yaml:"clock_mhz,omitempty"`      // by part name: assumed, whatever clock says
	ClockShare    []float64          `yaml:"clock_share,omitempty"`    // of that clock, above 0 up to 1; default 1
	Constraints   []string           `yaml:"constraints,omitempty"`    // between the engine's fields, see Constraint
}

// ClockChoice says where the clock of a design is from.
type ClockChoice string

// Clocks: of a model of the engine where the part's family has one, or the part file's, which is an assumption.
const (
	ClockModel  ClockChoice = "model"
	ClockOfPart ClockChoice = "part"
)

// BitSpace is the candidates for the layers' bits. The image stays at 8 bits.
type BitSpace struct {
	Symmetry    Symmetry  `yaml:"symmetry"`
	Weights     []int     `yaml:"weights"`     // of the block layers, 2..8
	Activations []int     `yaml:"activations"` // of the block layers, 2..8
	Edge        EdgeSpace `yaml:"edge"`
}

// EdgeSpace is the candidates for the layers outside the blocks.
type EdgeSpace struct {
	Weights     []int `yaml:"weights"`     // of patch_embed and head, one choice for both
	Activations []int `yaml:"activations"` // of head
}

// ArraySpace is the candidates for the shape of the PE array; each a power of two.
type ArraySpace struct {
	TM []int `yaml:"tm"`
	TN []int `yaml:"tn"`
	TK []int `yaml:"tk"`
}

// MemorySpace is the candidates for what each class of buffers is built from.
type MemorySpace struct {
	Activations []MemoryKind `yaml:"activations"`
	Weights     []MemoryKind `yaml:"weights"`
	Residual    []MemoryKind `yaml:"residual"`
}

// setDefaults gives the keys that a file may leave out.
func (s *Space) setDefaults() {
	s.GELUBits, s.LNFold, s.CalibImages, s.ReadFIFO = []int{8}, []float64{1}, 256, []int{64}
	s.GranularityBy, s.ClockShare, s.VectorColumns = SymAll, []float64{1}, []int{1}
}

// LoadSpace reads a space file; part files it names are found relative to it.
func LoadSpace(path string) (Space, error) {
	s, err := load[Space](path)
	if err != nil {
		return Space{}, err
	}
	for i, p := range s.Parts {
		if isPath(p) {
			s.Parts[i] = beside(path, p)
		}
	}
	return s, nil
}

// beside resolves a path that a file gives relative to itself.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// Validate says everything that is wrong with the space, each with its key.
func (s Space) Validate() error {
	var f faults
	validName(&f, "name", s.Name)
	checkList(&f, "parts", s.Parts, func(key, p string) {
		if _, err := library.ReadFile("parts/" + p + ".yaml"); err != nil && !isPath(p) {
			f.add(key, "%v", notInLibrary("parts", p))
		}
	})
	s.Bits.check(&f)
	checkList(&f, "granularity", s.Granularity, func(key string, g Granularity) {
		oneOf(&f, key, g, PerLayer, PerChannel, PerGroup)
	})
	s.checkGroup(&f)
	checkRange(&f, "softmax_bits", s.SoftmaxBits, 2, 8)
	checkRange(&f, "gelu_bits", s.GELUBits, 4, 10)
	checkList(&f, "ln_fold", s.LNFold, func(key string, x float64) {
		if !(x >= 0 && x <= 1) {
			f.add(key, "is %g; expected 0..1", x)
		}
	})
	s.checkQuantizers(&f)
	if s.CalibImages < 1 {
		f.add("calib_images", "is %d; expected at least 1", s.CalibImages)
	}
	if s.GranularityBy != "" {
		oneOf(&f, "granularity_by", s.GranularityBy, symmetries...)
	}
	s.checkEngine(&f)
	s.checkClocks(&f)
	for i, text := range s.Constraints {
		if _, err := ParseConstraint(text); err != nil {
			f.add(fmt.Sprintf("constraints[%d]", i), "%v", err)
		}
	}
	return f.join()
}

// Bases are those of a space, in the order of its axes.
func (s Space) Bases() []Basis {
	quantizers := s.Quantizer
	if quantizers == nil {
		quantizers = []Quantizer{{}}
	}
	var list []Basis
	for _, fold := range s.LNFold {
		for _, q := range quantizers {
			list = append(list, Basis{fold, q.Normal()})
		}
	}
	return list
}

// checkQuantizers holds the quantizers to what one calibration serves.
func (s Space) checkQuantizers(f *faults) {
	if s.Quantizer == nil {
		return
	}
	list := slices.Clone(s.Quantizer)
	for i := range list {
		list[i] = list[i].Normal()
	}
	checkList(f, "quantizer", list, func(key string, q Quantizer) {
		q.check(f, key+".")
		if q.Calibration == CalibNoise {
			f.add(key+".calibration", "is %s; expected images, which all candidates of a search are measured with",
				q.Calibration)
		}
	})
}

// checkGroup asks for a group where there are any, which holds a word of weights of every array.
func (s Space) checkGroup(f *faults) {
	switch grouped := slices.Contains(s.Granularity, PerGroup); {
	case !grouped && s.Group != 0:
		f.add("group", "is %d; expected no such key, granularity has no %q", s.Group, PerGroup)
	case grouped && s.Group == 0:
		f.add("group", "is missing; expected the weights that share a multiplier, a power of two from %d", minGroup)
	case grouped && !LegalGroup(s.Group):
		checkGroupSize(f, "group", s.Group)
	case grouped && slices.ContainsFunc(s.Array.TK, func(tk int) bool { return tk > s.Group }):
		f.add("group", "is %d; expected at least %d, the largest of array.tk", s.Group, slices.Max(s.Array.TK))
	}
}

// checkModel holds the quantizers against the network, and the group against the layers that may have it.
func (s Space) checkModel(net *network.Network) error {
	var f faults
	for i, q := range s.Quantizer {
		if err := q.Runs(net); err != nil {
			f.add(fmt.Sprintf("quantizer[%d]", i), "%v", err)
		}
	}
	if s.Group == 0 {
		return f.join()
	}
	for _, l := range net.Layers {
		if l.Weights && !l.Edge && !checkDivides(&f, "group", s.Group, l) {
			break
		}
	}
	return f.join()
}

func (b BitSpace) check(f *faults) {
	oneOf(f, "bits.symmetry", b.Symmetry, symmetries...)
	checkRange(f, "bits.weights", b.Weights, 2, 8)
	checkRange(f, "bits.activations", b.Activations, 2, 8)
	checkRange(f, "bits.edge.weights", b.Edge.Weights, 2, 8)
	checkRange(f, "bits.edge.activations", b.Edge.Activations, 2, 8)
}

func (s Space) checkEngine(f *faults) {
	checkPowers(f, "array.tm", s.Array.TM, 1, 128)
	checkPowers(f, "array.tn", s.Array.TN, 1, 128)
	checkPowers(f, "array.tk", s.Array.TK, 1, 128)
	if s.Packing != nil {
		checkList(f, "packing", s.Packing, func(key string, p Packing) {
			oneOf(f, key, p, PackNone, PackDSP48E1, PackDSP48E2)
		})
	}
	if s.LUTColumns != nil {
		checkRange(f, "lut_columns", s.LUTColumns, 0, 127)
	}
	if s.PatchTokens != nil {
		checkList(f, "patch_tokens", s.PatchTokens, func(key string, n int) { oneOf(f, key, n, 1, 2) })
	}
	if s.VectorColumns != nil {
		checkPowers(f, "vector_columns", s.VectorColumns, 1, 128)
	}
	checkList(f, "multiplier", s.Multiplier, func(key string, m Multiplier) { oneOf(f, key, m, MulDSP, MulLUT) })
	checkList(f, "bus_bits", s.BusBits, func(key string, b int) { oneOf(f, key, b, busWidths...) })
	checkPowers(f, "read_fifo", s.ReadFIFO, 32, 512)
	checkList(f, "weight_buffers", s.WeightBuffers, func(key string, n int) { oneOf(f, key, n, weightBuffers...) })
	memory := func(key string, k MemoryKind) { oneOf(f, key, k, MemAuto, MemBlock, MemLUT, MemUltra) }
	checkList(f, "memories.activations", s.Memories.Activations, memory)
	checkList(f, "memories.weights", s.Memories.Weights, memory)
	checkList(f, "memories.residual", s.Memories.Residual, memory)
}

// checkClocks checks the overrides; with part files among the parts any name may be
// that of one, so only the frequency can be checked.
func (s Space) checkClocks(f *faults) {
	if s.Clock != "" {
		oneOf(f, "clock", s.Clock, ClockModel, ClockOfPart)
	}
	if s.ClockShare != nil {
		checkList(f, "clock_share", s.ClockShare, func(key string, x float64) {
			if !(x > 0 && x <= 1) {
				f.add(key, "is %g; expected above 0, at most 1", x)
			}
		})
	}
	named := map[string]bool{}
	files := false
	for _, p := range s.Parts {
		named[p] = true
		files = files || isPath(p)
	}
	for _, part := range sortedKeys(s.ClockMHz) {
		checkClock(f, "clock_mhz."+part, s.ClockMHz[part])
		if !named[part] && !files {
			f.add("clock_mhz."+part, "names no part of this space; %s", hint(part, s.Parts))
		}
	}
}

// checkList asks for at least one candidate, each once and each legal.
func checkList[T comparable](f *faults, key string, values []T, legal func(key string, v T)) {
	if len(values) == 0 {
		f.add(key, "is an empty list; expected at least one candidate")
	}
	seen := map[T]bool{}
	for i, v := range values {
		at := fmt.Sprintf("%s[%d]", key, i)
		if seen[v] {
			f.add(at, "is %s, which is listed twice", quoted(v))
			continue
		}
		seen[v] = true
		legal(at, v)
	}
}

func checkRange(f *faults, key string, values []int, lo, hi int) {
	checkList(f, key, values, func(at string, v int) { f.within(at, v, lo, hi) })
}

func checkPowers(f *faults, key string, values []int, lo, hi int) {
	checkList(f, key, values, func(at string, v int) {
		if v < lo || v > hi || !powerOfTwo(v) {
			f.add(at, "is %d; expected a power of two, %d..%d", v, lo, hi)
		}
	})
}

// Axes lists what varies for model m, the same on every part; see [Grid.Axes].
func (s Space) Axes(m Model) []Axis { return s.axes(m) }

// Size is the number of points for model m: the product of the axes' lengths, times
// the number of parts. It counts combinations that [Grid.Design] refuses; what is
// legal depends on the part, see [Grid.Legal].
func (s Space) Size(m Model) *big.Int {
	return new(big.Int).Mul(product(s.Axes(m)), big.NewInt(int64(len(s.Parts))))
}

// Design builds the point of one index on one part; to build many, see [Space.On].
func (s Space) Design(m Model, p Part, index []int) (Design, error) {
	g, err := s.On(m, p)
	if err != nil {
		return Design{}, err
	}
	return g.Design(index)
}
