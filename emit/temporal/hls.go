package temporal

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/hwmodel/temporal"
	engine "vitdse/templates/temporal"
)

// hlsView is what the HLS templates may show.
type hlsView struct {
	view
	hlsProgram
	Constants     []Param
	WordBits      int    // widest word of the stream
	ValueDims     string // dimensions of the array of V: memories, words, tokens
	WeightBuffers int
	MulImpl       string            // BIND_OP implementation of the array's products
	Impl          map[string]string // BIND_STORAGE implementation of each buffer
	Burst         int
	ReadFIFO      int
	Sources       []string

	// Lengths of the pointer arguments in beats, which the vendor's co-simulation asks for: those
	// of one image, as it runs one.
	ImagesDepth, StreamDepth, ResultsDepth int
}

// rtlOnly are parameters of the RTL that C++ has no use for: address widths and the layout of
// encoded tables.
var rtlOnly = []string{
	"PACK_PRODUCTS", "PACK_SHIFT", "PACK_GROUP", "CASCADE", "EXTRA_CYCLES", "SUM_STEP",
	"SCORE_GROUP_INDEX_BITS",
	"GROUP_INDEX_BITS", "WORD_GROUPS_LOG2", "WORD_GROUPS", "ROW_TILES", "ROW_INDEX_BITS", "SOFTMAX_REST_COLUMNS",
	"SOFTMAX_EARLY", "X_ROW_WORDS", "Q_PATCH_ROW_WORDS", "X_ADDR_BITS", "Q_ADDR_BITS", "CHUNK_VALUES",
	"PATCH_WORD_INDEX_BITS", "IMAGE_ADDR_BITS", "RESULT_INDEX_BITS", "SEGMENTS", "SEGMENT_INDEX_BITS",
	"AHEAD_SEGMENTS", "DESCRIPTOR_BITS", "STEPS", "STEP_INDEX_BITS", "PARAM_BITS", "PARAM_ADDR_BITS",
	"NUMERATOR_ADDR_BITS", "KEY_SEGMENT_INDEX_BITS", "KEY_ADDR_BITS", "VALUE_ADDR_BITS", "WEIGHT_ADDR_BITS",
	"RESIDUAL_ADDR_BITS", "BURST_BEATS", "READ_FIFO_BEATS", "FIRST_HEAD_DEPTH", "FIRST_HEAD_ADDR_BITS",
	"POOL_TOKEN_BITS", "POOL_MIN_SHIFT", "POOL_SHIFT_RANGE_BITS", "WEIGHT_BANKS", "BIAS_CYCLES", "BIAS_ADDR_BITS",
	"MOVES", "MOVE_INDEX_BITS", "MAX_WIDEN", "POOL_ROW_TILES", "POOL_CHANNEL_INDEX_BITS", "POOL_GROUP_INDEX_BITS",
}

// hlsWindowed are parameters that go by another name in C++ where attention is in windows: there its tokens are those
// of a window, and its channels those of the widest row.
var hlsWindowed = map[string]string{
	"TOKENS": "PATCH_TOKENS", "KEYS": "TOKENS", "CHANNELS": "FIRST_CHANNELS", "MAX_CHANNELS": "CHANNELS",
}

func (p *Plan) hlsConstants() []Param {
	var out []Param
	for _, c := range p.Params {
		if strings.HasPrefix(c.Value, `"`) || slices.Contains(rtlOnly, c.Name) {
			continue
		}
		if name, ok := hlsWindowed[c.Name]; ok && p.Shape.Windowed {
			c.Name = name
		}
		out = append(out, c)
	}
	return out
}

// hlsBuffers are the engine's memories that the HLS sources bind by name.
var hlsBuffers = map[string]string{
	"activations-x": "X", "activations-q": "Q", "numerators": "Numerators", "keys": "Keys", "values": "Values",
	"weights": "Weights", "residual": "Residual", "scores": "Scores", "image": "Image",
	"layernorm-params": "Norm",
}

func (p *Plan) hlsView(v view) hlsView {
	s, e := p.Shape, p.Shape.Design.Engine
	h := hlsView{
		view: v, hlsProgram: p.hlsProgram(), Constants: p.hlsConstants(),
		WordBits: s.AsmBeats * e.BusBits, WeightBuffers: e.WeightBuffers,
		ValueDims: "[TN][VALUE_DEPTH][TK]", MulImpl: "fabric", Impl: map[string]string{},
		Burst: temporal.BurstBeats, ReadFIFO: e.ReadFIFO,
		ImagesDepth: s.ImageBeats, StreamDepth: s.StreamBeats, ResultsDepth: s.ResultBeats,
	}
	if s.ValueParts > 1 {
		h.ValueDims = "[VALUE_RAMS][VALUE_DEPTH][TM]"
	}
	if e.Multiplier == configs.MulDSP {
		h.MulImpl = "dsp"
	}
	for _, m := range s.Memories() {
		if name, ok := hlsBuffers[m.Name]; ok {
			h.Impl[name] = map[configs.MemoryKind]string{
				configs.MemLUT: "lutram", configs.MemBlock: "bram", configs.MemUltra: "uram",
			}[m.Resolve()]
		}
	}
	return h
}

// HLSFiles is the Vitis HLS side of the design: the same engine in C++, its testbench, and the
// stand-ins for the vendor's headers. full is the number of images with vectors of every op.
// It fails with HLSCheck's error where the tool cannot take the design.
func (p *Plan) HLSFiles(full int) ([]emit.File, error) {
	if err := p.HLSCheck(); err != nil {
		return nil, err
	}
	names, err := HLSNames()
	if err != nil {
		return nil, err
	}
	h := p.hlsView(p.view(full))
	names = slices.DeleteFunc(names, func(name string) bool {
		return name == "hls/vit_token_pool.cpp" && !h.Pools || name == "hls/vit_regroup.cpp" && !p.Shape.Windowed ||
			name == "hls/vit_token_scales.h" && !p.Shape.Dynamic
	})
	for _, name := range names {
		if strings.HasSuffix(name, ".cpp") {
			h.Sources = append(h.Sources, path.Base(name))
		}
	}
	var files []emit.File
	for _, name := range names {
		f, err := emit.Filled(engine.FS, name, h.Hash, h, marks)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// HLSNames lists the files of HLSFiles.
func HLSNames() ([]string, error) {
	var names []string
	err := fs.WalkDir(engine.FS, "hls", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}
